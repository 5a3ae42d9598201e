"""Holds long lists of postings in memory, column by column, as scoring asks for them.

A list of a segment never changes: what is known of one by the segment's birth and the number of the
term, or of several that are one, stays true, whatever is added, removed or merged. So nothing here
goes out of date; the lists asked for longest ago make room.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragflow_local.stores.catalog.postings_segments import FORMATS

Counts: TypeAlias = NDArray[np.integer[Any]]

# Postings of a list in one segment from which it is worth holding.
LONG = 1024
# Of all lists that are held: with a million chunks, those of a few hundred words.
_MOST_BYTES = 128 * 2**20
# Postings from which lists are united place by place.
_MANY = 4096

# The count and the length that a pair of bytes says, count first.
_PAIRS = np.arange(2**16, dtype=np.uint16)
PAIR_COUNTS, PAIR_LENGTHS = (_PAIRS & 255).astype(np.uint8), (_PAIRS >> 8).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Columns:
    """A list of one segment.

    Attributes:
        places: (n,) in the segment, ascending.
        counts: (n,) of the term.
        lengths: (n,) of the chunks.
        pairs: (n,) count and length together, where a byte holds either; else None.
    """

    places: NDArray[np.uint16]
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
    def _narrow(cls, places: NDArray[np.uint16], pairs: NDArray[np.uint16]) -> Columns:
        """Return a list whose counts and lengths are those of ``pairs``, and not held twice."""
        both = pairs.view(np.uint8)
        return cls(places, both[::2], both[1::2], pairs)

    @classmethod
    def united(cls, lists: Sequence[Columns]) -> Columns:
        """Return one list of all that are in any of ``lists``, their counts added up."""
        if sum(one.size for one in lists) > _MANY:
            places, counts, lengths = _united_by_place(lists)
        else:
            places = np.concatenate([one.places for one in lists])
            order = np.argsort(places, kind="stable")
            places = places[order]
            starts = np.flatnonzero(np.diff(places, prepend=places[:1] + np.uint16(1)))
            counts = np.concatenate([one.counts for one in lists])[order]
            counts = np.add.reduceat(counts, starts, dtype=np.uint32)
            lengths = np.concatenate([one.lengths for one in lists])[order[starts]]
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
            alive: (size of the segment,) by place.
        """
        kept = alive[self.places]
        if self.pairs is not None:
            return Columns._narrow(self.places[kept], self.pairs[kept])
        return Columns(self.places[kept], self.counts[kept], self.lengths[kept], None)


@dataclass(frozen=True, slots=True)
class Key:
    """What a list is known by: the birth of its segment, and the numbers of its term's forms."""

    born: int
    forms: tuple[int, ...]


class ListsKept:
    """The long lists that were asked for last; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Columns] = OrderedDict()
        self._size_bytes = 0

    def get(self, key: Key) -> Columns | None:
        """Return a list that is held, or None."""
        with self._lock:
            columns = self._kept.get(key)
            if columns is not None:
                self._kept.move_to_end(key)
            return columns

    def keep(self, key: Key, columns: Columns) -> None:
        """Hold a list, where it is long; others make room."""
        if columns.size < LONG or not key.born or columns.size_bytes > _MOST_BYTES:
            return
        with self._lock:
            if key not in self._kept:
                self._kept[key] = columns
                self._size_bytes += columns.size_bytes
            while self._size_bytes > _MOST_BYTES:
                _, gone = self._kept.popitem(last=False)
                self._size_bytes -= gone.size_bytes


def _united_by_place(
    lists: Sequence[Columns],
) -> tuple[NDArray[np.uint16], Counts, Counts]:
    """Return places, counts and lengths of all that are in any list; for long ones faster."""
    end = max(int(one.places[-1]) for one in lists) + 1
    all_counts = np.zeros(end, np.uint32)
    all_lengths = np.zeros(end, lists[0].lengths.dtype)
    for one in lists:
        all_counts[one.places] += one.counts
        all_lengths[one.places] = one.lengths
    places = np.flatnonzero(all_counts).astype(np.uint16)
    return places, all_counts[places], all_lengths[places]
