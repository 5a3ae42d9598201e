"""Changes that meet other changes of the same thing on their way."""

import sqlite3
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.errors import DiskError, InvalidValueError, NotFoundError
from ragflow_local.ingest import drafted
from ragflow_local.ingest.drafts import Parsed
from ragflow_local.ingest.indexer import Indexer
from ragflow_local.records import Draft, Marked, Matrix
from ragflow_local.stores import crash
from ragflow_local.stores.catalog import chunks
from ragflow_local.stores.files import Files
from tests.conftest import Parse
from tests.invariants import check_invariants


def test_bytes_that_are_added_again_while_they_are_deleted_stay(
    rag: RAGFlow, dataset: DataSet, parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = parsed("old.txt", b"The kraken sleeps.")

    def add_again(point: str) -> None:
        if point == "document deleted":
            rag.add_document(dataset, "new.txt", b"The kraken sleeps.")

    monkeypatch.setattr(crash, "point", add_again)
    document.delete()
    assert rag.get_document(name="new.txt").download() == b"The kraken sleeps."
    check_invariants(rag)


def test_a_parse_that_is_cancelled_before_its_commit_leaves_nothing(
    rag: RAGFlow, dataset: DataSet, parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed("stays.txt", b"The kraken sleeps.")
    document = rag.add_document(dataset, "new.txt", b"The squid swims.")

    def cancel(point: str) -> None:
        if point == "chunks embedded":
            document.cancel()

    monkeypatch.setattr(crash, "point", cancel)
    document.async_parse()
    list(document.join(interval=0.01))
    assert document.run == "CANCEL"
    # A next parse waits for the thread that was stopped.
    monkeypatch.undo()
    document.async_parse()
    list(document.join(interval=0.01))
    check_invariants(rag)


def test_a_parse_that_begins_where_one_ends_is_done(
    rag: RAGFlow, parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = parsed("a.txt", b"The squid swims.")
    again: list[str] = []

    def parse_again(point: str) -> None:
        if point == "chunks committed" and not again:
            again.append(point)
            document.async_parse()

    monkeypatch.setattr(crash, "point", parse_again)
    document.async_parse()
    rag.project.jobs.wait_for_all()
    assert again
    assert document.run == "DONE"
    assert len(document.list_chunks()) == 1
    check_invariants(rag)


def test_a_picture_of_a_parse_that_was_not_committed_is_removed(
    rag: RAGFlow, parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = parsed("new.txt", b"The squid swims.")
    put = Files.put_image

    def put_and_delete(self: Files, chunk_id: str, data: bytes) -> None:
        put(self, chunk_id, data)
        document.delete()

    monkeypatch.setattr(Files, "put_image", put_and_delete)
    [row] = rag.project.indexer.begin([document.id])
    drafted = Parsed(row, [Draft("A squid.", image=b"PNG")], [], lambda: False)
    rag.project.indexer.replace_documents([drafted], lambda done: None)
    assert rag.list_datasets()[0].list_docs() == []
    check_invariants(rag)


def test_a_chunk_that_is_deleted_while_it_is_changed_leaves_nothing(
    rag: RAGFlow, parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = parsed("a.txt", b"The squid swims.")
    [chunk] = document.list_chunks()
    chunk.content = "The squid sleeps."

    def delete(point: str) -> None:
        if point == "chunks embedded":
            document.list_chunks()[0].delete()

    monkeypatch.setattr(crash, "point", delete)
    with pytest.raises(NotFoundError):
        chunk.save()
    check_invariants(rag)


def test_a_document_that_cannot_be_indexed_fails_alone_among_those_committed_together(
    rag: RAGFlow, dataset: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = HashingEmbedder.embed

    def refuse(self: HashingEmbedder, texts: Sequence[str]) -> Matrix:
        if any("poison" in text for text in texts):
            raise ValueError("no vector for poison")
        return embed(self, texts)

    monkeypatch.setattr(HashingEmbedder, "embed", refuse)
    texts = {f"{number}.txt": f"Whale {number} swims." for number in range(20)}
    texts["7.txt"] = "A poison."
    for name, text in texts.items():
        rag.create_document(dataset, name, text.encode())
    documents = dataset.list_docs(limit=20)
    rag.async_parse_documents([document.id for document in documents])
    rag.project.jobs.wait_for_all()
    runs = {document.name: document.run for document in dataset.list_docs(limit=20)}
    assert runs == {name: "FAIL" if name == "7.txt" else "DONE" for name in texts}
    check_invariants(rag)


def test_of_documents_committed_together_the_cancelled_and_the_deleted_leave_nothing(
    rag: RAGFlow, dataset: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [
        rag.add_document(dataset, f"{number}.txt", f"Whale {number} swims.".encode())
        for number in range(6)
    ]
    rows = rag.project.indexer.begin([document.id for document in documents])
    drafted = [
        Parsed(row, [Draft(f"Whale of {row.name}.", image=b"PNG")], [], lambda: False)
        for row in rows
    ]

    def change_their_mind(point: str) -> None:
        if point == "chunks embedded":
            documents[1].cancel()
            documents[4].delete()

    monkeypatch.setattr(crash, "point", change_their_mind)
    rag.project.indexer.replace_documents(drafted, lambda done: None)
    runs = {document.name: document.run for document in dataset.list_docs()}
    assert runs.pop("1.txt") == "CANCEL"
    assert runs == dict.fromkeys(["0.txt", "2.txt", "3.txt", "5.txt"], "DONE")
    found = {chunk.document_name for chunk in rag.retrieval("whale", [dataset])}
    assert found == set(runs)
    check_invariants(rag)


def test_reading_waits_for_embedding_where_much_is_read_already(
    rag: RAGFlow, dataset: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafted, "_MOST_BYTES", 5000)
    goes_on = threading.Event()
    prepare = Indexer.prepare

    def wait(self: Indexer, *given: Any) -> Any:
        goes_on.wait(20)
        return prepare(self, *given)

    monkeypatch.setattr(Indexer, "prepare", wait)
    for number in range(60):
        rag.create_document(dataset, f"{number}.txt", f"Whale {number}.".encode())
    documents = dataset.list_docs(limit=60)
    rag.async_parse_documents([document.id for document in documents])
    time.sleep(1)
    progress = [rag.project.jobs.progress_of(document.id) for document in documents]
    queued = [one for one in progress if one and one.message.startswith("Queued")]
    goes_on.set()
    rag.project.jobs.wait_for_all()
    assert len(queued) > 20
    assert {document.run for document in dataset.list_docs(limit=60)} == {"DONE"}


def test_documents_that_are_embedded_together_keep_their_own_vectors(
    rag: RAGFlow, dataset: DataSet
) -> None:
    words = [f"whale{number} swims past island{number}" for number in range(40)]
    for number, text in enumerate(words):
        rag.create_document(dataset, f"{number}.txt", text.encode())
    rag.async_parse_documents([document.id for document in dataset.list_docs(limit=40)])
    rag.project.jobs.wait_for_all()
    for text in words[::7]:
        [best] = rag.retrieval(text, [dataset], limit=1, vector_similarity_weight=1.0)
        assert best.content == text
        assert best.similarity is not None
        assert best.similarity > 0.99
    check_invariants(rag)


def parse_all(rag: RAGFlow, dataset: DataSet) -> None:
    rag.async_parse_documents([document.id for document in dataset.list_docs()])
    rag.project.jobs.wait_for_all()


@pytest.fixture
def three(rag: RAGFlow, dataset: DataSet) -> DataSet:
    for number in range(3):
        rag.create_document(dataset, f"{number}.txt", f"Whale {number} swims.".encode())
    return dataset


def test_documents_that_are_parsed_again_together_cost_no_model_time(
    rag: RAGFlow, three: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse_all(rag, three)

    def embed(self: object, texts: list[str]) -> None:
        raise AssertionError(f"{texts} were embedded again")

    monkeypatch.setattr(HashingEmbedder, "embed", embed)
    parse_all(rag, three)
    assert {document.run for document in three.list_docs()} == {"DONE"}


def test_a_bug_while_documents_are_embedded_together_does_not_end_the_queue(
    rag: RAGFlow, three: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def embed(self: object, texts: list[str]) -> None:
        raise KeyError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(HashingEmbedder, "embed", embed)
        parse_all(rag, three)
    assert {document.run for document in three.list_docs()} == {"FAIL"}
    parse_all(rag, three)
    assert {document.run for document in three.list_docs()} == {"DONE"}


def test_a_document_deleted_while_it_is_downloaded_is_told_as_deleted(
    rag: RAGFlow, parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = parsed("a.txt", b"The squid swims.")
    get = Files.get

    def delete_and_get(self: Files, sha256: str) -> bytes:
        document.delete()
        return get(self, sha256)

    monkeypatch.setattr(Files, "get", delete_and_get)
    with pytest.raises(NotFoundError):
        document.download()


def test_a_picture_of_a_chunk_that_is_gone_is_told_as_gone(rag: RAGFlow, dataset: DataSet) -> None:
    document = rag.add_document(dataset, "a.txt", b"The squid swims.")
    for text in ("A squid.", "A whale."):
        [row] = rag.project.indexer.begin([document.id])
        drafted = Parsed(row, [Draft(text, image=b"PNG")], [], lambda: False)
        rag.project.indexer.replace_documents([drafted], lambda done: None)
        if text == "A squid.":
            [old] = document.list_chunks()
    assert document.list_chunks()[0].image() == b"PNG"
    with pytest.raises(NotFoundError):
        old.image()


def test_many_chunks_are_added_in_one_step_or_none_of_them(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    document = parsed("a.txt", b"The squid swims.")
    added = document.add_chunks(["The whale sings.", "The reef is old."], [["song"], []])
    assert [chunk.content for chunk in document.list_chunks()] == [
        "The squid swims.",
        "The whale sings.",
        "The reef is old.",
    ]
    assert added[0].important_keywords == ["song"]
    assert document.add_chunks([]) == []
    with pytest.raises(InvalidValueError):
        document.add_chunks(["good", " "])
    with pytest.raises(InvalidValueError, match="2 lists"):
        document.add_chunks(["good", "too"], [["one"]])
    assert document.chunk_count == 3
    [best] = rag.retrieval("song", [dataset], limit=1)
    assert best.content == "The whale sings."
    check_invariants(rag)


class Refusing:
    """A connection whose next commit is refused, as on a full disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, *given: Any) -> Any:
        if sql == "COMMIT":
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return self._connection.execute(sql, *given)


@pytest.mark.parametrize("change", ["add", "edit", "parse"])
def test_a_commit_that_is_refused_gives_no_number_and_leaves_nothing(
    rag: RAGFlow, dataset: DataSet, parsed: Parse, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    document = parsed("a.txt", b"The squid swims.")
    catalog = rag.project.catalog
    [chunk] = document.list_chunks()
    [row] = rag.project.indexer.begin([document.id]) if change == "parse" else [None]
    for _ in range(2):
        with monkeypatch.context() as patch, pytest.raises(DiskError):
            patch.setattr(catalog, "_writer", Refusing(catalog.writer()))
            if change == "add":
                document.add_chunk("A whale that was refused.")
            elif change == "edit":
                chunk.content = "A whale that was refused."
                chunk.save()
            else:
                assert row is not None
                drafted = Parsed(row, [Draft("A whale.", image=b"PNG")], [], lambda: False)
                rag.project.indexer.replace_documents([drafted], lambda done: None)
        check_invariants(rag)
    before = {item.content for item in document.list_chunks()}
    assert before == {"The squid swims."}
    numbers = [document.add_chunk(f"The whale {count}.")._row.number for count in range(3)]
    assert len(set(numbers)) == 3
    [best] = rag.retrieval("whale 2", [dataset], limit=1, vector_similarity_weight=1.0)
    assert best.content == "The whale 2."
    check_invariants(rag)


def test_a_dataset_is_deleted_with_its_embeddings_and_no_others(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    parsed("a.txt", b"The squid swims.")
    other = rag.create_dataset("other")
    document = rag.add_document(other, "b.txt", b"b")
    document.add_chunks(["The squid swims.", "The whale sings."])
    rag.delete_datasets([other.id])
    with rag.project.catalog.read() as reading:
        (count,) = reading.execute("SELECT count(*) FROM embeddings").fetchone()
    assert count == 1
    check_invariants(rag)


def test_a_document_renamed_while_it_is_parsed_is_found_by_its_new_name(
    rag: RAGFlow, dataset: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = rag.add_document(dataset, "kraken.txt", b"It sleeps.")

    def rename(point: str) -> None:
        if point == "chunks embedded":
            rag.get_document(document.id).update({"name": "squid.txt"})

    monkeypatch.setattr(crash, "point", rename)
    document.async_parse()
    rag.project.jobs.wait_for_all()
    hits = rag.retrieval("squid", [dataset], vector_similarity_weight=0.0)
    assert [hit.document_name for hit in hits] == ["squid.txt"]
    assert rag.retrieval("kraken", [dataset], vector_similarity_weight=0.0) == []
    check_invariants(rag)


def test_an_edited_chunk_forgets_which_of_its_lines_were_headings(
    rag: RAGFlow, dataset: DataSet
) -> None:
    document = rag.add_document(dataset, "kraken.md", b"# Kraken\n\nIt sleeps.")
    dataset.parse()
    (chunk,) = document.list_chunks()
    assert _marked(rag, chunk.id) == (Marked(0, 1, 1),)
    chunk.keywords = ["sea"]
    chunk.save()
    assert _marked(rag, chunk.id) == (Marked(0, 1, 1),)
    chunk.content = "It wakes.\nKraken"
    chunk.save()
    assert _marked(rag, chunk.id) == ()


def _marked(rag: RAGFlow, id: str) -> tuple[Marked, ...]:
    with rag.project.catalog.read() as reading:
        row = chunks.get(reading, id)
    assert row is not None
    return row.marked
