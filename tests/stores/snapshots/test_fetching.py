"""Fetching: whole or not at all, old or new, and nothing read twice."""

import hashlib
import json
import os
import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.errors import (
    DamagedSnapshotError,
    DiskError,
    FetchedProjectError,
    RagflowError,
    SnapshotError,
    UnusableDirectoryError,
)
from ragflow_local.stores.snapshots import fetching
from ragflow_local.stores.snapshots.fetched import current
from ragflow_local.stores.snapshots.fetching import Fetched, fetch
from ragflow_local.stores.snapshots.manifest import (
    Head,
    encode,
    pack_contents,
    read_contents,
    read_head,
    read_manifest,
)
from ragflow_local.stores.snapshots.objects import Objects
from tests.stores.snapshots.conftest import Put
from tests.stores.snapshots.stores import How, Store, copied


def fetched(store: Path, to: Path, keep: int = 2) -> Fetched:
    return fetch(Objects.at(store), to, keep=keep)


def says(directory: Path, question: str = "kraken squid whale") -> list[str]:
    """Return the texts that a reader finds; every picture and file is read too."""
    with RAGFlow(project_dir=directory, read_only=True) as reader:
        [dataset] = reader.list_datasets()
        for document in dataset.list_docs():
            document.download()
            for chunk in document.list_chunks():
                if chunk.image_id:
                    chunk.image()
        hits = reader.retrieval(question, [dataset], similarity_threshold=0.0)
        return sorted(hit.content for hit in hits)


OLD, NEW = ["A kraken.", "A whale."], ["A kraken.", "A squid."]


@pytest.fixture
def two(rag: RAGFlow, put: Put, store: Path, tmp_path: Path) -> tuple[Path, Path]:
    """What was published first, and what then."""
    put("a.txt", "A kraken.", image=b"PNG of a kraken")
    put("b.txt", "A whale.", image=b"PNG of a whale")
    rag.publish(store)
    first = copied(store, tmp_path / "first")
    rag.get_document(name="b.txt").delete()
    put("c.txt", "A squid.", image=b"PNG of a squid")
    rag.publish(store)
    return first, store


def test_a_fetched_project_is_the_published_one(rag: RAGFlow, put: Put, store: Path) -> None:
    put("a.txt", "A kraken sleeps.", "A kraken wakes.", image=b"PNG")
    put("b.txt", "A whale swims.")
    rag.publish(store)
    directory = store.parent / "readers"
    fetched(store, directory)
    report = examine(directory)
    assert report.is_healthy
    assert report.counts == {"datasets": 1, "chunks": 3, "files": 2, "pictures": 2}
    with RAGFlow(project_dir=directory, read_only=True) as reader:
        for question in ("kraken", "whale swims", "sleeps"):
            expected = rag.retrieval(question, [rag.get_dataset("sea_life")])
            hits = reader.retrieval(question, [reader.get_dataset("sea_life")])
            assert [(hit.id, hit.similarity) for hit in hits] == [
                (hit.id, hit.similarity) for hit in expected
            ]
        [document] = reader.get_dataset("sea_life").list_docs(keywords="a.txt")
        assert document.download() == rag.get_document(name="a.txt").download()
        assert document.list_chunks()[0].image() == b"PNG"


def test_what_is_there_is_not_read_again(two: tuple[Path, Path], readers: Path) -> None:
    first, second = two
    one = fetched(first, readers)
    two_ = fetched(second, readers)
    assert (one.is_new, two_.is_new) == (True, True)
    alone = fetched(second, readers.with_name("alone"))
    assert two_.read_bytes < alone.read_bytes
    again = fetched(second, readers)
    assert (again.is_new, again.read_bytes, again.number) == (False, 0, 2)
    [file] = (two_.directory / "files").glob(hashlib.sha256(b"A kraken.").hexdigest())
    assert file.stat().st_nlink == 2  # of both snapshots


def test_a_reader_keeps_its_snapshot_until_it_moves(two: tuple[Path, Path], readers: Path) -> None:
    first, second = two
    fetched(first, readers)
    with RAGFlow(project_dir=readers, read_only=True) as reader:
        other = RAGFlow(project_dir=readers, read_only=True)
        [dataset] = reader.list_datasets()

        def texts(rag: RAGFlow = reader) -> list[str]:
            hits = rag.retrieval("kraken squid whale", [dataset], similarity_threshold=0.0)
            return sorted(hit.content for hit in hits)

        assert texts() == OLD
        fetched(second, readers)
        in_a_thread: list[list[str]] = []
        thread = threading.Thread(target=lambda: in_a_thread.append(texts()))
        thread.start()
        thread.join()
        assert texts() == in_a_thread[0] == OLD
        whale = reader.get_document(name="b.txt")
        assert whale.download() == b"A whale."
        assert whale.list_chunks()[0].image() == b"PNG of a whale"
        assert reader.refresh()
        assert not reader.refresh()
        assert texts() == NEW
        assert texts(other) == OLD
        other.close()
    assert says(readers) == NEW


