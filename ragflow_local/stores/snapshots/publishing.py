"""Publishes a snapshot of a project: new objects, then its manifest, then HEAD.

    1  a copy of the catalog as it is at one moment, without what is private    temporary
    2  packs of pages, files and pictures that the last snapshot has not        named by nobody yet
    3  contents, manifest                                                       likewise
    4  HEAD is still as it was, and all that is named is there                  else two publish
    5  HEAD                                                                     the commit point
    6  HEAD is this one                                                         else two publish

What ends in between leaves objects that nobody names; ``collecting`` takes them a day later.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ragflow_local.errors import (
    DamagedProjectError,
    DamagedSnapshotError,
    OtherPublisherError,
    SnapshotError,
)
from ragflow_local.stores.catalog import Catalog, chunks, documents, now_ms, published
from ragflow_local.stores.durable import read_own, telling_disk
from ragflow_local.stores.files import Files, telling_links
from ragflow_local.stores.snapshots import pages
from ragflow_local.stores.snapshots.collecting import collect
from ragflow_local.stores.snapshots.manifest import (
    FORMAT,
    HEAD,
    Contents,
    Embedding,
    Head,
    Manifest,
    Pack,
    Parent,
    encode,
    pack_contents,
    read_contents,
    read_head,
    read_manifest,
)
from ragflow_local.stores.snapshots.objects import FOLDERS, Listed, Objects, in_turns

# A document that is deleted while its bytes are published: the snapshot is begun anew.
_ATTEMPTS = 5
_PIECE = 1 << 20
_NOT_KEPT = (
    "What was published before is as it was. Publish to a store that keeps what it is given: an S3"
    " server must know uploads with checksums behind them"
)


@dataclass(frozen=True, slots=True)
class Published:
    """A snapshot that was published.

    Attributes:
        uri: Where, without what is secret in the address.
        number: From 1.
        is_new: Whether anything had changed since the one before.
        written_bytes: What was written there for it.
        catalog_bytes: The size of the catalog in it.
        files_bytes: The size of all its files and pictures.
    """

    uri: str
    number: int
    is_new: bool
    written_bytes: int
    catalog_bytes: int
    files_bytes: int


@dataclass(frozen=True, slots=True)
class Source:
    """A project that is open."""

    path: Path
    catalog: Catalog
    files: Files


@dataclass(frozen=True, slots=True)
class _Last:
    """The snapshot that HEAD names when a publish begins."""

    head: Head | None
    manifest: Manifest | None = None
    contents: Contents | None = None

    def same(
        self, catalog: str, files: dict[str, int], images: dict[str, tuple[str, int]]
    ) -> tuple[Head, Manifest] | None:
        """Return it where it consists of just that."""
        head, manifest, contents = self.head, self.manifest, self.contents
        if head is None or manifest is None or contents is None:
            return None
        own = (manifest.catalog, contents.files, contents.images)
        return (head, manifest) if own == (catalog, files, images) else None


def publish(source: Source, objects: Objects, *, keep: int, with_chats: bool) -> Published:
    """Publish a snapshot of a project, while others read and write it.

    Args:
        source: The project.
        objects: Where.
        keep: How many of the newest snapshots stay.
        with_chats: Whether chat assistants are published too.

    Raises:
        OtherPublisherError: Another process has published there meanwhile.
        DamagedProjectError: A file of the project is missing or torn.
        SnapshotError: An object cannot be written or read.
    """
    objects.prepare()
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _publish(source, objects, keep, with_chats=with_chats)
        except DamagedProjectError:
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError


def _publish(source: Source, objects: Objects, keep: int, *, with_chats: bool) -> Published:
    last = _last(objects)
    with telling_disk(Path(tempfile.gettempdir())), tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "catalog.sqlite3")
        source.catalog.copy(copy)
        published.strip(copy, with_chats=with_chats)
        publishing = _Publishing(source, objects, last, copy)
        head = publishing.write()
    if head == last.head:
        return publishing.result(head, is_new=False)
    if read_head(objects) != last.head:
        raise OtherPublisherError(objects.shown)
    publishing.check_there()
    objects.write(HEAD, [encode(head)])
    now = read_head(objects)
    # One with a higher number was made after this one, and knows it.
    if now is None or (now != head and now.number <= head.number):
        raise OtherPublisherError(objects.shown)
    collect(objects, head, publishing.contents, keep)
    return publishing.result(head, is_new=True)


def _last(objects: Objects) -> _Last:
    """Return the last snapshot, whose objects a new one can share."""
    head = read_head(objects)
    if head is None:
        return _Last(None)
    try:
        manifest = read_manifest(objects, head)
        return _Last(head, manifest, read_contents(objects, manifest))
    except DamagedSnapshotError:
        return _Last(head)  # which the new one mends: it shares nothing with it


class _Publishing:
    """One snapshot on its way."""

    def __init__(self, source: Source, objects: Objects, last: _Last, copy: Path) -> None:
        self._source = source
        self._objects = objects
        self._last = last
        self._copy = copy
        self._there: dict[str, dict[str, Listed]] = {}
        self._written = 0
        self._manifest: Manifest
        self.contents: Contents

    def write(self) -> Head:
        """Write everything but HEAD; return the HEAD to write, or the one that stands."""
        self._there = {folder: self._objects.listed(folder) for folder in FOLDERS[:3]}
        copied = Catalog(self._copy, read_only=True)
        try:
            with copied.read() as reading:
                needed, pictured = documents.files_in_use(reading), chunks.with_images(reading)
                models = published.embeddings_of(reading)
        finally:
            copied.close()
        files = {sha256: self._size_of(sha256) for sha256 in needed}
        images = {id: self._source.files.image_hash(id) for id in pictured}
        keys, sha256 = pages.keys_of(self._copy)
        stored = self._write_pages(keys)
        places, packs = pages.placed(keys, stored)
        self.contents = Contents(keys, places, packs, files, images)
        self._write_files()
        if not self._written and (known := self._last.same(sha256, files, images)):
            head, self._manifest = known
            return head
        self._manifest = self._manifest_of(sha256, models)
        data = encode(self._manifest)
        head = Head(FORMAT, self._manifest.number, hashlib.sha256(data).hexdigest())
        self._put(head.name, [data])
        return head

    def _size_of(self, sha256: str) -> int:
        path = self._source.files.path_of(sha256)
        try:
            with telling_disk(path):
                return path.lstat().st_size
        except FileNotFoundError:
            raise DamagedProjectError(path, "it is missing") from None

    def _write_pages(self, keys: pages.Keys) -> dict[bytes, tuple[Pack, int]]:
        """Write the new pages of the catalog; return where each page lies."""
        last = self._last.contents
        whole = {
            pack.sha256
            for pack in (last.packs if last else ())
            if self._is_there("packs", pack.sha256, pack.size)
        }
        published = pages.kept_places(last, whole)
        new = pages.new_pages(keys, published)
        by_number = {number: key for key, number in new}

        def write(pack: tuple[bytes, list[int]]) -> tuple[Pack, list[int]]:
            data, numbers = pack
            sha256 = hashlib.sha256(data).hexdigest()
            self._put(f"packs/{sha256}", [data])
            return Pack(sha256, len(data), len(numbers)), numbers

        for pack, numbers in in_turns(write, pages.packs_of(self._copy, list(by_number))):
            for within, number in enumerate(numbers):
                published[by_number[number]] = pack, within
        return published

    def _write_files(self) -> None:
        known = self._last.contents
        files = known.files if known else {}
        images = {sha256 for sha256, _ in known.images.values()} if known else set()
        # What only an older snapshot names may be collected at any moment: it is written anew.
        new = [
            sha256
            for sha256, size in self.contents.files.items()
            if sha256 not in files or not self._is_there("files", sha256, size)
        ]
        in_turns(self._write_file, new)
        pictures = {
            sha256: id
            for id, (sha256, size) in self.contents.images.items()
            if sha256 not in images or not self._is_there("images", sha256, size)
        }
        in_turns(self._write_image, pictures.items())

    def _is_there(self, folder: str, name: str, size: int) -> bool:
        listed = self._there[folder].get(name)
        return listed is not None and listed.size == size

    def _write_file(self, sha256: str) -> None:
        self._source.files.check(sha256)
        size = self._put(f"files/{sha256}", self._pieces(sha256))
        if size != self.contents.files[sha256]:
            raise DamagedProjectError(self._source.files.path_of(sha256), "it has changed")

    def _pieces(self, sha256: str) -> Iterator[bytes]:
        path = self._source.files.path_of(sha256)
        digest = hashlib.sha256()
        with telling_disk(path), telling_links(path), read_own(path) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                yield piece
        if digest.hexdigest() != sha256:
            raise DamagedProjectError(path, "it has changed")

    def _write_image(self, picture: tuple[str, str]) -> None:
        sha256, id = picture
        data = self._source.files.get_image(id)
        if hashlib.sha256(data).hexdigest() != sha256:
            path = self._source.path / "images" / f"{id}.png"
            raise DamagedProjectError(path, "it has changed")  # parsed again meanwhile
        self._put(f"images/{sha256}", [data])

    def _put(self, name: str, data: Iterator[bytes] | list[bytes]) -> int:
        size = self._objects.write(name, data)
        self._written += size
        return size

    def _manifest_of(self, catalog: str, models: list[tuple[str, str, int]]) -> Manifest:
        packed, raw = pack_contents(self.contents)
        contents = hashlib.sha256(packed).hexdigest()
        self._put(f"contents/{contents}", [packed])
        last = self._last.head
        sizes = [*self.contents.files.values(), *(s for _, s in self.contents.images.values())]
        return Manifest(
            format=FORMAT,
            number=last.number + 1 if last else 1,
            created=now_ms(),
            parent=Parent(last.number, last.sha256) if last else None,
            contents=contents,
            contents_bytes=(len(packed), raw),
            catalog=catalog,
            catalog_bytes=self._copy.stat().st_size,
            files=len(self.contents.files),
            images=len(self.contents.images),
            files_bytes=sum(sizes),
            embeddings=tuple(Embedding(*model) for model in models),
        )

    def check_there(self) -> None:
        """Look whether all that the snapshot names is there.

        Raises:
            OtherPublisherError: Something is gone: another publisher has collected it.
            SnapshotError: The store does not keep what is written to it.
        """
        there = {
            f"{folder}/{name}": listed.size
            for folder in FOLDERS[:3]
            for name, listed in self._objects.listed(folder).items()
        }
        for name, size in self.contents.names().items():
            if name not in there:
                raise OtherPublisherError(self._objects.shown)
            if there[name] != size:
                problem = f"{name} has {there[name]} bytes there, {size} were written"
                raise SnapshotError(self._objects.shown, problem, _NOT_KEPT)

    def result(self, head: Head, *, is_new: bool) -> Published:
        """Return what was done."""
        manifest = self._manifest
        return Published(
            self._objects.shown,
            head.number,
            is_new,
            self._written,
            manifest.catalog_bytes,
            manifest.files_bytes,
        )
