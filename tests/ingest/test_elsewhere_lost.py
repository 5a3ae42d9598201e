"""Places that refuse, are lost or answer nonsense: documents wait, or end with a sentence."""

from pathlib import Path

import msgspec
import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.errors import DiskError, PlaceLostError, PlaceRefusedError
from ragflow_local.ingest import elsewhere, remote
from ragflow_local.ingest.remote import Batch, Frame
from tests.ingest.away import (
    DiedError,
    Threads,
    added,
    message_of,
    runs,
    take_for_another_model,
)
from tests.invariants import check_invariants


def refused(why: str) -> bytes:
    return remote.encode(Frame([], why))


def test_a_place_with_another_model_is_refused_before_anything_begins(
    rag: RAGFlow, dataset: DataSet, place: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(rag, dataset, 2)
    take_for_another_model(rag, dataset, monkeypatch)
    with pytest.raises(PlaceRefusedError, match="its model 'hashing' is another"):
        dataset.parse(on=place)
    assert set(runs(dataset).values()) == {"UNSTART"}


def test_one_that_refuses_does_not_keep_others_from_working(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    left = [elsewhere._MOST_REFUSED - 1]

    def answer(data: bytes) -> bytes:
        if left[0] and msgspec.msgpack.decode(data, type=Batch).items:
            left[0] -= 1
            return refused("it has another model")
        return remote.parse_batch(data)

    place.answer = answer
    added(rag, dataset, 6)
    dataset.parse(on=place)
    assert set(runs(dataset).values()) == {"DONE"}


def test_where_all_refuse_documents_wait_and_the_caller_is_told(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    def answer(data: bytes) -> bytes:
        if msgspec.msgpack.decode(data, type=Batch).items:
            return refused("it has another model")
        return remote.parse_batch(data)

    place.answer = answer
    added(rag, dataset, 6)
    with pytest.raises(PlaceRefusedError, match="it has another model"):
        dataset.parse(on=place)
    assert set(runs(dataset).values()) == {"UNSTART"}
    dataset.parse()
    assert set(runs(dataset).values()) == {"DONE"}


def test_a_place_that_is_lost_leaves_documents_to_wait(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    def lose(batch: Batch) -> None:
        if len(place.batches) > 3:
            raise PlaceLostError("threads", "the line is cut")

    place.faults = [lose]
    added(rag, dataset, 30)
    with pytest.raises(PlaceLostError, match="the line is cut"):
        dataset.parse(on=place)
    rag.project.jobs.wait_for_all()
    found = runs(dataset)
    assert set(found.values()) == {"UNSTART", "DONE"}
    place.faults = []
    dataset.parse(on=place)
    assert set(runs(dataset).values()) == {"DONE"}
    check_invariants(rag)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no frame",
        remote.encode(Frame([])),
        remote.encode({"outcomes": [{"drafts": 7}]}),
        remote.encode({"outcomes": [{"failed": ["x"]}]}),
        remote.encode(Frame([remote.Outcome(failed="x")] * 3)),
    ],
    ids=["nothing", "noise", "no outcomes", "drafts of a number", "a list", "too many"],
)
def test_what_is_no_frame_is_an_end_with_a_sentence(
    rag: RAGFlow, dataset: DataSet, place: Threads, answer: bytes
) -> None:
    place.answer = lambda data: (
        answer if msgspec.msgpack.decode(data, type=Batch).items else remote.parse_batch(data)
    )
    added(rag, dataset, 1)
    dataset.parse(on=place)
    assert runs(dataset) == {"0.txt": "FAIL"}
    assert "came back" in message_of(rag, "0.txt")


def test_an_exception_that_cannot_be_told_is_still_an_end(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    def fault(batch: Batch) -> None:
        raise DiedError("x" * 100_000)

    place.faults = [fault]
    added(rag, dataset, 1)
    dataset.parse(on=place)
    assert runs(dataset) == {"0.txt": "FAIL"}
    assert len(message_of(rag, "0.txt")) < 1000


def test_an_executor_that_was_shut_down_is_told_and_nothing_begins(
    rag: RAGFlow, dataset: DataSet
) -> None:
    added(rag, dataset, 2)
    place = Threads()
    place.close()
    with pytest.raises(PlaceLostError, match="after shutdown"):
        dataset.parse(on=place)
    assert set(runs(dataset).values()) == {"UNSTART"}


def test_documents_of_a_lost_place_wait_on_a_full_disk_too(
    rag: RAGFlow, dataset: DataSet, place: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = [DiskError(Path("catalog.sqlite3"), 28, "No space left on device")] * 2
    write = rag.project.indexer.let_wait

    def let_wait(ids: list[str], message: str) -> None:
        if refused:
            raise refused.pop()
        write(ids, message)

    def lose(batch: Batch) -> None:
        raise PlaceLostError("threads", "the line is cut")

    monkeypatch.setattr(rag.project.indexer, "let_wait", let_wait)
    place.faults = [lose]
    added(rag, dataset, 2)
    with pytest.raises(PlaceLostError, match="the line is cut"):
        dataset.parse(on=place)
    assert set(runs(dataset).values()) == {"UNSTART"}
