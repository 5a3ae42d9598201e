"""Lists of postings column by column, as scoring asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragflow_local.stores.catalog.postings_segments import CAPACITY, FORMATS

Counts: TypeAlias = NDArray[np.integer[Any]]
Narrow: TypeAlias = NDArray[np.unsignedinteger[Any]]  # 16 bits, or 32 of more places

# Lists are united place by place where they have so many postings, and one in so many places.
_MANY, _SPARSE = 4096, 4

# The count and the length that a pair of bytes says, count first.
_PAIRS = np.arange(2**16, dtype=np.uint16)
PAIR_COUNTS, PAIR_LENGTHS = (_PAIRS & 255).astype(np.uint8), (_PAIRS >> 8).astype(np.uint8)


class Packed(NamedTuple):
    """What one segment has of a list.

    Attributes:
        first: The segment's first place among those that the list is of.
        format: Index of the format.
        data: As it is stored.
    """

    first: int
    format: int
    data: memoryview


@dataclass(frozen=True, slots=True)
class Columns:
    """A list of one segment, or of several that follow one another.

    Attributes:
        places: (n,) ascending.
        counts: (n,) of the term.
        lengths: (n,) of the chunks.
        pairs: (n,) count and length together, where a byte holds either; else None.
    """

    places: Narrow
    counts: Counts
    lengths: Counts
    pairs: NDArray[np.uint16] | None

    @classmethod
    def of(cls, packed: NDArray[np.void]) -> Columns:
        """Return the columns of a packed list."""
        if packed.dtype == FORMATS[0]:
            # As numbers: numpy copies a column of a structured array byte by byte.
            halves = packed.view("<u2")
            return cls._narrow(
                np.ascontiguousarray(halves[::2]), np.ascontiguousarray(halves[1::2])
            )
        places, counts, lengths = (
            np.ascontiguousarray(packed[name]) for name in ("place", "count", "length")
        )
        return cls(places, counts, lengths, None)

    @classmethod
    def joined(cls, lists: Sequence[Packed], size: int) -> Columns:
        """Return one list of what several segments have.

        Args:
            lists: Of the segments, in their order.
            size: Of all places that the list is of.
        """
        kind: type[np.unsignedinteger[Any]] = np.uint16 if size <= CAPACITY else np.uint32
        parts: list[Columns] = []
        # Those of one format together: numpy's price is by the call.
        for format_, group in groupby(lists, key=lambda one: one.format):
            some = list(group)
            data = some[0].data if len(some) == 1 else b"".join([one.data for one in some])
            columns = cls.of(np.frombuffer(data, FORMATS[format_]))
            if size > CAPACITY or some[-1].first:
                width = FORMATS[format_].itemsize
                sizes = [len(one.data) // width for one in some]
                places = np.repeat(np.array([one.first for one in some], kind), sizes)
                places += columns.places
                columns = replace(columns, places=places)
            parts.append(columns)
        if not parts:
            return cls.of(np.empty(0, FORMATS[0]))
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.places for part in parts]),
            np.concatenate([part.counts for part in parts]),
            np.concatenate([part.lengths for part in parts]),
            None,
        )

    @classmethod
    def _narrow(cls, places: Narrow, pairs: NDArray[np.uint16]) -> Columns:
        """Return a list whose counts and lengths are those of ``pairs``, and not held twice."""
        both = pairs.view(np.uint8)
        return cls(places, both[::2], both[1::2], pairs)

    @classmethod
    def united(cls, lists: Sequence[Columns]) -> Columns:
        """Return one list of all that are in any of ``lists``, their counts added up."""
        there = [one for one in lists if one.size]
        if len(there) < 2:
            return (there or lists)[0]
        total = sum(one.size for one in there)
        if total > max(_MANY, max(int(one.places[-1]) for one in there) // _SPARSE):
            places, counts, lengths = _united_by_place(there)
        else:
            places = np.concatenate([one.places for one in there])
            order = np.argsort(places, kind="stable")
            places = places[order]
            starts = np.flatnonzero(np.diff(places, prepend=places[:1] + np.uint16(1)))
            counts = np.concatenate([one.counts for one in there])[order]
            counts = np.add.reduceat(counts, starts, dtype=np.uint32)
            lengths = np.concatenate([one.lengths for one in there])[order[starts]]
            places = places[starts]
        if lengths.dtype != np.uint8 or counts.max(initial=0) > 255:
            return cls(places, counts, lengths, None)
        pairs = lengths.astype(np.uint16)
        pairs <<= 8
        pairs |= counts.astype(np.uint16)
        return cls._narrow(places, pairs)

    @property
    def size(self) -> int:
        """How many chunks have the term."""
        return len(self.places)

    @property
    def size_bytes(self) -> int:
        """What it takes in memory."""
        said = (self.counts, self.lengths) if self.pairs is None else (self.pairs,)
        return self.places.nbytes + sum(array.nbytes for array in said)

    def without(self, alive: NDArray[np.bool_]) -> Columns:
        """Return the list without the chunks that are gone.

        Args:
            alive: By place.
        """
        kept = alive[self.places]
        if self.pairs is not None:
            return Columns._narrow(self.places[kept], self.pairs[kept])
        return Columns(self.places[kept], self.counts[kept], self.lengths[kept], None)


def _united_by_place(lists: Sequence[Columns]) -> tuple[Narrow, Counts, Counts]:
    """Return places, counts and lengths of all that are in any list; for long ones faster."""
    end = max(int(one.places[-1]) for one in lists) + 1
    all_counts = np.zeros(end, np.uint32)
    all_lengths = np.zeros(end, lists[0].lengths.dtype)
    for one in lists:
        all_counts[one.places] += one.counts
        all_lengths[one.places] = one.lengths
    places = np.flatnonzero(all_counts).astype(lists[0].places.dtype)
    return places, all_counts[places], all_lengths[places]
