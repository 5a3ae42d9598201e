"""Runs the application in uvicorn, with time limits for slow clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ragflow_local.api.ragflow import RAGFlow
from ragflow_local.errors import InvalidValueError
from ragflow_local.rest import ReleasedAPI
from ragflow_local.serve.app import App
from ragflow_local.serve.guard import Rules, is_loopback

_log = logging.getLogger("ragflow_local.serve")

_MOST_HEAD = 32 << 10  # bytes of a request's head
_IDLE_SECONDS = 15  # a connection without a request
_LINGERING_SECONDS = 2  # after the last reply, for what the client still sends
_ENDING_SECONDS = 1  # until connections are cut: their answers are stopped by then
_BACKLOG = 512


class Service:
    """A project served over HTTP until it is stopped.

    Args:
        engine: An open engine; it stays open when the service ends.
        rules: What is allowed.
        host: Where it listens.
        port: Likewise; 0 for any that is free.
        models: Names of models in scripts to names of models here, see ``ReleasedAPI``.
    """

    def __init__(
        self,
        engine: RAGFlow,
        rules: Rules | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 9380,
        models: dict[str, str] | None = None,
    ) -> None:
        rules = rules or Rules()
        if not is_loopback(host) and not rules.key:
            raise InvalidValueError("host", host, "an address of this computer, or a key as well")
        api = ReleasedAPI(engine, models=models, tenant_id=engine.tenant_id)
        self.app = App(api, rules)
        self._listener = _listen(host, port)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"
        config = uvicorn.Config(
            self.app,
            http=_patient(rules.head_seconds),
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=_BACKLOG,
            h11_max_incomplete_event_size=_MOST_HEAD,
            limit_concurrency=rules.most_connections,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_ENDING_SECONDS,
        )
        self._server = _Server(config, self.app.stop_all)

    def run(self) -> None:
        """Serve until Ctrl-C or ``stop``.

        Raises:
            KeyboardInterrupt: It was Ctrl-C.
        """
        try:
            self._server.run(sockets=[self._listener])
        finally:
            self.app.stop_all()
            self._listener.close()

    def start(self) -> threading.Thread:
        """Serve in a thread, and return it."""
        thread = threading.Thread(target=self.run, name="ragflow-serve", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Stop the service and the answers that are being written."""
        self.app.stop_all()
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """uvicorn's server, which stops running answers before it waits for them."""

    def __init__(self, config: uvicorn.Config, stop_all: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop_all = stop_all

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stop_all()
        super().handle_exit(sig, frame)


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, or raise if the address cannot be used.

    Raises:
        InvalidValueError: The address is taken, or none of this computer's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        free = f"an address that is free ({getattr(error, 'strerror', None) or error})"
        raise InvalidValueError("port", f"{host}:{port}", free) from error
    listener.listen(_BACKLOG)
    return listener


def _patient(seconds: float) -> type[H11Protocol]:
    """Return uvicorn's protocol with a time limit for the head of a request."""

    class Patient(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
            super().connection_made(_Lingering(transport, self.loop))
            self._wait()

        def data_received(self, data: bytes) -> None:
            if not self.transport.is_closing():
                super().data_received(data)

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._wait()

        def _wait(self) -> None:
            before: Any = self.cycle
            self.loop.call_later(seconds + _IDLE_SECONDS * (before is not None), self._end, before)

        def _end(self, before: Any) -> None:
            if self.cycle is before and not self.transport.is_closing():
                self.transport.abort()

    return Patient


class _Lingering(asyncio.Transport):
    """A connection that is closed when the client has read the last reply.

    Closing a socket that holds bytes nobody read resets the connection, and a client that was
    still sending loses the reply that says why. So only the sending side ends at once; what
    still comes is thrown away until the client ends its side, or for ``_LINGERING_SECONDS``
    (RFC 9112, section 9.6).
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport, self._loop = transport, loop
        self._is_closing = False

    def close(self) -> None:
        if self.is_closing():
            return
        self._is_closing = True
        with contextlib.suppress(OSError):  # the client has gone
            self._transport.write_eof()
        self._transport.resume_reading()
        self._loop.call_later(_LINGERING_SECONDS, self._transport.close)

    def is_closing(self) -> bool:
        return self._is_closing or self._transport.is_closing()

    def abort(self) -> None:
        self._transport.abort()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._is_closing:
            self._transport.write(data)

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)
