"""What is at a place ends once, whichever comes first."""

from concurrent.futures import Future

import pytest

from ragflow_local.errors import PlaceLostError
from ragflow_local.ingest.places import BatchDiedError
from ragflow_local.scale.sent import SentBatches


def made() -> tuple[SentBatches, list[int]]:
    given_up: list[int] = []
    return SentBatches("there", given_up.append), given_up


def test_a_batch_ends_by_what_came_first() -> None:
    sent, _ = made()
    number, batch = sent.begin()
    sent.end(number, b"frame")
    sent.end(number, BatchDiedError("late"))
    sent.end(99, b"nobody asked")
    assert batch.result(0) == b"frame"
    assert sent.numbers() == set()


def test_what_is_given_up_is_told_once_and_comes_too_late() -> None:
    sent, given_up = made()
    number, batch = sent.begin()
    assert batch.cancel()
    assert sent.numbers() == set()
    sent.end(number, b"frame")
    sent.lose("it was left")
    assert given_up == [number]
    assert batch.cancelled()


def test_what_is_given_up_while_it_comes_back_is_no_error() -> None:
    sent, _ = made()
    number, batch = sent.begin()
    Future.cancel(batch)  # the other thread has come as far as this
    sent.end(number, b"frame")
    assert batch.cancelled()


def test_a_lost_place_ends_all_by_the_first_reason_and_takes_no_more() -> None:
    sent, _ = made()
    batches = [sent.begin()[1] for _ in range(2)]
    sent.lose("it is gone")
    sent.lose("it was left")
    for batch in batches:
        with pytest.raises(PlaceLostError, match="there does not answer: it is gone"):
            batch.result(0)
    with pytest.raises(PlaceLostError, match="it is gone"):
        sent.begin()
    assert sent.numbers() == set()
