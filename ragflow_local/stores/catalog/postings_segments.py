"""Segments of postings: immutable packed lists of up to 65,536 chunks, merged later.

The place of a chunk is its index in its segment, in the order of chunk numbers. A list holds the
places of the chunks that have a term, ascending, each with the term's count and the chunk's
length: all that BM25 asks for, so that scoring reads nothing else.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragflow_local.stores.catalog import checksums
from ragflow_local.stores.catalog.checksums import TornRowError

Numbers = NDArray[np.int64]

# Chunks a segment holds at most: what 16 bits count.
CAPACITY = 65_536

# A key orders lists by dataset, segment, term: 20, 15 and 28 of the 63 bits SQLite has.
SEGMENT_BITS = 15
TERM_BITS = 28

# Narrowest first: what the counts and lengths of a segment need. The last holds whole books.
FORMATS: tuple[np.dtype[np.void], ...] = (
    np.dtype([("place", "<u2"), ("count", "u1"), ("length", "u1")]),
    np.dtype([("place", "<u2"), ("count", "u1"), ("length", "<u2")]),
    np.dtype([("place", "<u2"), ("count", "<u4"), ("length", "<u4")]),
)
_LIMITS = ((2**8 - 1, 2**8 - 1), (2**8 - 1, 2**16 - 1))  # Largest count and length of each.

_BORN = "abs(random() >> 1) + 1"  # by chance: 2^62 of them

TABLES = (
    """CREATE TABLE postings_segments (
      key INTEGER PRIMARY KEY,
      format INTEGER NOT NULL,
      size INTEGER NOT NULL,
      removed_count INTEGER NOT NULL DEFAULT 0,
      first INTEGER NOT NULL,
      last INTEGER NOT NULL,
      runs BLOB NOT NULL,
      lengths BLOB NOT NULL,
      removed BLOB NOT NULL
    )""",
    "CREATE TABLE postings_lists (key INTEGER PRIMARY KEY, data BLOB NOT NULL)",
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a segment is made of.

    Attributes:
        numbers: (size,) chunk numbers, ascending.
        lengths: (size,) terms of each chunk, repeated ones counted each time.
        terms: (postings,) term numbers, ascending.
        places: (postings,) indices into ``numbers``, ascending within a term.
        counts: (postings,) how often the chunk has the term.
    """

    numbers: Numbers
    lengths: Numbers
    terms: Numbers
    places: Numbers
    counts: Numbers


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as a search sees it, without its lists.

    Attributes:
        key: Dataset's space and the segment's slot in it.
        runs: (n, 2) place and chunk number at which numbers that follow one another begin.
        removed: (n,) places of removed chunks, ascending.
        born: A number that no other segment has or had: under it, its lists never change.
    """

    key: int
    format: int
    size: int
    runs: Numbers
    removed: Numbers
    born: int = 0

    def numbers(self) -> Numbers:
        """Return (size,) the chunk numbers by place, removed ones too."""
        return self.numbers_at(np.arange(self.size))

    def numbers_at(self, places: Numbers) -> Numbers:
        """Return the chunk numbers at ``places``."""
        run = np.searchsorted(self.runs[:, 0], places, side="right") - 1
        numbers: Numbers = self.runs[run, 1] + places - self.runs[run, 0]
        return numbers

    def places_of(self, numbers: Numbers) -> Numbers:
        """Return the places of ``numbers``; -1 for one that is not here or removed."""
        run = np.searchsorted(self.runs[:, 1], numbers, side="right") - 1
        places = self.runs[run, 0] + numbers - self.runs[run, 1]
        ends = np.append(self.runs[1:, 0], self.size)
        absent = (run < 0) | (places >= ends[run])
        if len(self.removed):
            absent |= np.isin(places, self.removed)
        return np.where(absent, -1, places)


def segments_of(connection: sqlite3.Connection, *spaces: int) -> list[Segment]:
    """Return the segments of some datasets, each dataset's in the order of their keys."""
    rows = connection.execute(
        "SELECT postings_segments.key, format, size, runs, removed, checksum, born"
        " FROM json_each(?) AS spaces CROSS JOIN postings_segments ON postings_segments.key"
        f" BETWEEN spaces.value << {SEGMENT_BITS} AND ((spaces.value + 1) << {SEGMENT_BITS}) - 1",
        (json.dumps(spaces),),
    )
    segments = []
    for key, format_, size, runs, removed, checksum, born in rows:
        if checksum != _checksum(key, format_, size, runs, removed):
            raise TornRowError("postings_segments", key)
        starts = np.frombuffer(runs, "<i8").reshape(-1, 2)
        gone = np.frombuffer(removed, "<u2").astype(np.int64)
        segments.append(Segment(key, format_, size, starts, gone, born))
    return segments


