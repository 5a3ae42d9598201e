"""A slot survives whatever its worker does; the workers here are real processes that misbehave."""

import io
import os
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from ragflow_local.errors import (
    DamagedFileError,
    LimitError,
    PageTimeError,
    ParseCancelledError,
    WorkerDiedError,
    WorkerNotStartedError,
)
from ragflow_local.ingest import slots, wire
from ragflow_local.ingest.slots import Slot
from ragflow_local.processes import starting
from ragflow_local.settings import Limits, ParserSettings

REQUEST = wire.Read(__file__, "text", "a.txt", 0, 0, True)


def never() -> bool:
    return False


def misbehave(monkeypatch: pytest.MonkeyPatch, body: str, *, greets: bool = True) -> None:
    """Have workers do something else, after the greeting or in its place."""
    hello = (
        "sys.path[:] = json.loads(sys.argv[1])['path'];"
        "from ragflow_local.ingest import wire; from ragflow_local.processes import starting;"
        "sys.stdout.buffer.write(starting.GREETING); wire.send(sys.stdout.buffer, wire.Hello([]));"
    )
    boot = f"import os, sys, json, time; {hello if greets else ''} {body}"
    monkeypatch.setattr(starting, "BOOT", boot)


def text_file(tmp_path: Path) -> wire.Read:
    path = tmp_path / "a.txt"
    path.write_text("It sleeps.")
    return wire.Read(str(path), "text", "a.txt", 0, 0, True)


def test_a_worker_that_dies_is_told_of_and_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slot = Slot(Limits())
    with monkeypatch.context() as patch:
        misbehave(patch, "sys.stdin.buffer.read(1); os.kill(os.getpid(), 11)")
        with pytest.raises(WorkerDiedError, match=r"a\.txt.*signal 11"):
            slot.run(REQUEST, "a.txt", never)
    reply = slot.run(text_file(tmp_path), "a.txt", never)
    assert isinstance(reply, wire.ReadDone)
    assert reply.blocks[0].text == "It sleeps."
    slot.stop()


def test_a_worker_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    misbehave(monkeypatch, "time.sleep(60)")
    slot = Slot(Limits(task_seconds=0.3))
    with pytest.raises(LimitError, match="task_seconds"):
        slot.run(REQUEST, "a.txt", never)


def test_short_files_together_may_take_less_time_than_one_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots, "_SHORT_SECONDS", 0.3)
    misbehave(monkeypatch, "time.sleep(60)")
    chunk = wire.Chunk([], "text", "a.txt", "naive", ParserSettings(), "", 254, REQUEST)
    with pytest.raises(LimitError, match="task_seconds"):
        Slot(Limits()).run(wire.Several([wire.Short(chunk, b"x")]), "a.txt", never)


def test_a_worker_that_takes_too_much_memory_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    misbehave(monkeypatch, "held = bytearray(os.urandom(1) * (160 << 20)); time.sleep(60)")
    slot = Slot(Limits(worker_bytes=64 << 20))
    with pytest.raises(LimitError, match="64 MiB"):
        slot.run(REQUEST, "a.txt", never)


def test_a_cancelled_task_ends_its_worker_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    misbehave(monkeypatch, "time.sleep(60)")
    slot = Slot(Limits())
    started = time.monotonic()
    with pytest.raises(ParseCancelledError):
        slot.run(REQUEST, "a.txt", lambda: time.monotonic() > started + 0.2)
    assert not [child for child in psutil.Process().children() if child.pid == os.getpid()]


def test_a_worker_is_replaced_after_its_share_of_tasks(tmp_path: Path) -> None:
    slot = Slot(Limits(tasks_per_worker=1))
    request = text_file(tmp_path)
    before = {child.pid for child in psutil.Process().children()}
    seen = set()
    for _ in range(2):
        slot.run(request, "a.txt", never)
        seen |= {child.pid for child in psutil.Process().children()} - before
    assert len(seen) == 2
    slot.stop()


