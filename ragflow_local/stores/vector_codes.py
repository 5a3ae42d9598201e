"""Searches the vectors of a large dataset by their codes, then exactly among the likely ones.

The files of a dataset are parts that follow one another: each begins where the one before ends, so
what is missing or torn ends what there is, and the rest is read from the catalog until it is
written again. Deleting all of it loses nothing but seconds.

Who has parts in hand goes on with them, whatever happens to the files: what a search sees never
changes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragflow_local.errors import DamagedProjectError
from ragflow_local.records import Matrix, Vector
from ragflow_local.stores import vector_parts
from ragflow_local.stores.durable import make_folder, telling_disk
from ragflow_local.stores.parts import delete_folder, is_plain_folder
from ragflow_local.stores.vector_bits import Asked, Distances
from ragflow_local.stores.vector_memory import Numbers, Scored, dots, unit
from ragflow_local.stores.vector_parts import Content, Part, TornPartError

# Chunk numbers, document numbers, vectors: in the order of their numbers.
Batch: TypeAlias = tuple[Numbers, Numbers, Matrix]

# Chunks written together, and those of the largest part: 53 and 107 MB of 384 dimensions.
_STEP = 65_536
_LARGEST = 131_072
# Share of a part's chunks that may be gone before it is written without them.
_MOST_GONE = 0.25

# How many are likely, by the bits that differ; then how many times those wanted are compared
# exactly, and how many at least: benchmarks/results/codes.md, at a million benchmarks/search.py.
_LIKELY = 32_768
_COMPARED = 2
_LEAST_COMPARED = 2048

# Chunks from which codes are compared in two threads.
_TWO_THREADS = 262_144

_NONE: Numbers = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts that follow one another: all chunks of a dataset up to ``last``, gone ones too."""

    _path: Path
    _parts: tuple[Part, ...] = ()
    _numbers: Numbers = field(init=False)

    def __post_init__(self) -> None:
        """Put the numbers of all parts together, which every search asks for."""
        numbers = np.concatenate([_NONE, *(part.numbers for part in self._parts)])
        object.__setattr__(self, "_numbers", numbers)

    @property
    def last(self) -> int:
        """Up to which number chunks are here; 0 for none."""
        return self._parts[-1].last if self._parts else 0

    def nearest(
        self,
        direction: Vector,
        top_k: int,
        are_live: Callable[[Numbers], NDArray[np.bool_]],
        documents: Numbers | None = None,
    ) -> Scored:
        """Return live chunks and their exact cosines, ascending by number, the nearest among them.

        Args:
            direction: (dim,) of length 1.
            top_k: How many are wanted; more are returned, where they were compared.
            are_live: Tells which chunks there are.
            documents: Numbers of the documents to search in; None for all.

        Raises:
            DamagedProjectError: A vector is not as it was written.
        """
        if not self._parts:
            return _NONE, np.empty(0, np.float32)
        asked = Asked(direction, self._parts[0].centre)
        differing = np.concatenate(self._differing(asked))
        rows = self._allowed(documents)
        if rows is not None:
            differing = differing[rows]
        likely = max(_LIKELY, 4 * _COMPARED * top_k)
        compared = max(_LEAST_COMPARED, _COMPARED * top_k)
        while True:
            some = _least(differing, likely)
            some = some if rows is None else rows[some]
            some = self._likeliest(asked, some, compared, are_live)
            if len(some) >= compared or len(differing) <= likely:
                break
            likely *= 4
        return self._numbers[some], self._cosines(direction, some)

    def cosines(self, direction: Vector, numbers: Numbers) -> Vector:
        """Return (n,) the exact cosine of each chunk; NaN for one that is not here.

        Raises:
            DamagedProjectError: A vector is not as it was written.
        """
        cosines = np.full(len(numbers), np.nan, np.float32)
        for part in self._parts:
            if not len(part.numbers):
                continue
            at = np.minimum(np.searchsorted(part.numbers, numbers), len(part.numbers) - 1)
            here = part.numbers[at] == numbers
            if here.any():
                cosines[here] = self._of_part(part, at[here], direction)
        return cosines

    def _differing(self, asked: Asked) -> list[Distances]:
        """Return how many bits differ, part by part; of many chunks in two threads."""
        if len(self._numbers) < _TWO_THREADS:
            return [asked.differing(part.codes) for part in self._parts]
        # Begun anew for each question: a tenth of a millisecond, and nothing lives on in a fork.
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda part: asked.differing(part.codes), self._parts))

    def _likeliest(
        self,
        asked: Asked,
        rows: Numbers,
        count: int,
        are_live: Callable[[Numbers], NDArray[np.bool_]],
    ) -> Numbers:
        """Return those of some rows that live and are guessed to be nearest, at most ``count``."""
        if len(rows) <= count:
            return rows[are_live(self._numbers[rows])]
        far = -self._products(asked, rows)
        nearest = rows[_least(far, count)]
        if are_live(self._numbers[nearest]).all():  # mostly: nobody need ask for the others
            return nearest
        live = are_live(self._numbers[rows])
        return rows[live][_least(far[live], count)]

    def _allowed(self, documents: Numbers | None) -> Numbers | None:
        if documents is None:
            return None
        allowed = [np.isin(part.documents, documents) for part in self._parts]
        return np.flatnonzero(np.concatenate(allowed))

    def _of_parts(self, rows: Numbers) -> list[tuple[Part, Numbers]]:
        """Return which of all rows, which ascend, each part has."""
        starts = np.cumsum([0, *(len(part.numbers) for part in self._parts)])
        cuts = np.searchsorted(rows, starts)
        return [
            (part, rows[cuts[at] : cuts[at + 1]] - starts[at])
            for at, part in enumerate(self._parts)
            if cuts[at] < cuts[at + 1]
        ]

    def _products(self, asked: Asked, rows: Numbers) -> Vector:
        codes = [part.codes[:, some] for part, some in self._of_parts(rows)]
        return asked.products(np.concatenate(codes, axis=1))

    def _cosines(self, direction: Vector, rows: Numbers) -> Vector:
        cosines = [self._of_part(part, some, direction) for part, some in self._of_parts(rows)]
        return np.concatenate([np.empty(0, np.float32), *cosines])

    def _of_part(self, part: Part, rows: Numbers, direction: Vector) -> Vector:
        try:
            with telling_disk(self._path):
                matrix = part.unit_rows(rows)
        except TornPartError as error:
            raise DamagedProjectError(self._path, str(error), _WRITTEN_ANEW) from error
        return dots(matrix, direction)


