"""The published objects: typed, bounded, and compared with their names before they are used.

Whoever may write at an address may say anything there. So of a manifest only numbers and hashes of
fixed length are taken, no name of a file; what it says of sizes is a bound for what is read.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from ragflow_local.errors import DamagedSnapshotError, SnapshotError, SnapshotVersionError
from ragflow_local.stores.snapshots.objects import Objects

FORMAT = 1
HEAD = "HEAD"
PAGE = 4096  # bytes: SQLite's pages, so that a change to a row changes one piece
KEY = 16  # bytes of a page's SHA-256; that of the whole catalog is compared besides

_MOST_SMALL = 1 << 20  # bytes of HEAD or a manifest
_MOST_CONTENTS = 1 << 30
_MOST_CATALOG = 1 << 40
_MOST_FILE = 1 << 40
MOST_PAGES = 4096  # of a pack

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Number = Annotated[int, msgspec.Meta(ge=1, le=10**12)]
Size = Annotated[int, msgspec.Meta(ge=0, le=_MOST_FILE)]


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which manifest is the newest."""

    format: int
    number: _Number
    sha256: Sha256

    @property
    def name(self) -> str:
        """The object that holds it."""
        return f"snapshots/{self.number}-{self.sha256}.json"


class Parent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The snapshot before."""

    number: _Number
    sha256: Sha256


class Embedding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The model that a dataset was embedded with."""

    model: str
    fingerprint: str
    dim: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one snapshot consists of.

    Attributes:
        created: Milliseconds since 1970, by the publisher's clock.
        contents: The hash of its list.
        contents_bytes: As it lies there, and unpacked.
        catalog: Its hash, and ``catalog_bytes``.
        files: How many, likewise ``images``; ``files_bytes`` of both together.
    """

    format: int
    number: _Number
    created: int
    parent: Parent | None
    contents: Sha256
    contents_bytes: tuple[Size, Size]
    catalog: Sha256
    catalog_bytes: Annotated[int, msgspec.Meta(ge=1, le=_MOST_CATALOG)]
    files: int
    images: int
    files_bytes: Size
    embeddings: tuple[Embedding, ...]


class _Wire(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A list of contents, as it is written."""

    pages: bytes
    places: bytes
    packs: bytes
    pack_sizes: bytes
    files: bytes
    file_sizes: bytes
    image_ids: bytes
    images: bytes
    image_sizes: bytes


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack, and how many bytes and pages it has."""

    sha256: str
    size: int
    pages: int


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a snapshot consists of.

    Attributes:
        pages: (n, 16) uint8, the key of each page of the catalog in order.
        places: (n, 2) uint32, the pack of each page by its index, and where in it.
        packs: Those that have a page of it.
        files: Sizes by hash.
        images: Hash and size by the id of the chunk.
    """

    pages: NDArray[np.uint8]
    places: NDArray[np.uint32]
    packs: tuple[Pack, ...]
    files: dict[str, int]
    images: dict[str, tuple[str, int]]

    def names(self) -> dict[str, int]:
        """Return the name of every object that it needs, and its size."""
        return {
            **{f"packs/{pack.sha256}": pack.size for pack in self.packs},
            **{f"files/{sha256}": size for sha256, size in self.files.items()},
            **{f"images/{sha256}": size for sha256, size in self.images.values()},
        }


Kind = TypeVar("Kind", Head, Manifest)


