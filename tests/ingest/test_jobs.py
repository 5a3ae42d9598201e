"""The queue of documents, with workers that run in its threads and an index that only notes."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ragflow_local.errors import (
    DamagedFileError,
    DiskError,
    WorkerDiedError,
)
from ragflow_local.ingest import parses as room
from ragflow_local.ingest import wire
from ragflow_local.ingest.drafts import Parsed
from ragflow_local.records import Progress
from ragflow_local.settings import ParserSettings
from tests.ingest.job_queue import Queue, Slot


def test_a_document_is_read_and_cut_with_one_request_and_committed(queue: Queue) -> None:
    queue.submit(queue.document("a", b"The kraken sleeps."))
    assert queue.index.done == {"a": ["The kraken sleeps."]}
    (request,) = Slot.asked
    assert isinstance(request, wire.Chunk)
    assert queue.jobs.progress_of("a") is None


def pdf(*texts: str) -> bytes:
    pymupdf = pytest.importorskip("pymupdf")
    document = pymupdf.open()
    for text in texts:
        document.new_page().insert_text((72, 72), text)
    data: bytes = document.tobytes()
    return data


def test_pages_are_read_a_task_at_a_time_and_cut_together_in_their_order(queue: Queue) -> None:
    data = pdf("The kraken sleeps.", "The squid swims.", "The whale sings.")
    config = ParserSettings(task_page_size=2)
    queue.submit(queue.document("a", data, kind="pdf", name="a.pdf", parser_config=config))
    text = " ".join(queue.index.done["a"])
    assert text.index("kraken") < text.index("squid") < text.index("whale")
    spans = [(ask.first, ask.last) for ask in Slot.asked if isinstance(ask, wire.Read)]
    assert spans == [(1, 2), (3, 3)]
    assert isinstance(Slot.asked[-1], wire.Chunk)
    assert queue.jobs.pages_read == 3


def test_a_document_with_more_pages_than_may_be_fails_with_the_way_out(queue: Queue) -> None:
    queue.submit(queue.document("a", pdf(*"abcd"), kind="pdf", name="a.pdf"))
    assert "it has 4 pages, the limit is 3" in queue.index.failed["a"]
    assert "document_pages" in queue.index.failed["a"]
    assert queue.index.done == {}


def test_a_worker_that_dies_is_given_a_second_try_and_no_third(queue: Queue) -> None:
    Slot.faults = [WorkerDiedError("a.txt", "signal 9")]
    queue.submit(queue.document("a", b"The kraken sleeps."))
    assert queue.index.done == {"a": ["The kraken sleeps."]}
    Slot.faults = [WorkerDiedError("b.txt", "signal 9") for _ in range(2)]
    queue.submit(queue.document("b", b"The squid swims."))
    assert "signal 9" in queue.index.failed["b"]
    assert len(Slot.asked) == 4


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (DamagedFileError("a.txt", "page 1", "it is torn"), "it is torn"),
        (KeyError("x"), "An unexpected error, KeyError: 'x'. Please report it."),
        (OSError(5, "Input/output error"), "Input/output error"),
    ],
)
def test_an_error_is_the_end_of_its_document_alone(
    queue: Queue, fault: Exception, message: str
) -> None:
    queue.hold()
    queue.jobs.submit([queue.document("a", b"one"), queue.document("b", b"The squid swims.")])
    Slot.faults, Slot.faults_together = [fault], [fault]
    queue.let_go()
    assert message in queue.index.failed["a"]
    assert set(queue.index.done) == {"b"}


def test_bytes_that_changed_on_the_disk_are_not_read(queue: Queue) -> None:
    document = queue.document("a", b"The kraken sleeps.")
    queue.files.path_of(document.sha256).write_bytes(b"The kraken wakes...")
    queue.submit(document)
    assert "not those that were added" in queue.index.failed["a"]
    assert Slot.asked == []


def test_a_document_at_fault_does_not_take_its_group_with_it(queue: Queue) -> None:
    def refuse(parsed: Sequence[Parsed]) -> None:
        if "b" in [item.document.id for item in parsed]:
            raise ValueError("no vector of it")

    queue.index.fault = refuse
    queue.index.go_on.clear()
    documents = [queue.document(id, id.encode() * 9) for id in "abcd"]
    queue.jobs.submit(documents)
    queue.index.go_on.set()
    queue.jobs.wait_for_all()
    assert set(queue.index.done) == {"a", "c", "d"}
    assert "no vector of it" in queue.index.failed["b"]


def test_a_cancelled_parse_ends_so_and_gives_no_chunks(queue: Queue) -> None:
    queue.index.go_on.clear()
    queue.jobs.submit([queue.document("a", b"The kraken sleeps.")])
    queue.jobs.cancel(["a", "stranger"])
    assert queue.index.cancelled == ["a"]
    assert queue.jobs.progress_of("a") is None
    queue.jobs.wait_for_all()
    queue.index.go_on.set()
    queue.submit(queue.document("b", b"The squid swims."))
    assert set(queue.index.done) == {"b"}
    assert queue.index.failed == {}


def test_progress_only_ever_grows_and_says_what_is_done(queue: Queue) -> None:
    queue.index.go_on.clear()
    queue.jobs.submit([queue.document("a", b"The kraken sleeps.")])
    seen: list[Progress] = []
    while (now := queue.jobs.wait_for_change("a", seen[-1] if seen else None, 5)) is not None:
        seen.append(now)
        if now.message.startswith("Embedding chunk 1 of 1"):
            queue.jobs._parses.say(queue.jobs._parses._parses["a"], 0.1, "Reading, told late")
            late = queue.jobs.progress_of("a")
            assert late is not None
            assert late.fraction == now.fraction
            queue.index.go_on.set()
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert "Embedding chunk 1 of 1" in [progress.message for progress in seen]


def test_who_waits_behind_others_is_told_behind_how_many(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, blocked = threading.Event(), threading.Event()
    real = Slot.run

    def wait(self: Slot, *given: Any) -> wire.Reply:
        begun.set()
        blocked.wait(20)
        return real(self, *given)

    monkeypatch.setattr(Slot, "run", wait)
    # The first is taken before the others are there: short ones would be taken together with it.
    queue.jobs.submit([queue.document("a", b"a")])
    assert begun.wait(20)
    queue.jobs.submit([queue.document(id, id.encode()) for id in "bc"])
    told = queue.jobs.progress_of("c")
    blocked.set()
    assert told is not None
    assert told.message == "Queued behind 2 others"
    queue.jobs.wait_for_all()


def test_what_is_queued_when_the_queue_closes_has_no_end(queue: Queue) -> None:
    queue.index.go_on.clear()
    queue.jobs.submit([queue.document(id, id.encode()) for id in "abc"])
    queue.jobs.close()
    assert (queue.index.failed, queue.index.cancelled, queue.index.done) == ({}, [], {})
    queue.jobs.submit([queue.document("d", b"d")])
    assert queue.index.done == {}


def test_an_end_that_the_disk_refuses_is_written_once_there_is_room(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_DISK_SECONDS", 0.0)
    refused = [DiskError(Path("catalog.sqlite3"), 28, "No space left on device")] * 3
    write = queue.index.fail

    def fail(id: str, message: str) -> None:
        if refused:
            raise refused.pop()
        write(id, message)

    monkeypatch.setattr(queue.index, "fail", fail)
    Slot.faults = [DamagedFileError("a.txt", "page 1", "it is torn")]
    queue.submit(queue.document("a", b"one"))
    assert "it is torn" in queue.index.failed["a"]


def test_a_document_that_is_submitted_again_while_it_runs_ends_once(queue: Queue) -> None:
    queue.index.go_on.clear()
    document = queue.document("a", b"The kraken sleeps.")
    queue.jobs.submit([document])
    queue.jobs.submit([document])
    queue.index.go_on.set()
    queue.jobs.wait_for_all()
    assert sum(group.count("a") for group in queue.index.groups) == 1
