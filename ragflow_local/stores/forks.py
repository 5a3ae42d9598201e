"""Keeps forked children from using what their parent has open.

Nothing of it is used, closed or collected in the child: SQLite forbids to use a connection that
was inherited, and even to close it; the threads that libraries wait for when their objects go are
not there; and whoever is at the end of a pipe belongs to the parent.

A child that opens the same catalog itself has a trap left: SQLite keeps one list of its locks a
process and file, and the list was inherited while the locks were not. So they are taken anew.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import BuiltinFunctionType
from typing import Protocol
from weakref import WeakSet

from ragflow_local.errors import ForkedError

# Of SQLite's os.h and os_unix.c: what says that a database and its shared memory are in use.
_DATABASE_BYTES = (0x40000002, 510)
_MEMORY_BYTES = (128, 1)

_File = tuple[int, int]  # device and inode


class Owner(Protocol):
    """Whatever has something that a child must not touch."""

    def inherited(self) -> Iterable[object]:
        """Return what must live for ever in a child, as it is when the process forks."""
        ...

    def forget(self) -> None:
        """Called in the child: forget what belongs to the parent."""
        ...


@dataclass(frozen=True, slots=True)
class OpenCatalog:
    """A catalog as it was when the process forked.

    Attributes:
        file: Of the catalog.
        memory: Of the memory that SQLite shares between processes; None where there was none.
        is_in_use: Whether a transaction was going on.
    """

    file: _File | None
    memory: _File | None
    is_in_use: bool


class Turns:
    """What lets one thread at a time open or close a directory; other directories do not wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: dict[tuple[Path, int], threading.RLock] = {}
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def of(self, path: Path) -> threading.RLock:
        """Return the lock of a directory, in this process."""
        with self._lock:
            return self._turns.setdefault((path, os.getpid()), threading.RLock())

    def _forget(self) -> None:
        self._lock = threading.Lock()  # a thread that is not here may hold it


_lock = threading.RLock()
_owners: WeakSet[Owner] = WeakSet()
_forking: list[tuple[Owner, list[object]]] = []
_inherited: dict[_File, OpenCatalog] = {}
_held: dict[_File, list[int]] = {}
_without_exit: set[str] = set()
_was_open = False  # whether this process has ever had a project open


def watch(owner: Owner) -> None:
    """See to it that children forget an owner."""
    global _was_open
    with _lock:
        _was_open = True
        _owners.add(owner)


def keep(thing: object) -> None:
    """See to it that a thing is never collected, not at the end of the process either."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def as_it_is(path: Path, *, is_in_use: bool) -> OpenCatalog:
    """Return what a child has to know of a catalog that is open."""
    return OpenCatalog(_file_of(path), _file_of(_memory_of(path)), is_in_use)


def inherit(catalog: OpenCatalog) -> None:
    """Note, in the child, a catalog that was open in the parent."""
    if catalog.file is not None:
        _inherited[catalog.file] = catalog


def take_locks(path: Path) -> None:
    """Take the locks of a catalog that was open when this process was forked, before it is opened.

    Raises:
        ForkedError: They cannot be taken: it was in the middle of a transaction, or has been
            closed by the parent since.
    """
    file, memory = _file_of(path), _memory_of(path)
    inherited = None if file is None else _inherited.get(file)
    if file is None or inherited is None or file in _held:
        return
    if inherited.is_in_use or inherited.memory != _file_of(memory):
        raise ForkedError(path.parent, is_too_late=True)
    import fcntl

    wanted = [(path, *_DATABASE_BYTES)]
    if inherited.memory is not None:
        wanted.append((memory, *_MEMORY_BYTES))
    descriptors: list[int] = []
    try:
        for name, start, length in wanted:
            # Never closed: closing any descriptor of a file gives up all its locks.
            descriptors.append(os.open(name, os.O_RDONLY | os.O_CLOEXEC))
            fcntl.lockf(descriptors[-1], fcntl.LOCK_SH | fcntl.LOCK_NB, length, start)
    except OSError:
        raise ForkedError(path.parent, is_too_late=True) from None
    _held[file] = descriptors


def without_exit(name: str) -> None:
    """See to it that children do not run what a library has a process do at its end.

    LanceDB waits there for threads of its runtime; a fork has none of them, and would never end.

    Args:
        name: Of the library's function, a built-in one that only ``atexit`` knows.
    """
    if hasattr(os, "register_at_fork") and name not in _without_exit:
        _without_exit.add(name)
        for thing in gc.get_objects():
            if type(thing) is BuiltinFunctionType and thing.__name__ == name:
                os.register_at_fork(after_in_child=partial(atexit.unregister, thing))


def _file_of(path: Path) -> _File | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _memory_of(path: Path) -> Path:
    return Path(f"{path}-shm")


def unwatch(owner: Owner) -> None:
    """Take an owner back: it has nothing open any more."""
    with _lock:
        _owners.discard(owner)


def _before() -> None:
    _lock.acquire()
    _forking[:] = [(owner, list(owner.inherited())) for owner in list(_owners)]


def _in_parent() -> None:
    _forking.clear()
    _lock.release()


def _in_child() -> None:
    global _lock
    _lock = threading.RLock()
    _held.clear()
    for owner, things in _forking:
        keep(owner)
        for thing in things:
            keep(thing)
        owner.forget()
    _forking.clear()
    _owners.clear()
    if _was_open:
        _end_without_the_parents_handlers()


def _end_without_the_parents_handlers() -> None:
    """See to it that the child's end runs no exit handlers of libraries that the parent loaded.

    Those of ONNX Runtime and others wait for their threads, which a fork does not have. Handlers
    run last one first: what the child itself loads from here on is ended as ever.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "on_exit") and hasattr(libc, "__cxa_atexit"):  # glibc alone gives the status
        libc.on_exit(libc._exit, None)
        libc.__cxa_atexit(libc.fflush, None, None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