def test_a_worker_that_keeps_much_memory_is_ended_after_its_task(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(slots, "_RESTING_BYTES", 1)
    slot = Slot(Limits())
    before = {child.pid for child in psutil.Process().children()}
    for _ in range(2):
        slot.run(text_file(tmp_path), "a.txt", never)
        assert {child.pid for child in psutil.Process().children()} == before


def test_an_error_of_a_reader_arrives_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "torn.docx"
    path.write_bytes(b"PK\x03\x04 and then nothing")
    slot = Slot(Limits())
    with pytest.raises(DamagedFileError, match=r"torn\.docx"):
        slot.run(wire.Read(str(path), "docx", "torn.docx", 0, 0, True), "torn.docx", never)
    slot.stop()


def test_a_reply_that_no_frame_holds_is_told_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    body = (
        "from ragflow_local.ingest import wire, worker;"
        "many = lambda _, files, __: files.receive() and wire.Planned(2**70);"
        "worker._answer = many; worker.main({'readable': [], 'most_bytes': 1 << 30})"
    )
    misbehave(monkeypatch, f"sys.path[:] = json.loads(sys.argv[1])['path']; {body}", greets=False)
    slot = Slot(Limits())
    for _ in range(2):
        with pytest.raises(DamagedFileError, match="reader of this format failed"):
            slot.run(text_file(tmp_path), "a.txt", never)
    slot.stop()


LAUNCHERS = {
    "ends at once": "exit 1",
    "says something else": "echo usage: app [options]; sleep 60",
    "says nothing and ends": "exit 0",
}


@pytest.mark.parametrize("what", LAUNCHERS)
def test_a_program_that_is_no_interpreter_is_started_once_and_no_file_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    program = tmp_path / "python-app"
    program.write_text(f"#!/bin/sh\necho x >> {tmp_path}/starts\n{LAUNCHERS[what]}\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    slot = Slot(Limits())
    with pytest.raises(WorkerNotStartedError, match="RAGFLOW_LOCAL_PYTHON") as told:
        slot.run(text_file(tmp_path), "a.txt", never)
    assert "damaged" not in str(told.value)
    assert (tmp_path / "starts").read_text() == "x\n"


def test_an_interpreter_that_does_not_answer_may_be_cancelled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    misbehave(monkeypatch, "time.sleep(60)", greets=False)
    started = time.monotonic()
    with pytest.raises(ParseCancelledError):
        Slot(Limits()).run(text_file(tmp_path), "a.txt", lambda: time.monotonic() > started + 0.2)


def test_a_worker_that_does_not_read_is_ended_at_its_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    misbehave(monkeypatch, "time.sleep(60)")
    large = tmp_path / "large.txt"
    large.write_bytes(b"x" * (4 << 20))  # more than a pipe holds
    with pytest.raises(LimitError, match="task_seconds"):
        Slot(Limits(task_seconds=0.3)).run(
            wire.Read(str(large), "text", "a.txt", 0, 0, True), "a.txt", never
        )


def test_a_worker_knows_neither_the_environment_nor_where_the_file_lies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    body = (
        "from ragflow_local.ingest import worker; answer = worker._answer\n"
        "def told(request, data, replies):\n"
        "    done = answer(request, data, replies)\n"
        "    return wire.ReadDone([], [repr(request), repr(dict(os.environ)), os.getcwd()])\n"
        "worker._answer = told\n"
        "worker.main({'readable': [], 'most_bytes': 1 << 30})"
    )
    paths = "sys.path[:] = json.loads(sys.argv[1])['path']"
    misbehave(monkeypatch, f"{paths}\nfrom ragflow_local.ingest import wire\n{body}", greets=False)
    slot = Slot(Limits())
    reply = slot.run(text_file(tmp_path), "a.txt", never)
    assert isinstance(reply, wire.ReadDone)
    said = " ".join(reply.notices)
    assert "hunter2" not in said
    assert str(tmp_path) not in said
    slot.stop()


PAGES = wire.Read(__file__, "pdf", "a.pdf", 1, 5, True)


def test_a_page_that_takes_too_much_processor_time_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = "; ".join(f"wire.send(sys.stdout.buffer, wire.PageDone({page}))" for page in (2, 3))
    misbehave(monkeypatch, f"{told}\nwhile True: pass")
    slot = Slot(Limits(page_seconds=0.3))
    with pytest.raises(PageTimeError, match="page 3") as caught:
        slot.run(PAGES, "a.pdf", never)
    assert caught.value.page == 3


def test_a_page_that_waits_is_not_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = "wire.send(sys.stdout.buffer, wire.ReadDone([], []))"
    told = "wire.send(sys.stdout.buffer, wire.PageDone(2))"
    misbehave(monkeypatch, f"{told}; time.sleep(1); {answer}; time.sleep(60)")
    slot = Slot(Limits(page_seconds=0.5))
    assert isinstance(slot.run(PAGES, "a.pdf", never), wire.ReadDone)
    slot.stop()


def test_a_file_crosses_the_pipe_once_for_all_that_is_asked_about_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sent: list[bool] = []
    send = wire.send_request

    def counted(*given: Any, is_kept: bool = False) -> None:
        sent.append(not is_kept)
        send(*given, is_kept=is_kept)

    monkeypatch.setattr(wire, "send_request", counted)
    request = text_file(tmp_path)
    slot = Slot(Limits())
    texts = []
    for text in ("It sleeps.", "It sleeps.", "It is awake.", "It is awake."):
        path = Path(request.path)
        if path.read_text() != text:
            path.write_text(text)
        reply = slot.run(request, "a.txt", never)
        assert isinstance(reply, wire.ReadDone)
        texts.append(reply.blocks[0].text)
    assert texts == ["It sleeps.", "It sleeps.", "It is awake.", "It is awake."]
    assert sent == [True, False, True, False]
    slot.stop()
    slot.run(request, "a.txt", never)
    assert sent[-1], "another worker has nothing"
    slot.stop()


def test_a_large_file_is_not_kept_by_a_worker_at_rest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(wire, "KEPT_BYTES", 4)
    pipe = io.BytesIO()
    for _ in range(2):
        with (tmp_path / "a").open("wb+") as file:
            file.write(b"12345")
            file.seek(0)
            wire.send_request(pipe, text_file(tmp_path), file)
    pipe.seek(0)
    receiver = wire.FileReceiver(pipe)
    for _ in range(2):
        assert wire.receive_request(pipe) is not None
        assert receiver.receive() == b"12345"
        assert receiver._kept == b""