def test_only_the_last_snapshots_stay(rag: RAGFlow, put: Put, store: Path, readers: Path) -> None:
    names = []
    for number in range(4):
        put("a.txt", f"A kraken of {number} arms.")
        rag.publish(store)
        names.append(fetched(store, readers, keep=2).directory.name)
    there = {path.name for path in readers.iterdir() if path.is_dir()}
    assert there == set(names[2:])


def test_what_was_fetched_is_not_written(two: tuple[Path, Path], readers: Path) -> None:
    fetched(two[0], readers)
    with pytest.raises(FetchedProjectError, match="read_only=True"):
        RAGFlow(project_dir=readers)
    with pytest.raises(FetchedProjectError):
        RAGFlow(project_dir=current(readers))
    with RAGFlow(project_dir=readers, read_only=True) as reader:
        reader.backup(readers.with_name("own"))
    with RAGFlow(project_dir=readers.with_name("own"), embedding_model="hashing") as own:
        own.create_dataset("more")


@pytest.mark.parametrize("how", ["before", "halfway", "after"])
def test_a_fetch_that_ends_at_any_call_leaves_the_old_snapshot(
    two: tuple[Path, Path], tmp_path: Path, how: How
) -> None:
    first, second = two
    old = tmp_path / "old"
    fetched(first, old)
    calls = 0
    while True:
        readers = copied(old, tmp_path / "readers")
        store = Store(calls, how)
        try:
            fetch(Objects.at(second, store.filesystem), readers, keep=2)
        except RagflowError:
            assert current(readers).name == current(old).name
            assert not list(readers.glob(".new-*"))
            if calls % 4 == 0:
                assert says(readers) == OLD
        else:
            break
        calls += 1
    assert calls == 6  # HEAD, manifest, contents, a pack, a file, a picture
    assert not store.has_ended
    fetched(second, readers)
    assert says(readers) == NEW


def lines_of_a_fetch(second: Path, readers: Path) -> list[tuple[str, int]]:
    """Return every line of this room that a fetch passes, once."""
    passed: dict[tuple[str, int], None] = {}

    def trace(frame: object, event: str, _: object) -> object:
        code = frame.f_code  # type: ignore[attr-defined]
        if Path(code.co_filename).name not in ("fetching.py", "fetched.py", "durable.py"):
            return None
        passed[code.co_filename, frame.f_lineno] = None  # type: ignore[attr-defined]
        return trace

    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        fetched(second, readers)
    finally:
        sys.settrace(None)
    return list(passed)


def die_at(file: str, line: int) -> None:
    def trace(frame: object, event: str, _: object) -> object:
        code = frame.f_code  # type: ignore[attr-defined]
        if code.co_filename == file and frame.f_lineno == line:  # type: ignore[attr-defined]
            os._exit(86)
        return trace if code.co_filename == file else None

    sys.settrace(trace)  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("step", [16, pytest.param(1, marks=pytest.mark.slow)])
