"""Reads and writes objects by name, in a folder or a bucket: ``pyarrow.fs``."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeVar

from ragflow_local.errors import DamagedSnapshotError, InvalidValueError, SnapshotError
from ragflow_local.stores.durable import sync_folder

FOLDERS = ("packs", "files", "images", "contents", "snapshots")

# Where a folder is no more than a part of a name.
_FLAT = ("s3", "gcs", "abfs")
_PIECE = 1 << 20
# Requests that wait at once: an object store takes tens of milliseconds for each.
_AT_ONCE = 8

_WAY_OUT = "What was published or fetched before is as it was. See to the address, then try again"
_ALLOWED = (
    "a folder, or an address that pyarrow.fs knows: file:///…, s3://bucket/prefix, gs://…,"
    " abfs://…, hdfs://…"
)

Given = TypeVar("Given")
Got = TypeVar("Got")


@dataclass(frozen=True, slots=True)
class Listed:
    """What is known of an object without reading it.

    Attributes:
        size: In bytes.
        written: Seconds since 1970, by the clock of the store; None where it has none.
    """

    size: int
    written: float | None


class Objects:
    """Objects under one address.

    Args:
        filesystem: Of ``pyarrow.fs``.
        root: The path there.
        shown: The address for messages, without what is secret in it.
    """

    def __init__(self, filesystem: Any, root: str, shown: str) -> None:
        self._filesystem = filesystem
        self._root = root.rstrip("/")
        self.shown = shown
        # Elsewhere an object appears once it is whole, or cannot be renamed onto another.
        self._is_local = filesystem.type_name == "local"
        self._is_flat = filesystem.type_name in _FLAT

    @classmethod
    def at(cls, uri: str | os.PathLike[str], filesystem: Any = None) -> Self:
        """Return the objects at an address.

        Args:
            uri: A folder or an address; with ``filesystem`` a path in that.
            filesystem: Of ``pyarrow.fs``; None for what the address says.

        Raises:
            InvalidValueError: It is no address.
            SnapshotError: The library for it cannot be loaded.
        """
        import pyarrow.fs

        text = os.fspath(uri)
        shown = without_secrets(text)
        if not text.strip():
            raise InvalidValueError("uri", shown, _ALLOWED)
        if filesystem is not None:
            if not isinstance(filesystem, pyarrow.fs.FileSystem):
                name = type(filesystem).__name__
                raise InvalidValueError("filesystem", name, "a FileSystem of pyarrow.fs")
            return cls(filesystem, text, f"{filesystem.type_name}:{shown}")
        if "://" not in text:
            path = Path(text).expanduser().absolute()
            return cls(pyarrow.fs.LocalFileSystem(), path.as_posix(), str(path))
        try:
            filesystem, root = pyarrow.fs.FileSystem.from_uri(text)
        except (ValueError, NotImplementedError):
            raise InvalidValueError("uri", shown, _ALLOWED) from None
        except OSError as error:
            problem = str(error).replace(text, shown)
            raise SnapshotError(shown, problem, _WAY_OUT) from None
        if not root.strip("/"):
            raise InvalidValueError("uri", shown, _ALLOWED)
        return cls(filesystem, root, shown)

    def prepare(self) -> None:
        """Make the folders, where there are any."""
        if not self._is_flat:
            for folder in FOLDERS:
                with self._telling(folder):
                    self._filesystem.create_dir(f"{self._root}/{folder}", recursive=True)

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return an object.

        Raises:
            FileNotFoundError: There is none.
            DamagedSnapshotError: It has more than ``most_bytes``.
            SnapshotError: It cannot be read.
        """
        parts: list[bytes] = []
        size = 0
        for piece in self._pieces(name):
            parts.append(piece)
            size += len(piece)
            if size > most_bytes:
                raise DamagedSnapshotError(self.shown, name, "is larger than it can be")
        return b"".join(parts)

    def copy_to(self, name: str, target: BinaryIO, most_bytes: int) -> str:
        """Write an object to a file; return its SHA-256.

        Raises:
            FileNotFoundError: There is none.
            DamagedSnapshotError: It has more than ``most_bytes``.
        """
        digest = hashlib.sha256()
        for piece in self._pieces(name):
            most_bytes -= len(piece)
            if most_bytes < 0:
                raise DamagedSnapshotError(self.shown, name, "is larger than it should be")
            digest.update(piece)
            target.write(piece)
        return digest.hexdigest()

    def _pieces(self, name: str) -> Iterator[bytes]:
        with self._telling(name):
            stream = self._filesystem.open_input_stream(f"{self._root}/{name}", compression=None)
        try:
            while True:
                with self._telling(name):
                    piece = stream.read(_PIECE)
                if not piece:
                    return
                yield piece
        finally:
            stream.close()

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        """Write an object, in the place of one that is there; return its bytes.

        In a folder it appears whole, and is on the disk when this returns.

        Raises:
            SnapshotError: It cannot be written.
        """
        path = f"{self._root}/{name}"
        written = path
        if self._is_local:
            folder, _, _ = path.rpartition("/")
            written = f"{folder}/.new-{secrets.token_hex(4)}"
        size = 0
        with self._telling(name):
            try:
                with self._filesystem.open_output_stream(written, compression=None) as stream:
                    for piece in pieces:
                        stream.write(piece)
                        size += len(piece)
                if self._is_local:
                    _sync(written)
                    self._filesystem.move(written, path)
                    sync_folder(Path(path).parent)
            except BaseException:
                if self._is_local:
                    Path(written).unlink(missing_ok=True)
                raise
        return size

    def delete(self, name: str) -> None:
        """Delete an object; nothing happens where it is gone."""
        with contextlib.suppress(FileNotFoundError), self._telling(name):
            self._filesystem.delete_file(f"{self._root}/{name}")

    def listed(self, folder: str) -> dict[str, Listed]:
        """Return the objects of a folder, by name."""
        import pyarrow.fs

        selector = pyarrow.fs.FileSelector(f"{self._root}/{folder}", allow_not_found=True)
        with self._telling(folder):
            return {
                info.base_name: Listed(info.size or 0, info.mtime_ns and info.mtime_ns / 1e9)
                for info in self._filesystem.get_file_info(selector)
                if info.type == pyarrow.fs.FileType.File
            }

    def written(self, name: str) -> float | None:
        """Return when an object was written, by the clock of the store; None for unknown."""
        with self._telling(name):
            info = self._filesystem.get_file_info(f"{self._root}/{name}")
        return info.mtime_ns and float(info.mtime_ns / 1e9)

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        """Turn what a file system says into our own errors; a missing object stays one."""
        import pyarrow

        try:
            yield
        except FileNotFoundError:
            raise
        except (OSError, pyarrow.ArrowException) as error:
            raise SnapshotError(f"{self.shown}/{name}", str(error), _WAY_OUT) from error


def in_turns(work: Callable[[Given], Got], things: Iterable[Given]) -> list[Got]:
    """Return the result of ``work`` for each thing, several at once; the first error ends it.

    No more things are taken than are worked on, so that what waits is bounded.
    """
    results: list[Got] = []
    turns: deque[Future[Got]] = deque()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for thing in things:
                turns.append(pool.submit(work, thing))
                if len(turns) >= 2 * _AT_ONCE:
                    results.append(turns.popleft().result())
            return [*results, *(turn.result() for turn in turns)]
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def without_secrets(uri: str) -> str:
    """Return an address without user, password and options, which may hold keys."""
    scheme, mark, rest = uri.partition("://")
    if not mark:
        return uri
    return f"{scheme}://{re.sub('^.*@', '', rest.partition('?')[0])}"


def _sync(path: str) -> None:
    with Path(path).open("rb+") as file:
        os.fsync(file.fileno())
