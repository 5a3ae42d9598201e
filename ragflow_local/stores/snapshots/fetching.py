"""Fetches a snapshot into a directory; files that the one before has are taken from there.

    1  HEAD, manifest and contents, compared with their hashes
    2  .new-…/: the catalog's pages, files, pictures            a whole project, its hash compared
    3  written through to the disk, renamed to <number>-<sha256>/
    4  fetched.json                                             the commit point
    5  snapshots before the last ones deleted

What ends in between leaves the snapshot that counted; the next fetch deletes what is left over.
"""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
import stat
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ragflow_local.errors import (
    DamagedProjectError,
    DamagedSnapshotError,
    DiskError,
    StoreError,
)
from ragflow_local.stores.catalog import Catalog, checksums, chunks, documents
from ragflow_local.stores.directory import Directory, sha256_of
from ragflow_local.stores.durable import make_folder, sync_folder, sync_tree, telling_disk
from ragflow_local.stores.files import Files
from ragflow_local.stores.names import path_of_id, path_of_sha256
from ragflow_local.stores.parts import CATALOG, SNAPSHOT, is_plain_folder
from ragflow_local.stores.snapshots import fetched, pages
from ragflow_local.stores.snapshots.manifest import (
    KEY,
    PAGE,
    Contents,
    Head,
    Manifest,
    Pack,
    check_published,
    read_contents,
    read_head,
    read_manifest,
    read_named,
)
from ragflow_local.stores.snapshots.objects import Objects, in_turns

# A snapshot that was overtaken and collected while it was fetched: the newest is fetched instead.
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Fetched:
    """A snapshot that was fetched.

    Attributes:
        directory: Where it lies: a project for reading.
        number: Of the snapshot.
        is_new: Whether it was not there yet.
        read_bytes: What was read from the address.
        bytes: The size of the snapshot.
    """

    directory: Path
    number: int
    is_new: bool
    read_bytes: int
    bytes: int


def fetch(objects: Objects, target: Path, *, keep: int) -> Fetched:
    """Fetch the newest snapshot unless it is there; readers of an earlier one keep it.

    Args:
        objects: Where it is published.
        target: A directory that is new or empty, or was fetched to before.
        keep: How many snapshots stay in it, with this one.

    Raises:
        SnapshotError: Nothing is published there, or it cannot be read whole.
        UnusableDirectoryError: There is something else in ``target``.
        DiskError: The disk is full, or must not be written.
    """
    import filelock

    with telling_disk(target):
        fetched.check_target(target)
        make_folder(target)
        with filelock.FileLock(target / fetched.LOCK, mode=0o600, thread_local=False):
            for attempt in range(1, _ATTEMPTS + 1):
                head = check_published(read_head(objects), objects)
                try:
                    return _fetch(objects, head, target, keep)
                except DamagedSnapshotError:
                    if attempt == _ATTEMPTS or read_head(objects) == head:
                        raise
    raise AssertionError


def _fetch(objects: Objects, head: Head, target: Path, keep: int) -> Fetched:
    manifest = read_manifest(objects, head)
    name = f"{head.number}-{head.sha256}"
    size = manifest.catalog_bytes + manifest.files_bytes
    base = _base(target)
    if base is not None and base.name == name:
        return Fetched(base, head.number, False, 0, size)
    read = manifest.contents_bytes[0]
    if not _is_whole(target / name, manifest):
        contents = read_contents(objects, manifest)
        read += _Fetching(objects, contents, manifest, base).into(target, name)
    fetched.take(target, name, keep)
    return Fetched(target / name, head.number, True, read, size)


def _base(target: Path) -> Path | None:
    """Return the snapshot that counts, which others are fetched beside."""
    try:
        base = fetched.current(target)
    except StoreError:
        return None
    return None if base == target else base


def _is_whole(path: Path, manifest: Manifest) -> bool:
    """Return whether a fetch came as far as to the rename, and then ended."""
    if not is_plain_folder(path):
        return False
    catalog = path / CATALOG
    if catalog.is_file() and sha256_of(catalog) == manifest.catalog:
        return True
    shutil.rmtree(path)
    return False


