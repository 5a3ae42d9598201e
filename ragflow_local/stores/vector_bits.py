"""Turns vectors into codes of a bit a coordinate, which tell who may be near.

A vector's code says on which side of a centre each of its coordinates lies, once all are turned
by one fixed rotation, which spreads what the vector says over all of them. How many bits of two
codes differ grows with the angle between the two; with the question's own coordinates in the
place of its bits, the guess is as good among a quarter as many.

Source: RaBitQ; Gao & Long, 2024, https://doi.org/10.1145/3654970 (the turning and the question
in more bits, without its corrections by length).
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragflow_local.records import Matrix, Vector

Codes: TypeAlias = NDArray[np.uint64]  # (words, n): the same word of all codes stands together
Distances: TypeAlias = NDArray[np.uint16]

_WORD = 64  # bits
# Codes compared at once: what a core's own cache holds.
_AT_ONCE = 65_536
_PRODUCTS_AT_ONCE = 16_384  # six times over
# Bits of a question's coordinate: with more, the guess is no better.
_PLANES = 6


def words_of(dim: int) -> int:
    """Return how many words a code has."""
    return -(-dim // _WORD)


def codes_of(matrix: Matrix, centre: Vector) -> Codes:
    """Return the code of each row.

    Args:
        matrix: (n, dim), rows of length 1 or 0.
        centre: (dim,) the mean of such rows.
    """
    return _packed((matrix - centre) @ _turning(len(centre)) > 0)


class Asked:
    """A question, as codes are compared with it.

    Args:
        direction: (dim,) of length 1.
        centre: The codes'.
    """

    def __init__(self, direction: Vector, centre: Vector) -> None:
        turned = (direction - centre) @ _turning(len(centre))
        self._bits = _packed(turned[np.newaxis] > 0)[:, 0]
        least = turned.min()
        step = float(np.ptp(turned)) / (2**_PLANES - 1) or 1.0
        levels = np.rint((turned - least) / step).astype(np.uint8)
        rows = [(levels >> plane) & 1 > 0 for plane in range(_PLANES)]
        self._planes = _packed(np.stack(rows))
        self._step, self._least = step, float(least)

    def differing(self, codes: Codes) -> Distances:
        """Return (n,) how many bits of each code are not the question's."""
        count = codes.shape[1]
        differing = np.zeros(count, np.uint16)
        words = np.empty(min(count, _AT_ONCE), np.uint64)
        counts = np.empty(len(words), np.uint8)
        for start in range(0, count, _AT_ONCE):
            part = codes[:, start : start + _AT_ONCE]
            size = part.shape[1]
            sums = differing[start : start + size]
            for word, bits in zip(part, self._bits, strict=True):
                np.bitwise_xor(word, bits, out=words[:size])
                np.bitwise_count(words[:size], out=counts[:size])
                np.add(sums, counts[:size], out=sums)
        return differing

    def products(self, codes: Codes) -> Vector:
        """Return (n,) a number that grows with the guessed product of question and vector."""
        count = codes.shape[1]
        levels = np.zeros(count, np.int32)
        for start in range(0, count, _PRODUCTS_AT_ONCE):
            part = codes[:, start : start + _PRODUCTS_AT_ONCE]
            sums = levels[start : start + part.shape[1]]
            for plane in range(_PLANES):
                sums += _common(part, self._planes[:, plane]).astype(np.int32) << plane
        ones = _common(codes, np.full(len(codes), -1, np.int64).view(np.uint64))
        products: Vector = (self._step * levels + self._least * ones).astype(np.float32)
        return products


def _common(codes: Codes, bits: NDArray[np.uint64]) -> Distances:
    """Return (n,) how many bits each code has in common with others."""
    sums = np.zeros(codes.shape[1], np.uint16)
    words = np.empty(len(sums), np.uint64)
    counts = np.empty(len(sums), np.uint8)
    for word, wanted in zip(codes, bits, strict=True):
        np.bitwise_and(word, wanted, out=words)
        np.bitwise_count(words, out=counts)
        np.add(sums, counts, out=sums)
    return sums


def _packed(bits: NDArray[np.bool_]) -> Codes:
    """Return (words, n) the bits of (n, dim)."""
    padded = np.zeros((len(bits), words_of(bits.shape[1]) * _WORD), np.bool_)
    padded[:, : bits.shape[1]] = bits
    return np.ascontiguousarray(np.packbits(padded, axis=1).view("<u8").T)


@cache
def _turning(dim: int) -> Matrix:
    """Return (dim, dim) a rotation: a cosine transform, signs by a hash, the transform again."""
    at = np.arange(dim)
    cosines = np.cos(np.pi / dim * np.outer(at, at + 0.5)) * (2 / dim) ** 0.5
    cosines[0] /= 2**0.5
    hashed = (at.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)
    signs = np.where(hashed & np.uint64(1), 1.0, -1.0)
    turning: Matrix = (cosines * signs @ cosines).astype(np.float32)
    return turning
