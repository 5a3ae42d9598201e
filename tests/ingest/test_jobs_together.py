"""Short documents that wait are read with one request; whoever fails in company is alone."""

from dataclasses import replace
from typing import Any, cast

import pytest
from msgspec import structs

from ragflow_local.errors import (
    DamagedFileError,
    WorkerDiedError,
)
from ragflow_local.ingest import wire, worker
from tests.ingest.job_queue import Queue, Slot


def names_asked(request: wire.Request) -> list[str]:
    """Return the names of the documents of a request."""
    if isinstance(request, wire.Several):
        return [one.chunk.name for one in request.documents]
    return [cast(Any, request).name]


def test_short_documents_that_wait_are_read_with_one_request(queue: Queue) -> None:
    queue.hold()
    texts = {id: f"The {id} sleeps.\n\n" * 3 for id in ("kraken", "squid", "whale")}
    documents = [queue.document(id, text.encode()) for id, text in texts.items()]
    long = queue.document("long", b"The eel swims. " * 2000)
    documents.insert(2, replace(long, size=30_000))
    documents.append(queue.document("other", b"The crab walks.", dataset_id="other"))
    queue.jobs.submit(documents)
    queue.let_go()
    asked = [names_asked(request) for request in Slot.asked]
    assert asked == [["kraken.txt", "squid.txt"], ["long.txt"], ["whale.txt"], ["other.txt"]]
    for id, text in texts.items():
        assert "".join(queue.index.done[id]).split() == text.split()
    assert queue.index.done["other"] == ["The crab walks."]


def test_each_is_alone_after_its_worker_died_and_the_one_at_fault_fails(queue: Queue) -> None:
    queue.hold()
    queue.jobs.submit([queue.document(id, f"The {id}.".encode()) for id in ("a", "b", "c")])
    died = WorkerDiedError("a.txt", "signal 11")
    Slot.faults_together, Slot.faults = [died], [died, died]
    queue.let_go()
    assert "signal 11" in queue.index.failed["a"]
    assert set(queue.index.done) == {"b", "c"}
    asked = [names_asked(request) for request in Slot.asked]
    assert asked == [["a.txt", "b.txt", "c.txt"], ["a.txt"], ["a.txt"], ["b.txt"], ["c.txt"]]


def test_bytes_that_changed_fail_their_document_and_none_of_its_company(queue: Queue) -> None:
    queue.hold()
    documents = [queue.document(id, f"The {id}.".encode()) for id in ("a", "b", "c")]
    queue.files.path_of(documents[1].sha256).write_bytes(b"The kraken.")
    queue.jobs.submit(documents)
    queue.let_go()
    assert set(queue.index.done) == {"a", "c"}
    assert "not those that were added" in queue.index.failed["b"]
    assert ["b.txt"] not in [names_asked(request) for request in Slot.asked]


def test_what_fails_in_company_is_tried_alone(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = worker._cut_short

    def lack(short: wire.Short, replies: Any) -> wire.Chunked | wire.Failed:
        if short.chunk.name in ("b.txt", "d.txt"):
            return wire.Failed("", "there is not enough memory to read it")
        return real(short, replies)

    monkeypatch.setattr(worker, "_cut_short", lack)
    queue.hold()
    queue.jobs.submit([queue.document(id, f"The {id}.".encode()) for id in ("a", "b", "c", "d")])
    Slot.faults = [DamagedFileError("b.txt", "page 1", "it is torn")]
    queue.let_go()
    assert set(queue.index.done) == {"a", "c", "d"}
    assert "it is torn" in queue.index.failed["b"]


def test_one_that_is_cancelled_leaves_its_company(queue: Queue) -> None:
    queue.hold()
    queue.jobs.submit([queue.document(id, f"The {id}.".encode()) for id in ("a", "b", "c")])
    queue.jobs.cancel(["b"])
    queue.let_go()
    assert set(queue.index.done) == {"a", "c"}
    assert queue.index.cancelled == ["b"]


def test_counts_that_are_not_those_of_a_document_are_not_taken(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, told = worker._cut_short, []

    def lie(short: wire.Short, replies: Any) -> wire.Chunked | wire.Failed:
        reply = real(short, replies)
        if short.chunk.name != "b.txt" or not isinstance(reply, wire.Chunked):
            return reply
        told.append(short.chunk.name)
        counted = structs.replace(reply.counted, tokens=[1 << 40])
        return structs.replace(reply, counted=counted)

    monkeypatch.setattr(worker, "_cut_short", lie)
    queue.hold()
    queue.jobs.submit([queue.document(id, f"The {id}.".encode()) for id in ("a", "b", "c")])
    queue.let_go()
    assert told == ["b.txt"]
    assert queue.index.done == {id: [f"The {id}."] for id in ("a", "b", "c")}
    assert [names_asked(request) for request in Slot.asked][1:] == [["b.txt"]]
