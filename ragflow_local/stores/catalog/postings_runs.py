"""Segments that follow one another, whose lists are read and held as one.

A question asks for each of its words in every segment; the price is by the list, not by what is
in it. So large segments, which stay as they are for long, are one run, and small ones another.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragflow_local.stores.catalog import postings_segments as segments
from ragflow_local.stores.catalog.postings_places import Places
from ragflow_local.stores.catalog.postings_segments import CAPACITY, SEGMENT_BITS, Numbers, Segment

# Places of a run: a list of it takes 6 MB at most.
_MOST_PLACES = 16 * CAPACITY


@dataclass(frozen=True, slots=True)
class Run:
    """Some segments, one after the other.

    Attributes:
        segments: In their order.
        offset: The first place of the first among all that are searched.
        firsts: The first place of each among those of the run.
        size: How many places there are.
        known_by: What no other segments have or had: under it, their lists never change. Empty
            for those of a catalog that gives segments no number of their own.
        alive: (size,) which chunks are there; None for all.
    """

    segments: tuple[Segment, ...]
    offset: int
    firsts: tuple[int, ...]
    size: int
    known_by: bytes
    alive: NDArray[np.bool_] | None

    @classmethod
    def of(cls, some: Sequence[Segment], offset: int) -> Run:
        """Return a run of segments whose first place is ``offset``."""
        *firsts, size = np.cumsum([0, *(segment.size for segment in some)]).tolist()
        births = np.array([segment.born for segment in some], np.int64)
        known_by = hashlib.blake2b(births.tobytes(), digest_size=16).digest()
        gone = [
            segment.removed + first
            for segment, first in zip(some, firsts, strict=True)
            if len(segment.removed)
        ]
        alive = None
        if gone:
            alive = np.ones(size, np.bool_)
            alive[np.concatenate(gone)] = False
        return cls(
            tuple(some), offset, tuple(firsts), size, known_by if births.all() else b"", alive
        )

    def spaces(self) -> set[int]:
        """Return the spaces of the datasets that it has segments of."""
        return {segment.key >> SEGMENT_BITS for segment in self.segments}


@dataclass(frozen=True, slots=True)
class Shape:
    """What of some datasets' postings is the same for every question.

    Attributes:
        chunks: How many there are.
        length: Of all of them together, in terms.
        places: Of the chunks.
        runs: Of the segments, in the order of their places.
    """

    chunks: int
    length: int
    places: Places
    runs: tuple[Run, ...]

    @classmethod
    def of(cls, connection: sqlite3.Connection, datasets: Sequence[int]) -> Shape | None:
        """Return the shape of datasets, given by number; None where they have no chunk."""
        rows = connection.execute(
            "SELECT space, chunks, length FROM json_each(?)"
            " CROSS JOIN postings_datasets ON dataset = json_each.value WHERE chunks > 0",
            (json.dumps(list(datasets)),),
        ).fetchall()
        if not rows:
            return None
        spaces, counts, lengths = zip(*rows, strict=True)
        kept = segments.segments_of(connection, *spaces)
        places = Places.of(kept)
        return cls(sum(counts), sum(lengths), places, tuple(_runs_of(kept, places.offsets)))


def _runs_of(kept: Sequence[Segment], offsets: Numbers) -> Iterator[Run]:
    start = 0
    for end in range(1, len(kept) + 1):
        if (
            end == len(kept)
            or _is_large(kept[end]) != _is_large(kept[start])
            or offsets[end + 1] - offsets[start] > _MOST_PLACES
        ):
            yield Run.of(kept[start:end], int(offsets[start]))
            start = end


def _is_large(segment: Segment) -> bool:
    return segment.size > CAPACITY // 2