def encode(value: Head | Manifest) -> bytes:
    """Return HEAD or a manifest as JSON that a person can read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def decode(kind: type[Kind], data: bytes, objects: Objects, name: str) -> Kind:
    """Return the object that ``encode`` wrote.

    Raises:
        SnapshotVersionError: A newer version wrote it.
        DamagedSnapshotError: It is torn, or says what cannot be.
    """
    try:
        version = json.loads(data)["format"]
        if isinstance(version, int) and version > FORMAT:
            raise SnapshotVersionError(objects.shown, version, FORMAT)
        return msgspec.json.decode(data, type=kind)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedSnapshotError(objects.shown, name, f"cannot be read: {error}") from error


def read_head(objects: Objects) -> Head | None:
    """Return which snapshot is the newest; None where nothing was published.

    HEAD may be torn where a store writes in place, and its writer ended in the middle: then the
    newest manifest that is whole counts, for all else was written before it.
    """
    try:
        return decode(Head, objects.read(HEAD, _MOST_SMALL), objects, HEAD)
    except FileNotFoundError:
        return None
    except DamagedSnapshotError:
        for head in sorted(_listed(objects), key=lambda head: head.number, reverse=True):
            try:
                read_manifest(objects, head)
            except DamagedSnapshotError:
                continue
            return head
        raise


def _listed(objects: Objects) -> list[Head]:
    return [head for name in objects.listed("snapshots") if (head := head_of(name))]


def head_of(name: str) -> Head | None:
    """Return what HEAD would say of a manifest of that name; None where it is none."""
    number, _, sha256 = name.removesuffix(".json").partition("-")
    try:
        return msgspec.convert({"format": FORMAT, "number": int(number), "sha256": sha256}, Head)
    except (ValueError, msgspec.ValidationError):
        return None


def read_manifest(objects: Objects, head: Head) -> Manifest:
    """Return a manifest.

    Raises:
        DamagedSnapshotError: It is missing or torn.
    """
    data = read_named(objects, head.name, head.sha256, _MOST_SMALL)
    manifest = decode(Manifest, data, objects, head.name)
    if manifest.number != head.number:
        raise DamagedSnapshotError(objects.shown, head.name, "has another number")
    return manifest


def read_named(objects: Objects, name: str, sha256: str, most_bytes: int) -> bytes:
    """Return an object that must have that hash.

    Raises:
        DamagedSnapshotError: It is missing, or has another.
    """
    try:
        data = objects.read(name, most_bytes)
    except FileNotFoundError:
        raise DamagedSnapshotError(objects.shown, name, "is missing") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedSnapshotError(objects.shown, name, "is not what it was")
    return data


def pack_contents(contents: Contents) -> tuple[bytes, int]:
    """Return the list of contents as it is kept, and its bytes before they were compressed."""
    sizes = [(pack.size, pack.pages) for pack in contents.packs]
    images = sorted(contents.images.items())
    files = sorted(contents.files.items())
    wire = _Wire(
        contents.pages.tobytes(),
        contents.places.astype("<u4").tobytes(),
        _bytes_of(pack.sha256 for pack in contents.packs),
        np.array(sizes, "<u8").tobytes(),
        _bytes_of(sha256 for sha256, _ in files),
        np.array([size for _, size in files], "<u8").tobytes(),
        _bytes_of(id for id, _ in images),
        _bytes_of(sha256 for _, (sha256, _) in images),
        np.array([size for _, (_, size) in images], "<u8").tobytes(),
    )
    data = msgspec.msgpack.encode(wire)
    return zlib.compress(data, 6), len(data)


def _bytes_of(hashes: Any) -> bytes:
    return b"".join(bytes.fromhex(text) for text in hashes)


def read_contents(objects: Objects, manifest: Manifest) -> Contents:
    """Return the contents of a snapshot.

    Raises:
        DamagedSnapshotError: It is missing or torn, or says what cannot be.
    """
    name = f"contents/{manifest.contents}"
    size, raw = manifest.contents_bytes
    if max(size, raw) > _MOST_CONTENTS:
        raise DamagedSnapshotError(objects.shown, name, "is larger than it can be")
    data = read_named(objects, name, manifest.contents, size)
    try:
        unpacked = zlib.decompressobj().decompress(data, raw + 1)
        wire = msgspec.msgpack.decode(unpacked, type=_Wire)
        contents = _contents_of(wire)
        _check(contents, manifest)
    except (ValueError, zlib.error, msgspec.DecodeError, RecursionError) as error:
        raise DamagedSnapshotError(objects.shown, name, f"cannot be read: {error}") from error
    return contents


def _contents_of(wire: _Wire) -> Contents:
    sizes = np.frombuffer(wire.pack_sizes, "<u8").reshape(-1, 2).tolist()
    packs = zip(_texts(wire.packs, 32), sizes, strict=True)
    images = zip(_texts(wire.images, 32), _numbers(wire.image_sizes), strict=True)
    return Contents(
        np.frombuffer(wire.pages, np.uint8).reshape(-1, KEY),
        np.frombuffer(wire.places, "<u4").reshape(-1, 2),
        tuple(Pack(sha256, size, pages) for sha256, (size, pages) in packs),
        dict(zip(_texts(wire.files, 32), _numbers(wire.file_sizes), strict=True)),
        dict(zip(_texts(wire.image_ids, 16), images, strict=True)),
    )


def _texts(data: bytes, width: int) -> list[str]:
    if len(data) % width:
        raise ValueError("a hash is cut off")
    text = data.hex()
    return [text[start : start + 2 * width] for start in range(0, len(text), 2 * width)]


def _numbers(data: bytes) -> list[int]:
    numbers: list[int] = np.frombuffer(data, "<u8").tolist()
    return numbers


def _check(contents: Contents, manifest: Manifest) -> None:
    """Raise ``ValueError`` where a list and its manifest do not fit."""
    pages = -(-manifest.catalog_bytes // PAGE)
    if len(contents.pages) != pages or len(contents.places) != pages:
        raise ValueError("it has other pages than the catalog")
    counts = np.array([pack.pages for pack in contents.packs], np.int64)
    if counts.size and (counts.min() < 1 or counts.max() > MOST_PAGES):
        raise ValueError("a pack has too many pages")
    packs, within = contents.places[:, 0].astype(np.int64), contents.places[:, 1]
    if packs.max(initial=-1) >= len(counts) or np.any(within >= counts[packs]):
        raise ValueError("a page lies outside of its pack")
    if any(pack.size > 2 * MOST_PAGES * PAGE for pack in contents.packs):
        raise ValueError("a pack is larger than it can be")
    sizes = [*contents.files.values(), *(size for _, size in contents.images.values())]
    if sum(sizes) != manifest.files_bytes or any(size > _MOST_FILE for size in sizes):
        raise ValueError("files have other sizes")
    if (len(contents.files), len(contents.images)) != (manifest.files, manifest.images):
        raise ValueError("there are other files than it says")


def check_published(head: Head | None, objects: Objects) -> Head:
    """Return the head; raises ``SnapshotError`` where nothing was published."""
    if head is None:
        raise SnapshotError(
            objects.shown,
            "nothing has been published there",
            "See whether this is the address that the publisher names, or publish first:"
            " ragflow-local publish URI",
        )
    return head
