"""Searches vectors in memory exactly, in one pass.

What a search sees never changes: adding and removing make a new ``Memory`` that shares the
matrices of the old one, so searches of other threads go on undisturbed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragflow_local.records import Matrix, Vector

Numbers = NDArray[np.int64]
Scored: TypeAlias = tuple[Numbers, Vector]  # chunk numbers and their cosines

# Rows of a block may be removed up to this share before it is copied without them.
_MOST_REMOVED = 0.25
# Parts that are looked up one by one; more of them are first put in one order.
_FEW_PARTS = 32

_NONE: Numbers = np.empty(0, np.int64)
_NO_COSINES: Vector = np.empty(0, np.float32)


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

    def scored(self, direction: Vector, documents: Numbers | None) -> Scored:
        """Return numbers, ascending, and cosines of the chunks that are live and allowed."""
        allowed = self.live
        if documents is not None:
            allowed = allowed & np.isin(self.documents, documents)
        count = np.count_nonzero(allowed)
        if count == len(allowed):
            return self.numbers, self.matrix @ direction
        # Picking rows copies them: worth it for a small part only.
        if count * 4 < len(allowed):
            return self.numbers[allowed], self.matrix[allowed] @ direction
        return self.numbers[allowed], (self.matrix @ direction)[allowed]


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
        return np.concatenate([_NONE, *(block.numbers[block.live] for block in self._blocks)])

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

    def removed(self, numbers: Numbers) -> Memory:
        """Return a memory without these chunks."""
        blocks = (block.without(numbers) for block in self._blocks)
        return Memory(tuple(block for block in blocks if len(block.numbers)))

    def scored(self, direction: Vector, documents: Numbers | None) -> list[Scored]:
        """Return the cosine of every chunk with a vector, in parts.

        Args:
            direction: (dim,) of length 1.
            documents: Numbers of the documents to search in; None for all.
        """
        return [block.scored(direction, documents) for block in self._blocks]


def nearest(parts: Sequence[Scored], top_k: int) -> Scored:
    """Return the chunks with the largest cosines, the nearest first; of equal ones the older."""
    best = [_largest(cosines, top_k) for _, cosines in parts]
    numbers = np.concatenate(
        [_NONE, *(part[0][rows] for part, rows in zip(parts, best, strict=True))]
    )
    cosines = np.concatenate(
        [_NO_COSINES, *(part[1][rows] for part, rows in zip(parts, best, strict=True))]
    )
    near = _largest(cosines, top_k)
    numbers, cosines = numbers[near], cosines[near]
    order = np.lexsort((numbers, -cosines))[:top_k]
    return numbers[order], cosines[order]


def cosines_of(parts: Sequence[Scored], numbers: Numbers) -> Vector:
    """Return (n,) the cosine of each chunk; NaN for one that is in no part.

    Args:
        parts: Each in ascending order of its numbers.
        numbers: (n,) chunk numbers.
    """
    if len(parts) > _FEW_PARTS:
        together = np.concatenate([part[0] for part in parts])
        order = np.argsort(together, kind="stable")
        parts = [(together[order], np.concatenate([part[1] for part in parts])[order])]
    similarities = np.full(len(numbers), np.nan, np.float32)
    for known, cosines in parts:
        if len(known):
            rows = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
            here = known[rows] == numbers
            similarities[here] = cosines[rows[here]]
    return similarities


def _largest(values: Vector, count: int) -> NDArray[np.intp]:
    """Return the indices of the ``count`` largest values, and of all that equal the last."""
    if len(values) <= count:
        return np.arange(len(values))
    least = np.partition(values, len(values) - count)[len(values) - count]
    return np.flatnonzero(values >= least)


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
