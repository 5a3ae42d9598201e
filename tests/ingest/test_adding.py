"""Files come into a project, change, and leave it: rows and bytes together."""

import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.errors import (
    InvalidValueError,
    LimitError,
    NotFoundError,
    ReadOnlyProjectError,
)
from ragflow_local.settings import Limits
from ragflow_local.stores import durable
from ragflow_local.stores import files as stores_files
from ragflow_local.stores.catalog import Connection, documents
from tests.conftest import Parse
from tests.invariants import check_invariants


def test_a_new_row_says_what_its_bytes_are(rag: RAGFlow, dataset: DataSet) -> None:
    row = rag.project.intake.add(dataset.id, "notes.pdf", b"<html><p>x</p></html>", "somebody")
    assert (row.kind, row.type, row.size) == ("html", "doc", 21), "the bytes decide, not the name"
    assert (row.created_by, row.run, row.parse_method) == ("somebody", "UNSTART", "naive")
    assert rag.project.files.get(row.sha256) == b"<html><p>x</p></html>"


def test_what_is_kept_beside_is_kept_together_or_nothing_is(rag: RAGFlow, dataset: DataSet) -> None:
    def refuse(connection: Connection, id: str) -> None:
        assert documents.get(connection, id) is not None, "the row is there already"
        raise RuntimeError("the note cannot be written")

    with pytest.raises(RuntimeError):
        rag.project.intake.add(dataset.id, "a.txt", b"x", "t", refuse)
    assert dataset.list_docs() == []


def test_a_name_or_dataset_that_is_not_allowed_adds_nothing(rag: RAGFlow, dataset: DataSet) -> None:
    with pytest.raises(InvalidValueError):
        rag.project.intake.add(dataset.id, "a\nb.txt", b"x", "t")
    with pytest.raises(NotFoundError):
        rag.project.intake.add("no dataset", "a.txt", b"x", "t")
    assert not any((rag.project.path / "files").iterdir())


def test_files_that_are_added_together_are_there_as_if_one_by_one(
    rag: RAGFlow, dataset: DataSet
) -> None:
    rag.add_document(dataset, "a.txt", b"first")
    files = [
        ("a.txt", b"same"),
        ("b.pdf", b"<html><p>x</p></html>"),
        ("a.txt", b"same"),
        ("c.txt", b""),
    ]
    together = dataset.add_documents(iter(files))
    assert [one.name for one in together] == ["a(1).txt", "b.pdf", "a(2).txt", "c.txt"]
    assert [one.download() for one in together] == [data for _, data in files]
    assert [one.id for one in dataset.list_docs()][1:] == [one.id for one in together]
    assert together[1]._row.kind == "html", "the bytes decide, not the name"
    assert dataset.add_documents([]) == []
    check_invariants(rag)


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ([("a.txt", b"x"), ("b\n.txt", b"x")], InvalidValueError),
        ([("a.txt", b"x"), ("b.txt", "a text")], InvalidValueError),
        ([("a.txt", b"x"), ("b.txt",)], InvalidValueError),
        ([("a.txt", b"x"), "ab"], InvalidValueError),
        ("ab", InvalidValueError),
        ({"a.txt": b"x"}, InvalidValueError),
        (None, InvalidValueError),
        ([("a.txt", b"x"), ("b.txt", bytes(1001))], LimitError),
        ([("a.txt", b"a" * 900), ("b.txt", b"b" * 900), ("c.txt", b"c" * 900)], LimitError),
    ],
)
def test_of_files_added_together_one_that_cannot_be_taken_keeps_the_others_out(
    tmp_path: Path, files: object, error: type[Exception]
) -> None:
    limits = Limits(document_bytes=1000, project_bytes=2000)
    with RAGFlow("key", str(tmp_path), limits=limits) as rag:
        dataset = rag.create_dataset("kb")
        with pytest.raises(error):
            dataset.add_documents(files)  # type: ignore[arg-type]  # some are no files
        assert dataset.list_docs() == []
        assert not any((rag.project.path / "files").iterdir())
        same = [(name, b"a" * 900) for name in ("a.txt", "b.txt", "c.txt")]
        assert len(dataset.add_documents(same)) == 3, "the same bytes are kept once"


def test_others_write_while_files_that_are_added_wait_for_the_disk(
    rag: RAGFlow, dataset: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on, waits = threading.Event(), threading.Event()

    def slow(*given: Any, **named: Any) -> Any:
        waits.set()
        may_go_on.wait(20)
        return durable.unnamed_files(*given, **named)

    monkeypatch.setattr(stores_files, "unnamed_files", slow)
    files = [(f"{number}.txt", b"%d" % number) for number in range(3)]
    adding = threading.Thread(target=dataset.add_documents, args=(files,))
    adding.start()
    assert waits.wait(20)
    with rag.project.catalog.write() as connection:
        assert documents.list_of(connection, dataset.id) == []
    may_go_on.set()
    adding.join(20)
    assert [one.name for one in dataset.list_docs()] == [name for name, _ in files]


def test_where_nothing_may_be_written_no_byte_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RAGFlow("key", str(tmp_path)) as rag:
        rag.create_dataset("kb")
    written: list[str] = []
    monkeypatch.setattr(tempfile, "mkstemp", lambda **given: written.append("a file"))
    with RAGFlow("key", str(tmp_path), read_only=True) as rag:
        dataset = rag.get_dataset("kb")
        with pytest.raises(ReadOnlyProjectError):
            dataset.add_documents([("a.txt", b"x")])
    assert written == []


def test_other_bytes_take_the_place_of_the_old_ones(rag: RAGFlow, parsed: Parse) -> None:
    document = parsed("a.txt", b"The kraken sleeps.")
    former = document._row.sha256
    rag.project.intake.replace(document.id, b"The squid swims.")
    assert (document.run, document.download()) == ("UNSTART", b"The squid swims.")
    assert not rag.project.files.path_of(former).exists()
    assert [chunk.content for chunk in document.list_chunks()] == ["The kraken sleeps."]
    check_invariants(rag)


def test_old_bytes_stay_where_another_document_has_them(rag: RAGFlow, dataset: DataSet) -> None:
    first, second = (rag.add_document(dataset, name, b"same") for name in ("a.txt", "b.txt"))
    rag.project.intake.replace(first.id, b"other")
    assert second.download() == b"same"


def test_stopping_ends_what_runs_and_nothing_else(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    done = parsed("done.txt", b"The kraken sleeps.")
    waiting = rag.add_document(dataset, "waiting.txt", b"x")
    running = rag.add_document(dataset, "running.txt", b"x")
    rag.project.indexer.begin([running.id])  # RUNNING, and not in the queue
    rag.project.intake.stop_parsing([done.id, waiting.id, running.id])
    assert [item.run for item in (done, waiting, running)] == ["DONE", "UNSTART", "CANCEL"]


def test_starting_starts_all_or_none(rag: RAGFlow, dataset: DataSet) -> None:
    document = rag.add_document(dataset, "a.txt", b"x")
    with pytest.raises(NotFoundError):
        rag.project.intake.start_parsing([document.id, "no document"])
    assert document.run == "UNSTART"


def test_a_dataset_leaves_with_its_documents_and_bytes(rag: RAGFlow, parsed: Parse) -> None:
    document = parsed("a.txt", b"The kraken sleeps.")
    rag.project.intake.remove_datasets([document.dataset_id])
    assert rag.list_datasets() == []
    assert not any((rag.project.path / "files").iterdir())
    check_invariants(rag)