def test_a_fetch_that_is_killed_at_any_line_leaves_one_snapshot_whole(
    two: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    # One thread: what a child has of the others does not go on.
    monkeypatch.setattr(fetching, "in_turns", lambda work, things: [work(one) for one in things])
    first, second = two
    old = tmp_path / "old"
    fetched(first, old)
    before = current(old).name
    lines = lines_of_a_fetch(second, copied(old, tmp_path / "readers"))
    after = current(tmp_path / "readers").name
    assert len(lines) > 80
    ends: list[str] = []
    for file, line in lines[::step] + lines[-8:]:
        readers = copied(old, tmp_path / "readers")
        child = os.fork()
        if child == 0:
            try:
                die_at(file, line)
                fetched(second, readers)
            finally:
                os._exit(0)
        assert os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 86
        ends.append(current(readers).name)
        catalog = current(readers) / "catalog.sqlite3"
        seal = json.loads((current(readers) / "closed.json").read_text())
        assert hashlib.sha256(catalog.read_bytes()).hexdigest() == seal["sha256"]
    assert set(ends) == {before, after}
    assert fetched(second, readers).directory.name == after
    assert not list(readers.glob(".new-*"))
    assert says(readers) == NEW


def test_a_damaged_part_is_told_and_the_old_snapshot_stays(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = two
    readers = tmp_path / "readers"
    fetched(first, readers)
    there = {path.relative_to(first) for path in first.rglob("*")}
    new = [path for path in second.rglob("*") if path.relative_to(second) not in there]
    assert len(new) == 5  # pack, file, picture, contents, manifest
    for path in new:
        data = path.read_bytes()
        for torn in (None, b"", data[:-1], data[:-1] + b"\0", data + b"\0"):
            path.unlink()
            if torn is not None:
                path.write_bytes(torn)
            with pytest.raises(DamagedSnapshotError, match="Fetch again"):
                fetched(second, readers)
            path.write_bytes(data)
    assert says(readers) == OLD
    fetched(second, readers)
    assert says(readers) == NEW


def test_pages_in_other_places_than_they_were_are_not_taken(
    two: tuple[Path, Path], readers: Path
) -> None:
    """Every object is what its name says, and the list of them is a publisher's who lies."""
    first, second = two
    fetched(first, readers)
    objects = Objects.at(second)
    head = read_head(objects)
    assert head is not None
    manifest = read_manifest(objects, head)
    contents = read_contents(objects, manifest)
    order = [1, 0, *range(2, len(contents.pages))]
    data, raw = pack_contents(
        replace(contents, pages=contents.pages[order], places=contents.places[order])
    )
    sha256 = hashlib.sha256(data).hexdigest()
    objects.write(f"contents/{sha256}", [data])
    lie = msgspec.structs.replace(manifest, contents=sha256, contents_bytes=(len(data), raw))
    head = Head(1, manifest.number, hashlib.sha256(encode(lie)).hexdigest())
    objects.write(head.name, [encode(lie)])
    objects.write("HEAD", [encode(head)])
    with pytest.raises(DamagedSnapshotError, match="the catalog"):
        fetched(second, readers)
    assert says(readers) == OLD


@pytest.mark.parametrize("torn", [b"", b"{", b"\0" * 90, b'{"format": 1, "number": 2, "sha'])
def test_a_head_that_is_torn_is_made_up_for_by_the_newest_manifest(
    two: tuple[Path, Path], readers: Path, torn: bytes
) -> None:
    (two[1] / "HEAD").write_bytes(torn)
    fetched(two[1], readers)
    assert says(readers) == NEW


def test_where_nothing_is_published_nothing_is_fetched(tmp_path: Path, readers: Path) -> None:
    for store in (tmp_path / "nothing", tmp_path):
        with pytest.raises(SnapshotError, match="nothing has been published"):
            fetched(store, readers)


def test_only_directories_of_snapshots_are_fetched_to(
    two: tuple[Path, Path], rag: RAGFlow, tmp_path: Path
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("a file")
    for target in (tmp_path / "notes", tmp_path / "file", rag.project.path):
        with pytest.raises(UnusableDirectoryError):
            fetched(two[0], target)
    assert (tmp_path / "notes" / "mine.txt").read_text() == "mine"


def test_pages_that_changed_on_the_disk_are_read_anew(
    two: tuple[Path, Path], readers: Path
) -> None:
    first, second = two
    old = fetched(first, readers).directory / "catalog.sqlite3"
    old.write_bytes(bytes(old.stat().st_size))
    for file in (old.parent / "files").iterdir():
        file.write_bytes(b"X")
    for image in (old.parent / "images").iterdir():
        image.write_bytes(b"X")
    fetched(second, readers)
    assert says(readers) == NEW


def test_a_fetch_that_is_overtaken_gets_the_newest(
    rag: RAGFlow, put: Put, two: tuple[Path, Path], readers: Path, store: Path
) -> None:
    handler = Store()
    is_due = threading.Lock()

    def overtake(call: str) -> None:
        if call.startswith("read") and "packs/" in call and is_due.acquire(blocking=False):
            put("d.txt", "A dolphin.")
            rag.publish(store)
            for path in (store / "packs").iterdir():
                if path.name in call:
                    path.unlink()  # as if it had been collected
            put("e.txt", "An eel.")
            rag.publish(store)  # which finds it missing, and writes its pages anew

    handler.on_call = overtake
    fetch(Objects.at(store, handler.filesystem), readers, keep=2)
    assert says(readers, "dolphin eel kraken") == ["A dolphin.", "A kraken.", "A squid.", "An eel."]


def test_a_snapshot_that_does_not_fit_is_refused_before_it_is_read(
    two: tuple[Path, Path], readers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(readers.parent)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DiskError, match="Make room"):
        fetched(two[1], readers)
    assert not list(readers.glob("*-*"))


def test_two_fetches_at_once_are_one(two: tuple[Path, Path], readers: Path) -> None:
    results: list[Fetched] = []
    threads = [
        threading.Thread(target=lambda: results.append(fetched(two[1], readers))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.is_new for result in results) == [False, False, False, True]
    assert says(readers) == NEW


def test_a_dataset_of_another_key_is_seen_by_that_key(
    rag: RAGFlow, put: Put, store: Path, readers: Path, dataset: DataSet
) -> None:
    put("a.txt", "A kraken.")
    rag.publish(store)
    fetched(store, readers)
    with RAGFlow("another key", project_dir=readers, read_only=True) as reader:
        assert reader.list_datasets() == []
