"""Who waits before whom, and what is done together."""

import queue
from typing import cast

import pytest

from ragflow_local.errors import PageTimeError
from ragflow_local.ingest import wire
from ragflow_local.ingest.tasks import Line, Parse, Task, patiently


@pytest.fixture
def line() -> Line:
    line = Line()
    assert [line.join() for _ in range(5)] == [0, 1, 2, 3, 4]
    return line


def test_those_behind_count_down_as_those_before_are_done(line: Line) -> None:
    assert [line.count_before(place) for place in range(5)] == [0, 1, 2, 3, 4]
    line.leave(0)
    line.leave(2)
    assert line.count_before(1) == 0
    assert line.count_before(4) == 2


def test_who_is_done_behind_one_changes_nothing_for_it(line: Line) -> None:
    line.leave(4)
    line.leave(3)
    assert line.count_before(2) == 2


def test_short_documents_pass_the_pages_of_a_long_one_and_it_goes_on_between_them() -> None:
    tasks: queue.PriorityQueue[Task] = queue.PriorityQueue()
    request, none = cast(wire.Request, None), cast(Parse, None)
    for part in range(6):
        tasks.put(Task(0 + part, part, none, request))
    for order in range(1, 5):
        tasks.put(Task(order, 0, none, request))
    taken = [tasks.get() for _ in range(10)]
    is_page = [task.part > 0 or task.turn == 0 for task in taken]
    assert is_page == [True, False, True, False, True, False, True, False, True, True]


def read(**changes: tuple[int, ...]) -> wire.Read:
    return wire.Read("a.pdf", "pdf", "a.pdf", 1, 5, True, **changes)  # type: ignore[arg-type]


def test_a_slow_page_is_read_plainly_and_then_left_out() -> None:
    asked: list[wire.Read] = []

    def run(request: wire.Request) -> wire.Reply:
        assert isinstance(request, wire.Read)
        asked.append(request)
        if 3 not in request.skipped:
            raise PageTimeError("a.pdf", 3, 30)
        if 5 not in request.plain:
            raise PageTimeError("a.pdf", 5, 30)
        return wire.ReadDone([], [])

    assert isinstance(patiently(run, read()), wire.ReadDone)
    assert asked == [
        read(),
        read(plain=(3,)),
        read(plain=(3,), skipped=(3,)),
        read(plain=(3, 5), skipped=(3,)),
    ]


def test_a_page_that_takes_too_long_to_be_left_out_ends_the_document() -> None:
    def run(request: wire.Request) -> wire.Reply:
        raise PageTimeError("a.pdf", 3, 30)

    with pytest.raises(PageTimeError):
        patiently(run, read())
