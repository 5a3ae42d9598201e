"""A dataset's vectors, in memory and on the disk, kept in step.

A dataset that fits is searched in memory, exactly: LanceDB's own scan takes ten times as long. A
larger one is searched through LanceDB's index, which is built in the background.

The first time, what is searched in memory is read from the catalog: importing LanceDB takes two
seconds, and a process that only searches need not wait for it.

LanceDB never waits for the disk; ``add`` does so for it. Removed chunks are hidden at once and
taken out of the table many at a time, because each deletion touches all of its parts.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np

from ragflow_local.errors import DamagedProjectError, DiskError, StoreError
from ragflow_local.records import Matrix, Vector
from ragflow_local.stores.durable import sync_tree
from ragflow_local.stores.vector_memory import Memory, Numbers

_log = logging.getLogger("ragflow_local.stores")

# Of a dataset's vectors: 174,000 of 384 dimensions. Beyond, reading them all takes too long.
_MEMORY_BYTES = 256 * 2**20
# Operations after which a table's parts are put together: each is a file to open and list.
_OPERATIONS = 64
# Removed chunks that are hidden rather than taken out.
_MOST_HIDDEN = 4096
# Of vectors that were added before the first search: they may not be in the catalog yet.
_ADDED_BYTES = 32 * 2**20

# What LanceDB raises for whatever is wrong with its files: the first three for what it foresees;
# then for a column that has another name or type, or a length that no memory holds.
_OF_FILES = (RuntimeError, ValueError, OSError, LookupError, AttributeError, MemoryError)
# What it did not foresee makes Rust panic: classes of pyo3's, which are not to be imported.
_PANICS = ("RustPanic", "PanicException")
_WRITTEN_ANEW = (
    "Search goes on without it; it is written anew when the project is next opened for writing"
)

# Chunk numbers, document numbers, generations, vectors.
Batch: TypeAlias = tuple[
    Sequence[int] | Numbers, Sequence[int] | Numbers, Sequence[int] | Numbers, Matrix
]

# From a dataset's id and the most bytes to what the catalog has of its vectors; None where that is
# more, or where it may be behind the table, because another process writes.
Truth: TypeAlias = Callable[[str, int], Batch | None]


class Disk(Protocol):
    """The table on the disk: what ``vectors.LanceTable`` offers."""

    path: Path
    name: str

    def exists(self) -> bool: ...  # noqa: D102  # told where they are done

    def forget(self) -> None: ...  # noqa: D102

    def changed_at(self) -> int | None: ...  # noqa: D102

    def size_bytes(self) -> int: ...  # noqa: D102

    def numbers(self) -> Numbers: ...  # noqa: D102

    def read(self) -> tuple[Numbers, Numbers, Matrix]: ...  # noqa: D102

    def search(  # noqa: D102
        self, vector: Vector, top_k: int, documents: Numbers | None
    ) -> tuple[Numbers, Vector]: ...

    def add(self, batches: Iterable[Batch]) -> None: ...  # noqa: D102

    def delete(self, numbers: Numbers) -> None: ...  # noqa: D102

    def optimize(self, keep_versions: bool = True) -> None: ...  # noqa: D102

    def is_index_due(self) -> bool: ...  # noqa: D102

    def index(self) -> None: ...  # noqa: D102

    def drop(self) -> None: ...  # noqa: D102


class CachedTable:
    """One dataset's vectors; safe to use from several threads."""

    def __init__(self, disk: Disk, truth: Truth | None = None, *, is_durable: bool = True) -> None:
        self.disk = disk
        self._is_durable = is_durable
        self._truth = truth  # None as soon as the table has been read once, or has to be.
        self._added = Memory()  # Since this process began, as long as there is a truth to read.
        self._lock = threading.RLock()  # Held while the table is read whole, or changed.
        self._memory: Memory | None = None
        self._stamp: int | None = None  # When the table last changed, as far as we know.
        self._large: int | None = None  # As of which change it is too large for the memory.
        self._hidden = np.empty(0, np.int64)
        self._synced: set[str] = set()
        self._operations = 0
        self._has_old_versions = False  # Of parts that were put together.
        self._is_changing = False
        self._is_indexing = False

    # ── reading ──

    @property
    def memory_bytes(self) -> int:
        """Return what is held in memory."""
        memory = self._memory
        return 0 if memory is None else memory.size_bytes

    def let_go(self) -> None:
        """Free the memory; the next search reads it again."""
        self._memory = None

    def numbers(self) -> Numbers:
        """Return the chunk numbers that are there and not hidden."""
        with self._lock, self._telling_damage():
            if not self.disk.exists():
                return np.empty(0, np.int64)
            numbers = self.disk.numbers()
            return numbers[~np.isin(numbers, self._hidden)]

    def check(self) -> Numbers:
        """Read all of it, which compares its checksums; return the chunk numbers."""
        with self._lock, self._telling_damage():
            return self.disk.read()[0] if self.disk.exists() else np.empty(0, np.int64)

    def search(
        self, vector: Vector, top_k: int, documents: Numbers | None
    ) -> tuple[Numbers, Vector]:
        """Return numbers and cosines of the nearest chunks, the nearest first."""
        memory = self._memory
        as_of = self._large if memory is None else self._stamp
        # A change that this process is not making comes from another: what we hold is old.
        if as_of is None or not (self._is_changing or self.disk.changed_at() == as_of):
            with self._lock, self._telling_damage():
                memory = self._load()
        if memory is not None:
            return memory.search(vector, top_k, documents)
        with self._telling_damage():
            hidden = self._hidden
            numbers, cosines = self.disk.search(vector, top_k + len(hidden), documents)
        kept = ~np.isin(numbers, hidden)
        return numbers[kept][:top_k], cosines[kept][:top_k]

    def cosines(self, vector: Vector, numbers: Numbers) -> Vector:
        """Return the cosine of each chunk; NaN for one that is not in memory."""
        memory = self._memory or Memory()
        return memory.cosines(vector, numbers)

    def _load(self) -> Memory | None:
        """Return the memory as it should be, or None for a table too large for it."""
        stamp = self.disk.changed_at()
        if stamp != self._stamp:
            self.disk.forget()
            self._memory = None
            self._stamp = stamp
        if self._memory is not None:
            return self._memory
        self._large = None
        if not self.disk.exists():
            return Memory()
        memory = self._from_truth()
        if memory is None and self.disk.size_bytes() > _MEMORY_BYTES:
            self._index_in_background()
            self._large = stamp
            return None
        memory = memory or Memory().added(*self.disk.read())
        self._memory = memory.removed(self._hidden)
        return self._memory

    def _from_truth(self) -> Memory | None:
        """Return what the catalog has and what was added since, or None to read the table."""
        truth, added = self._truth, self._added
        self._truth, self._added = None, Memory()
        found = truth(self.disk.name, _MEMORY_BYTES - added.size_bytes) if truth else None
        if found is None:
            return None
        numbers, documents = np.asarray(found[0], np.int64), np.asarray(found[1], np.int64)
        memory = Memory().added(numbers, documents, found[3])
        # Vectors come before rows: those of a parse that is not committed yet are only here.
        return memory.joined(added.removed(memory.numbers()))

    # ── changing ──

    def add(self, batch: Batch) -> None:
        """Add chunks and wait for the disk."""
        numbers, documents = np.asarray(batch[0], np.int64), np.asarray(batch[1], np.int64)
        with self._changing():
            if np.isin(self._hidden, numbers).any():
                self._take_out()
            self.disk.add([batch])
            self._sync()
            self._remember(numbers, documents, batch[3])
            self._operations += 1
            if self._operations >= _OPERATIONS:
                self._tidy()

    def remove(self, numbers: Numbers) -> None:
        """Hide chunks, or take them out where many are hidden already."""
        with self._changing():
            self._hidden = np.union1d(self._hidden, numbers)
            if self._memory is not None:
                self._memory = self._memory.removed(numbers)
            self._added = self._added.removed(numbers)
            if len(self._hidden) > _MOST_HIDDEN:
                self._take_out()

    def _remember(self, numbers: Numbers, documents: Numbers, matrix: Matrix) -> None:
        if self._memory is not None:
            memory = self._memory.added(numbers, documents, matrix)
            self._memory = memory if memory.size_bytes <= _MEMORY_BYTES else None
        elif self._truth is not None:
            self._added = self._added.added(numbers, documents, matrix)
            if self._added.size_bytes > _ADDED_BYTES:
                self._truth, self._added = None, Memory()

    def rebuild(self, batches: Iterable[Batch]) -> None:
        """Write the table anew."""
        with self._changing():
            self._delete_files()
            self.disk.add(batches)
            self._sync()

    def drop(self) -> None:
        """Delete the table's files."""
        with self._changing():
            self._delete_files()

    def maintain(self, *, is_due: bool = False, last: bool = False) -> None:
        """Take out what is hidden and put parts together, where it is due."""
        # Old versions of a few small parts cost less than it takes to look for them.
        is_due = is_due or len(self._hidden) > 0 or self._operations > _OPERATIONS // 4
        if is_due or (last and self._has_old_versions):
            with self._changing():
                self._take_out()
                self._tidy(keep_versions=not last)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the lock; afterwards what is in memory counts as what is on the disk."""
        with self._lock, self._telling_damage():
            if self.disk.changed_at() != self._stamp:
                self.disk.forget()
                self._memory = None
            self._is_changing = True
            try:
                yield
            except BaseException:
                self._memory = None
                raise
            finally:
                self._stamp = self.disk.changed_at()
                self._is_changing = False

    def _take_out(self) -> None:
        if self.disk.exists() and len(self._hidden):
            self.disk.delete(self._hidden)
            self._operations += 1
            self._sync()
        self._hidden = np.empty(0, np.int64)

    def _tidy(self, keep_versions: bool = True) -> None:
        if self.disk.exists():
            self.disk.optimize(keep_versions)
            self._has_old_versions = keep_versions
            self._sync()
        self._operations = 0

    def _delete_files(self) -> None:
        self._memory = self._large = None
        self._truth, self._added = None, Memory()
        self._hidden = np.empty(0, np.int64)
        self._synced.clear()
        self._operations = 0
        self.disk.drop()

    def _sync(self) -> None:
        if self._is_durable:
            self._synced = sync_tree(self.disk.path, self._synced)

    def _index_in_background(self) -> None:
        if self._is_indexing or not self.disk.is_index_due():
            return
        self._is_indexing = True
        threading.Thread(target=self._index, name="vector index", daemon=True).start()

    def _index(self) -> None:
        try:
            with self._telling_damage():
                self.disk.index()  # Without the lock: it takes a minute, and searches go on.
                with self._changing():
                    self._sync()
        except StoreError:
            # Searches still scan the table: slower, and right.
            _log.warning("The vectors in %s could not be indexed", self.disk.path, exc_info=True)
        finally:
            self._is_indexing = False

    @contextlib.contextmanager
    def _telling_damage(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            if not _is_of_files(error):
                raise
            self.disk.forget()
            self._memory = None
            problem = str(error).partition("\n")[0][:200].rstrip(". ")
            number = _system_error(error)
            if number is not None:
                raise DiskError(self.disk.path, number, problem) from error
            raise DamagedProjectError(self.disk.path, problem, _WRITTEN_ANEW) from error


def _is_of_files(error: BaseException) -> bool:
    return isinstance(error, _OF_FILES) or type(error).__name__ in _PANICS


def _system_error(error: BaseException) -> int | None:
    """Return the system's number for what the disk refused, or None where a file is at fault."""
    number = error.errno if isinstance(error, OSError) else None
    said = re.search(r"os error (\d+)", str(error))
    if number is None and said:
        number = int(said[1])
    return None if number in (errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.EINVAL) else number
