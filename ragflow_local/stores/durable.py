"""Syncs files to the disk, and turns its refusals into errors."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from ragflow_local.errors import DiskError

_SYNCED_AT_ONCE = 8  # of 1, 4, 8 and 16 the fastest for 64 files on a busy disk

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)  # Windows has links, and no such flag


@contextmanager
def telling_disk(path: Path) -> Iterator[None]:
    """Turn what the system says of the disk into ``DiskError``; a missing file stays one."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DiskError(path, error.errno, error.strerror or str(error)) from error


def sync_tree(root: Path, synced: Set[str]) -> set[str]:
    """Write the new files below ``root`` through to the disk; return the paths of all of them.

    They are made readable by their owner only.

    Args:
        root: A folder whose files never change once they are written.
        synced: What an earlier call returned: these files are not new.
    """
    folders: set[str] = set()
    if not synced and root.exists():
        root.chmod(0o700)
    for folder, _, names in os.walk(root):
        paths = {os.path.join(folder, name) for name in names}  # noqa: PTH118  # a hundred times a parse
        new = paths - synced
        for path in new:
            _sync(path, 0o600)
        if new:
            _sync(folder, 0o700)
        folders |= paths
    return folders


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk, where the system lets a folder be synced."""
    if os.name != "nt":
        _sync(str(folder), flags=0)  # a link's folder


def make_folder(path: Path, *, is_durable: bool = True) -> None:
    """Make a folder and those above it, readable by their owner only; it outlives a power cut."""
    missing = [path, *path.parents]
    missing = missing[: next(n for n, folder in enumerate(missing) if folder.is_dir())]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        if is_durable:
            # One that this user may pass through and not read cannot be synced by it.
            with suppress(PermissionError):
                sync_folder(folder.parent)


def read_own(path: Path) -> BufferedReader:
    """Open a file for reading that must be one itself: no link, no pipe, no device.

    Raises:
        FileNotFoundError: There is none.
        OSError: It is something else (``ELOOP``), or cannot be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    # Without O_NONBLOCK a pipe in its place would be waited for, for ever.
    descriptor = os.open(path, flags | _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.ELOOP, "it is no file", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _sync(path: str, mode: int | None = None, flags: int = _NO_FOLLOW) -> None:
    # A folder's entry for a new file is lost at a power cut unless the folder is synced too.
    try:
        descriptor = os.open(path, os.O_RDONLY | flags)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno == errno.ELOOP:
            return  # a link: what it leads to is none of ours
        raise
    try:
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_all(descriptors: Sequence[int]) -> None:
    """Bring files to the disk, several times as fast as one after the other.

    All are on their way before the first is waited for, and several are waited for at once, so
    that they share what the file system writes of its own.
    """
    if len(descriptors) < 2:
        for descriptor in descriptors:
            os.fsync(descriptor)
        return
    if hasattr(os, "posix_fadvise"):
        for descriptor in descriptors:
            with suppress(OSError):  # advice; the disk's own errors are told by fsync
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    with ThreadPoolExecutor(min(_SYNCED_AT_ONCE, len(descriptors))) as pool:
        list(pool.map(os.fsync, descriptors))


def write_whole(path: Path, *pieces: bytes | memoryview, is_durable: bool = True) -> None:
    """Write a file of pieces whole or not at all; it is then on the disk, where that counts."""
    write_all_whole([(path, pieces)], is_durable=is_durable)


def write_all_whole(
    files: Sequence[tuple[Path, Sequence[bytes | memoryview]]], *, is_durable: bool = True
) -> None:
    """Write files of pieces, each whole or not at all; they are then on the disk together.

    All have their bytes on the disk before the first gets its name, and a folder is synced once.
    That is several times as fast as one after the other.
    """
    with unnamed_files(files, is_durable=is_durable) as give_names:
        give_names()


@contextmanager
def unnamed_files(
    files: Sequence[tuple[Path, Sequence[bytes | memoryview]]], *, is_durable: bool = True
) -> Iterator[Callable[[], None]]:
    """Write files of pieces under other names; give what gives them their own.

    Those that have not got theirs at the end of the block are taken away.
    """
    unnamed: list[str] = []

    def give_names() -> None:
        for path, _ in files:
            Path(unnamed[0]).replace(path)
            del unnamed[0]
        if is_durable:
            for folder in dict.fromkeys(path.parent for path, _ in files):
                sync_folder(folder)

    try:
        with ExitStack() as stack:
            opened = []
            for path, pieces in files:
                descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
                unnamed.append(name)
                file = stack.enter_context(os.fdopen(descriptor, "wb"))
                for piece in pieces:
                    file.write(piece)
                file.flush()
                opened.append(file)
            if is_durable:
                _sync_all([file.fileno() for file in opened])
        yield give_names
    finally:
        for name in unnamed:
            Path(name).unlink(missing_ok=True)
