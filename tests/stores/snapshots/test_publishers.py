"""Two publishers at one address: the one who would replace the other is told."""

import threading
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.errors import (
    OtherPublisherError,
)
from ragflow_local.stores.snapshots import manifest
from ragflow_local.stores.snapshots.objects import Objects
from tests.stores.snapshots.conftest import Put
from tests.stores.snapshots.stores import Store
from tests.stores.snapshots.test_fetching import fetched, says


def publish_at(handler: Store, call: str, rag: RAGFlow, store: Path) -> None:
    """Have another publisher publish once, just before a call."""
    is_due = threading.Lock()

    def meanwhile(now: str) -> None:
        if now.startswith(call) and is_due.acquire(blocking=False):
            rag.publish(store)

    handler.on_call = meanwhile


def test_a_second_publisher_is_told_before_it_replaces_anything(
    rag: RAGFlow, put: Put, store: Path, readers: Path, tmp_path: Path
) -> None:
    put("a.txt", "A kraken.")
    rag.publish(store)
    rag.backup(tmp_path / "other")
    with RAGFlow(project_dir=tmp_path / "other", embedding_model="hashing") as other:
        other.create_dataset("of_the_other")
        put("b.txt", "A whale.")
        handler = Store()
        publish_at(handler, f"write {store}/snapshots", rag, store)
        with pytest.raises(OtherPublisherError, match="Let one process publish"):
            other.publish(store, filesystem=handler.filesystem)
    fetched(store, readers)
    assert says(readers, "kraken whale") == ["A kraken.", "A whale."]


def test_a_second_publisher_that_writes_head_at_the_same_moment_is_told(
    rag: RAGFlow, put: Put, store: Path, readers: Path, tmp_path: Path
) -> None:
    put("a.txt", "A kraken.")
    rag.publish(store)
    rag.backup(tmp_path / "other")
    with RAGFlow(project_dir=tmp_path / "other", embedding_model="hashing") as other:
        other.create_dataset("of_the_other")
        put("b.txt", "A whale.")
        handler, second = Store(), Store()
        publish_at(handler, f"write {store}/HEAD", rag, store)
        # The other one replaces HEAD of the first: whoever looks last is told.
        other.publish(store, filesystem=handler.filesystem)
        publish_at(second, f"read {store}/HEAD", rag, store)
    head = manifest.read_head(Objects.at(store))
    assert head is not None
    assert head.number == 2
    fetched(store, readers)
    with RAGFlow(project_dir=readers, read_only=True) as reader:
        assert reader.list_datasets(name="of_the_other")


def test_a_head_that_another_replaces_right_after_is_told(
    rag: RAGFlow, put: Put, store: Path, tmp_path: Path
) -> None:
    put("a.txt", "A kraken.")
    rag.publish(store)
    old = (store / "HEAD").read_bytes()
    put("b.txt", "A whale.")
    handler = Store()

    def replace(call: str) -> None:
        if f"write {store}/HEAD" in handler.calls and call == f"read {store}/HEAD":
            (store / "HEAD").write_bytes(old)

    handler.on_call = replace
    with pytest.raises(OtherPublisherError):
        rag.publish(store, filesystem=handler.filesystem)


def test_a_publisher_that_follows_at_once_is_no_second_one(
    rag: RAGFlow, put: Put, store: Path
) -> None:
    put("a.txt", "A kraken.")
    handler = Store()

    def follow(call: str) -> None:
        if call == f"read {store}/HEAD" and f"write {store}/HEAD" in handler.calls:
            handler.on_call = lambda call: None
            put("b.txt", "A whale.")
            rag.publish(store)

    handler.on_call = follow
    assert rag.publish(store, filesystem=handler.filesystem).number == 1
    head = manifest.read_head(Objects.at(store))
    assert head is not None
    assert head.number == 2


def test_what_another_has_collected_is_noticed_before_head_is_written(
    rag: RAGFlow, put: Put, store: Path
) -> None:
    put("a.txt", "A kraken.")
    rag.publish(store)
    old = (store / "HEAD").read_bytes()
    put("b.txt", "A whale.")
    handler = Store()

    def collect(call: str) -> None:
        if call.startswith(f"write {store}/snapshots"):
            for pack in (store / "packs").iterdir():
                pack.unlink()

    handler.on_call = collect
    with pytest.raises(OtherPublisherError):
        rag.publish(store, filesystem=handler.filesystem)
    assert (store / "HEAD").read_bytes() == old
