"""A served project with one parsed document, and clients that speak plain HTTP to it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.serve import Rules, Service
from tests.model_server import ModelServer, running

PATIENCE = 30  # seconds until a test that hangs is given up
SQUID = b"The colossal squid lives around Antarctica.\nIt was described in 1925.\n"


class Replied(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One service, asked over a new connection each time."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._thread = service.start()
        self.port = service.port
        self._opened: list[socket.socket] = []

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Replied:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, data, named)
        answer = connection.getresponse()
        replied = Replied(
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            answer.read(),
        )
        connection.close()
        return replied

    def ask(self, question: str, **fields: object) -> Replied:
        messages = [{"role": "user", "content": question}]
        return self(
            "POST", "/v1/chat/completions", {"model": "sea", "messages": messages, **fields}
        )

    def raw(self, *sent: bytes) -> socket.socket:
        """Return a connection that some bytes were sent over."""
        opened = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self._opened.append(opened)
        for part in sent:
            opened.sendall(part)
        return opened

    def close(self) -> None:
        """End the service, and what was left open."""
        for opened in self._opened:
            opened.close()
        self.service.stop()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


Serve = Callable[..., Client]


@pytest.fixture
def quick_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have uvicorn look whether it should end a hundred times a second, not ten."""
    quick = ModuleType("asyncio")
    vars(quick).update(vars(asyncio), sleep=lambda seconds: asyncio.sleep(seconds / 10))
    monkeypatch.setattr("uvicorn.server.asyncio", quick)


@pytest.fixture
def serve(loopback: None, quick_ends: None, rag: RAGFlow) -> Iterator[Serve]:
    """Serve the engine by some rules until the end of the test."""
    clients: list[Client] = []

    def start(**rules: Any) -> Client:
        clients.append(Client(Service(rag, Rules(**rules), port=0)))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


@pytest.fixture
def sea(rag: RAGFlow, parsed_in: Callable[[DataSet, str, bytes], None]) -> DataSet:
    dataset = rag.create_dataset("sea")
    parsed_in(dataset, "squid.txt", SQUID)
    return dataset


@pytest.fixture
def parsed_in(rag: RAGFlow) -> Callable[[DataSet, str, bytes], None]:
    def parse(dataset: DataSet, name: str, data: bytes) -> None:
        document = rag.add_document(dataset, name, data)
        document.async_parse()
        for _ in document.join(interval=0.01, timeout=60):
            pass
        assert document.run == "DONE"

    return parse


@pytest.fixture
def client(serve: Serve, sea: DataSet) -> Client:
    return serve()


@pytest.fixture
def model(loopback: None) -> Iterator[ModelServer]:
    with running() as server:
        yield server


class Words(list[Any]):
    """What a model says that goes on until its client leaves."""

    def __init__(self, server: ModelServer) -> None:
        super().__init__()
        self._server = server

    def __iter__(self) -> Iterator[Any]:
        yield "The colossal squid "
        yield "lives around Antarctica. It "
        while not self._server.left.wait(0.1):
            yield {"role": "assistant"}
