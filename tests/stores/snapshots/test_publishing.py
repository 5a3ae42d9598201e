"""Publishing: only what is new, nothing that is private, and harmless wherever it ends."""

import contextlib
import os
import random
import sqlite3
from pathlib import Path

import pytest

from ragflow_local import DataSet, Document, RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.errors import (
    DamagedProjectError,
    InvalidValueError,
    RagflowError,
    SnapshotError,
)
from ragflow_local.ingest.drafts import Parsed
from ragflow_local.records import Draft
from ragflow_local.stores.snapshots import collecting
from ragflow_local.stores.snapshots.fetched import current
from ragflow_local.stores.snapshots.fetching import fetch
from ragflow_local.stores.snapshots.objects import Objects
from tests.stores.snapshots.conftest import Put
from tests.stores.snapshots.stores import How, Store, copied
from tests.stores.snapshots.test_fetching import fetched, says


def named(store: Path) -> set[str]:
    """Return the names of all objects but HEAD."""
    return {f"{path.parent.name}/{path.name}" for path in store.rglob("*/*") if path.is_file()}


def size_of(store: Path) -> int:
    return sum(path.stat().st_size for path in store.rglob("*") if path.is_file())


def test_what_has_not_changed_is_not_published_again(rag: RAGFlow, put: Put, store: Path) -> None:
    put("a.txt", "A kraken.")
    first = rag.publish(store)
    assert (first.number, first.is_new) == (1, True)
    before = named(store)
    again = rag.publish(store)
    assert (again.number, again.is_new, again.written_bytes) == (1, False, 0)
    assert named(store) == before


def test_only_what_is_new_is_written(rag: RAGFlow, put: Put, store: Path) -> None:
    for number in range(30):
        put(f"{number}.txt", *(f"The kraken {number} has {n} arms." for n in range(20)))
    first = rag.publish(store)
    put("new.txt", "A squid.", image=b"PNG")
    before = size_of(store)
    second = rag.publish(store)
    assert second.number == 2
    assert 0 < second.written_bytes < 0.3 * first.written_bytes
    assert size_of(store) - before <= second.written_bytes


def test_after_a_change_of_one_document_in_a_hundred_little_is_written(
    rag: RAGFlow, dataset: DataSet, store: Path, readers: Path
) -> None:
    """At most 6 % of the bytes of the catalog."""
    words = random.Random(7)

    def write(documents: list[Document]) -> None:
        rows = rag.project.indexer.begin([document.id for document in documents])
        texts = (" ".join(f"w{words.randrange(20_000)}" for _ in range(100)) for _ in range(9999))
        group = [
            Parsed(row, [Draft(next(texts)) for _ in range(8)], [], lambda: False) for row in rows
        ]
        rag.project.indexer.replace_documents(group, lambda done: None)

    with rag.project.catalog.write():
        documents = [rag.add_document(dataset, f"{n}.txt", b"%d" % n) for n in range(300)]
    write(documents)
    rag.publish(store)
    fetched(store, readers)
    write(documents[::100])
    second = rag.publish(store)
    assert second.written_bytes <= 0.06 * second.catalog_bytes
    assert fetched(store, readers).read_bytes <= second.written_bytes
    assert examine(readers).is_healthy


@pytest.mark.parametrize("how", ["before", "halfway", "after"])
@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_a_publish_that_ends_at_any_call_is_harmless(
    rag: RAGFlow, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: How, step: int
) -> None:
    """HEAD itself may be torn, where a store writes in place: the next best manifest counts."""
    monkeypatch.setattr(collecting, "GRACE_SECONDS", -1.0)  # it collects too
    store, readers = tmp_path / "store", tmp_path / "readers"
    put("a.txt", "A kraken.", image=b"PNG of a kraken")
    put("b.txt", "A whale.", image=b"PNG of a whale")
    for number in range(3):  # so that one is collected
        put("c.txt", f"A squid of {number} arms.")
        rag.publish(store, keep=3)
    old = copied(store, tmp_path / "old")
    fetched(old, tmp_path / "held")
    put("b.txt", "A dolphin.", image=b"PNG of a dolphin")
    ends: list[int] = []
    while True:
        store = copied(old, store)
        handler = Store(step * len(ends) + len(how) % step, how)
        with contextlib.suppress(RagflowError):
            rag.publish(store, filesystem=handler.filesystem, keep=2)
        if not handler.has_ended:
            break
        result = fetch(Objects.at(store), copied(tmp_path / "held", readers), keep=2)
        ends.append(result.number)
        if len(ends) % 5 == 0:
            expected = "A dolphin." if result.number == 4 else "A whale."
            assert expected in says(readers, "kraken whale dolphin squid")
            assert examine(readers).is_healthy
            assert rag.publish(store, keep=2).number == 4
            fetched(store, readers)
            assert "A dolphin." in says(readers, "kraken whale dolphin squid")
    assert step * len(ends) > 25
    assert ends == sorted(ends)
    assert set(ends) == {3, 4}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("calls", [4, 7, 10, 12, 13, 14, 17])
