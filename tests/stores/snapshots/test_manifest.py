"""Manifests: whatever they say, only hashes become names, and nothing is read without a bound."""

import hashlib
import json
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from ragflow_local import RAGFlow
from ragflow_local.errors import DamagedSnapshotError, RagflowError, SnapshotVersionError
from ragflow_local.stores.names import is_sha256
from ragflow_local.stores.snapshots.manifest import (
    FORMAT,
    Contents,
    Head,
    Manifest,
    Pack,
    encode,
    head_of,
    pack_contents,
    read_contents,
    read_head,
    read_manifest,
)
from ragflow_local.stores.snapshots.objects import Objects
from tests.stores.snapshots.conftest import Put
from tests.stores.snapshots.test_fetching import OLD, fetched, says

SHA = hashlib.sha256(b"1").hexdigest()


def sample() -> Contents:
    return Contents(
        np.arange(48, dtype=np.uint8).reshape(3, 16),
        np.array([[0, 0], [1, 4], [0, 1]], np.uint32),
        (Pack(SHA, 100, 2), Pack(SHA[::-1], 200, 5)),
        {SHA: 7, SHA[::-1]: 0},
        {"0" * 32: (SHA, 9)},
    )


def written(objects: Objects, contents: Contents, **changed: Any) -> Manifest:
    """Write contents; return the manifest that names them."""
    objects.prepare()
    data, raw = pack_contents(contents)
    sha256 = hashlib.sha256(data).hexdigest()
    objects.write(f"contents/{sha256}", [data])
    sizes = [*contents.files.values(), *(size for _, size in contents.images.values())]
    values: dict[str, Any] = {
        "format": FORMAT,
        "number": 1,
        "created": 0,
        "parent": None,
        "contents": sha256,
        "contents_bytes": (len(data), raw),
        "catalog": SHA,
        "catalog_bytes": 3 * 4096 - 5,
        "files": len(contents.files),
        "images": len(contents.images),
        "files_bytes": sum(sizes),
        "embeddings": (),
    }
    return Manifest(**{**values, **changed})


def test_contents_come_back_as_they_were(tmp_path: Path) -> None:
    objects = Objects.at(tmp_path)
    contents = sample()
    back = read_contents(objects, written(objects, contents))
    assert back.pages.tolist() == contents.pages.tolist()
    assert back.places.tolist() == contents.places.tolist()
    assert (back.packs, back.files, back.images) == (
        contents.packs,
        contents.files,
        contents.images,
    )


def changed(**parts: Any) -> Contents:
    whole = sample()
    values = {name: getattr(whole, name) for name in whole.__slots__}
    return Contents(**{**values, **parts})


@pytest.mark.parametrize(
    "contents",
    [
        changed(pages=sample().pages[:2]),
        changed(places=sample().places[:2]),
        changed(places=np.array([[0, 0], [2, 0], [0, 1]], np.uint32)),
        changed(places=np.array([[0, 0], [0, 2], [0, 1]], np.uint32)),
        changed(packs=(Pack(SHA, 1 << 40, 2), Pack(SHA, 200, 5))),
        changed(packs=(Pack(SHA, 100, 2), Pack(SHA, 200, 1 << 30))),
        changed(packs=(Pack(SHA, 100, 2), Pack(SHA, 200, 0))),
        changed(packs=()),
    ],
    ids=["pages", "places", "pack", "within", "pack size", "many pages", "no page", "no packs"],
)
def test_contents_that_cannot_be_are_refused(tmp_path: Path, contents: Contents) -> None:
    objects = Objects.at(tmp_path)
    with pytest.raises(DamagedSnapshotError):
        read_contents(objects, written(objects, contents))


