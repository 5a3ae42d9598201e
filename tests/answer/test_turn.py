import threading
from collections.abc import Iterator

import pytest

from ragflow_local.answer.turn import Running, close


class Closable:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_what_can_be_closed_is_closed_and_the_rest_is_left() -> None:
    item = Closable()
    close(item)
    assert item.closed == 1
    close([1, 2])
    close(iter("ab"))


def test_a_generator_is_closed_and_frees_what_it_holds() -> None:
    held = Closable()

    def writing() -> Iterator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            held.close()

    pieces = writing()
    assert next(pieces) == "a"
    close(pieces)
    assert held.closed == 1
    assert list(pieces) == []


def test_a_generator_that_another_thread_runs_is_no_error() -> None:
    entered, go_on = threading.Event(), threading.Event()

    def writing() -> Iterator[str]:
        entered.set()
        go_on.wait(20)
        yield "a"

    pieces = writing()
    reader = threading.Thread(target=next, args=(pieces,))
    reader.start()
    entered.wait(20)
    close(pieces)
    go_on.set()
    reader.join()
    close(pieces)


def test_time_is_added_up_by_its_name_errors_included() -> None:
    running = Running()
    for _ in range(2):
        with running.spending("search"):
            pass
    first = running.spent["search"]
    with pytest.raises(ZeroDivisionError), running.spending("search"):
        raise ZeroDivisionError
    assert running.spent["search"] >= first >= 0
    assert set(running.spent) == {"search"}
