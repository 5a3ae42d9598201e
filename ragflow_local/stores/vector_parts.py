"""Keeps vectors and their codes in files that are never changed, a part of a dataset in each.

A part has every chunk that could be found, with a number above ``after`` and up to ``last``, when
it was written. What is searched in is held in memory: numbers, documents and codes, 72 bytes for a
chunk of 384 dimensions. The vectors themselves, in the 16 bits of the catalog, are read row by
row, and compared with a checksum then.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader
from itertools import repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ragflow_local.records import Matrix, Vector
from ragflow_local.stores.durable import read_own, write_whole
from ragflow_local.stores.vector_bits import Codes, codes_of, words_of
from ragflow_local.stores.vector_memory import Numbers, unit

_KIND = b"codes  1"
_HEAD = struct.Struct("<8sIIqqI")  # kind, dimensions, chunks, after, last, checksum of what follows
# A row of halves is a whole number of words of 64 bits.
_ALIGNED = 4
# Rows that codes are made of at once: 12 MB of 384 dimensions, a few times over.
_AT_ONCE = 8192
# Of a part's rows, the share above which all are read: they stand together.
_MOST_PICKED = 0.25

_Sums = NDArray[np.uint64]


class TornPartError(ValueError):
    """A part is not as it was written."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a part is made of.

    Attributes:
        after: Of chunks up to that number it has none.
        last: Of chunks up to that number, and above ``after``, it has all that could be found.
        centre: (dim,) of the codes.
        numbers: (n,) of the chunks, ascending.
        documents: (n,) numbers of their documents.
        halves: (n, dim) float16: the vectors as the catalog keeps them.
    """

    after: int
    last: int
    centre: Vector
    numbers: Numbers
    documents: Numbers
    halves: NDArray[np.float16]


class _OpenFile:
    """A file that stays open until nobody reads it any more."""

    def __init__(self, file: BufferedReader) -> None:
        self._descriptor = os.dup(file.fileno())
        self._lock = threading.Lock()

    def read_at(self, place: int, size: int) -> bytes:
        """Return so many bytes from a place on; less at the end."""
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, size, place)
        with self._lock:  # Windows
            os.lseek(self._descriptor, place, os.SEEK_SET)
            return os.read(self._descriptor, size)

    def __del__(self) -> None:
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class Part:
    """A part as it lies in a file, which stays open: its name may go to another meanwhile.

    Attributes:
        codes: (words, n).
    """

    after: int
    last: int
    centre: Vector
    numbers: Numbers
    documents: Numbers
    codes: Codes
    _sums: _Sums
    _file: _OpenFile
    _begin: int  # of the halves

    def halves(self, rows: Numbers | None = None) -> NDArray[np.float16]:
        """Return (n, dim) the vectors of some rows, or of all, as the catalog keeps them.

        Raises:
            TornPartError: One is not as it was written.
        """
        dim = len(self.centre)
        size = 2 * _width(dim)
        if rows is None or len(rows) > _MOST_PICKED * len(self.numbers):
            every = self._checked(
                self._file.read_at(self._begin, size * len(self.numbers)), self._sums
            )
            return every[:, :dim] if rows is None else every[rows, :dim]
        places = (self._begin + rows * size).tolist()
        data = b"".join(map(self._file.read_at, places, repeat(size)))
        return self._checked(data, self._sums[rows])[:, :dim]

    def _checked(self, data: bytes, sums: _Sums) -> NDArray[np.float16]:
        width = _width(len(self.centre))
        if len(data) != 2 * width * len(sums):
            raise TornPartError("it is cut short")
        halves: NDArray[np.float16] = np.frombuffer(data, "<f2").reshape(-1, width)
        if not np.array_equal(_sums_of(halves), sums):
            raise TornPartError("a vector is not the one that was written")
        return halves

    def unit_rows(self, rows: Numbers) -> Matrix:
        """Return (n, dim) the vectors of some rows at length 1."""
        return unit(self.halves(rows).astype(np.float32))


def name_of(after: int, last: int) -> str:
    """Return the name of a part's file: who lists a folder sees what it is of."""
    return f"{after:x}-{last:x}"


