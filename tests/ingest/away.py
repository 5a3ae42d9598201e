"""Places for tests: threads, processes that may be killed, and faults on the way."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import msgspec
import pytest

from ragflow_local import DataSet, Document, RAGFlow
from ragflow_local.ingest import remote
from ragflow_local.ingest.places import Pool
from ragflow_local.ingest.remote import Batch
from ragflow_local.processes import starting

# What in a file ends the process that reads it, and the process that has it read.
KILLS_READER, KILLS_PROCESS = b"KILL THE READER", b"KILL THE PROCESS"

_BOOT = f"""
import json, os, sys
asked = json.loads(sys.argv[1]); sys.path[:] = asked['path']; del sys.argv[1:]
from ragflow_local.ingest import worker
cut = worker._cut
def answer(request, data, replies):
    if {KILLS_READER!r} in data:
        os._exit(9)
    return cut(request, data, replies)
worker._cut = answer
worker.main(asked)
"""


@contextmanager
def killable_readers() -> Iterator[None]:
    """Have readers that this process starts die of a file."""
    before, starting.BOOT = starting.BOOT, _BOOT
    remote.end_workers()
    try:
        yield
    finally:
        starting.BOOT = before
        remote.end_workers()


class Threads(Pool):
    """A place in this process; what it is given goes through ``faults`` first.

    Attributes:
        batches: What came, with the names of the documents.
        go_on: Cleared, all that comes waits.
    """

    def __init__(self, width: int = 2, *, reads_files: bool = False) -> None:
        self._threads = ThreadPoolExecutor(width)
        super().__init__(self._threads, width, name="threads", reads_files=reads_files)
        self.batches: list[list[str]] = []
        self.faults: list[Callable[[Batch], None]] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.answer: Callable[[bytes], bytes] = remote.parse_batch

    def submit(self, batch: bytes) -> Future[bytes]:
        return self._threads.submit(self._parse, batch)

    def _parse(self, data: bytes) -> bytes:
        batch = msgspec.msgpack.decode(data, type=Batch)
        if batch.items:
            self.batches.append([item.name for item in batch.items])
            self.go_on.wait(60)
            for fault in self.faults:
                fault(batch)
        return self.answer(data)

    def close(self) -> None:
        self.go_on.set()
        self._threads.shutdown(cancel_futures=True)
        remote.end_workers()


class DiedError(Exception):
    """What a place says of a process that ended."""


def dies_of(text: bytes, times: int = 1 << 30) -> Callable[[Batch], None]:
    """Return a fault: a batch with a document that has ``text`` dies, so many times."""
    left = [times]

    def fault(batch: Batch) -> None:
        if any(text in item.data for item in batch.items) and left[0]:
            left[0] -= 1
            raise DiedError("the process ended")

    return fault


def parse_or_die(batch: bytes) -> bytes:
    """Return the frame of a batch, unless a document of it ends this process."""
    if KILLS_PROCESS in batch:
        os.kill(os.getpid(), signal.SIGKILL)
    return remote.parse_batch(batch)


class Processes:
    """A place of processes of its own, replaced when they die."""

    name = "processes"
    reads_files = False

    def __init__(self, width: int = 2) -> None:
        self.width = width
        self._pool = self._new()

    def _new(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.width, multiprocessing.get_context("spawn"))

    def pids(self) -> list[int]:
        return list(self._pool._processes or ())

    def submit(self, batch: bytes) -> Future[bytes]:
        try:
            return self._pool.submit(parse_or_die, batch)
        except (BrokenProcessPool, OSError):  # a pipe that its own thread closed meanwhile
            self._pool = self._new()
            return self._pool.submit(parse_or_die, batch)

    def submit_to_each(self, batch: bytes) -> Sequence[Future[bytes]]:
        return [self.submit(batch)]

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def added(rag: RAGFlow, dataset: DataSet, count: int) -> list[Document]:
    """Add short documents, each with a word of its own."""
    texts = [f"Squid{n} eats whale{n % 7}. It swims {n} miles.".encode() for n in range(count)]
    return [rag.add_document(dataset, f"{n}.txt", text) for n, text in enumerate(texts)]


def runs(dataset: DataSet) -> dict[str, str]:
    return {document.name: document.run for document in dataset.list_docs()}


def message_of(rag: RAGFlow, name: str) -> str:
    return rag.get_document(name=name).progress_msg


def take_for_another_model(rag: RAGFlow, dataset: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a dataset say that its vectors are of another model than a place will find."""
    given = rag.project.setup_of(dataset._row)
    other = msgspec.structs.replace(given, fingerprint="hashing-256-2")
    monkeypatch.setattr(type(rag.project), "setup_of", lambda *_: other)
