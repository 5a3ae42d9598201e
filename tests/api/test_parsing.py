"""From a document to its chunks: join, cancel, fail, parse again."""

import pytest

from ragflow_local import (
    DataSet,
    NotFoundError,
    RAGFlow,
)
from tests.conftest import Parse


def test_join_yields_at_once_and_ends_with_the_parse(rag: RAGFlow, dataset: DataSet) -> None:
    rag.create_document(dataset, "a.txt", b"text")
    document = rag.get_document(name="a.txt")
    document.async_parse()
    pairs = list(document.join(interval=0.01))
    assert all(message for _, message in pairs)
    assert [percent for percent, _ in pairs] == sorted(percent for percent, _ in pairs)
    assert pairs[-1][0] == 100.0
    assert "completed" in pairs[-1][1]


def test_join_ends_at_its_timeout_and_says_that_the_parse_goes_on(
    rag: RAGFlow, dataset: DataSet
) -> None:
    rag.create_document(dataset, "a.txt", b"word. " * 200_000)
    document = rag.get_document(name="a.txt")
    document.async_parse()
    pairs = list(document.join(interval=5, timeout=0))
    assert len(pairs) == 1
    assert "goes on" in pairs[0][1]
    document.cancel()


def test_a_document_that_was_never_parsed_is_joined_at_once(rag: RAGFlow, dataset: DataSet) -> None:
    rag.create_document(dataset, "a.txt", b"text")
    pairs = list(rag.get_document(name="a.txt").join())
    assert pairs == [(0.0, "Not parsed yet; async_parse() starts it.")]


def test_a_file_without_text_ends_done_and_says_so(parsed: Parse) -> None:
    document = parsed("empty.txt", b"")
    assert document.chunk_count == 0
    assert "no text" in document.progress_msg


def test_a_file_that_cannot_be_read_ends_fail_while_the_others_go_on(
    rag: RAGFlow, dataset: DataSet
) -> None:
    rag.create_document(dataset, "torn.pdf", b"%PDF-1.7 and then nothing")
    rag.create_document(dataset, "good.txt", b"It sleeps.")
    torn, good = dataset.list_docs()
    rag.async_parse_documents([torn.id, good.id])
    assert list(good.join(interval=0.01))[-1][0] == 100.0
    *_, (percent, reason) = torn.join(interval=0.01)
    assert (torn.run, percent, torn.progress) == ("FAIL", -1.0, -1.0)
    assert "torn.pdf" in reason
    assert reason == torn.progress_msg


def test_parsing_again_replaces_all_chunks_those_by_hand_too(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    document = parsed("a.txt", b"It sleeps.")
    document.add_chunk("by hand")
    assert document.chunk_count == 2
    first = document.list_chunks()[0].id
    document.async_parse()
    *_, (percent, _) = document.join(interval=0.01)
    assert percent == 100.0
    assert [chunk.content for chunk in document.list_chunks()] == ["It sleeps."]
    assert document.list_chunks()[0].id == first
    assert rag.retrieval("hand", [dataset]) == []


def test_cancel_keeps_the_earlier_chunks_and_may_be_said_twice(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    document = parsed("a.txt", b"word. " * 100_000)
    count = document.chunk_count
    document.cancel()
    assert document.run == "DONE"
    document.async_parse()
    document.cancel()
    document.cancel()
    assert document.run == "CANCEL"
    assert document.chunk_count == count
    assert list(document.join())[-1][1].startswith("Cancelled")
    rag.async_parse_documents([document.id])
    assert list(document.join(interval=0.01))[-1][0] == 100.0


def test_an_unknown_document_and_none_is_parsed(rag: RAGFlow, dataset: DataSet) -> None:
    rag.create_document(dataset, "a.txt", b"text")
    document = rag.get_document(name="a.txt")
    with pytest.raises(NotFoundError):
        rag.async_parse_documents([document.id, "nobody"])
    assert document.run == "UNSTART"


def test_a_deleted_document_stops_being_parsed(rag: RAGFlow, dataset: DataSet) -> None:
    rag.create_document(dataset, "a.txt", b"word. " * 200_000)
    document = rag.get_document(name="a.txt")
    document.async_parse()
    document.delete()
    assert dataset.list_docs() == []
    assert (dataset.document_count, dataset.chunk_count) == (0, 0)
    with pytest.raises(NotFoundError):
        document.save()


def test_tokens_are_counted_and_counts_add_up(dataset: DataSet, parsed: Parse) -> None:
    one = parsed("a.txt", b"It sleeps.")
    two = parsed("b.txt", b"It wakes in May.")
    assert one.token_count == sum(chunk.token_count for chunk in one.list_chunks()) > 0
    assert dataset.chunk_count == one.chunk_count + two.chunk_count
    assert dataset.token_count == one.token_count + two.token_count
    assert dataset.document_count == 2
