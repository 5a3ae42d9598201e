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
# Of all lists that are held: of the commonest terms of a million chunks, about a hundred.
_MOST_BYTES = 48 * 2**20

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
        is_narrow = packed.dtype == FORMATS[0]
        # As numbers: numpy copies a column of a structured array byte by byte.
        halves = packed.view("<u2") if is_narrow else None
        pairs = None if halves is None else np.ascontiguousarray(halves[1::2])
        places = packed["place"] if halves is None else halves[::2]
        counts = packed["count"] if pairs is None else pairs.view(np.uint8)[::2]
        lengths = packed["length"] if pairs is None else pairs.view(np.uint8)[1::2]
        return cls(np.ascontiguousarray(places), _dense(counts), _dense(lengths), pairs)

    @classmethod
    def united(cls, lists: Sequence[Columns]) -> Columns:
        """Return one list of all that are in any of ``lists``, their counts added up."""
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
        narrow = counts.astype(np.uint8)
        pairs = lengths.astype(np.uint16)
        pairs <<= 8
        pairs |= narrow
        return cls(places, narrow, lengths, pairs)

    @property
    def size(self) -> int:
        """How many chunks have the term."""
        return len(self.places)

    @property
    def size_bytes(self) -> int:
        """What it takes in memory."""
        arrays = (self.places, self.counts, self.lengths, self.pairs)
        return sum(array.nbytes for array in arrays if array is not None)

    def without(self, alive: NDArray[np.bool_]) -> Columns:
        """Return the list without the chunks that are gone.

        Args:
            alive: (size of the segment,) by place.
        """
        kept = alive[self.places]
        pairs = None if self.pairs is None else self.pairs[kept]
        return Columns(self.places[kept], self.counts[kept], self.lengths[kept], pairs)


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


def _dense(column: Counts) -> Counts:
    return np.ascontiguousarray(column)
