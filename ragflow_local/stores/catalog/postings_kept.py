"""Holds in memory what questions ask for again of the postings.

A list of segments never changes: what is known of one by the births of its segments and the forms
of its term stays true, whatever is added, removed or merged. So it does not go out of date; the
lists asked for longest ago make room.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from ragflow_local.stores.catalog.commits import counted
from ragflow_local.stores.catalog.postings_columns import Columns
from ragflow_local.stores.catalog.postings_runs import Run, Shape
from ragflow_local.stores.catalog.postings_segments import state_of

# Postings of a list from which it is worth holding, and segments that it was put together from.
LONG, MANY_SEGMENTS = 16_384, 16
# Of all lists that are held: with a million chunks, those of a few hundred words.
_MOST_BYTES = 128 * 2**20
# What a list takes beside its postings.
_BESIDE_BYTES = 1024

_MOST_SHAPES = 4


@dataclass(frozen=True, slots=True)
class Key:
    """What a list is known by: the births of its segments, and the forms of its term."""

    run: bytes
    forms: tuple[str, ...]


class ListsKept:
    """The lists and shapes that were asked for last; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Columns] = OrderedDict()
        self._size_bytes = 0
        self._shapes: dict[tuple[int, ...], tuple[tuple[float, ...], Shape | None]] = {}

    def get(self, run: Run, forms: tuple[str, ...]) -> Columns | None:
        """Return what a run has of a term, where it is held."""
        key = Key(run.known_by, forms)
        with self._lock:
            columns = self._kept.get(key)
            if columns is not None:
                self._kept.move_to_end(key)
            return columns

    def keep(self, run: Run, forms: tuple[str, ...], columns: Columns) -> None:
        """Hold what a run has of a term, where that was long to read; others make room."""
        size = columns.size_bytes + _BESIDE_BYTES
        is_long = columns.size >= LONG or len(run.segments) >= MANY_SEGMENTS
        if not is_long or not run.known_by or size > _MOST_BYTES:
            return
        key = Key(run.known_by, forms)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = columns
                self._size_bytes += size
            while self._size_bytes > _MOST_BYTES:
                _, gone = self._kept.popitem(last=False)
                self._size_bytes -= gone.size_bytes + _BESIDE_BYTES

    def shape(self, connection: sqlite3.Connection, datasets: Sequence[int]) -> Shape | None:
        """Return the shape of datasets' postings, looked at again once they have changed.

        Args:
            connection: Inside one snapshot.
            datasets: Their numbers.
        """
        key = tuple(datasets)
        number = counted(connection)
        state = (number, *state_of(connection, datasets))
        with self._lock:
            known = self._shapes.get(key)
        if known is not None and known[0] == state and number > 0:  # 0 where nobody counts
            return known[1]
        shape = Shape.of(connection, datasets)
        with self._lock:
            self._shapes.pop(key, None)
            self._shapes[key] = state, shape
            while len(self._shapes) > _MOST_SHAPES:
                del self._shapes[next(iter(self._shapes))]
        return shape
