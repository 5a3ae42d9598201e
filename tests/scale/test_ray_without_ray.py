"""A place that Ray is behind, with another process in place of the one that speaks to Ray."""

import time
from collections.abc import Iterator

import psutil
import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.errors import PlaceLostError
from ragflow_local.ingest.places import BatchDiedError
from ragflow_local.scale import ray as room
from ragflow_local.scale.ray import RayPlace


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(room, "_DRIVER", "tests.scale.stand_in")
    yield
    own = psutil.Process().children()
    assert not [process for process in own if "stand_in" in " ".join(process.cmdline())]


def test_documents_are_parsed_and_the_place_is_left(rag: RAGFlow, dataset: DataSet) -> None:
    for n in range(5):
        rag.add_document(dataset, f"{n}.txt", f"Squid{n} swims.".encode())
    dataset.parse(on="works:1")
    assert {document.run for document in dataset.list_docs()} == {"DONE"}
    rag.project.jobs.close()


@pytest.mark.parametrize(
    ("address", "how"),
    [
        ("nowhere:1", "connection refused"),
        ("silent:1", "the process that speaks to it has ended: … what Ray says"),
        ("noise:1", "what it says is no answer"),
    ],
)
def test_a_cluster_that_does_not_answer_is_told_with_the_reason(address: str, how: str) -> None:
    with pytest.raises(PlaceLostError, match=f"{address} does not answer: {how}"):
        RayPlace(address)


def test_a_cluster_that_says_nothing_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "_CONNECT_SECONDS", 0.0)
    with pytest.raises(PlaceLostError, match="no answer in 0 seconds"):
        RayPlace("works:1")


def test_a_batch_that_was_not_done_says_so() -> None:
    place = RayPlace("refuses:1")
    first, second = place.submit_to_each(b"")
    for future in (first, second, place.submit(b"")):
        with pytest.raises(BatchDiedError, match="the worker died"):
            future.result(10)
    place.close()


def test_the_end_of_the_process_is_the_end_of_what_it_had() -> None:
    place = RayPlace("ends:1")
    future = place.submit(b"")
    with pytest.raises(PlaceLostError, match="has ended"):
        future.result(10)
    with pytest.raises(PlaceLostError, match="has ended"):
        place.submit(b"")
    place.close()


def test_what_is_given_up_is_not_worked_on_and_comes_too_late() -> None:
    place = RayPlace("waits:1")
    future = place.submit(b"")
    assert future.cancel()
    assert future.cancelled()
    end = time.monotonic() + 10
    while place.width < 100 and time.monotonic() < end:
        time.sleep(0.01)
    assert place.width == 100
    place.close()


def test_leaving_ends_what_it_works_on() -> None:
    place = RayPlace("waits:1")
    future = place.submit(b"")
    place.close()
    with pytest.raises(PlaceLostError):
        future.result(10)
    place.close()  # twice is fine