def state_of(connection: sqlite3.Connection, datasets: Sequence[int]) -> tuple[float, ...]:
    """Return numbers that change with the segments of some datasets, given by number.

    Merging and renewing change them without a commit that counts.
    """
    row = connection.execute(
        "SELECT count(*), total(born), total(removed_count), total(space)"
        " FROM json_each(?) CROSS JOIN postings_datasets ON dataset = json_each.value"
        " CROSS JOIN postings_segments ON postings_segments.key"
        f" BETWEEN space << {SEGMENT_BITS} AND ((space + 1) << {SEGMENT_BITS}) - 1",
        (json.dumps(list(datasets)),),
    ).fetchone()
    return tuple(float(value) for value in row)


def _checksum(key: int, format_: int, size: int, runs: bytes, removed: bytes) -> int:
    return checksums.of_values((key, format_, size, runs, removed))


def lengths_of(connection: sqlite3.Connection, key: int) -> Numbers:
    """Return (size,) the lengths of a segment's chunks by place."""
    (data,) = connection.execute(
        "SELECT lengths FROM postings_segments WHERE key = ?", (key,)
    ).fetchone()
    return np.frombuffer(checksums.opened(data, key, "postings_segments"), "<u4").astype(np.int64)


def span(key: int, bits: int) -> tuple[int, int]:
    """Return the first and last key that begin with ``key`` and go on for ``bits``."""
    return key << bits, ((key + 1) << bits) - 1


def write(connection: sqlite3.Connection, space: int, content: Content) -> None:
    """Write a segment under the first free key of the dataset."""
    low, high = span(space, SEGMENT_BITS)
    taken = {
        key
        for (key,) in connection.execute(
            "SELECT key FROM postings_segments WHERE key BETWEEN ? AND ?", (low, high)
        )
    }
    key = next(key for key in range(low, high + 1) if key not in taken)
    starts = np.flatnonzero(np.diff(content.numbers, prepend=content.numbers[0] - 2) != 1)
    runs = np.stack([starts, content.numbers[starts]], axis=1)
    packed = runs.astype("<i8").tobytes()
    format_ = _narrowest(content)
    connection.execute(
        "INSERT INTO postings_segments (key, format, size, first, last, runs, lengths, removed,"
        f" checksum, born) VALUES (?, ?, ?, ?, ?, ?, ?, x'', ?, {_BORN})",
        (
            key,
            format_,
            len(content.numbers),
            int(content.numbers[0]),
            int(content.numbers[-1]),
            packed,
            checksums.sealed(content.lengths.astype("<u4").tobytes(), key),
            _checksum(key, format_, len(content.numbers), packed, b""),
        ),
    )
    connection.executemany(
        "INSERT INTO postings_lists (key, data) VALUES (?, ?)",
        _lists(content, FORMATS[format_], key << TERM_BITS),
    )


def _narrowest(content: Content) -> int:
    largest = (int(content.counts.max(initial=0)), int(content.lengths.max(initial=0)))
    for format_, limits in enumerate(_LIMITS):
        if largest[0] <= limits[0] and largest[1] <= limits[1]:
            return format_
    return len(_LIMITS)


def _lists(content: Content, format_: np.dtype[np.void], base: int) -> Iterator[tuple[int, bytes]]:
    packed = np.empty(len(content.terms), format_)
    packed["place"] = content.places
    packed["count"] = content.counts
    packed["length"] = content.lengths[content.places]
    data = memoryview(packed.tobytes())
    starts = np.flatnonzero(np.diff(content.terms, prepend=-1))
    ends = np.append(starts, len(content.terms))[1:]
    width = format_.itemsize
    for term, start, end in zip(
        content.terms[starts].tolist(),
        (starts * width).tolist(),
        (ends * width).tolist(),
        strict=True,
    ):
        yield base + term, checksums.sealed(data[start:end], base + term)