def test_a_publish_that_is_killed_leaves_no_half_object_in_a_folder(
    rag: RAGFlow, put: Put, store: Path, readers: Path, calls: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    put("a.txt", "A kraken.")
    rag.publish(store)
    put("b.txt", "A whale.")
    project = rag.project.path
    rag.close()
    child = os.fork()
    if child == 0:
        try:
            done = iter(range(calls))
            real = Objects._telling

            def telling(self: Objects, name: str) -> object:
                if next(done, None) is None:
                    os._exit(86)
                return real(self, name)

            monkeypatch.setattr(Objects, "_telling", telling)
            with RAGFlow(project_dir=project, read_only=True) as reader:
                reader.publish(store)
        finally:
            os._exit(0)
    assert os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 86
    fetched(store, readers)
    assert says(readers, "kraken whale") in (["A kraken."], ["A kraken.", "A whale."])
    with RAGFlow(project_dir=project, read_only=True) as reader:
        reader.publish(store)
    fetched(store, readers)
    assert says(readers, "kraken whale") == ["A kraken.", "A whale."]


def test_a_store_that_does_not_keep_what_it_is_given_is_told(
    rag: RAGFlow, put: Put, store: Path
) -> None:
    """As an S3 server that takes the checksum behind an upload for a part of it."""
    put("a.txt", "A kraken.")
    handler = Store()

    def add(call: str) -> None:
        if call.startswith(f"write {store}/snapshots"):
            for path in (store / "packs").iterdir():
                path.write_bytes(path.read_bytes() + b"x-amz-checksum")

    handler.on_call = add
    with pytest.raises(SnapshotError, match="keeps what it is given"):
        rag.publish(store, filesystem=handler.filesystem)
    assert not (store / "HEAD").exists()


@pytest.mark.parametrize("folder", ["packs", "files", "images", "contents", "snapshots"])
@pytest.mark.parametrize("damage", ["gone", "torn"])
def test_publishing_again_mends_what_is_damaged(
    rag: RAGFlow, put: Put, store: Path, readers: Path, folder: str, damage: str
) -> None:
    put("a.txt", "A kraken.", image=b"PNG")
    rag.publish(store)
    for path in (store / folder).iterdir():
        if damage == "gone":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-1])
    assert rag.publish(store).is_new
    fetched(store, readers)
    assert says(readers) == ["A kraken."]
    assert examine(readers).is_healthy


def test_deleting_and_vacuum_leave_a_published_project_right(
    rag: RAGFlow, put: Put, store: Path, readers: Path
) -> None:
    for number in range(30):
        put(f"{number}.txt", *(f"The kraken {number} has {n} arms." for n in range(10)))
    rag.publish(store)
    fetched(store, readers)
    for number in range(0, 30, 2):
        rag.get_document(name=f"{number}.txt").delete()
    rag.vacuum()
    rag.publish(store)
    fetched(store, readers)
    report = examine(readers)
    assert report.is_healthy
    assert report.counts["chunks"] == 150
    with RAGFlow(project_dir=readers, read_only=True) as reader:
        for question in ("kraken 3 arms", "7 arms"):
            expected = rag.retrieval(question, [rag.get_dataset("sea_life")])
            hits = reader.retrieval(question, [reader.get_dataset("sea_life")])
            assert [(hit.id, hit.similarity) for hit in hits] == [
                (hit.id, hit.similarity) for hit in expected
            ]


def test_a_document_that_is_deleted_meanwhile_begins_the_snapshot_anew(
    rag: RAGFlow, put: Put, store: Path, readers: Path
) -> None:
    put("a.txt", "A kraken.")
    document = put("b.txt", "A whale.")
    handler = Store()

    def delete(call: str) -> None:
        if call.startswith(f"list {store}/packs"):
            handler.on_call = lambda call: None
            document.delete()

    handler.on_call = delete
    rag.publish(store, filesystem=handler.filesystem)
    fetched(store, readers)
    assert says(readers) == ["A kraken."]


