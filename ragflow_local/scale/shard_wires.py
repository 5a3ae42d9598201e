"""Where a shard answers: in this process, one beside it, an actor, or one a command starts.

A command reaches another computer, as ``ssh host ragflow-local shard DIR`` does; nothing here opens
a port. What comes back is typed, and read as data alone.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import msgspec

from ragflow_local.errors import RagflowError, ShardError
from ragflow_local.processes import ending, starting
from ragflow_local.processes.frames import read_frame, write_frame
from ragflow_local.scale import shard_frames as frames
from ragflow_local.scale.ray_wire import RAY_ENVIRONMENT
from ragflow_local.scale.shard_server import ShardServer

_PROCESS = "ragflow_local.scale.shard_process"
_RELAY = "ragflow_local.scale.ray_shard"
_WORD = b"ragflow_local shard "
GREETING = _WORD + version("ragflow-local").encode() + b"\n"
_START_SECONDS = 120.0
# How long a cluster keeps the actor of a process that ended: 30 seconds, unless it is told.
_ACTOR_ENVIRONMENT = {**RAY_ENVIRONMENT, "RAY_CLIENT_RECONNECT_GRACE_PERIOD": "5"}
_MOST_BEFORE = 1 << 16  # bytes that a login may print before the greeting


class Wire(Protocol):
    """A shard that is asked frame by frame.

    Attributes:
        name: As the user named it.
        starts: How often it was started: what it was told before is forgotten then.
    """

    name: str
    starts: int

    @property
    def is_ready(self) -> bool:
        """Whether it runs and owes no answer."""
        ...

    def start(self) -> None:
        """Start it, and do not wait."""
        ...

    def send(self, request: frames.Request) -> None:
        """Ask something; starts the shard where it is not running.

        Raises:
            ShardError: It cannot be asked.
        """
        ...

    def receive(self) -> frames.Reply:
        """Return the reply to what was asked.

        Raises:
            ShardError: It ended, or does not answer.
            RagflowError: What it told of.
        """
        ...

    def close(self) -> None:
        """End it."""
        ...


class LocalWire:
    """A shard in this process.

    Args:
        name: Its directory.
        open_server: Opens it.
    """

    def __init__(self, name: str, open_server: Callable[[], ShardServer]) -> None:
        self.name = name
        self.starts = 0
        self._open_server = open_server
        self._server: ShardServer | None = None
        self._request = b""

    @property
    def is_ready(self) -> bool:
        """Whether it is open."""
        return self._server is not None

    def start(self) -> None:
        """Do nothing: it is opened by the first question."""

    def send(self, request: frames.Request) -> None:
        """Note a question; it is answered when the answer is fetched."""
        if self._server is None:
            self._server = self._open_server()
            self.starts += 1
        self._request = frames.encode(request)

    def receive(self) -> frames.Reply:
        """Return the reply; through frames, as from a process."""
        assert self._server is not None, "it was asked before"
        reply = self._server.answer(frames.request_of(self._request))
        return frames.reply_of(frames.encode(reply))

    def close(self) -> None:
        """End its question, and give its project back."""
        if self._server is not None:
            self._server.leave()
            self._server = None


class ProcessWire:
    """A shard in a process that speaks frames on its standard input and output.

    Args:
        name: As the user named it.
        start: Starts the process.
        first: What it is asked before all else.
        timeout_seconds: How long it may take for one answer.
    """

    def __init__(
        self,
        name: str,
        start: Callable[[], subprocess.Popen[bytes]],
        first: frames.Request | None,
        timeout_seconds: float,
    ) -> None:
        self.name = name
        self.starts = 0
        self._start = start
        self._first = first
        self._timeout = timeout_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._is_asked = False
        self._is_greeted = False

    @property
    def is_ready(self) -> bool:
        """Whether it runs and owes no answer."""
        return self._process is not None and not self._is_asked

    def start(self) -> None:
        """Start the process, and do not wait for its greeting."""
        if self._process is None:
            self._process = self._start()
            self._is_greeted = False
            self.starts += 1

    def send(self, request: frames.Request) -> None:
        """Ask something; starts the process where it is not running."""
        if self._is_asked:
            self.close()  # it still owes an answer that nobody waits for any more
        self.start()
        process = self._process
        assert process is not None
        if not self._is_greeted:
            self._greet(process)
            self._is_greeted = True
            if self._first is not None:
                self._write(process, self._first)
                self.receive()
        self._write(process, request)

    def _write(self, process: subprocess.Popen[bytes], request: frames.Request) -> None:
        assert process.stdin is not None
        self._is_asked = True
        try:
            write_frame(process.stdin, frames.encode(request))
        except (OSError, ValueError) as error:
            raise self._lost("its process ended") from error

    def _greet(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for the greeting; a login may print something before it."""
        assert process.stdout is not None
        late = threading.Timer(_START_SECONDS, process.kill)
        late.daemon = True
        late.start()
        try:
            before = 0
            while before < _MOST_BEFORE and (line := process.stdout.readline(_MOST_BEFORE)):
                if line == GREETING:
                    return
                if line.startswith(_WORD):
                    raise self._lost(
                        f"{line.decode(errors='replace').strip()} runs there, not"
                        f" {GREETING.decode().strip()}"
                    )
                before += len(line)
        finally:
            late.cancel()
        raise self._lost("it ended before its first word")

    def receive(self) -> frames.Reply:
        """Return the reply."""
        process = self._process
        if process is None or process.stdout is None:
            raise self._lost("it is not running")
        self._wait(process, self._timeout)
        try:
            body = read_frame(process.stdout)
            reply = None if body is None else frames.reply_of(body)
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            raise self._lost(f"its answer cannot be read: {error}") from error
        if reply is None:
            raise self._lost("its process ended")
        self._is_asked = False
        if isinstance(reply, frames.Failed):
            raise frames.error_of(reply) or ShardError(self.name, reply.message)
        return reply

    def _wait(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        """Wait until there is something to read, where the system can tell."""
        if os.name != "posix":
            return
        assert process.stdout is not None
        poll = select.poll()
        poll.register(process.stdout, select.POLLIN)
        if not poll.poll(seconds * 1000):
            raise self._lost(f"it did not answer within {seconds:g} seconds")

    def _lost(self, reason: str) -> ShardError:
        process, code = self._process, None
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(0.2)
        self.close()
        ended = f" (exit status {code})" if code is not None else ""
        return ShardError(self.name, f"{reason}{ended}")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        self._is_asked = False
        if process is not None:
            ending.end(process)


def process_wire(directory: Path, opened: frames.Open, timeout_seconds: float) -> ProcessWire:
    """Return a shard in a process of its own on this computer."""

    def start() -> subprocess.Popen[bytes]:
        return starting.start(_PROCESS, "", (), 0)

    return ProcessWire(str(directory), start, opened, timeout_seconds)


def actor_wire(address: str, opened: frames.Open, timeout_seconds: float) -> ProcessWire:
    """Return a shard in an actor of a Ray cluster, which a process here speaks to.

    Args:
        address: ``ray://HOST:PORT`` of the cluster.
        opened: Names the project's directory on a node of it.
        timeout_seconds: As for a process.
    """
    asked = {"address": address, "directory": opened.path}

    def start() -> subprocess.Popen[bytes]:
        with Path(os.devnull).open("wb") as nowhere:
            return starting.start_helper(_RELAY, asked, nowhere, _ACTOR_ENVIRONMENT)

    return ProcessWire(f"{address}{opened.path}", start, opened, timeout_seconds)


def command_wire(command: Sequence[str], timeout_seconds: float) -> ProcessWire:
    """Return a shard in the process that a command starts."""
    name = " ".join(command)

    def start() -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise ShardError(name, str(error)) from error

    return ProcessWire(name, start, None, timeout_seconds)


def asked_all(
    wires: Sequence[Wire], requests: Sequence[frames.Request | None], kind: type[frames.R]
) -> list[frames.R | None]:
    """Return every shard's reply; None for one that is asked nothing. All work at once.

    Raises:
        RagflowError: What the first of those that failed told, once all others have answered.
    """
    failed: list[RagflowError] = []
    asked: list[bool] = []
    for wire, request in zip(wires, requests, strict=True):
        try:
            if request is not None:
                wire.send(request)
            asked.append(request is not None)
        except RagflowError as error:
            failed.append(error)
            asked.append(False)
    replies: list[frames.R | None] = []
    for wire, is_asked in zip(wires, asked, strict=True):
        reply = None
        if is_asked:
            try:
                reply = wire.receive()
            except RagflowError as error:
                failed.append(error)
        if reply is not None and not isinstance(reply, kind):
            wire.close()
            failed.append(ShardError(wire.name, f"it answered {type(reply).__name__}"))
            reply = None
        replies.append(reply)
    if failed:
        raise failed[0]
    return replies