def read(connection: sqlite3.Connection, segment: Segment) -> Content:
    """Return what is live in a segment."""
    alive = np.ones(segment.size, np.bool_)
    alive[segment.removed] = False
    low, high = span(segment.key, TERM_BITS)
    cursor = connection.execute(
        "SELECT key, data FROM postings_lists WHERE key BETWEEN ? AND ? ORDER BY key", (low, high)
    )
    rows = [(key, checksums.opened(data, key, "postings_lists")) for key, data in cursor]
    packed = np.frombuffer(b"".join(data for _, data in rows), FORMATS[segment.format])
    width = FORMATS[segment.format].itemsize
    keys = np.array([key for key, _ in rows], np.int64) - low
    terms = np.repeat(keys, [len(data) // width for _, data in rows])
    kept = alive[packed["place"]]
    place_now = np.cumsum(alive) - 1
    return Content(
        segment.numbers()[alive],
        lengths_of(connection, segment.key)[alive],
        terms[kept],
        place_now[packed["place"][kept]],
        packed["count"][kept].astype(np.int64),
    )


def joined(contents: Sequence[Content]) -> Content:
    """Return the content of a segment that holds the chunks of all ``contents``."""
    numbers = np.concatenate([content.numbers for content in contents])
    order = np.argsort(numbers)
    place_now = np.empty(len(numbers), np.int64)
    place_now[order] = np.arange(len(numbers))
    offsets = np.cumsum([0, *(len(content.numbers) for content in contents)])
    places = place_now[
        np.concatenate(
            [content.places + offset for content, offset in zip(contents, offsets, strict=False)]
        )
    ]
    terms = np.concatenate([content.terms for content in contents])
    by_term = np.argsort(terms * CAPACITY + places)
    counts = np.concatenate([content.counts for content in contents])
    lengths = np.concatenate([content.lengths for content in contents])
    return Content(numbers[order], lengths[order], terms[by_term], places[by_term], counts[by_term])


def mark_removed(connection: sqlite3.Connection, segment: Segment, places: Numbers) -> int:
    """Mark places as removed, or drop a segment none of which is left; return their lengths' sum.

    Args:
        connection: Inside a transaction.
        segment: As it is now.
        places: Live places of it, each once.
    """
    length = int(lengths_of(connection, segment.key)[places].sum())
    removed = np.sort(np.concatenate([segment.removed, places]))
    if len(removed) == segment.size:
        delete(connection, segment.key)
    else:
        data, runs = removed.astype("<u2").tobytes(), segment.runs.astype("<i8").tobytes()
        checksum = _checksum(segment.key, segment.format, segment.size, runs, data)
        connection.execute(
            "UPDATE postings_segments SET removed = ?, removed_count = ?, checksum = ?"
            " WHERE key = ?",
            (data, len(removed), checksum, segment.key),
        )
    return length


def delete(connection: sqlite3.Connection, key: int) -> None:
    """Delete a segment with its lists."""
    connection.execute("DELETE FROM postings_lists WHERE key BETWEEN ? AND ?", span(key, TERM_BITS))
    connection.execute("DELETE FROM postings_segments WHERE key = ?", (key,))


def give_birth(connection: sqlite3.Connection) -> None:
    """Give segments a number of their own: those of a catalog before them."""
    connection.execute("ALTER TABLE postings_segments ADD COLUMN born INTEGER NOT NULL DEFAULT 0")
    connection.execute(f"UPDATE postings_segments SET born = {_BORN}")


def seal(connection: sqlite3.Connection) -> None:
    """Give segments and lists that have none their checksums: those of a catalog before them."""
    connection.execute(
        "ALTER TABLE postings_segments ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0"
    )
    connection.create_function("sealed", 2, checksums.sealed, deterministic=True)
    connection.create_function("checksum_of", 5, _checksum, deterministic=True)
    connection.execute("UPDATE postings_lists SET data = sealed(data, key)")
    connection.execute(
        "UPDATE postings_segments SET lengths = sealed(lengths, key),"
        " checksum = checksum_of(key, format, size, runs, removed)"
    )
