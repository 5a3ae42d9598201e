"""A small server that speaks as OpenAI's does, for tests: it says what it is told to say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ragflow_local.generators import Generator, open_generator, resolve_generator
from ragflow_local.records import ChatMessage
from ragflow_local.settings import LLMSettings

PATIENCE = 30  # seconds until a test that hangs is given up
ASKED = [ChatMessage("system", "Be brief."), ChatMessage("user", "Where?")]
ANY = LLMSettings()


class ModelServer(ThreadingHTTPServer):
    """One model, which writes the pieces it was given.

    Attributes:
        pieces: What it says, one piece an event; a callable is called in the piece's place.
        requests: Bodies of the questions so far.
        heads: Headers of all requests so far, by lower-case names.
        answers: Whole answers by path: status, type, bytes. They go before anything else.
        left: Set when a client went away before its answer was whole.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.models: list[dict[str, Any]] = [{"id": "tiny", "object": "model"}]
        self.pieces: Sequence[str | dict[str, Any] | Callable[[], object]] = ["Yes."]
        self.requests: list[dict[str, Any]] = []
        self.heads: list[dict[str, str]] = []
        self.answers: dict[str, tuple[int, str, bytes]] = {}
        self.usage: dict[str, int] = {}
        self.finish_reason = "stop"
        self.ends = True
        self.left = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1#tiny"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be quiet: clients that leave are what tests are about."""


class _Door(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._note()
        if not self._is_given():
            self._json(200, {"object": "list", "data": self.server.models})

    def do_POST(self) -> None:
        self._note()
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self._is_given():
            return
        if self.path != "/v1/chat/completions":
            self._json(404, {"error": {"message": "not here"}})
            return
        self.server.requests.append(json.loads(data))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for piece in self.server.pieces:
                if callable(piece):
                    piece()
                    continue
                delta = {"content": piece} if isinstance(piece, str) else piece
                self._event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            if self.server.ends:
                reason = self.server.finish_reason
                self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
                if self.server.usage:
                    self._event({"choices": [], "usage": self.server.usage})
                self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            self.server.left.set()
            raise
        self.close_connection = True

    def _note(self) -> None:
        self.server.heads.append({name.lower(): value for name, value in self.headers.items()})

    def _is_given(self) -> bool:
        given = self.server.answers.get(self.path)
        if given is None:
            return False
        status, kind, data = given
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if 300 <= status < 400:
            self.send_header("Location", data.decode())
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        return True

    def _json(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _event(self, body: object) -> None:
        self.wfile.write(f"data: {json.dumps(body)}\n\n".encode())
        self.wfile.flush()


@contextmanager
def running() -> Iterator[ModelServer]:
    """Give a server that runs until the end of the block."""
    with ModelServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def opened(name: str, **options: Any) -> Generator:
    """Open the model at an address."""
    address = resolve_generator(name, None)
    assert address is not None
    return open_generator(address, **options)


def said(model: Generator, settings: LLMSettings = ANY, **options: Any) -> list[str]:
    """Ask a model, and return the pieces of its answer."""
    return list(model.generate(ASKED, settings, **options))
