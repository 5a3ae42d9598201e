"""What a shard's process owes, how it ends, and what is made of one that fails."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ragflow_local.errors import ShardError
from ragflow_local.scale import shard_frames as frames
from ragflow_local.scale.shard_process import open_server
from ragflow_local.scale.shard_wires import (
    GREETING,
    LocalWire,
    ProcessWire,
    asked_all,
    command_wire,
)
from tests.scale.libraries import fill

BEGIN = frames.Begin(None, None, {})
# Greets, and answers each request with the states of documents; "late" answers none.
SCRIPT = f"""
import sys
from ragflow_local.processes.frames import read_frame, write_frame
from ragflow_local.scale import shard_frames as frames
sys.stdout.buffer.write({GREETING!r}); sys.stdout.buffer.flush()
asked = 0
while (body := read_frame(sys.stdin.buffer)) is not None:
    asked += 1
    if sys.argv[1] != "late":
        reply = frames.Standing({{"asked": [str(asked), type(frames.request_of(body)).__name__]}})
        write_frame(sys.stdout.buffer, frames.encode(reply))
"""


@contextmanager
def wire_to(how: str, seconds: float = 60.0) -> Iterator[ProcessWire]:
    wire = command_wire([sys.executable, "-c", SCRIPT, how], seconds)
    try:
        yield wire
    finally:
        wire.close()


def process_of(wire: ProcessWire) -> subprocess.Popen[bytes]:
    assert wire._process is not None
    return wire._process


def test_one_that_does_not_answer_in_time_is_told_and_ended() -> None:
    with wire_to("late", 0.2) as wire:
        wire.send(frames.States())
        process = process_of(wire)
        with pytest.raises(ShardError, match=r"did not answer within 0\.2 seconds"):
            wire.receive()
        assert process.poll() is not None


def test_an_answer_that_nobody_fetched_is_not_taken_for_the_next() -> None:
    with wire_to("answers") as wire:
        wire.send(BEGIN)
        first = process_of(wire)
        ready = [wire.is_ready]
        wire.send(frames.States())
        assert wire.receive() == frames.Standing({"asked": ["1", "States"]})
        assert [*ready, wire.is_ready] == [False, True]
        assert first.poll() is not None
        assert wire.starts == 2
        last = process_of(wire)
    assert last.poll() is not None


class Fake:
    """A wire that answers what it is told to."""

    def __init__(self, answer: frames.Reply | ShardError, *, refuses: bool = False) -> None:
        self.name = "fake"
        self.starts = 1
        self.is_ready = True
        self.calls: list[str] = []
        self._answer = answer
        self._refuses = refuses

    def start(self) -> None:
        self.calls.append("start")

    def send(self, request: frames.Request) -> None:
        self.calls.append("send")
        if self._refuses:
            raise ShardError(self.name, "it cannot be started")

    def receive(self) -> frames.Reply:
        self.calls.append("receive")
        if isinstance(self._answer, ShardError):
            raise self._answer
        return self._answer

    def close(self) -> None:
        self.calls.append("close")


WELL = frames.Standing({})


@pytest.mark.parametrize(
    "failing",
    [Fake(ShardError("fake", "it ended")), Fake(WELL, refuses=True), Fake(frames.Done())],
    ids=["ended", "not started", "another answer"],
)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_nothing_is_answered_without_a_shard_that_fails(failing: Fake, at: int) -> None:
    failing.calls.clear()
    wires = [Fake(WELL), Fake(WELL)]
    wires.insert(at, failing)
    with pytest.raises(ShardError):
        asked_all(wires, [frames.States()] * 3, frames.Standing)
    # The others have answered: they owe nothing.
    assert [wire.calls for wire in wires if wire is not failing] == [["send", "receive"]] * 2


def test_one_that_answers_something_else_is_ended_and_one_not_asked_is_left() -> None:
    odd, idle = Fake(frames.Done()), Fake(WELL)
    with pytest.raises(ShardError, match="it answered Done"):
        asked_all([idle, odd], [None, frames.States()], frames.Standing)
    assert odd.calls[-1] == "close"
    assert idle.calls == []
    assert asked_all([idle, Fake(WELL)], [None, frames.States()], frames.Standing) == [None, WELL]


def test_a_shard_in_this_process_ends_its_snapshot_and_gives_its_project_back(
    tmp_path: Path,
) -> None:
    fill(tmp_path / "a", {"a.txt": ["The pump."]})
    server = open_server(frames.Open(str(tmp_path / "a"), "local"))
    project = server._project
    wire = LocalWire("a", lambda: server)
    wire.send(BEGIN)
    assert isinstance(wire.receive(), frames.Begun)
    reading = server._now.connection
    states = [reading.in_transaction]
    wire.send(frames.End())
    wire.receive()
    assert [*states, reading.in_transaction] == [True, False]
    wire.send(BEGIN)
    wire.receive()
    wire.close()
    assert server._question is None
    assert project.is_closed
