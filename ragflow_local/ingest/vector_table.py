"""Moves vectors from the catalog to LanceDB in the background, thousands at a time.

A commit puts vectors into the catalog, where they are found at once. A thread of its own moves
what has piled up to LanceDB:

    1  vectors above the watermark read, in one snapshot of the catalog
    2  what the table has above the watermark taken out     left of a crash, or of commits lost
    3  vectors added to the table, on the disk              not looked for: above the watermark
    4  watermark raised                                     one SQLite transaction

Ending it at any moment loses nothing but work. Vectors of removed chunks stay until many of them
are taken out at once: search asks the catalog which chunks are there.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ragflow_local.errors import DamagedProjectError, StoreError
from ragflow_local.stores import crash, vector_cache
from ragflow_local.stores.catalog import Catalog, Connection, chunks, datasets, vector_states
from ragflow_local.stores.catalog.vector_states import VectorState
from ragflow_local.stores.vectors import Batch, Vectors

_log = logging.getLogger("ragflow_local.ingest")

# Vectors that wait before they are moved: LanceDB takes as long for one as for sixty, and its
# import takes two seconds, which a small project never needs.
_BATCH = 4096
# Vectors moved in one step, at most: 25 MB of 384 dimensions.
_STEP = 16_384
# Share of removed vectors above which they are taken out, where they are a batch at least.
_MOST_REMOVED = 0.2
# Between a commit and the moving: commits that come one after the other are moved together.
_PAUSE_SECONDS = 0.25


class VectorTable:
    """Moves vectors to LanceDB, drops them, and rebuilds damaged tables from the catalog."""

    def __init__(self, catalog: Catalog, vectors: Vectors) -> None:
        self._catalog = catalog
        self._vectors = vectors
        self._lock = threading.Lock()
        self._moving = threading.Lock()  # One step at a time, whoever makes it.
        self._changes: dict[str, int] = {}
        self._due: set[str] = set()
        self._unchecked: set[str] = set()  # Tables that a process which did not close has left.
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()

    def changed(self, dataset_id: str, count: int) -> None:
        """Have what was added and removed moved soon, once it is a batch.

        Args:
            dataset_id: Whose chunks.
            count: How many were added or removed.
        """
        if not count:
            return
        with self._lock:
            known = self._changes.get(dataset_id)
        if known is None:  # since this process began
            with self._catalog.read() as reading:
                known = vector_states.waiting(reading, dataset_id, _BATCH) - count
        with self._lock:
            self._changes[dataset_id] = known + count
            if known + count >= _BATCH:
                self._changes[dataset_id] = 0
                self._start(dataset_id)

    def rebuild(self, dataset_id: str) -> None:
        """Have the table written anew: until then, vectors are read from the catalog."""
        with self._catalog.write(is_counted=False) as connection:
            vector_states.set_moved(connection, dataset_id, 0)
        self._vectors.codes(dataset_id).drop()
        with self._lock:
            self._start(dataset_id)

    def drop(self, dataset_id: str) -> None:
        """Remove all that there is of a dataset's vectors on the disk."""
        self._vectors.drop(dataset_id)

    def paths_of(self, dataset_id: str) -> list[Path]:
        """Return where a dataset's table and codes lie, whichever there are."""
        return self._vectors.paths_of(dataset_id)

    def kept(self) -> list[str]:
        """Return the id of every dataset that has a table or codes, and of those that had."""
        return self._vectors.kept()

    def missing(self, dataset_id: str) -> int:
        """Return how many chunks the table should have, and has not; nothing is changed.

        One that is searched in memory is read whole, which compares its checksums.

        Raises:
            DamagedProjectError: It cannot be read, or a vector is not what was written.
        """
        with self._catalog.read() as reading:
            states = vector_states.of(reading, [dataset_id])
            table = self._vectors.table(dataset_id)
            if not (states and states[0].moved and table.exists()):
                return 0  # none is needed yet, or this is a backup
            [state] = states
            expected = np.array(chunks.available_numbers(reading, dataset_id), np.int64)
        is_large = state.size_bytes > vector_cache.MEMORY_BYTES
        moved = table.numbers() if is_large else table.read()[0]
        return len(np.setdiff1d(expected[expected <= state.moved], moved))

    def take_up(self, *, was_clean: bool = True, is_all: bool = False) -> list[str]:
        """Forget tables that are gone or not asked for any more; return the datasets' ids.

        Args:
            was_clean: Whether the last process closed; else tables are compared, in the background.
            is_all: Whether no table can be trusted: the catalog may be older than they are.
        """
        tables = set(self.kept())
        with self._catalog.read() as reading:
            states = vector_states.of(reading, datasets.all_ids(reading))
        wrong = [
            state.id
            for state in states
            if state.moved and (is_all or not self._vectors.table(state.id).exists())
        ]
        if wrong:
            with self._catalog.write(is_counted=False) as connection:
                for id in wrong:
                    vector_states.set_moved(connection, id, 0)
        for state in states:
            if state.id in tables and (state.id in wrong or not state.moved):
                self._vectors.table(state.id).drop()
            if state.id in tables and is_all:
                self._vectors.codes(state.id).drop()
            is_checked = was_clean or not state.moved or state.id in wrong
            is_large = state.size_bytes > vector_cache.MEMORY_BYTES
            if not is_checked or is_large:
                with self._lock:
                    self._unchecked |= set() if is_checked else {state.id}
                    self._start(state.id)
        return wrong

    def move_all(self) -> None:
        """Move what is a batch, take out what was removed, and put parts together."""
        with self._catalog.read() as reading:
            ids = datasets.all_ids(reading)
        for id in ids:
            while self._step(id, fewest_removed=1):
                pass
            table = self._vectors.table(id)
            if table.exists():
                self._telling(table.tidy, keep_versions=False)

    def wait(self) -> None:
        """Wait until what is due has been moved."""
        while True:
            with self._lock:
                thread = self._thread
            if thread is None:
                return
            thread.join()

    def close(self) -> None:
        """End the moving after the step it is at."""
        self._ending.set()
        self.wait()

    def _start(self, dataset_id: str) -> None:
        self._due.add(dataset_id)
        if not (self._ending.is_set() or (self._thread and self._thread.is_alive())):
            self._thread = threading.Thread(
                target=self._run, name="ragflow-local vectors", daemon=True
            )
            self._thread.start()

    def _run(self) -> None:
        while True:
            self._ending.wait(_PAUSE_SECONDS)
            with self._lock:
                if self._ending.is_set() or not self._due:
                    self._thread = None
                    return
                dataset_id = next(iter(self._due))
            if self._step(dataset_id):
                continue
            with self._lock:
                self._due.discard(dataset_id)
            self._telling(self._encode, dataset_id)

    def _step(self, dataset_id: str, fewest_removed: int | None = None) -> bool:
        """Move a batch, or take out what was removed; return whether there was something to do."""
        with self._moving:
            if dataset_id in self._unchecked:
                self._telling(self._check, dataset_id)
                self._unchecked.discard(dataset_id)
            return self._telling(self._moved, dataset_id) or self._telling(
                self._collected, dataset_id, fewest_removed or _BATCH
            )

    def _check(self, dataset_id: str) -> None:
        """Forget a table that is damaged, or lacks what it should have."""
        try:
            is_whole = not self.missing(dataset_id)
        except DamagedProjectError as error:
            _log.warning("%s", error)
            is_whole = False
        if not is_whole:
            with self._catalog.write(is_counted=False) as connection:
                vector_states.set_moved(connection, dataset_id, 0)
            self.drop(dataset_id)

    def _moved(self, dataset_id: str) -> bool:
        with self._catalog.read() as reading:
            states = vector_states.of(reading, [dataset_id])
            if not states or vector_states.waiting(reading, dataset_id, _BATCH) < _BATCH:
                return False
            [state] = states
            batches = _first(reading, state)
        if not batches:
            return False
        table = self._vectors.table(dataset_id)
        watermark = state.moved
        try:
            table.add(batches, watermark)
        except DamagedProjectError:
            # The catalog has every vector of it.
            _log.warning("The vector table of %s is damaged; it is written anew", dataset_id)
            watermark = -1
        crash.point("vectors moved")
        with self._catalog.write(is_counted=False) as connection:
            states = vector_states.of(connection, [dataset_id])
            is_wanted = bool(states) and states[0].moved == state.moved
            if is_wanted and watermark < 0:
                vector_states.set_moved(connection, dataset_id, 0)
            elif is_wanted:
                vector_states.set_moved(connection, dataset_id, int(batches[-1][0][-1]))
                if not state.moved:
                    vector_states.set_collected(connection, dataset_id, state.removed)
        if not states:  # deleted meanwhile
            self.drop(dataset_id)
        crash.point("watermark raised")
        return is_wanted

    def _collected(self, dataset_id: str, fewest: int) -> bool:
        """Take removed chunks out of a table, where there are many of them."""
        with self._catalog.read() as reading:
            states = vector_states.of(reading, [dataset_id])
            if not states or not states[0].moved:
                return False
            [state] = states
            removed = state.removed - state.collected
            if removed < max(fewest, _MOST_REMOVED * state.chunks if fewest > 1 else 0):
                return False
            live = np.array(chunks.available_numbers(reading, dataset_id), np.int64)
        table = self._vectors.table(dataset_id)
        there = table.numbers()
        gone = np.setdiff1d(there[there <= state.moved], live)
        for start in range(0, len(gone), _BATCH):
            table.remove(gone[start : start + _BATCH])
        crash.point("removed vectors taken out")
        with self._catalog.write(is_counted=False) as connection:
            vector_states.set_collected(connection, dataset_id, state.removed)
        return False

    def _encode(self, dataset_id: str) -> None:
        """Write the codes of what a dataset that is searched by them has more by now."""
        with self._catalog.read() as reading:
            states = vector_states.of(reading, [dataset_id])
            codes = self._vectors.codes(dataset_id)
            if not states or states[0].size_bytes <= vector_cache.MEMORY_BYTES:
                codes.drop()
                return
            [state] = states
            last = codes.parts(state.dim).last
            if vector_states.above(reading, dataset_id, last, _BATCH) >= _BATCH:
                vectors = vector_states.vectors_after(reading, {dataset_id: last}, state.dim)
                codes.bring((batch[1:] for batch in vectors), state.dim)
            live = np.array(chunks.available_numbers(reading, dataset_id), np.int64)
        codes.without(live, state.dim)
        if not self._is_there(dataset_id):
            codes.drop()

    def _is_there(self, dataset_id: str) -> bool:
        with self._catalog.read() as reading:
            return bool(vector_states.of(reading, [dataset_id]))

    def _telling(self, do: Callable[..., bool | None], *given: object, **named: object) -> bool:
        """Do it; what fails is told in the log: nobody waits, and search reads the catalog."""
        try:
            return bool(do(*given, **named))
        except StoreError as error:
            _log.warning("Vectors could not be moved: %s", error)
            return False


def _first(reading: Connection, state: VectorState) -> list[Batch]:
    """Return the vectors of the next step, in the order of their numbers."""
    batches: list[Batch] = []
    total = 0
    for _, numbers, documents, matrix in vector_states.vectors_after(
        reading, {state.id: state.moved}, state.dim
    ):
        batch = slice(0, _STEP - total)
        batches.append((numbers[batch], documents[batch], matrix[batch]))
        total += len(numbers)
        if total >= _STEP:
            break
    return batches