_WRITTEN_ANEW = "Search goes on without it; a project that is open for writing writes it anew"


class VectorCodes:
    """The parts of one dataset; safe to use from threads, of which one writes.

    Args:
        path: Of their folder.
        is_durable: Whether what is written has to outlive a power cut.
    """

    def __init__(self, path: Path, *, is_durable: bool = True) -> None:
        self._path = path
        self._is_durable = is_durable
        self._lock = threading.Lock()
        self._changed: tuple[int, int] | None = None  # of the folder, and the length of vectors
        self._opened: dict[str, tuple[tuple[int, int], Part]] = {}
        self._parts = Parts(path)

    def parts(self, dim: int) -> Parts:
        """Return what there is of vectors of that length, whoever wrote it."""
        with self._lock:
            try:
                changed = self._path.stat().st_mtime_ns, dim
            except OSError:
                self._forget()
                return self._parts
            if changed != self._changed:
                self._parts = self._read(dim)
                self._changed = changed
            return self._parts

    def bring(self, batches: Iterable[Batch], dim: int) -> None:
        """Write parts of what has higher numbers than those that are there.

        Args:
            batches: All that can be found above ``parts().last``.
            dim: Length of the vectors.
        """
        with telling_disk(self._path):
            self._tidy(dim)
            for numbers, documents, halves in _steps(batches):
                parts = self.parts(dim)._parts
                centre = parts[0].centre if parts else _centre_of(halves)
                after, last = self.parts(dim).last, int(numbers[-1])
                self._write(Content(after, last, centre, numbers, documents, halves))
                self._join(dim)

    def without(self, live: Numbers, dim: int) -> None:
        """Write parts anew that have many chunks which are gone.

        Args:
            live: Numbers of all that can be found, ascending.
            dim: Length of the vectors.
        """
        if not len(live):
            self.drop()
        with telling_disk(self._path):
            for part in self.parts(dim)._parts:
                kept = np.flatnonzero(np.isin(part.numbers, live))
                if len(kept) < (1 - _MOST_GONE) * len(part.numbers):
                    self._write(_content([(part, kept)]))

    def drop(self) -> None:
        """Delete the files."""
        with self._lock:
            self._forget()
            delete_folder(self._path)

    def close(self) -> None:
        """Let go of the files; they are opened again when they are used."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._opened, self._changed, self._parts = {}, None, Parts(self._path)

    def _write(self, content: Content) -> None:
        make_folder(self._path, is_durable=self._is_durable)
        vector_parts.write(self._path, content, is_durable=self._is_durable)
        with self._lock:
            self._changed = None

    def _join(self, dim: int) -> None:
        """Carry small parts into larger ones, as in a counter: a row moves log n times."""
        while len(parts := self.parts(dim)._parts) > 1:
            before, part = parts[-2:]
            both = len(before.numbers) + len(part.numbers)
            if 2 * len(part.numbers) <= len(before.numbers) or both > _LARGEST:
                return
            self._write(_content([(before, None), (part, None)]))
            self._tidy(dim)

    def _tidy(self, dim: int) -> None:
        """Delete what a crash has left, and parts that are in others."""
        if not is_plain_folder(self._path):
            return
        kept = {vector_parts.name_of(part.after, part.last) for part in self.parts(dim)._parts}
        for path in list(self._path.iterdir()):
            if path.name not in kept:
                path.unlink()

    def _read(self, dim: int) -> Parts:
        """Return the parts that follow one another from the first on, the largest of them."""
        if not is_plain_folder(self._path):
            return Parts(self._path)
        spans = filter(None, (vector_parts.span_of(path.name) for path in self._path.iterdir()))
        by_after: dict[int, list[int]] = {}
        for after, last in spans:
            by_after.setdefault(after, []).append(last)
        opened: dict[str, tuple[tuple[int, int], Part]] = {}
        chain: list[Part] = []
        at = 0
        while at in by_after:
            lasts = sorted(by_after[at], reverse=True)
            part = next(filter(None, (self._open(at, last, dim, opened) for last in lasts)), None)
            if part is None or (chain and not np.array_equal(part.centre, chain[0].centre)):
                break
            chain.append(part)
            at = part.last
        self._opened = opened
        return Parts(self._path, tuple(chain))

    def _open(
        self, after: int, last: int, dim: int, opened: dict[str, tuple[tuple[int, int], Part]]
    ) -> Part | None:
        name = vector_parts.name_of(after, last)
        path = self._path / name
        try:
            status = path.lstat()
            state = status.st_ino, status.st_mtime_ns
            known = self._opened.get(name)
            is_same = known and known[0] == state and len(known[1].centre) == dim
            part = known[1] if known and is_same else vector_parts.read(path, dim)
        except (OSError, TornPartError):
            return None
        opened[name] = state, part
        return part


def _steps(batches: Iterable[Batch]) -> Iterable[tuple[Numbers, Numbers, NDArray[np.float16]]]:
    """Yield batches put together, as many as are written at once."""
    waiting: list[tuple[Numbers, Numbers, NDArray[np.float16]]] = []
    for numbers, documents, matrix in batches:
        if len(numbers):
            waiting.append((numbers, documents, matrix.astype("<f2")))
        if sum(len(batch[0]) for batch in waiting) >= _STEP:
            yield _together(waiting)
            waiting = []
    if waiting:
        yield _together(waiting)


def _together(
    waiting: Iterable[tuple[Numbers, Numbers, NDArray[np.float16]]],
) -> tuple[Numbers, Numbers, NDArray[np.float16]]:
    numbers, documents, halves = zip(*waiting, strict=True)
    return np.concatenate(numbers), np.concatenate(documents), np.concatenate(halves)


def _centre_of(halves: NDArray[np.float16]) -> Vector:
    centre: Vector = unit(halves.astype(np.float32)).mean(axis=0, dtype=np.float64)
    return centre.astype(np.float32)


def _content(picked: Iterable[tuple[Part, Numbers | None]]) -> Content:
    """Return what is in some parts, of all their rows or of some."""
    parts = list(picked)
    rows = [slice(None) if some is None else some for _, some in parts]
    return Content(
        parts[0][0].after,
        parts[-1][0].last,
        parts[0][0].centre,
        np.concatenate([part.numbers[some] for (part, _), some in zip(parts, rows, strict=True)]),
        np.concatenate([part.documents[some] for (part, _), some in zip(parts, rows, strict=True)]),
        np.concatenate([part.halves(some) for part, some in parts]),
    )


def _least(values: NDArray[np.generic], count: int) -> NDArray[np.intp]:
    """Return the indices of the ``count`` least values, ascending; of equal ones the first."""
    if len(values) <= count:
        return np.arange(len(values))
    bound = np.partition(values, count - 1)[count - 1]
    rows = np.flatnonzero(values <= bound)
    surplus = len(rows) - count
    if surplus:
        rows = np.delete(rows, np.flatnonzero(values[rows] == bound)[-surplus:])
    return rows