@pytest.mark.parametrize(
    "values",
    [{"files_bytes": 3}, {"files": 9}, {"images": 0}, {"catalog_bytes": 5 * 4096}],
    ids=lambda values: next(iter(values)),
)
def test_contents_that_do_not_fit_their_manifest_are_refused(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    objects = Objects.at(tmp_path)
    with pytest.raises(DamagedSnapshotError):
        read_contents(objects, written(objects, sample(), **values))


def test_contents_that_unpack_to_more_than_they_say_are_not_unpacked(tmp_path: Path) -> None:
    objects = Objects.at(tmp_path)
    bomb = zlib.compress(bytes(50 << 20), 9)
    sha256 = hashlib.sha256(bomb).hexdigest()
    manifest = written(objects, sample(), contents_bytes=(len(bomb), 1000))
    manifest = msgspec.structs.replace(manifest, contents=sha256)
    objects.write(f"contents/{sha256}", [bomb])
    tracemalloc.start()
    try:
        with pytest.raises(DamagedSnapshotError):
            read_contents(objects, manifest)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10 << 20
    with pytest.raises(DamagedSnapshotError, match="larger than it can be"):
        read_contents(objects, written(objects, sample(), contents_bytes=(1 << 35, 9)))


def hostile(name: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda manifest: manifest.__setitem__(name, value)


@pytest.mark.parametrize(
    "change",
    [
        hostile("contents", "../../../etc/passwd"),
        hostile("contents", "0" * 63),
        hostile("catalog", "A" * 64),
        hostile("catalog_bytes", -1),
        hostile("catalog_bytes", 1 << 60),
        hostile("contents_bytes", [1 << 60, 1]),
        hostile("number", 10**30),
        hostile("number", 7),
        hostile("parent", {"number": 1, "sha256": "../x"}),
        hostile("surprise", 1),
        hostile("files", "many"),
    ],
)
def test_a_hostile_manifest_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    objects = Objects.at(tmp_path)
    values = json.loads(encode(written(objects, sample())))
    change(values)
    data = json.dumps(values).encode()
    head = Head(FORMAT, 1, hashlib.sha256(data).hexdigest())
    objects.write(head.name, [data])
    with pytest.raises(DamagedSnapshotError):
        read_manifest(objects, head)


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b"1", b"null", b"[]", b'{"format": "x"}', b'{"format": 1}', b"\xff"]
)
def test_a_head_that_is_no_head_is_damage(tmp_path: Path, data: bytes) -> None:
    objects = Objects.at(tmp_path)
    objects.prepare()
    objects.write("HEAD", [data])
    with pytest.raises(DamagedSnapshotError):
        read_head(objects)


def test_a_newer_format_is_told_and_the_old_snapshot_stays(
    rag: RAGFlow, put: Put, store: Path, readers: Path
) -> None:
    put("a.txt", "A kraken.")
    put("b.txt", "A whale.")
    rag.publish(store)
    fetched(store, readers)
    (store / "HEAD").write_text('{"format": 2, "newest": "something else"}')
    for call in (lambda: fetched(store, readers), lambda: rag.publish(store)):
        with pytest.raises(SnapshotVersionError, match="pip install -U"):
            call()
    assert says(readers) == OLD


@pytest.mark.parametrize("name", ["1-x.json", "x", f"-{SHA}.json", f"1-{SHA}.json/..", "1-" + SHA])
def test_only_names_that_were_given_are_manifests(name: str) -> None:
    expected = name == f"1-{SHA}"
    assert (head_of(name) is not None) == expected


def test_an_older_manifest_counts_where_head_and_the_newest_are_torn(
    rag: RAGFlow, put: Put, store: Path, readers: Path
) -> None:
    put("a.txt", "A kraken.")
    put("b.txt", "A whale.")
    rag.publish(store)
    put("c.txt", "A squid.")
    rag.publish(store)
    (store / "HEAD").write_bytes(b"")
    [newest] = (store / "snapshots").glob("2-*")
    newest.write_bytes(newest.read_bytes()[:-9])
    fetched(store, readers)
    assert says(readers) == OLD


def test_random_bytes_are_never_more_than_damage(tmp_path: Path) -> None:
    objects = Objects.at(tmp_path)
    contents = sample()
    data, raw = pack_contents(contents)
    plain = bytearray(zlib.decompress(data))
    manifest = written(objects, contents)
    for at in range(0, len(plain), 3):
        odd = bytes(plain[:at]) + bytes([plain[at] ^ 0x91]) + bytes(plain[at + 1 :])
        packed = zlib.compress(odd)
        sha256 = hashlib.sha256(packed).hexdigest()
        objects.write(f"contents/{sha256}", [packed])
        other = msgspec.structs.replace(
            manifest, contents=sha256, contents_bytes=(len(packed), raw)
        )
        try:
            read = read_contents(objects, other)
        except RagflowError:
            continue
        assert all(is_sha256(name) for name in read.files)
