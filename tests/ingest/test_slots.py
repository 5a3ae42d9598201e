"""A slot survives whatever its worker does; the workers here are real processes that misbehave."""

import os
import time
from pathlib import Path

import psutil
import pytest

from ragflow_local.errors import (
    DamagedFileError,
    LimitError,
    ParseCancelledError,
    WorkerDiedError,
)
from ragflow_local.ingest import slots, wire
from ragflow_local.ingest.slots import Slot
from ragflow_local.settings import Limits

REQUEST = wire.Read("nowhere", "text", "a.txt", 0, 0, True)


def never() -> bool:
    return False


def misbehave(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    monkeypatch.setattr(slots, "_BOOT", f"import os, sys, time; {body}")


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
        "sys.path[:] = sys.argv[1:]; from ragflow_local.ingest import wire, worker;"
        "worker._answer = lambda request, pipe: wire.Planned(2**70); worker.main()"
    )
    misbehave(monkeypatch, body)
    slot = Slot(Limits())
    for _ in range(2):
        with pytest.raises(DamagedFileError, match="stumbled over it"):
            slot.run(text_file(tmp_path), "a.txt", never)
    slot.stop()
