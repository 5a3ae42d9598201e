"""Slots: each runs one worker process, sends it requests and returns replies or errors.

A slot watches its worker's time and memory, ends it when the task is cancelled or goes beyond a
limit, and starts another where the last one ended.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from ragflow_local.errors import (
    LimitError,
    PageTimeError,
    ParseCancelledError,
    WorkerDiedError,
    WorkerNotStartedError,
)
from ragflow_local.errors.base import seconds_of
from ragflow_local.ingest import wire
from ragflow_local.processes import ending, starting
from ragflow_local.processes.starting import GREETING
from ragflow_local.settings import Limits

if TYPE_CHECKING:
    import psutil

# How often a running task is looked at: cancelling and closing take no longer than this.
_LOOK_SECONDS = 0.1

# A worker that holds more after a task is ended: recognising text can leave 0.5 GB behind,
# and two such workers beside the engine are more than a small machine has.
_RESTING_BYTES = 512 << 20

_WORKER = "ragflow_local.ingest.worker"
_START_SECONDS = 120.0  # imports from a cold disk, on a machine that is busy
_SEND_SECONDS = 1.0
# Short documents together take some hundredths; after this, each is tried alone.
_SHORT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Page:
    """The page that is being read, and the processor time that was used before it."""

    number: int = 0
    since: float = 0.0


class Slot:
    """One worker process at a time, started when the first task comes."""

    def __init__(self, limits: Limits, python: str = "") -> None:
        """Make a slot without a worker.

        Args:
            limits: Of its workers.
            python: The interpreter of its workers; empty: as ``starting`` finds it.
        """
        self._limits = limits
        self._python = python
        self._readable: set[str] = set()
        self.lacks: tuple[str, ...] = ()
        self._process: subprocess.Popen[bytes] | None = None
        self._replies: queue.SimpleQueue[wire.Reply | None] = queue.SimpleQueue()
        self._tasks = 0
        self._is_greeted = False
        self._kept: tuple[int, ...] | None = None  # the file that the worker has
        self._watched: psutil.Process | None = None
        self._page: _Page | None = None
        self._seconds = limits.task_seconds  # that the task may take

    def run(
        self,
        request: wire.Request,
        name: str,
        is_cancelled: Callable[[], bool],
        on_page: Callable[[int], None] = lambda page: None,
    ) -> wire.Reply:
        """Return the worker's reply to ``request``.

        Args:
            request: What to do.
            name: The document's name, for messages.
            is_cancelled: Asked several times a second; True ends the worker.
            on_page: Called with the page the worker has reached.

        Raises:
            ParseCancelledError: ``is_cancelled`` said so.
            LimitError: The task needed more time or memory than it may; of one page it is
                PageTimeError.
            WorkerDiedError: The process ended by itself.
            WorkerNotStartedError: There is no process that could do it.
            OSError: The file cannot be opened.
            RagflowError: What the worker told of.
        """
        tokenizer = wire.tokenizer_of(request)
        if tokenizer and tokenizer not in self._readable:
            self._readable.add(tokenizer)
            self.stop()  # what a worker may read is settled when it starts
        path = wire.file_of(request)
        with Path(path).open("rb") if path else contextlib.nullcontext() as file:
            process = self._ready()
            if not self._is_greeted:
                self._greet(process, name, is_cancelled)
            # By a thread: a worker that does not read must not hold up what watches it.
            given = (process, request, file, self._is_kept(file))
            sender = threading.Thread(target=_send, args=given, daemon=True)
            sender.start()
            self._page = _Page() if isinstance(request, wire.Read) and request.first else None
            self._seconds = self._limits.task_seconds
            if isinstance(request, wire.Several):
                self._seconds = min(self._seconds, _SHORT_SECONDS)
            try:
                return self._reply(process, name, is_cancelled, on_page)
            finally:
                sender.join(_SEND_SECONDS)

    def _is_kept(self, file: IO[bytes] | None) -> bool:
        """Return whether the worker has a file from its last task; from now on it does."""
        if file is None:
            return False
        state = os.fstat(file.fileno())
        now = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
        before, self._kept = self._kept, now if state.st_size <= wire.KEPT_BYTES else None
        return before == now

    def forget_file(self) -> None:
        """Send the next file whatever it looks like: it may have the place of one before it."""
        self._kept = None

    def _greet(
        self, process: subprocess.Popen[bytes], name: str, is_cancelled: Callable[[], bool]
    ) -> None:
        """Wait for the worker's greeting.

        Raises:
            ParseCancelledError: ``is_cancelled`` said so.
            WorkerNotStartedError: It said something else, or nothing.
        """
        started = time.monotonic()
        reply: wire.Reply | None = None
        while True:
            try:
                reply = self._replies.get(timeout=_LOOK_SECONDS)
                break
            except queue.Empty:
                if is_cancelled():
                    self.stop()
                    raise ParseCancelledError(name) from None
                if time.monotonic() - started > _START_SECONDS:
                    break
        if isinstance(reply, wire.Hello):
            self._is_greeted = True
            self.lacks = tuple(reply.lacks)
            return
        program = str(cast(list[str], process.args)[0])
        raise WorkerNotStartedError(program, f"it ended before its first word ({self._ended()})")

    def _reply(
        self,
        process: subprocess.Popen[bytes],
        name: str,
        is_cancelled: Callable[[], bool],
        on_page: Callable[[int], None],
    ) -> wire.Reply:
        started = time.monotonic()
        while True:
            try:
                reply = self._replies.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                pass
            else:
                if reply is None:
                    raise self._death(name)
                if isinstance(reply, wire.Failed):
                    raise wire.error_of(reply, name)
                if not isinstance(reply, wire.PageDone):
                    self._rest(process)
                    return reply
                self._turn_to(process, reply.page)
                on_page(reply.page)
            if is_cancelled():
                self.stop()
                raise ParseCancelledError(name)
            self._check_limits(process, name, started)
            self._check_page(process, name)

    def stop(self) -> None:
        """End the worker at once; nothing happens where there is none."""
        process, self._process = self._process, None
        if process is not None:
            ending.end(process)

    def take_over(self, other: Slot) -> None:
        """Take the worker of another slot, which then has none."""
        self._process, other._process = other._process, None
        self._replies, self._tasks = other._replies, other._tasks
        self._readable, self._is_greeted = other._readable, other._is_greeted
        self._kept = other._kept
        self.lacks = other.lacks

    def _ready(self) -> subprocess.Popen[bytes]:
        process = self._process
        worn = self._tasks >= self._limits.tasks_per_worker
        if process is not None and (worn or process.poll() is not None):
            self.stop()
            process = None
        if process is None:
            process = starting.start(
                _WORKER, self._python, self._readable, self._limits.worker_bytes
            )
            self._is_greeted = False
            self._process, self._tasks, self._kept = process, 0, None
            self._replies = queue.SimpleQueue()
            threading.Thread(
                target=_pump, args=(process, self._replies), daemon=True, name="worker-replies"
            ).start()
        self._tasks += 1
        return process

    def _rest(self, process: subprocess.Popen[bytes]) -> None:
        """End the worker where it keeps much memory from what it has done."""
        if self._used_bytes(process) > _RESTING_BYTES:
            self.stop()

    def _check_limits(self, process: subprocess.Popen[bytes], name: str, started: float) -> None:
        seconds = time.monotonic() - started
        if seconds > self._seconds:
            self.stop()
            raise LimitError(
                name,
                f"reading took longer than {seconds_of(self._seconds)}",
                "task_seconds in RAGFlow(limits=…)",
            )
        used = self._used_bytes(process)
        if used > self._limits.worker_bytes:
            self.stop()
            raise LimitError(
                name,
                f"reading took more than {self._limits.worker_bytes >> 20} MiB of memory",
                "worker_bytes in RAGFlow(limits=…)",
            )

    def _turn_to(self, process: subprocess.Popen[bytes], number: int) -> None:
        if self._page is not None and number != self._page.number:
            self._page = _Page(number, self._processor_seconds(process))

    def _check_page(self, process: subprocess.Popen[bytes], name: str) -> None:
        """End the worker where one page takes longer than a page may.

        Processor time counts: on a busy machine a page is not at fault.
        """
        page, limit = self._page, self._limits.page_seconds
        if page is None or not page.number:
            return
        if self._processor_seconds(process) - page.since > limit:
            self.stop()
            raise PageTimeError(name, page.number, limit)

    def _processor_seconds(self, process: subprocess.Popen[bytes]) -> float:
        """Return the processor time a worker has used; 0 where it is gone."""
        import psutil  # the package is imported without it

        try:
            times = self._watch(process).cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    def _watch(self, process: subprocess.Popen[bytes]) -> psutil.Process:
        import psutil

        # Kept: making one reads more of the system than asking it does.
        if self._watched is None or self._watched.pid != process.pid:
            self._watched = psutil.Process(process.pid)
        return self._watched

    def _used_bytes(self, process: subprocess.Popen[bytes]) -> int:
        """Return the memory a worker holds; 0 where it is gone."""
        import psutil  # the package is imported without it

        try:
            return int(self._watch(process).memory_info().rss)
        except psutil.Error:
            return 0

    def _death(self, name: str) -> WorkerDiedError:
        return WorkerDiedError(name, self._ended())

    def _ended(self) -> str:
        """Return how the worker ended, and see to it that it has."""
        code = None
        if self._process is not None:
            try:
                code = self._process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                code = None
        self.stop()
        return "no reply" if code is None else f"signal {-code}" if code < 0 else f"exit {code}"


def _send(
    process: subprocess.Popen[bytes], request: wire.Request, file: IO[bytes] | None, is_kept: bool
) -> None:
    """Write a request to a worker; one that has ended is told of by its replies."""
    with contextlib.suppress(OSError, ValueError):
        if process.stdin is not None:
            wire.send_request(process.stdin, request, file, is_kept=is_kept)


def _pump(process: subprocess.Popen[bytes], replies: queue.SimpleQueue[wire.Reply | None]) -> None:
    """Move replies from the pipe to the queue, and None at its end."""
    try:
        if process.stdout is None or process.stdout.read(len(GREETING)) != GREETING:
            replies.put(None)
            return
        while True:
            reply = wire.receive_reply(process.stdout)
            replies.put(reply)
            if reply is None:
                return
    except (OSError, ValueError):  # closed under us, or half a frame of a worker that died
        replies.put(None)
