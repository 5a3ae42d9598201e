"""The catalog: the SQLite database that is the truth about a project.

One file a table, each a set of functions over a connection; this module gives the connections.
One connection writes, behind a lock (SQLite before 3.51.3 can damage a WAL that two connections
checkpoint at once); each thread has one of its own for reading. What the catalog does not know:
where vectors lie, how text becomes terms, what a chunk means.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from weakref import WeakSet

from ragflow_local.errors import (
    DamagedProjectError,
    DiskError,
    ForkedError,
    InvalidValueError,
    ProjectClosedError,
    RagflowError,
)
from ragflow_local.settings import check_whole
from ragflow_local.stores import forks
from ragflow_local.stores.catalog import checksums
from ragflow_local.stores.catalog.commits import Commits
from ragflow_local.stores.catalog.odd import ODD, is_of_rows
from ragflow_local.stores.parts import unwritable

Connection: TypeAlias = sqlite3.Connection
IntegrityError = sqlite3.IntegrityError

# What SQLite says of a file that is torn, and of the disk; else it tells of a bug of ours.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# Sums of odd rows, which our own triggers cannot write: this package gives every column a value.
_ODD_VALUES = (sqlite3.SQLITE_CONSTRAINT_NOTNULL,)
_DISK = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_CANTOPEN: 0,  # the system is asked why
    sqlite3.SQLITE_PERM: errno.EACCES,
}

_BUSY_TIMEOUT_SECONDS = 30.0
# What a log that a large change made is cut back to, once it has been folded into the file.
_LARGEST_LOG_BYTES = 32 << 20


class _Reader:
    """A thread's connection for reading, closed when the thread ends."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._process = os.getpid()

    def __del__(self) -> None:
        if os.getpid() == self._process:
            self.connection.close()
        else:
            forks.keep(self.connection)


def _no_check() -> None:
    """Look at nothing: a catalog without a directory of its own."""


class Catalog:
    """Connections to one ``catalog.sqlite3``; safe to use from several threads.

    Args:
        path: The file.
        read_only: Whether it must not be changed.
        is_durable: Whether what is committed has to outlive a power cut.
        check: Raises where the file is no longer in its place; called before a change begins, and
            before it is acknowledged.
    """

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        is_durable: bool = True,
        check: Callable[[], None] = _no_check,
    ) -> None:
        self.path = path
        self._check = check
        self.read_only = read_only
        self._is_durable = is_durable
        self._lock = threading.RLock()
        self._local = threading.local()
        self._readers: WeakSet[_Reader] = WeakSet()
        self._readers_lock = threading.Lock()
        self._closed = False
        self.root: str | None = None  # Of all rows, once it is closed; see ``checksums``.
        self._process = os.getpid()
        self._at_fork: forks.OpenCatalog | None = None
        forks.take_locks(path)
        self._commits = Commits(path.with_name("commits"))
        with self.telling():
            self._writer: Connection | None = None if read_only else self._connect()
        forks.watch(self)

    def writer(self) -> Connection:
        """Give the writing connection outside a transaction, for the schema's migrations."""
        self._check_process()
        self._check_open()
        if self._writer is None:
            raise unwritable(self.path.parent)
        return self._writer

    def _check_open(self) -> None:
        if self._closed:
            raise ProjectClosedError(self.path.parent)

    def close(self) -> None:
        """Close every connection; the last one folds the write-ahead log into the file.

        A thread in the middle of a change is waited for; what begins later is refused.
        """
        if os.getpid() != self._process:
            return
        forks.unwatch(self)
        try:
            with self._lock, self._readers_lock:
                self._closed = True
                for reader in list(self._readers):
                    reader.connection.close()
                if self._writer is not None:
                    with contextlib.suppress(sqlite3.Error):
                        self.root = checksums.root(self._writer)
                    self._writer.close()
                    self._writer = None
                self._commits.close()
        finally:
            # Where Ctrl-C ended the waiting: a change that is under way is not committed.
            self._closed = True

    def check_writable(self) -> None:
        """Raise what ``write`` would raise at its beginning; it waits for nobody."""
        self.writer()
        self._check()

    @contextmanager
    def write(self, *, is_counted: bool = True) -> Iterator[Connection]:
        """Give the writing connection inside a transaction: all of it is kept, or nothing.

        A block inside another one of the same thread joins the outer transaction.

        Args:
            is_counted: Whether its loss by a torn log is told; not of what is made again anyway.

        Raises:
            ReadOnlyProjectError: The catalog was opened for reading only.
            ProjectClosedError: It was closed.
            ProjectReplacedError: Its directory is no longer in its place.
        """
        self._check_process()  # before the lock: a thread that is not here may hold it
        with self._lock, self.telling():
            writer = self.writer()
            if writer.in_transaction:
                yield writer
                return
            writer.execute("BEGIN IMMEDIATE")
            before = writer.total_changes
            try:
                self._check()
                yield writer
                is_change = is_counted and writer.total_changes != before
                number = self._commits.count(writer) if is_change else None
            except BaseException:
                _roll_back(writer)
                raise
            try:
                self._check_open()
                writer.execute("COMMIT")
            except BaseException:
                _roll_back(writer)
                raise
            if number is not None:
                self._check()
                self._commits.note(number)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give this thread's reading connection inside one snapshot of the catalog."""
        with self.telling():
            reader = self._reader()
            if reader.in_transaction:
                yield reader
                return
            reader.execute("BEGIN")
            try:
                yield reader
            finally:
                reader.execute("ROLLBACK")

    def lost_commits(self) -> int:
        """Return how many changes were acknowledged once, and are not in the catalog any more."""
        noted = self._commits.noted()  # before the snapshot: another process may be writing
        with self.read() as reading:
            return self._commits.lost(reading, noted)

    def accept_loss(self) -> None:
        """Count from the catalog as it is."""
        with self._lock, self.telling():
            (number,) = self.writer().execute("PRAGMA user_version").fetchone()
            self._commits.note(number)

    def copy(self, target: Path) -> None:
        """Write the catalog as it is now to another file, while others read and write it."""
        with self.telling():
            written = sqlite3.connect(target)
            try:
                self._reader().backup(written)
            finally:
                written.close()

    def vacuum(self) -> None:
        """Write the file anew without what is no longer used; others wait meanwhile."""
        with self._lock, self.telling():
            self._check()
            self.writer().execute("VACUUM")
            self.writer().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def reindex(self) -> None:
        """Make SQLite's own indexes anew from the tables."""
        with self._lock, self.telling():
            self.writer().execute("REINDEX")

    def inherited(self) -> Iterator[object]:
        """Yield the connections, which a forked child neither uses nor closes."""
        with self._readers_lock:
            readers = list(self._readers)
        connections = [reader.connection for reader in readers]
        if self._writer is not None:
            connections.append(self._writer)
        try:
            is_in_use = any(connection.in_transaction for connection in connections)
        except sqlite3.ProgrammingError:
            is_in_use = True  # it is being closed
        self._at_fork = forks.as_it_is(self.path, is_in_use=is_in_use)
        yield from readers

    def forget(self) -> None:
        """Note in a forked child that the catalog is open in its parent."""
        if self._at_fork is not None:
            forks.inherit(self._at_fork)

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise ForkedError(self.path.parent)

    def _reader(self) -> Connection:
        self._check_process()
        self._check_open()
        reader: _Reader | None = getattr(self._local, "reader", None)
        if reader is None:
            self._local.reader = reader = _Reader(self._connect())
            reader.connection.execute("PRAGMA query_only=ON")
            with self._readers_lock:
                self._readers.add(reader)
        return reader.connection

    def _connect(self) -> Connection:
        mode = "ro" if self.read_only else "rwc"
        if self.read_only and not os.access(self.path.parent, os.W_OK):
            # SQLite would make the files of a log, and cannot; where there is none, none is needed.
            mode += "" if Path(f"{self.path}-wal").exists() else "&immutable=1"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=_BUSY_TIMEOUT_SECONDS,
        )
        _distrust(connection)
        connection.row_factory = sqlite3.Row
        if not self.read_only:
            # FULL: what was acknowledged survives a power cut, for one fdatasync a commit.
            connection.execute(f"PRAGMA synchronous={'FULL' if self._is_durable else 'OFF'}")
            connection.execute("PRAGMA journal_mode=WAL")
            # What is deleted is gone from the file too, which is published and backed up.
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute(f"PRAGMA journal_size_limit={_LARGEST_LOG_BYTES}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-16384")
        connection.execute("PRAGMA mmap_size=2147418112")
        return connection

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn what SQLite says of torn files and of the disk into our own errors."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _DAMAGED or str(error).startswith("Could not decode to UTF-8"):
                raise DamagedProjectError(self.path, _first_line(error)) from error
            if code in _DISK:
                number = _DISK[code] or _refusal(self.path)
                raise DiskError(self.path, number, _first_line(error)) from error
            self._check_open()  # by another thread, in the middle of reading
            if getattr(error, "sqlite_errorcode", 0) in _ODD_VALUES:
                raise DamagedProjectError(self.path, _first_line(error)) from error
            if isinstance(error, sqlite3.IntegrityError):
                raise  # a name is taken, which the caller tells
            raise DiskError(self.path, None, _first_line(error)) from error
        except RagflowError:
            raise
        except ODD as error:
            if not is_of_rows(error):
                raise
            raise DamagedProjectError(self.path, _first_line(error)) from error


