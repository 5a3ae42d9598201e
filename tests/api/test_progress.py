"""Parsing that somebody watches: callbacks, the bar, and what ends the waiting."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ragflow_local import DataSet, InvalidValueError, NotFoundError, ParseProgress, RAGFlow


@pytest.fixture
def three(rag: RAGFlow, dataset: DataSet) -> DataSet:
    """A dataset with two texts, and one file that cannot be read."""
    rag.create_document(dataset, "a.txt", b"Krakens are large.")
    rag.create_document(dataset, "b.pdf", b"%PDF-1.7 and nothing more")
    rag.create_document(dataset, "c.txt", b"Squids are small.")
    return dataset


def test_all_documents_are_parsed_and_each_end_is_told(three: DataSet) -> None:
    events: list[ParseProgress] = []
    found = three.parse(on_progress=events.append)
    assert [document.name for document in found] == ["a.txt", "b.pdf", "c.txt"]
    assert [document.run for document in found] == ["DONE", "FAIL", "DONE"]
    ends = {event.document.name: event for event in events if event.run != "RUNNING"}
    assert {name: event.run for name, event in ends.items()} == {
        "a.txt": "DONE",
        "b.pdf": "FAIL",
        "c.txt": "DONE",
    }
    assert ends["b.pdf"].progress == -1
    assert "cannot be read" in ends["b.pdf"].message
    overall = [event.overall for event in events]
    assert overall == sorted(overall)
    assert overall[-1] == 100
    assert (events[-1].ended, events[-1].total) == (3, 3)


def test_what_is_done_is_not_parsed_again_unless_it_is_named(three: DataSet) -> None:
    three.parse(["a.txt"])
    assert [one.run for one in three.list_docs()] == ["DONE", "UNSTART", "UNSTART"]
    assert [one.name for one in three.parse()] == ["b.pdf", "c.txt"]
    named = three.parse(["a.txt", three.list_docs()[0]])
    assert [one.name for one in named] == ["a.txt"]
    assert [one.name for one in three.parse()] == ["b.pdf"], "what failed is tried again"


def test_a_bar_is_shown_and_failures_are_told_above_it(
    three: DataSet, capsys: pytest.CaptureFixture[str]
) -> None:
    three.parse(progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "100%" in shown.err
    assert "3 of 3 documents" in shown.err
    assert "✗ b.pdf: 'b.pdf' cannot be read" in shown.err


def test_an_empty_dataset_is_parsed_at_once(
    dataset: DataSet, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dataset.parse(progress=True) == dataset.parse([]) == []
    assert capsys.readouterr().err == ""


def test_an_error_of_the_callback_ends_the_waiting_and_not_the_parsing(three: DataSet) -> None:
    def broken(event: ParseProgress) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        three.parse(on_progress=broken)
    for document in three.list_docs():
        list(document.join(interval=0.01, timeout=60))
        assert document.run in ("DONE", "FAIL")


def test_the_timeout_ends_the_waiting(
    rag: RAGFlow, three: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rag.project.jobs, "submit", lambda rows: None)  # no worker takes it
    document = three.list_docs()[0]
    (waited,) = three.parse([document], timeout=0)
    assert waited.run == "RUNNING"


def test_a_document_deleted_meanwhile_is_no_longer_waited_for(
    rag: RAGFlow, three: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rag.project.jobs, "submit", lambda rows: None)
    document = three.list_docs()[0]
    events: list[ParseProgress] = []

    def delete(event: ParseProgress) -> None:
        events.append(event)
        if event.run == "RUNNING":
            document.delete()

    three.parse([document], on_progress=delete)
    assert events[-1].run == "DELETED"


def test_callbacks_come_from_a_thread_while_the_program_goes_on(
    rag: RAGFlow, three: DataSet
) -> None:
    threads: set[str] = set()
    ended = threading.Event()

    def note(event: ParseProgress) -> None:
        threads.add(threading.current_thread().name)
        if event.ended == event.total:
            ended.set()

    rag.async_parse_documents(["a.txt", "c.txt", "a.txt"], on_progress=note)
    assert ended.wait(60)
    assert threads == {"ragflow-progress"}
    assert [one.run for one in three.list_docs()] == ["DONE", "UNSTART", "DONE"]


@pytest.mark.parametrize("given", ["gone.txt", "", 5, None], ids=str)
def test_a_document_of_another_dataset_is_told_and_none_is_parsed(
    three: DataSet, given: Any
) -> None:
    with pytest.raises(NotFoundError):
        three.parse(["a.txt", given])
    assert {one.run for one in three.list_docs()} == {"UNSTART"}


def test_a_negative_timeout_is_an_error(three: DataSet) -> None:
    with pytest.raises(InvalidValueError, match="timeout"):
        three.parse(timeout=-1)


def test_those_that_wait_count_down(rag: RAGFlow, dataset: DataSet) -> None:
    for number in range(4):
        rag.create_document(dataset, f"{number}.txt", b"word. " * 20_000)
    documents = dataset.list_docs()
    rag.async_parse_documents([document.id for document in documents])
    last = max(documents, key=lambda document: document.name)
    said = [message for _, message in last.join(interval=0.01) if "behind" in message]
    counts = [int(message.split()[2]) for message in said]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) > 1