def span_of(name: str) -> tuple[int, int] | None:
    """Return what the name of a file says its part is of; None for no part."""
    after, _, last = name.partition("-")
    try:
        span = int(after, 16), int(last, 16)
    except ValueError:
        return None
    return span if name_of(*span) == name and 0 <= span[0] < span[1] else None


def write(folder: Path, content: Content, *, is_durable: bool = True) -> Path:
    """Write a part whole or not at all; one of the same name is replaced."""
    count, dim = len(content.numbers), len(content.centre)
    padded = np.ascontiguousarray(content.halves, "<f2")
    if _width(dim) > dim:
        padded = np.pad(padded, ((0, 0), (0, _width(dim) - dim)))
    codes = np.empty((words_of(dim), count), "<u8")
    for start in range(0, count, _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        codes[:, some] = codes_of(unit(content.halves[some].astype(np.float32)), content.centre)
    arrays = (
        content.centre.astype("<f4"),
        content.numbers.astype("<i8"),
        content.documents.astype("<i8"),
        _sums_of(padded).astype("<u8"),
        codes,
    )
    held = [array.reshape(-1).view(np.uint8).data for array in arrays]
    ends = (dim, count, content.after, content.last)
    head = _HEAD.pack(_KIND, *ends, _checksum(ends, held))
    path = folder / name_of(content.after, content.last)
    vectors = padded.reshape(-1).view(np.uint8).data
    write_whole(path, head, *held, vectors, is_durable=is_durable)
    return path


def read(path: Path, dim: int) -> Part:
    """Return a part without its vectors.

    Raises:
        TornPartError: It is not as it was written, or of another length of vectors.
        OSError: It cannot be read.
    """
    with read_own(path) as file:
        return _read(file, path.name, dim)


def _read(file: BufferedReader, name: str, dim: int) -> Part:
    head = file.read(_HEAD.size)
    if len(head) != _HEAD.size:
        raise TornPartError("it is cut short")
    kind, has_dim, count, after, last, checksum = _HEAD.unpack(head)
    sizes = [4 * dim, 8 * count, 8 * count, 8 * count, 8 * count * words_of(dim)]
    begin = _HEAD.size + sum(sizes)
    whole = begin + 2 * _width(dim) * count
    if kind != _KIND or has_dim != dim or name_of(after, last) != name:
        raise TornPartError("it is of another kind")
    if os.fstat(file.fileno()).st_size != whole:
        raise TornPartError("it is cut short")
    held = [file.read(size) for size in sizes]
    if checksum != _checksum((dim, count, after, last), held):
        raise TornPartError("it is not as it was written")
    centre, numbers, documents, sums, codes = (
        np.frombuffer(data, kind)
        for data, kind in zip(held, ("<f4", "<i8", "<i8", "<u8", "<u8"), strict=True)
    )
    return Part(
        after,
        last,
        centre,
        numbers,
        documents,
        codes.reshape(words_of(dim), count),
        sums,
        _OpenFile(file),
        begin,
    )


def _checksum(ends: Sequence[int], held: Sequence[bytes | memoryview]) -> int:
    checksum = zlib.crc32(repr(tuple(ends)).encode())
    for data in held:
        checksum = zlib.crc32(data, checksum)
    return checksum


def _width(dim: int) -> int:
    return -(-dim // _ALIGNED) * _ALIGNED


def _sums_of(halves: NDArray[np.float16]) -> _Sums:
    """Return (n,) a number that changes with any bit of a row.

    sum of (2 i + 1) w_i over its 64-bit words w_i, modulo 2^64
    """
    words = np.ascontiguousarray(halves).view(np.uint64)
    factors = np.arange(1, 2 * words.shape[1], 2, dtype=np.uint64)
    sums: _Sums = np.einsum("ij,j->i", words, factors)
    return sums