def _distrust(connection: Connection) -> None:
    """Let the file itself run nothing and reach nothing: it may be a stranger's."""
    connection.execute("PRAGMA cell_size_check=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")
    except sqlite3.DatabaseError as error:
        if "unsafe use" in str(error):
            # As the first release made it: ``schema`` looks at it before anything is used.
            connection.execute("PRAGMA trusted_schema=ON")
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE)


def _refusal(path: Path) -> int:
    """Return why the system does not open a file, as its error number."""
    try:
        path.open("rb").close()
    except OSError as error:
        return error.errno or errno.EIO
    return errno.EIO


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def _roll_back(connection: Connection) -> None:
    # A full disk may have ended the transaction already.
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def page(
    rows: str,
    *,
    page: int,
    page_size: int,
    orderby: str,
    desc: bool,
    columns: Sequence[str],
) -> tuple[str, list[Any]]:
    """Return the ORDER BY and LIMIT clause of one page, and its parameters.

    Args:
        rows: Name of the table, for the tie break by its ``number``.
        page: From 1.
        page_size: Rows a page, from 1.
        orderby: One of ``columns``.
        desc: Largest first.
        columns: What may be sorted by.

    Raises:
        InvalidValueError: ``orderby`` is no column, or ``page`` or ``page_size`` is below 1.
    """
    check_whole("page", page, 1, 2**31)
    check_whole("page_size", page_size, 1, 2**31)
    if orderby not in columns:
        raise InvalidValueError("orderby", orderby, f"one of {', '.join(columns)}")
    way = "DESC" if desc else "ASC"
    order = f" ORDER BY {rows}.{orderby} {way}, {rows}.number {way} LIMIT ? OFFSET ?"
    return order, [page_size, (page - 1) * page_size]


def now_ms() -> int:
    """Return the time as the catalog keeps it: milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def like(text: str) -> str:
    r"""Return a LIKE pattern (with ``ESCAPE '\'``) for texts that contain ``text``."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
