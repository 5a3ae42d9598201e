"""The queue of documents, with workers that run in its threads and an index that only notes."""

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import structs

from ragflow_local.errors import (
    DamagedFileError,
    DiskError,
    ParseCancelledError,
    WorkerDiedError,
)
from ragflow_local.ingest import parses as room
from ragflow_local.ingest import wire, worker
from ragflow_local.ingest.drafts import Parsed
from ragflow_local.ingest.indexer import Indexer
from ragflow_local.ingest.jobs import Jobs
from ragflow_local.records import DocumentRow, Progress
from ragflow_local.settings import Limits, ParserSettings
from ragflow_local.stores.files import Files
from tests.ingest.made import document_row


class Index:
    """Notes how parses end; ``go_on`` holds back the commits."""

    def __init__(self) -> None:
        self.done: dict[str, list[str]] = {}
        self.groups: list[list[str]] = []
        self.failed: dict[str, str] = {}
        self.cancelled: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.fault: Callable[[Sequence[Parsed]], None] = lambda parsed: None

    def tokenizer_of(self, dataset_id: str) -> tuple[str, int]:
        return "", 254

    def prepare(
        self, parsed: Sequence[Parsed], embedded: Callable[[int], None]
    ) -> Sequence[Parsed]:
        while not self.go_on.wait(0.01):
            embedded(1)
        return parsed

    def commit(self, parsed: Sequence[Parsed]) -> None:
        self.fault(parsed)
        self.groups.append([item.document.id for item in parsed])
        for item in parsed:
            self.done[item.document.id] = [draft.content for draft in item.drafts]

    def fail(self, id: str, message: str) -> None:
        self.failed[id] = message

    def cancel(self, id: str) -> None:
        self.cancelled.append(id)


class Slot:
    """A worker in the thread that asks; ``faults`` come first, one a request.

    A request for several documents together has faults of its own.
    """

    faults: list[Exception]
    faults_together: list[Exception]
    asked: list[wire.Request]
    is_asked, may_go_on = threading.Event(), threading.Event()

    def __init__(self, limits: Limits) -> None:
        pass

    def run(
        self,
        request: wire.Request,
        name: str,
        is_cancelled: Callable[[], bool],
        on_page: Callable[[int], None] = lambda page: None,
    ) -> wire.Reply:
        if is_cancelled():
            raise ParseCancelledError(name)
        Slot.asked.append(request)
        faults = Slot.faults_together if isinstance(request, wire.Several) else Slot.faults
        fault = faults.pop(0) if faults else None
        Slot.is_asked.set()
        while not Slot.may_go_on.wait(0.01):
            if is_cancelled():
                raise ParseCancelledError(name)
        if fault is not None:
            raise fault
        path = wire.file_of(request)
        data = Path(path).read_bytes() if path else b""
        pipe = io.BytesIO(len(data).to_bytes(8, "big") + data)
        return worker._answer(request, wire.FileReceiver(pipe), io.BytesIO())

    def stop(self) -> None:
        pass


class Queue:
    """A queue with its index and the files it reads."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.index, self.files = Index(), Files(folder)
        self.files.create()
        self.files.in_hand.take_up(was_clean=True)
        self.jobs = Jobs(
            cast(Indexer, self.index),
            self.files,
            workers=1,
            limits=limits,
            slot=cast(Any, Slot),
        )

    def document(self, id: str, data: bytes, **others: Any) -> DocumentRow:
        return document_row(id, **{"name": f"{id}.txt", "sha256": self.files.put(data), **others})

    def submit(self, *documents: DocumentRow) -> None:
        self.jobs.submit(documents)
        self.jobs.wait_for_all()

    def hold(self) -> None:
        """Have the worker busy until it is let go, so that what is submitted waits together."""
        Slot.may_go_on.clear()
        self.jobs.submit([self.document("first", b"x" * 50_000)])
        assert Slot.is_asked.wait(20)
        Slot.asked.clear()

    def let_go(self) -> None:
        Slot.may_go_on.set()
        self.jobs.wait_for_all()
        self.index.done.pop("first", None)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    Slot.faults, Slot.faults_together, Slot.asked = [], [], []
    Slot.is_asked.clear()
    Slot.may_go_on.set()
    made = Queue(tmp_path, Limits(document_pages=3))
    yield made
    made.index.go_on.set()
    made.jobs.close()


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
    blocked = threading.Event()
    real = Slot.run

    def wait(self: Slot, *given: Any) -> wire.Reply:
        blocked.wait(20)
        return real(self, *given)

    monkeypatch.setattr(Slot, "run", wait)
    queue.jobs.submit([queue.document(id, id.encode()) for id in "abc"])
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
