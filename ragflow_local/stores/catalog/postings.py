"""The BM25 index: packed postings lists inside the catalog.

A dataset's chunks lie in segments (``postings_segments``). Adding a document writes one small
segment, whose rows stand together: a few pages, wherever its words lie in the alphabet. Segments
of about one size are merged eight into one by ``merge_crowded``, which who writes calls when it
suits, so that a question reads few of them; only where nobody did, ``add`` does it.

A removed chunk is marked in its segment at once, and the statistics count unmarked chunks only:
they are true at every moment, as if it had never been there. Merging drops what is marked.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ragflow_local.stores.catalog import postings_segments as segments
from ragflow_local.stores.catalog import postings_words
from ragflow_local.stores.catalog.postings_places import Places
from ragflow_local.stores.catalog.postings_segments import CAPACITY, Content, Numbers, Segment
from ragflow_local.text.bags import Bags
from ragflow_local.text.terms import ANALYZER

# Segments of about one size that are merged into one: fewer would write more often, more would
# give a question more lists to read.
FAN = 8

# So many times crowded, and adding merges at once: whatever becomes of the merging that is due,
# the lists a question has to read stay few.
_MOST_CROWDED = 4

# A segment with more than this share of removed chunks is written anew by ``merge``.
_MOST_REMOVED = 0.2

_TABLES = (
    """CREATE TABLE postings_datasets (
      dataset INTEGER PRIMARY KEY,
      space INTEGER NOT NULL UNIQUE,
      chunks INTEGER NOT NULL DEFAULT 0,
      length INTEGER NOT NULL DEFAULT 0,
      terms INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE postings_terms (
      space INTEGER NOT NULL,
      term TEXT NOT NULL,
      number INTEGER NOT NULL,
      PRIMARY KEY (space, term)
    ) WITHOUT ROWID""",
    *segments.TABLES,
)


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of this module."""
    for table in _TABLES:
        connection.execute(table)


def add(
    connection: sqlite3.Connection,
    dataset: int,
    chunks: Sequence[tuple[int, Mapping[str, int]]],
) -> None:
    """Make chunks findable; one that is there already is replaced.

    Args:
        connection: Inside a transaction.
        dataset: Its number.
        chunks: Number and terms with counts of each.
    """
    latest = sorted(dict(chunks).items())
    numbers = np.array([number for number, _ in latest], np.int64)
    add_bags(connection, dataset, numbers, Bags.of([bag for _, bag in latest]))


def add_bags(
    connection: sqlite3.Connection,
    dataset: int,
    numbers: Numbers,
    bags: Bags,
    languages: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Make chunks findable; one that is there already is replaced.

    Args:
        connection: Inside a transaction.
        dataset: Its number.
        numbers: Of the chunks, ascending, each once.
        bags: Their terms.
        languages: How many of them are in which language.
    """
    if not len(numbers):
        return
    space = _space_for(connection, dataset)
    postings_words.count_languages(connection, space, languages)
    (last,) = connection.execute(
        "SELECT max(last) FROM postings_segments WHERE key BETWEEN ? AND ?",
        segments.span(space, segments.SEGMENT_BITS),
    ).fetchone()
    if last is not None and numbers[0] <= last:
        remove(connection, dataset, numbers[numbers <= last].tolist())
    known = _term_numbers(connection, space, bags.vocabulary)
    for first in range(0, len(numbers), CAPACITY):
        part = bags.part(first, first + CAPACITY)
        content = _content(numbers[first : first + CAPACITY], part, known)
        segments.write(connection, space, content)
        connection.execute(
            "UPDATE postings_datasets SET chunks = chunks + ?, length = length + ? WHERE space = ?",
            (len(content.numbers), int(content.lengths.sum()), space),
        )
    if _crowded(segments.segments_of(connection, space), _MOST_CROWDED * FAN):
        while merge_crowded(connection, dataset):
            pass


def remove(connection: sqlite3.Connection, dataset: int, numbers: Sequence[int]) -> None:
    """Make chunks unfindable; a number that is not there is passed over.

    Args:
        connection: Inside a transaction.
        dataset: Its number.
        numbers: Chunk numbers.
    """
    space = space_of(connection, dataset)
    if space is None or not len(numbers):
        return
    wanted = np.unique(np.asarray(numbers, np.int64))
    for segment in segments.segments_of(connection, space):
        places = segment.places_of(wanted)
        places = places[places >= 0]
        if len(places):
            length = segments.mark_removed(connection, segment, places)
            connection.execute(
                "UPDATE postings_datasets SET chunks = chunks - ?, length = length - ?"
                " WHERE space = ?",
                (len(places), length, space),
            )


def drop(connection: sqlite3.Connection, dataset: int) -> None:
    """Forget a dataset.

    Args:
        connection: Inside a transaction.
        dataset: Its number.
    """
    space = space_of(connection, dataset)
    if space is None:
        return
    connection.execute(
        "DELETE FROM postings_lists WHERE key BETWEEN ? AND ?",
        segments.span(space, segments.SEGMENT_BITS + segments.TERM_BITS),
    )
    connection.execute(
        "DELETE FROM postings_segments WHERE key BETWEEN ? AND ?",
        segments.span(space, segments.SEGMENT_BITS),
    )
    connection.execute("DELETE FROM postings_terms WHERE space = ?", (space,))
    connection.execute("DELETE FROM postings_datasets WHERE space = ?", (space,))
    if dataset > 0:
        drop(connection, -dataset)  # what is being made to take their place


def merge_crowded(connection: sqlite3.Connection, dataset: int) -> bool:
    """Join segments of about one size, where ``FAN`` of them are; return whether there were.

    Args:
        connection: Inside a transaction.
        dataset: Its number.
    """
    space = space_of(connection, dataset)
    group = [] if space is None else _crowded(segments.segments_of(connection, space))
    if not group or space is None:
        return False
    _join(connection, space, group)
    return True


def merge(connection: sqlite3.Connection, dataset: int) -> bool:
    """Join small segments and drop removed chunks for good; return whether more is left to do.

    One call does one step, of a second or two at most: a caller in the background can let others
    write between two steps.

    Args:
        connection: Inside a transaction.
        dataset: Its number.
    """
    space = space_of(connection, dataset)
    if space is None:
        return False
    kept = segments.segments_of(connection, space)
    small = sorted((segment for segment in kept if _live(segment) <= CAPACITY // 2), key=_live)
    group = _fitting(small)
    # A large segment is not written anew for a few small ones: each chunk moves log n times.
    while len(group) > 1 and 2 * _live(group[-1]) > sum(map(_live, group)):
        group.pop()
    if len(group) < 2:
        group = [old for old in kept if len(old.removed) > _MOST_REMOVED * old.size][:1]
    if not group:
        return False
    _join(connection, space, group)
    return True


def numbers(connection: sqlite3.Connection, dataset: int) -> Numbers:
    """Return the numbers of all chunks that can be found, ascending."""
    space = space_of(connection, dataset)
    kept = [] if space is None else segments.segments_of(connection, space)
    live = [np.delete(segment.numbers(), segment.removed) for segment in kept]
    return np.sort(np.concatenate([np.empty(0, np.int64), *live]))


def are_live(connection: sqlite3.Connection, dataset: int, numbers: Numbers) -> NDArray[np.bool_]:
    """Return (n,) whether each chunk can be found."""
    space = space_of(connection, dataset)
    kept = [] if space is None else segments.segments_of(connection, space)
    return Places.of(kept).of_numbers(numbers) >= 0


def space_of(connection: sqlite3.Connection, dataset: int) -> int | None:
    """Return the number under which a dataset's lists are kept, or None where it has none."""
    row = connection.execute(
        "SELECT space FROM postings_datasets WHERE dataset = ?", (dataset,)
    ).fetchone()
    return None if row is None else int(row[0])


def _space_for(connection: sqlite3.Connection, dataset: int) -> int:
    space = space_of(connection, dataset)
    if space is None:
        # Numbers of dropped datasets are used again: a key has 20 bits for them.
        (space,) = connection.execute(
            "SELECT coalesce(max(space), 0) + 1 FROM postings_datasets"
        ).fetchone()
        connection.execute(
            "INSERT INTO postings_datasets (dataset, space, analyzer) VALUES (?, ?, ?)",
            (dataset, space, ANALYZER),
        )
    return int(space)


def _content(numbers: Numbers, bags: Bags, known: Numbers) -> Content:
    """Return the content of a segment.

    Args:
        numbers: Of its chunks, ascending.
        bags: Their terms.
        known: The number of each term of the bags' vocabulary.
    """
    terms = known[bags.terms]
    places = np.repeat(np.arange(len(numbers)), bags.sizes)
    order = np.argsort(terms * CAPACITY + places)
    lengths = np.bincount(places, bags.counts, len(numbers)).astype(np.int64)
    return Content(numbers, lengths, terms[order], places[order], bags.counts[order])


def _term_numbers(connection: sqlite3.Connection, space: int, terms: Sequence[str]) -> Numbers:
    """Return the number of each term; a new one gets the next."""
    known = known_terms(connection, space, terms)
    new = sorted(term for term in terms if term not in known)
    if new:
        (first,) = connection.execute(
            "UPDATE postings_datasets SET terms = terms + ? WHERE space = ? RETURNING terms - ?",
            (len(new), space, len(new)),
        ).fetchone()
        connection.executemany(
            "INSERT INTO postings_terms (space, term, number) VALUES (?, ?, ?)",
            ((space, term, first + at) for at, term in enumerate(new)),
        )
        known.update((term, first + at) for at, term in enumerate(new))
    return np.fromiter(map(known.__getitem__, terms), np.int64, len(terms))


def known_terms(
    connection: sqlite3.Connection, space: int, terms: Collection[str]
) -> dict[str, int]:
    """Return the numbers of those of ``terms`` that the dataset has."""
    return dict(
        connection.execute(
            "SELECT term, number FROM json_each(?) CROSS JOIN postings_terms ON term = value"
            " WHERE space = ?",
            (json.dumps(list(terms)), space),
        )
    )


def _live(segment: Segment) -> int:
    return segment.size - len(segment.removed)


def _level(segment: Segment) -> int:
    """Return 0 for up to 8 live chunks, 1 for up to 64, and so on."""
    return max(0, _live(segment) - 1).bit_length() // 3


def _crowded(kept: Sequence[Segment], fan: int = FAN) -> list[Segment]:
    """Return the smallest segments of about one size, where there are ``fan`` of them or more."""
    levels: dict[int, list[Segment]] = {}
    for segment in kept:
        if _live(segment) <= CAPACITY // 2:
            levels.setdefault(_level(segment), []).append(segment)
    for _, group in sorted(levels.items()):
        if len(group) >= fan:
            return _fitting(group)
    return []


def _fitting(group: Sequence[Segment]) -> list[Segment]:
    """Return as many of the first segments as one segment can hold."""
    fitting: list[Segment] = []
    total = 0
    for segment in group:
        total += _live(segment)
        if total > CAPACITY:
            break
        fitting.append(segment)
    return fitting


def _join(connection: sqlite3.Connection, space: int, group: Sequence[Segment]) -> None:
    content = segments.joined([segments.read(connection, segment) for segment in group])
    for segment in group:
        segments.delete(connection, segment.key)
    segments.write(connection, space, content)
