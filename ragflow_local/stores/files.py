"""Files: bytes by the hash of their content, and pictures by the chunk they belong to."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ragflow_local.errors import DamagedProjectError


class Files:
    """``files/<sha256>`` and ``images/<chunk_id>.png`` of one project.

    Bytes are written under another name, brought to the disk, and renamed: a file that has its
    name is whole. Two documents of the same bytes share one file.
    """

    def __init__(self, project: Path) -> None:
        self._files = project / "files"
        self._images = project / "images"

    def create(self) -> None:
        """Make the two folders, readable by their owner only."""
        for folder in (self._files, self._images):
            folder.mkdir(mode=0o700, exist_ok=True)

    def path_of(self, sha256: str) -> Path:
        """Return where the bytes of that hash lie."""
        return self._files / sha256

    def put(self, data: bytes) -> str:
        """Keep ``data``, on the disk when this returns; return its sha256."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path_of(sha256)
        if not (path.exists() and path.stat().st_size == len(data)):
            _write(path, data)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes of that hash.

        Raises:
            DamagedProjectError: They are gone, or are no longer what they were.
        """
        path = self.path_of(sha256)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise DamagedProjectError(path, "the bytes of a document are missing") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DamagedProjectError(path, "its bytes are not those that were added")
        return data

    def remove(self, sha256: str) -> None:
        """Remove the bytes of that hash; nothing happens where they are gone."""
        self.path_of(sha256).unlink(missing_ok=True)

    def put_image(self, chunk_id: str, data: bytes) -> None:
        """Keep the picture of a chunk."""
        _write(self._image(chunk_id), data)

    def get_image(self, chunk_id: str) -> bytes | None:
        """Return the picture of a chunk, or None where it has none of its own."""
        path = self._image(chunk_id)
        return path.read_bytes() if path.exists() else None

    def remove_image(self, chunk_id: str) -> None:
        """Remove the picture of a chunk; nothing happens where there is none."""
        self._image(chunk_id).unlink(missing_ok=True)

    def kept(self) -> Iterator[str]:
        """Yield the name of every file: hashes, and what an interrupted write left."""
        yield from (path.name for path in self._files.iterdir())

    def kept_images(self) -> Iterator[str]:
        """Yield the chunk id of every picture."""
        yield from (path.stem for path in self._images.iterdir())

    def _image(self, chunk_id: str) -> Path:
        return self._images / f"{chunk_id}.png"


def _write(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk, where the system lets a folder be synced."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