def test_a_file_that_is_damaged_is_not_published(rag: RAGFlow, put: Put, store: Path) -> None:
    put("a.txt", "A kraken.")
    [path] = (rag.project.path / "files").iterdir()
    path.write_bytes(b"A Kraken.")
    with pytest.raises(DamagedProjectError):
        rag.publish(store)
    assert not (store / "HEAD").exists()


def test_a_picture_that_is_damaged_is_not_published(rag: RAGFlow, put: Put, store: Path) -> None:
    put("a.txt", "A kraken.", image=b"PNG of a kraken")
    [path] = (rag.project.path / "images").iterdir()
    path.write_bytes(b"X" + path.read_bytes()[1:])
    with pytest.raises(DamagedProjectError):
        rag.publish(store)
    assert not (store / "HEAD").exists()


def test_a_picture_that_changes_under_its_id_is_published_anew(
    rag: RAGFlow, put: Put, store: Path, readers: Path
) -> None:
    put("a.txt", "A kraken.", image=b"PNG of a kraken")
    rag.publish(store)
    old = fetched(store, readers).directory
    put("a.txt", "A kraken.", image=b"another PNG")
    rag.publish(store)
    fetched(store, readers)
    with RAGFlow(project_dir=readers, read_only=True) as reader:
        [chunk] = reader.get_document(name="a.txt").list_chunks()
        assert chunk.image() == b"another PNG"
    with RAGFlow(project_dir=old, read_only=True) as reader:
        [chunk] = reader.get_document(name="a.txt").list_chunks()
        assert chunk.image() == b"PNG of a kraken"


@pytest.mark.parametrize("folder", ["files", "images"])
def test_what_only_an_older_snapshot_names_is_written_anew(
    rag: RAGFlow, put: Put, store: Path, readers: Path, folder: str
) -> None:
    """It may be collected at any moment, and is young from then on."""
    put("a.txt", "A kraken.")
    document = put("b.txt", "A whale.", image=b"PNG of a whale")
    rag.publish(store)
    both = set((store / folder).iterdir())
    document.delete()
    rag.publish(store)
    put("b.txt", "A whale.", image=b"PNG of a whale")
    handler = Store()
    rag.publish(store, filesystem=handler.filesystem)
    written = {call.partition(" ")[2] for call in handler.calls if call.startswith("write")}
    again = {path for path in both if str(path) in written}
    assert len(again) == 1
    assert set((store / folder).iterdir()) == both
    fetched(store, readers)
    assert "A whale." in says(readers, "kraken whale")


def test_the_writer_goes_on_while_a_snapshot_is_published(
    rag: RAGFlow, put: Put, store: Path, readers: Path
) -> None:
    put("0.txt", "A kraken.")
    handler = Store()
    names = iter(range(1, 1000))

    def write(call: str) -> None:
        if call.startswith("write"):
            put(f"{next(names)}.txt", "A whale.")

    handler.on_call = write
    rag.publish(store, filesystem=handler.filesystem)
    fetched(store, readers)
    assert says(readers, "kraken whale") == ["A kraken."]
    assert len(rag.get_dataset("sea_life").list_docs()) > 4


def test_a_fetched_catalog_needs_no_files_beside_it(rag: RAGFlow, put: Put, store: Path) -> None:
    """Readers of a write-ahead log write one, which a shared folder may not allow."""
    put("a.txt", "A kraken.")
    rag.publish(store)
    fetched(store, store.parent / "readers")
    catalog = current(store.parent / "readers") / "catalog.sqlite3"
    connection = sqlite3.connect(catalog)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()
    says(store.parent / "readers")
    assert not list(catalog.parent.glob("catalog.sqlite3-*"))


@pytest.mark.parametrize("uri", ["", " ", "nosuch://bucket/prefix", "s3://"])
def test_an_address_that_is_none_is_refused(rag: RAGFlow, uri: str) -> None:
    with pytest.raises(InvalidValueError, match="uri"):
        rag.publish(uri)


@pytest.mark.parametrize("keep", [0, 1, -1, "3"])
def test_too_few_snapshots_are_not_kept(rag: RAGFlow, store: Path, keep: int) -> None:
    with pytest.raises(InvalidValueError, match="keep"):
        rag.publish(store, keep=keep)
