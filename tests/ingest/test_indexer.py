"""Changes that meet other changes of the same thing on their way."""

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.errors import NotFoundError, ParseCancelledError
from ragflow_local.records import Draft
from ragflow_local.stores import crash
from ragflow_local.stores.files import Files
from tests.conftest import Parse
from tests.invariants import check_invariants


def test_bytes_that_are_added_again_while_they_are_deleted_stay(
    rag: RAGFlow, dataset: DataSet, parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = parsed("old.txt", b"The kraken sleeps.")

    def add_again(point: str) -> None:
        if point == "vectors deleted":
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
        if point == "vectors written":
            document.cancel()

    monkeypatch.setattr(crash, "point", cancel)
    document.async_parse()
    list(document.join(interval=0.01))
    assert document.run == "CANCEL"
    # The thread that was stopped takes its vectors out again; a next parse waits for it.
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
    drafts = [Draft("A squid.", image=b"PNG")]
    with pytest.raises(ParseCancelledError):
        rag.project.indexer.replace_document(row, drafts, [], lambda done: None)
    assert rag.list_datasets()[0].list_docs() == []
    check_invariants(rag)


def test_a_chunk_that_is_deleted_while_it_is_changed_leaves_nothing(
    rag: RAGFlow, parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = parsed("a.txt", b"The squid swims.")
    [chunk] = document.list_chunks()
    chunk.content = "The squid sleeps."

    def delete(point: str) -> None:
        if point == "vectors written":
            document.list_chunks()[0].delete()

    monkeypatch.setattr(crash, "point", delete)
    with pytest.raises(NotFoundError):
        chunk.save()
    check_invariants(rag)


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
