"""Collecting: nothing that a kept snapshot names goes, and nothing of a publish under way."""

import os
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.errors import RagflowError
from ragflow_local.stores.snapshots import collecting
from ragflow_local.stores.snapshots.manifest import head_of, read_contents, read_manifest
from ragflow_local.stores.snapshots.objects import Objects
from tests.stores.snapshots.conftest import Put
from tests.stores.snapshots.stores import Store
from tests.stores.snapshots.test_fetching import fetched, says
from tests.stores.snapshots.test_publishing import named


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is too young to go."""
    monkeypatch.setattr(collecting, "GRACE_SECONDS", -1.0)


def needed(store: Path) -> set[str]:
    """Return what the manifests that are there name, and themselves."""
    objects, names = Objects.at(store), set()
    for path in (store / "snapshots").iterdir():
        head = head_of(path.name)
        assert head is not None
        manifest = read_manifest(objects, head)
        names |= {head.name, f"contents/{manifest.contents}"}
        names |= set(read_contents(objects, manifest).names())
    return names


def publish_some(rag: RAGFlow, put: Put, store: Path, count: int, keep: int) -> None:
    for number in range(count):
        put("a.txt", f"A kraken of {number} arms.", image=b"PNG %d" % number)
        put(f"{number}.txt", f"A whale of {number} tons.")
        rag.publish(store, keep=keep)


def test_the_last_snapshots_stay_and_nothing_else(
    rag: RAGFlow, put: Put, store: Path, readers: Path, at_once: None
) -> None:
    publish_some(rag, put, store, 6, keep=3)
    assert len(list((store / "snapshots").iterdir())) == 3
    assert named(store) == needed(store)
    fetched(store, readers)
    assert "A kraken of 5 arms." in says(readers)


def test_what_is_young_stays(rag: RAGFlow, put: Put, store: Path) -> None:
    publish_some(rag, put, store, 4, keep=2)
    assert len(list((store / "snapshots").iterdir())) == 4
    day = 24 * 3600
    for path in store.rglob("*/*"):
        status = path.stat()
        os.utime(path, (status.st_atime - 2 * day, status.st_mtime - 2 * day))
    put("a.txt", "A kraken of many arms.")
    rag.publish(store, keep=2)
    assert len(list((store / "snapshots").iterdir())) == 2
    assert named(store) == needed(store)


def test_what_is_not_ours_stays(rag: RAGFlow, put: Put, store: Path, at_once: None) -> None:
    publish_some(rag, put, store, 1, keep=2)
    (store / "packs" / "mine.txt").write_text("mine")
    (store / "snapshots" / "notes.json").write_text("mine")
    (store / "packs" / ".new-0a1b2c3d").write_text("left of a publish that ended")
    put("b.txt", "A squid.")
    rag.publish(store)
    assert (store / "packs" / "mine.txt").exists()
    assert (store / "snapshots" / "notes.json").exists()
    assert not (store / "packs" / ".new-0a1b2c3d").exists()


def test_more_snapshots_can_be_kept_from_now_on(
    rag: RAGFlow, put: Put, store: Path, at_once: None
) -> None:
    publish_some(rag, put, store, 4, keep=2)
    publish_some(rag, put, store, 6, keep=5)
    assert len(list((store / "snapshots").iterdir())) == 5
    assert named(store) == needed(store)


def test_of_a_snapshot_that_is_torn_nobody_knows_what_it_needs(
    rag: RAGFlow, put: Put, store: Path, at_once: None
) -> None:
    publish_some(rag, put, store, 3, keep=5)
    before = named(store)
    [second] = (store / "snapshots").glob("2-*")
    second.write_bytes(b"")
    put("b.txt", "A squid.")
    rag.publish(store, keep=5)
    assert named(store) >= before


def test_what_cannot_be_deleted_is_left_and_the_snapshot_counts(
    rag: RAGFlow, put: Put, store: Path, at_once: None, caplog: pytest.LogCaptureFixture
) -> None:
    publish_some(rag, put, store, 3, keep=2)
    put("b.txt", "A squid.")
    handler = Store()

    def refuse(call: str) -> None:
        if call.startswith("delete"):
            raise PermissionError("not allowed")

    handler.on_call = refuse
    assert rag.publish(store, filesystem=handler.filesystem, keep=2).number == 4
    assert "not allowed" in caplog.text


def test_a_collection_that_ends_anywhere_leaves_no_manifest_without_its_parts(
    rag: RAGFlow, put: Put, store: Path, readers: Path, at_once: None
) -> None:
    deletions = 0
    number = 0
    while True:
        put("a.txt", f"A kraken of {number} arms.", image=b"PNG %d" % number)
        number += 1
        handler = Store()

        def end(call: str, handler: Store = handler, last: int = deletions) -> None:
            deleted = sum(1 for one in handler.calls if one.startswith("delete"))
            if call.startswith("delete") and deleted == last:
                handler.end_at = len(handler.calls)

        handler.on_call = end
        try:
            rag.publish(store, filesystem=handler.filesystem, keep=2)
        except RagflowError:
            pytest.fail("the snapshot counts")
        assert needed(store) <= named(store)
        if number > 3 and not handler.has_ended:
            break
        deletions += handler.has_ended
    assert deletions > 4
    fetched(store, readers)
    assert says(readers) == [f"A kraken of {number - 1} arms."]
