"""Stores file bytes by their hash, and pictures by their chunk."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ragflow_local.errors import DamagedProjectError, ProjectClosedError
from ragflow_local.stores.durable import (
    make_folder,
    read_own,
    telling_disk,
    unnamed_files,
    write_all_whole,
    write_whole,
)
from ragflow_local.stores.in_hand import InHand
from ragflow_local.stores.names import (
    is_id,
    is_sha256,
    is_unfinished,
    path_of_id,
    path_of_sha256,
)
from ragflow_local.stores.parts import is_plain_folder
from ragflow_local.stores.trash import Trash

_OTHER_BYTES = "its bytes are not those that were added"
_ADD_AGAIN = "Add the document again from the original, or restore this file from a copy"
_PARSE_AGAIN = "Parse the document again: async_parse()"

# What the catalog needs to note on a full disk that a parse failed: some pages of its log.
_RESERVE_BYTES = 256 << 10

_OPEN_AT_ONCE = 128  # files that are being written

# A picture file ends in the SHA-256 of what stands before; programs that show pictures ignore it.
_HASH_BYTES = 32


class Files:
    """``files/<sha256>`` and ``images/<chunk_id>.png`` of one project.

    Bytes are written under another name, brought to the disk, and renamed: a file that has its
    name is whole. Two documents of the same bytes share one file. What else lies in the folders is
    not this package's: it is neither counted nor touched.
    """

    def __init__(self, project: Path, *, is_durable: bool = True) -> None:
        self._files = project / "files"
        self._images = project / "images"
        self._reserve = project / "reserve"
        self.trash = Trash(project)
        self.in_hand = InHand(project)
        self._is_durable = is_durable
        self._writing = threading.Lock()
        self._is_closed = False

    def create(self) -> None:
        """Make the folders, readable by their owner only, and keep some room for a full disk."""
        for folder in (self._files, self._images):
            with telling_disk(folder):
                make_folder(folder, is_durable=self._is_durable)

        with contextlib.suppress(OSError):
            if self._is_durable and not self._reserve.exists():
                write_whole(self._reserve, bytes(_RESERVE_BYTES))

    def close(self) -> None:
        """Write nothing from now on; a write that is under way is waited for."""
        self.in_hand.close()
        with self._writing:
            self._is_closed = True

    def _write(self, files: Mapping[Path, bytes]) -> None:
        with self._may_write():
            for part in _parts(files):
                write_all_whole(part, is_durable=self._is_durable)

    @contextlib.contextmanager
    def _may_write(self) -> Iterator[None]:
        with self._writing:
            if self._is_closed:
                raise ProjectClosedError(self._files.parent)
            yield

    def make_room(self) -> bool:
        """Give back room that was kept for a full disk; return whether there was some."""
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def path_of(self, sha256: str) -> Path:
        """Return where the bytes of that hash lie.

        Raises:
            DamagedProjectError: It is no hash.
        """
        return path_of_sha256(self._files, sha256)

    def put(self, data: bytes) -> str:
        """Keep ``data``, on the disk when this returns; return its sha256.

        Raises:
            DiskError: The disk is full, or must not be written.
        """
        with self.brought([data]) as keep:
            return keep()[0]

    @contextlib.contextmanager
    def brought(self, files: Sequence[bytes]) -> Iterator[Callable[[], list[str]]]:
        """Bring the bytes of files to the disk; give what names them and returns their sha256.

        That is quick, for a transaction: while the disk is waited for, others can write.

        Raises:
            DiskError: The disk is full, or must not be written.
        """
        hashes = [hashlib.sha256(data).hexdigest() for data in files]
        there: dict[Path, bytes] = {}
        missing: dict[Path, bytes] = {}
        for sha256, data in dict(zip(hashes, files, strict=True)).items():
            path = self.path_of(sha256)
            with telling_disk(path):
                # One that is there is compared: adding a file again mends what became of it.
                (there if self._has(path, len(data)) else missing)[path] = data

        def keep() -> list[str]:
            with telling_disk(where):
                with self._may_write():
                    for give_names in written:
                        give_names()
                # Taken away meanwhile, with the last document that had them.
                gone = {path: data for path, data in there.items() if not path.exists()}
                if gone:
                    self._write(gone)
            return hashes

        where = next(iter(missing)) if len(missing) == 1 else self._files
        with contextlib.ExitStack() as stack:
            with telling_disk(where), self._may_write():
                written = [
                    stack.enter_context(unnamed_files(part, is_durable=self._is_durable))
                    for part in _parts(missing)
                ]
            yield keep

    def _has(self, path: Path, size: int) -> bool:
        try:
            return path.lstat().st_size == size and self._is_whole(path)
        except OSError as error:
            # A link, or something that cannot be read, is replaced by the bytes themselves.
            if error.errno not in (errno.ENOENT, errno.ELOOP, errno.EACCES):
                raise
            return False

    def get(self, sha256: str) -> bytes:
        """Return the bytes of that hash.

        Raises:
            DamagedProjectError: They are gone, or are no longer what they were.
        """
        path = self.path_of(sha256)
        try:
            data = _bytes_of(path)
        except FileNotFoundError:
            raise DamagedProjectError(path, "it is missing", _ADD_AGAIN) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DamagedProjectError(path, _OTHER_BYTES, _ADD_AGAIN)
        return data

    def check(self, sha256: str) -> None:
        """Compare the bytes of that hash with it.

        Raises:
            DamagedProjectError: They are gone, or are no longer what they were.
        """
        path = self.path_of(sha256)
        try:
            with telling_disk(path), telling_links(path):
                is_whole = self._is_whole(path)
        except FileNotFoundError:
            raise DamagedProjectError(path, "it is missing", _ADD_AGAIN) from None
        if not is_whole:
            raise DamagedProjectError(path, _OTHER_BYTES, _ADD_AGAIN)

    def _is_whole(self, path: Path) -> bool:
        with read_own(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == path.name

    def remove(self, sha256: str) -> None:
        """Remove the bytes of that hash; nothing happens where they are gone."""
        path = self.path_of(sha256)
        with telling_disk(path), contextlib.suppress(FileNotFoundError):
            path.unlink()

    def put_image(self, chunk_id: str, data: bytes) -> None:
        """Keep the picture of a chunk."""
        path = self._image(chunk_id)
        with telling_disk(path):
            sealed = data + hashlib.sha256(data).digest()
            self._write({path: sealed})

    def get_image(self, chunk_id: str) -> bytes:
        """Return the picture of a chunk that has one of its own.

        Raises:
            DamagedProjectError: It is gone, or is no longer what it was.
        """
        path = self._image(chunk_id)
        try:
            sealed = _bytes_of(path)
        except FileNotFoundError:
            raise DamagedProjectError(path, "it is missing", _PARSE_AGAIN) from None
        data = sealed[:-_HASH_BYTES]
        if hashlib.sha256(data).digest() != sealed[-_HASH_BYTES:]:
            raise DamagedProjectError(path, "it is not the picture that was kept", _PARSE_AGAIN)
        return data

    def image_hash(self, chunk_id: str) -> tuple[str, int]:
        """Return what the SHA-256 of a picture should be, and its bytes; it is not read itself.

        Raises:
            DamagedProjectError: It is gone.
        """
        path = self._image(chunk_id)
        try:
            with telling_disk(path), telling_links(path), read_own(path) as file:
                size = max(0, file.seek(0, os.SEEK_END) - _HASH_BYTES)
                file.seek(size)
                return file.read(_HASH_BYTES).hex().zfill(2 * _HASH_BYTES), size
        except FileNotFoundError:
            raise DamagedProjectError(path, "it is missing", _PARSE_AGAIN) from None

    def remove_image(self, chunk_id: str) -> None:
        """Remove the picture of a chunk; nothing happens where there is none."""
        path = self._image(chunk_id)
        with telling_disk(path):
            path.unlink(missing_ok=True)

    def file_names(self) -> Iterator[str]:
        """Yield the name of every file: hashes, and what an interrupted write left."""
        yield from (path.name for path in self._own_paths(self._files))

    def image_names(self) -> Iterator[str]:
        """Yield the chunk id of every picture, and the name of what an interrupted write left."""
        for path in self._own_paths(self._images):
            yield path.stem if path.suffix else path.name

    def discard(self, name: str, now_ms: int, *, is_image: bool = False) -> bool:
        """Move what ``kept`` or ``kept_images`` named to the trash; return whether it went."""
        folder = self._images if is_image else self._files
        if is_unfinished(name):
            return self.trash.take(folder / name, now_ms)
        return self.trash.take(self._image(name) if is_image else self.path_of(name), now_ms)

    def _image(self, chunk_id: str) -> Path:
        return path_of_id(self._images, chunk_id, ".png")

    def _own_paths(self, folder: Path) -> list[Path]:
        """Return what is in a folder and has a name that this package gives."""
        with telling_disk(folder):
            if not is_plain_folder(folder):
                return []  # somebody took the folder itself away
            is_own = _is_own_image if folder == self._images else _is_own_file
            return [path for path in folder.iterdir() if is_own(path) and not path.is_dir()]


def _parts(files: Mapping[Path, bytes]) -> Iterator[list[tuple[Path, tuple[bytes]]]]:
    """Yield files as they are written, as many as may be open at once."""
    several = [(path, (data,)) for path, data in files.items()]
    for start in range(0, len(several), _OPEN_AT_ONCE):
        yield several[start : start + _OPEN_AT_ONCE]


def _is_own_file(path: Path) -> bool:
    return is_sha256(path.name) or is_unfinished(path.name)


def _is_own_image(path: Path) -> bool:
    return (path.suffix == ".png" and is_id(path.stem)) or is_unfinished(path.name)


def _bytes_of(path: Path) -> bytes:
    with telling_disk(path), telling_links(path), read_own(path) as file:
        return file.read()


@contextlib.contextmanager
def telling_links(path: Path) -> Iterator[None]:
    """Tell of a link in the place of a file as damage."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise DamagedProjectError(path, "it is a link, or no file", _ADD_AGAIN) from None
