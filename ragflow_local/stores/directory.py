"""Locks a project's directory, and tracks its format version and how it was closed.

project.json    format version; written once there is a catalog
lock            held by the one process that writes: the system's lock, gone when that process is
open.json       who that is; what is left of it says that its process did not close
closed.json     the catalog when it was closed: size, SHA-256 of a small one, and root of all rows

SQLite cannot tell a flipped bit inside a text. Each row has a checksum for that, compared when it
is read (``catalog.checksums``). A small catalog that was closed is also compared whole with its
hash when it is opened again; of a large one the root, which tells one state of all rows from
another. One that was not closed is examined page by page instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ragflow_local.errors import (
    DamagedProjectError,
    DiskError,
    FetchedProjectError,
    ProjectLockedError,
    ProjectReplacedError,
    ProjectVersionError,
    UnusableDirectoryError,
)
from ragflow_local.stores.durable import make_folder, write_whole
from ragflow_local.stores.mounts import network_of
from ragflow_local.stores.parts import (
    CATALOG,
    SNAPSHOT,
    check_new,
    check_parts,
    read_json,
    says_it_is_one,
)

if TYPE_CHECKING:
    import filelock

FORMAT = 1

# Hashing a larger catalog would hold up every opening; its rows are compared when they are read.
_HASHED_BYTES = 64 << 20

# For so long a process that another one was starting when it was killed may still have its lock.
_STARTED_SECONDS = 2.0

# A reader compares this often while others open, write and close, before it reads without.
_LOOKS = 5


class Directory:
    """One project's directory, and whether this process may write there."""

    def __init__(self, path: Path, *, is_durable: bool = True) -> None:
        self.path = path
        self._is_durable = is_durable
        self.catalog = path / CATALOG
        self.vectors = path / "vectors"
        self._owner = path / "open.json"
        self._seal = path / "closed.json"
        self._format = path / "project.json"
        self._lock: filelock.BaseFileLock | None = None
        self._sealed: tuple[int, int] | None = None  # size and time of the catalog with that hash
        self._closed_as: dict[str, object] = {}  # the seal that the catalog has to fit
        self._held: list[tuple[Path, tuple[int, int]]] = []  # files by which it is known again

    def lock(self, *, is_repair: bool = False) -> bool:
        """Make the directory this process's own; return whether its last owner closed it.

        Args:
            is_repair: Whether a catalog that is not as it was closed is taken as it is.

        Raises:
            UnusableDirectoryError: A project cannot live there, or a part of it is a link.
            ProjectLockedError: Another process has it open for writing.
            ProjectVersionError: A newer version wrote it.
            DamagedProjectError: The catalog is gone, or not as it was when it was closed.
            FetchedProjectError: It is a snapshot that was fetched.
        """
        import filelock

        if (self.path / SNAPSHOT).exists():
            raise FetchedProjectError(self.path.parent)

        try:
            make_folder(self.path, is_durable=self._is_durable)
            check_parts(self.path, is_writing=True)
            check_new(self.path)
            if network := network_of(self.path):
                raise UnusableDirectoryError(self.path, f"it lies on a network drive ({network})")
            _check_hard_links(self.path)
        except OSError as error:
            raise UnusableDirectoryError(self.path, str(error)) from None
        lock = filelock.FileLock(self.path / "lock", mode=0o600, thread_local=False)
        try:
            self._acquire(lock)
        except filelock.Timeout:
            raise self._locked() from None
        except OSError as error:
            raise UnusableDirectoryError(self.path, str(error)) from None
        self._lock = lock
        try:
            self._hold(self.path / "lock")
            was_clean = self._check(is_repair=is_repair)
            self._write(self._owner, {"pid": os.getpid(), "host": socket.gethostname()})
            # What is not on the disk yet is so with project.json (``made``).
            make_folder(self.vectors, is_durable=False)
        except OSError as error:
            self.release(is_clean=None)
            raise DiskError(self.path, error.errno, str(error)) from error
        except BaseException:
            self.release(is_clean=None)
            raise
        return was_clean

    def check_readable(self) -> None:
        """Check the catalog before it is opened for reading, where nobody writes it.

        Raises:
            DamagedProjectError: It is gone, or not as it was when it was closed.
            UnusableDirectoryError: A part of the project is a link.
        """
        check_parts(self.path, is_writing=False)
        self._check()

    def made(self) -> None:
        """Note that there is a catalog now: from here on a missing one is damage."""
        if read_json(self._format).get("format") != FORMAT:
            self._write(self._format, {"format": FORMAT})
        if self._lock is not None:
            self._hold(self.catalog)

    def _hold(self, path: Path) -> None:
        status = path.stat()
        self._held = [*self._held, (path, (status.st_dev, status.st_ino))]

    def check_current(self) -> None:
        """Look whether the directory is still the one that was opened.

        Raises:
            ProjectReplacedError: It was deleted, moved or replaced: what is written is lost.
        """
        for path, known in self._held:
            try:
                status = path.stat()
            except (FileNotFoundError, NotADirectoryError):
                raise ProjectReplacedError(self.path, path.name) from None
            if (status.st_dev, status.st_ino) != known:
                raise ProjectReplacedError(self.path, path.name)

    def is_current(self) -> bool:
        """Return whether the directory is still the one that was opened."""
        try:
            self.check_current()
        except (ProjectReplacedError, OSError):
            return False
        return True

    def check_root(self, root: str | None) -> None:
        """Compare the root of all rows with that which the catalog was closed with.

        Args:
            root: None where the catalog keeps no checksums.

        Raises:
            DamagedProjectError: Another catalog of that size lies there, or an older one.
        """
        seal = self._closed_as
        if seal.get("root") in (None, root):
            return
        is_ours = self._lock is not None
        if is_ours or (self.was_closed() and read_json(self._seal) == seal):
            raise DamagedProjectError(self.catalog, "its rows are not those it was closed with")

    def release(self, *, is_clean: bool | None, root: str | None = None) -> None:
        """Give the directory free.

        Args:
            is_clean: Whether all is written and closed; None leaves what the last owner left.
            root: Of all rows of the catalog.
        """
        if self._lock is None:
            return
        try:
            # What cannot be sealed is examined at the next opening: slower, and as good.
            with contextlib.suppress(OSError):
                if is_clean and self.is_current():
                    self._write_seal(root)
                    self._owner.unlink(missing_ok=True)
        finally:
            self._lock.release()
            self._lock = None
            self._held = []

    def seal(self, root: str | None) -> None:
        """Note how the catalog is now: nobody has it open."""
        self.made()
        self._write_seal(root)

    def was_closed(self) -> bool:
        """Return whether no process has it open for writing, or ended without closing it."""
        return not self._owner.exists()

    def _check(self, *, is_repair: bool = False) -> bool:
        version = read_json(self._format).get("format")
        if isinstance(version, int) and version > FORMAT:
            raise ProjectVersionError(self.path, version, FORMAT)
        is_made = says_it_is_one(self.path)
        if is_made and not self.catalog.exists():
            raise DamagedProjectError(self.catalog, "it is missing")
        if is_made and self.catalog.stat().st_size == 0:
            raise DamagedProjectError(self.catalog, "it is empty")
        for _ in range(_LOOKS):
            # In this order: who closes writes the seal first.
            if not self.was_closed():
                return False
            if not (seal := read_json(self._seal)):
                return not is_made
            if is_repair:
                return False
            if self._is_as_closed(seal):
                self._closed_as = seal
                return True
            # While it was hashed, another process may have opened it, written and closed it.
            if self.was_closed() and read_json(self._seal) == seal:
                raise DamagedProjectError(
                    self.catalog, "its bytes are not those it was closed with, some have changed"
                )
        return False  # others write all the time: as where one has it open

    def _is_as_closed(self, seal: dict[str, object]) -> bool:
        log = Path(f"{self.catalog}-wal")
        if log.exists() and log.stat().st_size:
            return True  # another process reads, and has kept the log: SQLite checks that itself
        status = self.catalog.stat()
        if seal.get("size") != status.st_size:
            return False
        if seal.get("sha256") and seal["sha256"] != sha256_of(self.catalog):
            return False
        self._sealed = (status.st_size, status.st_mtime_ns)
        return True

    def _write_seal(self, root: str | None) -> None:
        log = Path(f"{self.catalog}-wal")
        if log.exists() and log.stat().st_size:
            self._seal.unlink(missing_ok=True)
            return
        status = self.catalog.stat()
        size = status.st_size
        if self._sealed == (size, status.st_mtime_ns):
            return  # nothing was written since
        sha256 = sha256_of(self.catalog) if size <= _HASHED_BYTES else ""
        self._write(self._seal, {"size": size, "sha256": sha256, "root": root})

    def _write(self, path: Path, values: dict[str, object]) -> None:
        write_whole(path, json.dumps(values).encode(), is_durable=self._is_durable)

    def _acquire(self, lock: filelock.FileLock) -> None:
        """Take the lock, or raise ``filelock.Timeout``.

        A process that was killed while it started another leaves it the lock until that runs its
        own program: then the lock is waited for.
        """
        import filelock

        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            if self._has_owner():
                raise
            lock.acquire(timeout=_STARTED_SECONDS)

    def _has_owner(self) -> bool:
        """Return whether the process that last opened the project may still be running."""
        import psutil

        owner = read_json(self._owner)
        pid = owner.get("pid")
        if not isinstance(pid, int) or owner.get("host") != socket.gethostname():
            return True
        return psutil.pid_exists(pid)

    def _locked(self) -> ProjectLockedError:
        owner = read_json(self._owner)
        pid, host = owner.get("pid"), owner.get("host")
        return ProjectLockedError(
            self.path,
            pid if isinstance(pid, int) else 0,
            host if isinstance(host, str) else "this computer",
        )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_hard_links(folder: Path) -> None:
    """Raise ``OSError`` where the file system has no hard links, which LanceDB commits with."""
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=folder)
    os.close(descriptor)
    linked = Path(f"{name}-link")
    try:
        linked.hardlink_to(name)
    finally:
        linked.unlink(missing_ok=True)
        Path(name).unlink()
