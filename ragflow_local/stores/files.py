"""Files: bytes by the hash of their content, and pictures by the chunk they belong to."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from ragflow_local.errors import DamagedProjectError
from ragflow_local.stores.durable import telling_disk, write_whole

_OTHER_BYTES = "its bytes are not those that were added"
_ADD_AGAIN = "Add the document again from the original, or restore this file from a copy"
_PARSE_AGAIN = "Parse the document again: async_parse()"

# What the catalog needs to note on a full disk that a parse failed: some pages of its log.
_RESERVE_BYTES = 256 << 10

# A picture file ends in the SHA-256 of what stands before; programs that show pictures ignore it.
_HASH_BYTES = 32


class Files:
    """``files/<sha256>`` and ``images/<chunk_id>.png`` of one project.

    Bytes are written under another name, brought to the disk, and renamed: a file that has its
    name is whole. Two documents of the same bytes share one file.
    """

    def __init__(self, project: Path, *, is_durable: bool = True) -> None:
        self._files = project / "files"
        self._images = project / "images"
        self._reserve = project / "reserve"
        self._is_durable = is_durable
        self._total: int | None = None  # looked up once, then counted along

    def create(self) -> None:
        """Make the folders, readable by their owner only, and keep some room for a full disk."""
        for folder in (self._files, self._images):
            with telling_disk(folder):
                folder.mkdir(mode=0o700, exist_ok=True)

        with contextlib.suppress(OSError):
            if self._is_durable and not self._reserve.exists():
                write_whole(self._reserve, bytes(_RESERVE_BYTES))

    def make_room(self) -> bool:
        """Give back room that was kept for a full disk; return whether there was some."""
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def path_of(self, sha256: str) -> Path:
        """Return where the bytes of that hash lie."""
        return self._files / sha256

    def put(self, data: bytes) -> str:
        """Keep ``data``, on the disk when this returns; return its sha256.

        Raises:
            DiskError: The disk is full, or must not be written.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path_of(sha256)
        with telling_disk(path):
            # One that is there is compared: adding a file again mends what became of it.
            if not (path.exists() and path.stat().st_size == len(data) and self._is_whole(path)):
                self._total = None if path.exists() else self._total
                write_whole(path, data, is_durable=self._is_durable)
                self._count(len(data))
        return sha256

    def total_bytes(self) -> int:
        """Return what all files take together."""
        if self._total is None:
            self._total = sum(path.stat().st_size for path in _inside(self._files))
        return self._total

    def _count(self, more: int) -> None:
        if self._total is not None:
            self._total += more

    def get(self, sha256: str) -> bytes:
        """Return the bytes of that hash.

        Raises:
            DamagedProjectError: They are gone, or are no longer what they were.
        """
        path = self.path_of(sha256)
        try:
            with telling_disk(path):
                data = path.read_bytes()
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
            with telling_disk(path):
                is_whole = self._is_whole(path)
        except FileNotFoundError:
            raise DamagedProjectError(path, "it is missing", _ADD_AGAIN) from None
        if not is_whole:
            raise DamagedProjectError(path, _OTHER_BYTES, _ADD_AGAIN)

    def _is_whole(self, path: Path) -> bool:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == path.name

    def remove(self, sha256: str) -> None:
        """Remove the bytes of that hash; nothing happens where they are gone."""
        path = self.path_of(sha256)
        with telling_disk(path):
            if path.exists():
                self._count(-path.stat().st_size)
                path.unlink()

    def put_image(self, chunk_id: str, data: bytes) -> None:
        """Keep the picture of a chunk."""
        path = self._image(chunk_id)
        with telling_disk(path):
            kept = data + hashlib.sha256(data).digest()
            write_whole(path, kept, is_durable=self._is_durable)

    def get_image(self, chunk_id: str) -> bytes:
        """Return the picture of a chunk that has one of its own.

        Raises:
            DamagedProjectError: It is gone, or is no longer what it was.
        """
        path = self._image(chunk_id)
        try:
            with telling_disk(path):
                kept = path.read_bytes()
        except FileNotFoundError:
            raise DamagedProjectError(path, "it is missing", _PARSE_AGAIN) from None
        data = kept[:-_HASH_BYTES]
        if hashlib.sha256(data).digest() != kept[-_HASH_BYTES:]:
            raise DamagedProjectError(path, "it is not the picture that was kept", _PARSE_AGAIN)
        return data

    def remove_image(self, chunk_id: str) -> None:
        """Remove the picture of a chunk; nothing happens where there is none."""
        with telling_disk(self._image(chunk_id)):
            self._image(chunk_id).unlink(missing_ok=True)

    def kept(self) -> Iterator[str]:
        """Yield the name of every file: hashes, and what an interrupted write left."""
        yield from (path.name for path in _inside(self._files))

    def kept_images(self) -> Iterator[str]:
        """Yield the chunk id of every picture."""
        yield from (path.stem for path in _inside(self._images))

    def _image(self, chunk_id: str) -> Path:
        return self._images / f"{chunk_id}.png"


def _inside(folder: Path) -> list[Path]:
    """Return what is in a folder; nothing where somebody took the folder itself away."""
    with telling_disk(folder):
        return list(folder.iterdir()) if folder.is_dir() else []
