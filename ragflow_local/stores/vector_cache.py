"""Caches vectors in memory, in step with a snapshot of the catalog.

What a snapshot sees of a dataset is told by its ``VectorState``: highest number added, count of
removed ones. What is held is brought in step by reading what has higher numbers and leaving out
what is gone; writer and readers do the same, so they find the same. A snapshot that is older than
what is held gets what was held before, or its vectors read anew.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from ragflow_local.stores.catalog import Connection, postings, vector_states
from ragflow_local.stores.catalog.vector_states import VectorState
from ragflow_local.stores.vector_memory import Memory

# Of a dataset's vectors: 174,000 of 384 dimensions. Beyond, reading them all takes too long.
MEMORY_BYTES = 256 * 2**20
# Of all datasets together; the one searched longest ago is let go first.
_ALL_MEMORY_BYTES = 768 * 2**20
# States of one dataset that are held: searches in other threads may have begun before a commit.
_MOST_HELD = 2


@dataclass(frozen=True, slots=True)
class _Held:
    """Vectors with numbers above ``base``, as of a state."""

    added: int
    removed: int
    base: int
    memory: Memory


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)  # while vectors are read
    held: tuple[_Held, ...] = ()  # the newest last

    def of(self, state: VectorState, base: int) -> Memory | None:
        """Return what is held as of a state."""
        for held in self.held:
            if (held.added, held.removed, held.base) == (state.added, state.removed, base):
                return held.memory
        return None

    def before(self, state: VectorState, base: int) -> _Held:
        """Return the newest that a state can be reached from, an empty one where there is none."""
        for held in reversed(self.held):
            if held.base == base and held.added <= state.added and held.removed <= state.removed:
                return held
        return _Held(base, state.removed, base, Memory())

    def hold(self, held: _Held) -> None:
        both = [other for other in self.held if other.base == held.base]
        both = sorted([*both, held], key=lambda entry: (entry.added, entry.removed))
        self.held = tuple(both[-_MOST_HELD:])

    @property
    def size_bytes(self) -> int:
        return max((held.memory.size_bytes for held in self.held), default=0)


class VectorCache:
    """Vectors of a project's datasets in memory; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def in_step(
        self, connection: Connection, states: Sequence[VectorState], bases: Sequence[int]
    ) -> list[Memory]:
        """Return each dataset's vectors as the snapshot sees them.

        Args:
            connection: Inside a snapshot.
            states: What it says of the datasets.
            bases: Only chunks with higher numbers than that are wanted; 0 for all.
        """
        entries = self._entries_of(states)
        current = [
            entry.of(state, base) for entry, state, base in zip(entries, states, bases, strict=True)
        ]
        behind = [at for at, memory in enumerate(current) if memory is None]
        if behind:
            behind.sort(key=lambda at: states[at].id)  # one order, so that no two threads wait
            with contextlib.ExitStack() as held:
                for at in behind:
                    held.enter_context(entries[at].lock)
                for dim, group in groupby(behind, key=lambda at: states[at].dim):
                    some = list(group)
                    brought = _bring(
                        connection, [(entries[at], states[at], bases[at]) for at in some], dim
                    )
                    for at, memory in zip(some, brought, strict=True):
                        current[at] = memory
            self._let_go({state.id for state in states})
        return [memory for memory in current if memory is not None]

    def forget(self, id: str) -> None:
        """Free what is held of a dataset."""
        with self._lock:
            self._entries.pop(id, None)

    def clear(self) -> None:
        """Free everything."""
        with self._lock:
            self._entries.clear()

    def _entries_of(self, states: Sequence[VectorState]) -> list[_Entry]:
        with self._lock:
            entries = []
            for state in states:
                entries.append(self._entries.setdefault(state.id, _Entry()))
                self._entries.move_to_end(state.id)
            return entries

    def _let_go(self, wanted: set[str]) -> None:
        with self._lock:
            sizes = {id: entry.size_bytes for id, entry in self._entries.items()}
            total = sum(sizes.values())
            for id, size in sizes.items():
                if total <= _ALL_MEMORY_BYTES:
                    break
                if id not in wanted:
                    del self._entries[id]
                    total -= size


def _bring(
    connection: Connection, behind: Sequence[tuple[_Entry, VectorState, int]], dim: int
) -> list[Memory]:
    """Return what a snapshot sees of each dataset, and hold it; all are read with one statement."""
    starts = {state.id: entry.before(state, base) for entry, state, base in behind}
    memories = {id: start.memory for id, start in starts.items()}
    after = {
        state.id: starts[state.id].added
        for _, state, _ in behind
        if starts[state.id].added < state.added
    }
    for id, numbers, documents, matrix in vector_states.vectors_after(connection, after, dim):
        memories[id] = memories[id].added(numbers, documents, matrix)
    for entry, state, base in behind:
        memory = memories[state.id]
        if starts[state.id].removed != state.removed:
            there = memory.numbers()
            gone = ~np.isin(there, postings.numbers(connection, state.dataset))
            memories[state.id] = memory = memory.removed(there[gone])
        entry.hold(_Held(state.added, state.removed, base, memory))
    return [memories[state.id] for _, state, _ in behind]
