"""Finds the live chunks nearest to a question's vector, in one snapshot.

A dataset that fits is searched in memory. A larger one is searched by the codes of its vectors, as
far as they reach, and what was added since in memory. Where it has none yet, what LanceDB has is
searched there, up to the watermark. LanceDB also proposes chunks that are gone: it is asked for
more until enough are there.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragflow_local.errors import StoreError
from ragflow_local.records import Vector
from ragflow_local.retrieve.candidates import Scope, Sources
from ragflow_local.stores import vector_cache
from ragflow_local.stores.catalog import Connection, embeddings, postings, vector_states
from ragflow_local.stores.catalog.vector_states import VectorState
from ragflow_local.stores.vector_codes import Parts
from ragflow_local.stores.vector_memory import (
    ROUNDING,
    Memory,
    Numbers,
    Scored,
    dots,
    exact_cosines,
    nearest,
    unit,
)

_log = logging.getLogger("ragflow_local.retrieve")


@dataclass(frozen=True, slots=True)
class _Coded:
    """What the codes of a dataset told: chunks, ascending by number, with their exact cosines."""

    parts: Parts
    scored: Scored

    def cosines(self, direction: Vector, numbers: Numbers) -> Vector:
        """Return (n,) the exact cosine of each chunk; NaN for one that is not there, or torn."""
        known, values = self.scored
        cosines = np.full(len(numbers), np.nan, np.float32)
        if len(known):
            at = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
            here = known[at] == numbers
            cosines[here] = values[at[here]]
        missing = np.isnan(cosines)
        with contextlib.suppress(StoreError):  # the catalog has them
            cosines[missing] = self.parts.cosines(direction, numbers[missing])
        return cosines


@dataclass(frozen=True, slots=True)
class Near:
    """What a question is near to.

    Attributes:
        numbers: (n,) of the nearest chunks, in no order; all of them are there.
        dim: Length of the vectors.
    """

    numbers: Numbers
    dim: int
    _direction: Vector
    _memories: Sequence[Memory]
    _coded: Sequence[_Coded] = ()

    def cosines(self, connection: Connection, numbers: Numbers) -> Vector:
        """Return (n,) the exact cosine of question and chunk for each."""
        cosines = exact_cosines(self._memories, self._direction, numbers)
        for coded in self._coded:
            missing = np.isnan(cosines)
            if missing.any():
                cosines[missing] = coded.cosines(self._direction, numbers[missing])
        missing = np.isnan(cosines)
        if missing.any():
            matrix = embeddings.of_chunks(connection, numbers[missing].tolist(), self.dim)
            cosines[missing] = dots(unit(matrix), self._direction)
        return cosines


def find(
    connection: Connection,
    sources: Sources,
    scopes: Sequence[Scope],
    vector: Vector,
    top_k: int,
) -> Near:
    """Return the nearest chunks of all datasets together.

    Args:
        connection: Inside a snapshot of the catalog.
        sources: Where vectors are.
        scopes: The datasets, all of one model and with the same documents to search in.
        vector: (dim,) of the question.
        top_k: How many, where there are so many.
    """
    chosen = scopes[0].documents
    documents = None if chosen is None else np.array(chosen, np.int64)
    direction = unit(vector[None, :])[0]
    states = [
        state
        for state in vector_states.of(connection, [scope.id for scope in scopes])
        if state.added and state.dim == len(vector)
    ]
    small = [state for state in states if state.size_bytes <= vector_cache.MEMORY_BYTES]
    memories = sources.vectors.memory.in_step(connection, small, [0] * len(small))
    scored = [part for memory in memories for part in memory.scored(direction, documents)]
    coded: list[_Coded] = []
    asked = _Asked(connection, sources, direction, top_k, documents)
    for state in states:
        if state.size_bytes <= vector_cache.MEMORY_BYTES:
            continue
        near = asked.of_coded(state)
        if near is None:
            scored += asked.of_large(state)
        else:
            coded.append(near)
            scored += [near.scored, *asked.after(state, near.parts.last)]
    numbers = _cut(scored, memories, direction, top_k)
    return Near(numbers, len(vector), direction, memories, coded)


def _cut(
    scored: Sequence[Scored], memories: Sequence[Memory], direction: Vector, top_k: int
) -> Numbers:
    """Return the numbers of the nearest; where rounding would decide, exact cosines do."""
    numbers, cosines = nearest(scored, top_k)
    if len(numbers) <= top_k:
        return numbers
    sure = int(np.count_nonzero(cosines > cosines[top_k - 1] + ROUNDING))
    doubtful = numbers[sure:]
    exact = exact_cosines(memories, direction, doubtful)
    exact = np.where(np.isnan(exact), cosines[sure:], exact)
    order = np.lexsort((doubtful, -exact))[: top_k - sure]
    return np.concatenate([numbers[:sure], doubtful[order]])


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question to datasets that are too large for the memory."""

    connection: Connection
    sources: Sources
    direction: Vector
    top_k: int
    documents: Numbers | None

    def of_coded(self, state: VectorState) -> _Coded | None:
        """Return the nearest of a dataset by its codes, exactly; None where there are none."""
        parts = self.sources.vectors.codes(state.id).parts(state.dim)
        if not parts.last:
            return None

        def are_live(numbers: Numbers) -> NDArray[np.bool_]:
            return postings.are_live(self.connection, state.dataset, numbers)

        try:
            scored = parts.nearest(self.direction, self.top_k, are_live, self.documents)
        except StoreError as error:
            _log.warning("The codes of dataset %s cannot be used: %s", state.id, error)
            self._mend(state)
            return None
        return _Coded(parts, scored)

    def of_large(self, state: VectorState) -> list[Scored]:
        """Return the nearest of a dataset, what LanceDB says of their cosines included."""
        moved = self._moved(state) if state.moved else None
        if moved is None:
            return [self._scanned(state, 0)]
        return [moved, *self.after(state, state.moved)]

    def after(self, state: VectorState, number: int) -> list[Scored]:
        """Return the nearest of what has higher numbers."""
        waiting = vector_states.above(self.connection, state.id, number, 2**31)
        if waiting * state.dim * 4 > vector_cache.MEMORY_BYTES:
            return [self._scanned(state, number)]
        [tail] = self.sources.vectors.memory.in_step(self.connection, [state], [number])
        return tail.scored(self.direction, self.documents)

    def _moved(self, state: VectorState) -> Scored | None:
        """Return the nearest live ones that LanceDB has; None where it cannot be asked."""
        table = self.sources.vectors.table(state.id)
        wanted = self.top_k
        try:
            while True:
                numbers, cosines = table.search(self.direction, wanted, self.documents)
                is_there = numbers <= state.moved
                is_there &= postings.are_live(self.connection, state.dataset, numbers)
                if np.count_nonzero(is_there) >= self.top_k or len(numbers) < wanted:
                    return numbers[is_there], cosines[is_there]
                wanted *= 2
        except StoreError as error:
            _log.warning("The vector table of dataset %s cannot be used: %s", state.id, error)
        self._mend(state)
        return None

    def _mend(self, state: VectorState) -> None:
        if self.sources.mend is not None:
            try:
                self.sources.mend(state.id)
            except StoreError as error:  # A full disk is no reason not to answer.
                _log.warning("The vector table of %s was not mended: %s", state.id, error)

    def _scanned(self, state: VectorState, after: int) -> Scored:
        """Return the nearest by reading every vector in the catalog: slow, but never wrong."""
        best: list[Scored] = []
        for _, numbers, documents, matrix in vector_states.vectors_after(
            self.connection, {state.id: after}, state.dim
        ):
            memory = Memory().added(numbers, documents, matrix)
            scored = memory.scored(self.direction, self.documents)
            near, cosines = nearest([*best, *scored], self.top_k)
            best = [(near[: self.top_k], cosines[: self.top_k])]
        return best[0] if best else (np.empty(0, np.int64), np.empty(0, np.float32))
