"""The process that speaks to Ray for an engine: batches in on a pipe, frames out.

Ray prints to standard output, ends its process where the cluster is gone, and keeps hundreds of
threads and megabytes: here it does all that to nobody else. It only ever connects to a cluster; it
starts none, which would listen on all interfaces.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from typing import IO, Any

from ragflow_local.ingest.remote import parse_batch
from ragflow_local.scale import ray_wire as wire

_WIDTH_SECONDS = 2.0  # between two looks at how large the cluster is
_END_SECONDS = 8.0  # Ray's own end takes two
_PAUSES = (1.0, 2.0, 4.0)  # before each further try to connect
_KNOCK_SECONDS = 10.0  # a head whose queue is full does not refuse: it says nothing
_PATIENCE_SECONDS = 60.0  # after which none begins: Ray's own patience with an address is 35
_MOST_LETTERS = 2000
_INSTALL = 'Ray is not installed: pip install "ragflow-local[ray]"'


def main(asked: Mapping[str, Any]) -> None:
    """Answer requests until the pipe ends.

    Args:
        asked: The address of the cluster, ``address``.
    """
    requests, replies = pipes()
    driver = _Driver(replies)
    if driver.connect(asked["address"]):
        driver.serve(requests)
    # Whatever Ray's threads still do: all has been said.
    os._exit(0)


def pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Return this process's pipes to the engine; whatever else prints does so to the log."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the engine's to handle
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, replies


class UnreachedError(Exception):
    """Says why no cluster was reached."""


def library() -> Any:
    """Return Ray, loaded.

    Raises:
        UnreachedError: It is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise UnreachedError(f"{_INSTALL} ({error})") from error
    return ray


def only_at(node: str) -> Any:
    """Return what places work on a node, and on no other."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node, soft=False)


def reached(ray: Any, address: str) -> list[str]:
    """Connect to a cluster, and return the ids of its nodes that have processors.

    A head that is busy refuses or drops connections; it is asked again, a few times. Ray itself,
    which tells nothing for half a minute where nobody listens, is asked only where somebody does.

    Args:
        ray: The module.
        address: Of the cluster.

    Raises:
        UnreachedError: There is none, or it does not take us.
    """
    tries, begun = 0, time.monotonic()
    while True:
        tries += 1
        try:
            _knock(address)
            ray.init(address=address, namespace="ragflow_local", log_to_driver=False)
            return [node["NodeID"] for node in ray.nodes() if _works(node)]
        except OSError as error:
            how = f"{told(error)} (tried {tries} times)" if tries > 1 else told(error)
            if tries > len(_PAUSES) or time.monotonic() - begun > _PATIENCE_SECONDS:
                raise UnreachedError(how) from error
        except Exception as error:  # Ray raises what it likes: trying again would not help
            raise UnreachedError(told(error)) from error
        with contextlib.suppress(Exception):
            ray.shutdown()  # what is left of a connection that was begun
        time.sleep(_PAUSES[tries - 1])


class _Driver:
    """The batches that are at the cluster."""

    def __init__(self, replies: IO[bytes]) -> None:
        self._replies = replies
        self._lock = threading.Lock()
        self._refs: dict[int, Any] = {}
        self._ray: Any = None

    def _say(self, reply: wire.Reply) -> None:
        try:
            with self._lock:
                wire.send(self._replies, reply)
        except OSError:  # the engine is gone; the end of its requests says so too
            return

    def connect(self, address: str) -> bool:
        """Connect to the cluster, and list its nodes; return whether that went well."""
        try:
            ray = library()
            nodes = reached(ray, address)
        except UnreachedError as error:
            self._say(wire.Lost(str(error)))
            return False
        self._ray = ray
        self._parse = ray.remote(num_cpus=1, max_retries=0, scheduling_strategy="SPREAD")(
            parse_batch
        )
        self._say(wire.Connected(nodes))
        threading.Thread(target=self._watch, daemon=True).start()
        return True

    def _watch(self) -> None:
        """Tell how many processors there are, now and whenever it changes."""
        width = -1
        while True:
            try:
                now = int(self._ray.cluster_resources().get("CPU", 0))
            except Exception as error:  # noqa: BLE001  # likewise
                self._say(wire.Lost(told(error)))
                os._exit(1)
            if now != width:
                width = now
                self._say(wire.Width(width))
            time.sleep(_WIDTH_SECONDS)

    def serve(self, requests: IO[bytes]) -> None:
        """Answer requests until the pipe ends; then leave the cluster."""
        while (request := wire.receive_request(requests)) is not None:
            try:
                if isinstance(request, wire.Submit):
                    self._submit(request)
                elif (ref := self._refs.pop(request.number, None)) is not None:
                    self._ray.cancel(ref, force=True)
            except Exception as error:  # noqa: BLE001  # likewise
                self._say(wire.Died(request.number, told(error)))
        threading.Thread(target=_end_in_any_case, daemon=True).start()
        for ref in list(self._refs.values()):
            self._ray.cancel(ref, force=True)
        self._ray.shutdown()

    def _submit(self, request: wire.Submit) -> None:
        parse = self._parse
        if request.node:
            parse = parse.options(num_cpus=0, scheduling_strategy=only_at(request.node))
        ref = parse.remote(request.batch)
        self._refs[request.number] = ref
        ref.future().add_done_callback(lambda future: self._take_back(request.number, future))

    def _take_back(self, number: int, future: Future[Any]) -> None:
        if self._refs.pop(number, None) is None:
            return  # given up
        try:
            frame = future.result()
        except ConnectionError as error:
            self._say(wire.Lost(told(error)))
        except BaseException as error:  # noqa: BLE001  # cancelled, or whatever Ray raises
            self._say(wire.Died(number, told(error)))
        else:
            self._say(
                wire.Returned(number, frame)
                if isinstance(frame, bytes)
                else wire.Died(number, "no frame came back")
            )


def _knock(address: str) -> None:
    """Try whether somebody listens at an address.

    Raises:
        OSError: Nobody does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), _KNOCK_SECONDS).close()


def _works(node: Mapping[str, Any]) -> bool:
    return bool(node["Alive"]) and node["Resources"].get("CPU", 0) > 0


def told(error: BaseException) -> str:
    """Return what Ray says of an error: its first sentence, behind its class."""
    cause = getattr(error, "cause", None)  # what the function raised, without Ray's traceback
    error = cause if isinstance(cause, BaseException) else error
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text.partition(". ")[0][:_MOST_LETTERS]


def _end_in_any_case() -> None:
    time.sleep(_END_SECONDS)
    os._exit(1)
