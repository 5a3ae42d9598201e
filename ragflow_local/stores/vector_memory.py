"""Vectors in memory: the exact nearest ones by one pass over a matrix.

What a search sees never changes: adding and removing make a new ``Memory`` that shares the
matrices of the old one, so searches of other threads go on undisturbed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ragflow_local.records import Matrix, Vector

Numbers = NDArray[np.int64]

# Rows of a block may be removed up to this share before it is copied without them.
_MOST_REMOVED = 0.25


@dataclass(frozen=True, slots=True)
class _Block:
    numbers: Numbers
    documents: Numbers
    matrix: Matrix
    live: NDArray[np.bool_]

    def without(self, numbers: Numbers) -> _Block:
        """Return the block with these chunks removed."""
        gone = np.isin(self.numbers, numbers)
        if not gone.any():
            return self
        live = self.live & ~gone
        if np.count_nonzero(live) < (1 - _MOST_REMOVED) * len(live):
            return _joined([replace(self, live=live)])
        return replace(self, live=live)


@dataclass(frozen=True, slots=True)
class Memory:
    """Vectors of one dataset, in blocks, the largest first."""

    _blocks: tuple[_Block, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Return what the matrices take."""
        return sum(block.matrix.nbytes for block in self._blocks)

    def numbers(self) -> Numbers:
        """Return the chunk numbers there are, in no order."""
        return np.concatenate(
            [np.empty(0, np.int64), *(block.numbers[block.live] for block in self._blocks)]
        )

    def added(self, numbers: Numbers, documents: Numbers, matrix: Matrix) -> Memory:
        """Return a memory with these chunks too.

        Args:
            numbers: (n,) chunk numbers that are not there yet.
            documents: (n,) their documents' numbers.
            matrix: (n, dim); a row of zeros is similar to nothing.
        """
        if not len(numbers):
            return self
        live = np.ones(len(numbers), np.bool_)
        blocks = [*self._blocks, _in_order(_Block(numbers, documents, unit(matrix), live))]
        # As in a counter, small blocks are carried into larger ones: a row moves log n times.
        while len(blocks) > 1 and 2 * len(blocks[-1].numbers) > len(blocks[-2].numbers):
            blocks[-2:] = [_joined(blocks[-2:])]
        return Memory(tuple(blocks))

    def joined(self, other: Memory) -> Memory:
        """Return a memory with the chunks of another too, which this one does not have."""
        memory = self
        for block in other._blocks:
            kept = block.live
            memory = memory.added(block.numbers[kept], block.documents[kept], block.matrix[kept])
        return memory

    def removed(self, numbers: Numbers) -> Memory:
        """Return a memory without these chunks."""
        blocks = (block.without(numbers) for block in self._blocks)
        return Memory(tuple(block for block in blocks if len(block.numbers)))

    def cosines(self, vector: Vector, numbers: Numbers) -> Vector:
        """Return (n,) the cosine of each chunk; NaN for one that is not there.

        Args:
            vector: (dim,) of any length.
            numbers: (n,) chunk numbers.
        """
        direction = unit(vector[None, :])[0]
        cosines = np.full(len(numbers), np.nan, np.float32)
        for block in self._blocks:
            rows = np.minimum(np.searchsorted(block.numbers, numbers), len(block.numbers) - 1)
            here = (block.numbers[rows] == numbers) & block.live[rows]
            # Few rows: waking the threads of a matrix product would take longer than it does.
            cosines[here] = np.einsum("ij,j->i", block.matrix[rows[here]], direction)
        return cosines

    def search(
        self, vector: Vector, top_k: int, documents: Numbers | None
    ) -> tuple[Numbers, Vector]:
        """Return numbers and cosines of the nearest chunks, the nearest first.

        Args:
            vector: (dim,) of any length.
            top_k: At most so many.
            documents: Numbers of the documents to search in; None for all.
        """
        direction = unit(vector[None, :])[0]
        numbers: list[Numbers] = [np.empty(0, np.int64)]
        cosines: list[Vector] = [np.empty(0, np.float32)]
        for block in self._blocks:
            allowed = block.live
            if documents is not None:
                allowed = allowed & np.isin(block.documents, documents)
            # Picking rows copies them: worth it for a small part only.
            if np.count_nonzero(allowed) * 4 < len(allowed):
                rows = np.flatnonzero(allowed)
                found = block.matrix[rows] @ direction
            else:
                rows = np.arange(len(allowed))
                found = np.where(allowed, block.matrix @ direction, np.float32(-np.inf))
            best = largest(found, top_k)
            best = best[allowed[rows[best]]]
            numbers.append(block.numbers[rows[best]])
            cosines.append(found[best])
        all_numbers, all_cosines = np.concatenate(numbers), np.concatenate(cosines)
        order = np.lexsort((all_numbers, -all_cosines))[:top_k]
        return all_numbers[order], all_cosines[order]


def largest(values: Vector, count: int) -> NDArray[np.intp]:
    """Return the indices of the ``count`` largest values, in no order."""
    if len(values) <= count:
        return np.arange(len(values))
    return np.argpartition(values, len(values) - count)[len(values) - count :]


def unit(matrix: Matrix) -> Matrix:
    """Return the rows at length 1; zeros stay zeros, and so do rows that are not finite."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    scaled = np.zeros_like(matrix, dtype=np.float32)
    np.divide(matrix, lengths, out=scaled, where=(lengths > 0) & np.isfinite(lengths))
    return scaled


def _joined(blocks: Sequence[_Block]) -> _Block:
    live = [block.live for block in blocks]
    return _in_order(
        _Block(
            np.concatenate([block.numbers[kept] for block, kept in zip(blocks, live, strict=True)]),
            np.concatenate(
                [block.documents[kept] for block, kept in zip(blocks, live, strict=True)]
            ),
            np.concatenate([block.matrix[kept] for block, kept in zip(blocks, live, strict=True)]),
            np.ones(sum(map(np.count_nonzero, live)), np.bool_),
        )
    )


def _in_order(block: _Block) -> _Block:
    """Return the block with its rows in the order of their numbers, in which they mostly are."""
    if np.all(block.numbers[1:] > block.numbers[:-1]):
        return block
    order = np.argsort(block.numbers)
    return _Block(
        block.numbers[order], block.documents[order], block.matrix[order], block.live[order]
    )