class _Fetching:
    """One snapshot on its way."""

    def __init__(
        self, objects: Objects, contents: Contents, manifest: Manifest, base: Path | None
    ) -> None:
        self._objects = objects
        self._contents = contents
        self._manifest = manifest
        self._base = base
        self._linked: set[str] = set()  # files of the snapshot before: on the disk already

    def into(self, target: Path, name: str) -> int:
        """Make the directory of a snapshot, synced to the disk; return the bytes read."""
        self._check_room(target)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=target))
        try:
            for folder in (new / "files", new / "images"):
                folder.mkdir(mode=0o700)
            read = self._catalog(new / CATALOG)
            read += sum(in_turns(lambda one: self._file(new, *one), self._contents.files.items()))
            read += sum(in_turns(lambda one: self._image(new, *one), self._contents.images.items()))
            directory = Directory(new)
            directory.seal(self._checked(new))
            note = {"number": self._manifest.number, "from": self._objects.shown}
            (new / SNAPSHOT).write_text(json.dumps(note), "utf-8")
            sync_tree(new, self._linked)
            for folder in (new / "files", new / "images"):
                sync_folder(folder)  # second names are new, even where no file is
            new.rename(target / name)
            sync_folder(target)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        return read

    def _check_room(self, target: Path) -> None:
        needed = self._manifest.catalog_bytes + self._manifest.files_bytes
        if self._base is None and needed > shutil.disk_usage(target).free:
            raise DiskError(target, errno.ENOSPC, f"{needed:,} bytes are to be fetched")

    def _catalog(self, path: Path) -> int:
        """Write the catalog, and compare it with its hash; return the bytes read for it."""
        path.touch(mode=0o600)
        with path.open("r+b") as file:
            missing = self._from_base(file)
            writing = threading.Lock()

            def take(entry: tuple[Pack, list[tuple[int, int]]]) -> int:
                pack, wanted = entry
                raw = self._unpacked(pack)
                with writing:
                    for number, within in wanted:
                        file.seek(number * PAGE)
                        file.write(raw[within * PAGE : (within + 1) * PAGE])
                return pack.size

            read = sum(in_turns(take, missing.items()))
            file.truncate(self._manifest.catalog_bytes)
        if sha256_of(path) != self._manifest.catalog:
            raise DamagedSnapshotError(self._objects.shown, "the catalog", "is not what it was")
        return read

    def _from_base(self, file: BinaryIO) -> dict[Pack, list[tuple[int, int]]]:
        """Write the pages that the snapshot before has; return which pack has each of the rest."""
        missing: dict[Pack, list[tuple[int, int]]] = {}
        data, places = self._contents.pages.tobytes(), self._contents.places
        with contextlib.ExitStack() as opened:
            there: dict[bytes, int] = {}
            if self._base is not None:
                before = opened.enter_context((self._base / CATALOG).open("rb"))
                known = pages.keys_of(self._base / CATALOG)[0].tobytes()
                there = {known[n : n + KEY]: n // KEY for n in range(0, len(known), KEY)}
            for number in range(len(places)):
                at = there.get(data[number * KEY : (number + 1) * KEY])
                if at is None:
                    pack, within = places[number].tolist()
                    missing.setdefault(self._contents.packs[pack], []).append((number, within))
                else:
                    before.seek(at * PAGE)
                    file.seek(number * PAGE)
                    file.write(before.read(PAGE))
        return missing

    def _unpacked(self, pack: Pack) -> bytes:
        name = f"packs/{pack.sha256}"
        try:
            return pages.unpacked(
                read_named(self._objects, name, pack.sha256, pack.size), pack.pages
            )
        except ValueError as error:
            raise DamagedSnapshotError(self._objects.shown, name, str(error)) from error

    def _file(self, new: Path, sha256: str, size: int) -> int:
        """Put the bytes of a document in their place; return how many were read."""
        path = path_of_sha256(new / "files", sha256)
        if self._base is not None:
            before = path_of_sha256(self._base / "files", sha256)
            if _has(before, size) and self._link(before, path):
                return 0
        name = f"files/{sha256}"
        try:
            with path.open("xb") as file:
                digest = self._objects.copy_to(name, file, size)
        except FileNotFoundError:
            raise DamagedSnapshotError(self._objects.shown, name, "is missing") from None
        if digest != sha256:
            raise DamagedSnapshotError(self._objects.shown, name, "is not what it was")
        return size

    def _image(self, new: Path, id: str, image: tuple[str, int]) -> int:
        """Put the picture of a chunk in its place; return the bytes read for it."""
        if self._base is not None:
            files = Files(self._base)
            with contextlib.suppress(DamagedProjectError):
                before = path_of_id(self._base / "images", id, ".png")
                path = path_of_id(new / "images", id, ".png")
                if files.image_hash(id) == image and self._link(before, path):
                    return 0
        sha256, size = image
        data = read_named(self._objects, f"images/{sha256}", sha256, size)
        Files(new, is_durable=False).put_image(id, data)
        return size

    def _link(self, source: Path, target: Path) -> bool:
        """Give a file that never changes a second name; return whether it could be done."""
        try:
            target.hardlink_to(source)
        except OSError:
            return False
        self._linked.add(str(target))
        return True

    def _checked(self, new: Path) -> str | None:
        """Return the root of a catalog that this version reads, and that fits its files."""
        from ragflow_local.stores.catalog import schema

        catalog = Catalog(new / CATALOG, read_only=True)
        try:
            with catalog.read() as reading:
                schema.check(reading, new)
                needed, pictured = documents.files_in_use(reading), chunks.with_images(reading)
                root = checksums.root(reading)
        finally:
            catalog.close()
        if needed - set(self._contents.files) or pictured - set(self._contents.images):
            raise DamagedSnapshotError(self._objects.shown, "the list of files", "lacks some")
        return root


def _has(path: Path, size: int) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == size
