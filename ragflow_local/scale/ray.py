"""A Ray cluster that parses for a project; Ray itself runs in a process of its own.

Plain tasks, each a batch: one that its node takes with it is placed anew. The cluster is there
already: none is started, since Ray listens on all interfaces and runs code for whoever reaches it.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import IO, cast

from ragflow_local.errors import InvalidValueError, PlaceLostError
from ragflow_local.ingest.places import BatchDiedError
from ragflow_local.processes import starting
from ragflow_local.scale import ray_wire as wire
from ragflow_local.scale.sent import SentBatches

_DRIVER = "ragflow_local.scale.ray_driver"
_CONNECT_SECONDS = 180.0  # importing Ray on a busy machine, and its own patience
_LEAVE_SECONDS = 10.0
_LOG_BYTES = 1000  # of what Ray said, in an error
_AN_ADDRESS = re.compile(r"(ray://)?[^\s/:]+(:\d{1,5})|(ray://)?\[[0-9a-fA-F:]+\]:\d{1,5}")


class RayPlace:
    """A Ray cluster, as a place to parse at.

    Args:
        address: ``ray://HOST:10001``, or ``HOST:6379`` on a computer of the cluster.
        reads_files: Whether each node sees the project's directory under the same path: files then
            do not go through this process.

    Raises:
        InvalidValueError: It is no address.
        PlaceLostError: No cluster answers there, or Ray is not installed.
    """

    def __init__(self, address: str, *, reads_files: bool = False) -> None:
        if not _AN_ADDRESS.fullmatch(address):
            allowed = "the address of a Ray cluster: ray://HOST:10001, or HOST:6379 on a node of it"
            raise InvalidValueError("on", address, allowed)
        self.name = address
        self.reads_files = reads_files
        self.width = 1
        self._nodes: list[str] = []
        self._sent = SentBatches(address, self._give_up)
        self._lock = threading.Lock()
        self._connected = threading.Event()
        self._log = cast(IO[bytes], tempfile.TemporaryFile())  # noqa: SIM115  # closed with it
        self._process = starting.start_helper(
            _DRIVER, {"address": address}, self._log, wire.RAY_ENVIRONMENT
        )
        self._requests = cast(IO[bytes], self._process.stdin)
        threading.Thread(target=self._listen, daemon=True, name="ray-replies").start()
        self._wait_until_connected()

    def _wait_until_connected(self) -> None:
        try:
            is_there = self._connected.wait(_CONNECT_SECONDS)
            if not is_there or self._sent.lost is not None:
                how = self._sent.lost or f"no answer in {_CONNECT_SECONDS:g} seconds"
                raise PlaceLostError(self.name, how)
        except BaseException:
            self.close()
            raise

    def submit(self, batch: bytes) -> Future[bytes]:
        """Return what will be ``parse_batch(batch)``, on some node.

        Raises:
            PlaceLostError: The cluster does not answer any more.
        """
        return self._submit(batch, "")

    def submit_to_each(self, batch: bytes) -> Sequence[Future[bytes]]:
        """Return the same for each node that has processors."""
        return [self._submit(batch, node) for node in self._nodes]

    def close(self) -> None:
        """Leave the cluster; what it works on is given up."""
        with self._lock, contextlib.suppress(OSError):
            self._requests.close()
        try:
            self._process.wait(_LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            self._log.close()

    def _submit(self, batch: bytes, node: str) -> Future[bytes]:
        number, future = self._sent.begin()
        self._send(wire.Submit(number, batch, node))
        return future

    def _give_up(self, number: int) -> None:
        """Take a batch back."""
        self._send(wire.Cancel(number))

    def _send(self, request: wire.Request) -> None:
        # One that is gone is told of by the end of its replies.
        with self._lock, contextlib.suppress(OSError, ValueError):
            wire.send(self._requests, request)

    def _listen(self) -> None:
        replies = cast(IO[bytes], self._process.stdout)
        try:
            while (reply := wire.receive_reply(replies)) is not None:
                self._hear(reply)
        except ValueError as error:
            self._lose(f"what it says is no answer ({error})")
        finally:
            self._lose(self._sent.lost or self._last_words())
            replies.close()

    def _hear(self, reply: wire.Reply) -> None:
        if isinstance(reply, wire.Width):
            self.width = max(reply.width, 1)
        elif isinstance(reply, wire.Connected):
            self._nodes = reply.nodes
            self._connected.set()
        elif isinstance(reply, wire.Lost):
            self._lose(reply.how)
        elif isinstance(reply, wire.Returned):
            self._sent.end(reply.number, reply.frame)
        else:
            self._sent.end(reply.number, BatchDiedError(reply.how))

    def _lose(self, how: str) -> None:
        self._sent.lose(how)
        self._connected.set()

    def _last_words(self) -> str:
        """Return what Ray said last, where its process ended by itself."""
        text = "the process that speaks to it has ended"
        with contextlib.suppress(OSError, ValueError):
            size = self._log.seek(0, 2)
            self._log.seek(max(size - _LOG_BYTES, 0))
            said = self._log.read().decode(errors="replace").split()
            text += f": … {' '.join(said)[-180:]}" if said else ""
        return text
