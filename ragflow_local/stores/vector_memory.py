"""Searches vectors in memory exactly, in one pass.

What a search sees never changes: adding and removing make a new ``Memory`` that shares the
matrices of the old one, so searches of other threads go on undisturbed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

# How far a cosine of 32 bits is from what it would be in another place of a matrix, and more.
ROUNDING = np.float32(1e-6)

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
    """Return the chunks with the largest cosines, the nearest first; of equal ones the older.

    Those that come after the last by no more than rounding are returned as well.
    """
    best = [_largest(cosines, top_k) for _, cosines in parts]
    numbers = np.concatenate(
        [_NONE, *(part[0][rows] for part, rows in zip(parts, best, strict=True))]
    )
    cosines = np.concatenate(
        [_NO_COSINES, *(part[1][rows] for part, rows in zip(parts, best, strict=True))]
    )
    near = _largest(cosines, top_k)
    numbers, cosines = numbers[near], cosines[near]
    order = np.lexsort((numbers, -cosines))
    return numbers[order], cosines[order]


def exact_cosines(memories: Sequence[Memory], direction: Vector, numbers: Numbers) -> Vector:
    """Return (n,) the cosine of each chunk, whatever stands beside it; NaN for one that is in none.

    Row by row: a product with a whole matrix rounds a row by its place in it, so that two copies
    of a text would not be equally near.

    Args:
        memories: Where the vectors are.
        direction: (dim,) of length 1.
        numbers: (n,) chunk numbers.
    """
    blocks = [block for memory in memories for block in memory._blocks]
    cosines = np.full(len(numbers), np.nan, np.float32)
    places, matrices = [], []
    for block, wanted, rows in _rows_of(blocks, numbers):
        places.append(wanted)
        matrices.append(block.matrix[rows])
    if places:
        cosines[np.concatenate(places)] = dots(np.concatenate(matrices), direction)
    return cosines


def dots(matrix: Matrix, direction: Vector) -> Vector:
    """Return (n,) the product of each row with a vector, rounded alike wherever the row stands."""
    products: Vector = np.einsum("ij,j->i", matrix, direction)
    return products


def _rows_of(
    blocks: Sequence[_Block], numbers: Numbers
) -> Iterator[tuple[_Block, NDArray[np.intp], NDArray[np.intp]]]:
    """Yield each block with live ones of the chunks: indices into ``numbers``, and its rows."""
    if len(blocks) <= _FEW_PARTS:
        for block in blocks:
            at = np.minimum(np.searchsorted(block.numbers, numbers), len(block.numbers) - 1)
            here = np.flatnonzero((block.numbers[at] == numbers) & block.live[at])
            if len(here):
                yield block, here, at[here]
        return
    # So many are put in one order first, and looked up together.
    together = np.concatenate([block.numbers for block in blocks])
    starts = np.cumsum([0, *(len(block.numbers) for block in blocks)])
    order = np.argsort(together, kind="stable")
    at = np.minimum(np.searchsorted(together, numbers, sorter=order), len(order) - 1)
    rows = order[at]
    live = np.concatenate([block.live for block in blocks])
    here = np.flatnonzero((together[rows] == numbers) & live[rows])
    owners = np.searchsorted(starts, rows[here], side="right") - 1
    by_owner = np.argsort(owners, kind="stable")
    here, owners = here[by_owner], owners[by_owner]
    rows = rows[here] - starts[owners]
    cuts = np.flatnonzero(np.diff(owners, prepend=-1)).tolist()
    for start, end in zip(cuts, [*cuts[1:], len(owners)], strict=True):
        yield blocks[owners[start]], here[start:end], rows[start:end]


def _largest(values: Vector, count: int) -> NDArray[np.intp]:
    """Return the indices of the ``count`` largest values, and of all that are as large as the last.

    As far as can be told: its last digits are rounded.
    """
    if len(values) <= count:
        return np.arange(len(values))
    least = np.partition(values, len(values) - count)[len(values) - count]
    return np.flatnonzero(values >= least - ROUNDING)


def unit(matrix: Matrix) -> Matrix:
    """Return the rows at length 1; zeros stay zeros, and so do rows that are not finite."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    usual = (lengths > 0) & np.isfinite(lengths)
    if usual.all():
        whole: Matrix = (matrix / lengths).astype(np.float32, copy=False)
        return whole
    scaled = np.zeros_like(matrix, dtype=np.float32)
    np.divide(matrix, lengths, out=scaled, where=usual)
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
