"""The door itself: sizes, times, clients that leave, many at once."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.errors import InvalidValueError
from ragflow_local.rest import ReleasedAPI
from ragflow_local.serve import Rules, Service, server
from ragflow_local.serve.app import App
from tests.model_server import ModelServer
from tests.serve.conftest import PATIENCE, Client, Serve, Words

QUESTION = "Where does the colossal squid live?"


def read_all(opened: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    got = b""
    while part := opened.recv(1 << 16):
        got += part
    return got


def test_the_released_paths_and_openais_are_served(client: Client, sea: DataSet) -> None:
    told = client("GET", "/api/v1/datasets", Authorization="Bearer any").json()
    assert [row["name"] for row in told["data"]] == ["sea"]
    assert client("GET", "/v1/models").json()["data"][0]["id"] == "sea"
    assert client("GET", "/api/v1/nothing").status == 404
    error = client("GET", "/v1/nothing").json()["error"]
    assert error["message"] == "Not Found: /v1/nothing"


def test_another_host_and_another_page_are_refused_before_anything_is_read(client: Client) -> None:
    assert client("GET", "/v1/models", Host="evil.example").status == 421
    assert (
        client("POST", "/v1/embeddings", {"input": "x"}, Origin="http://evil.example").status == 403
    )
    told = client("GET", "/api/v1/datasets", Host="evil.example").json()
    assert told["code"] == 421


def test_an_allowed_page_may_read_in_a_browser(serve: Serve) -> None:
    client = serve(origins=frozenset({"app://assistant"}))
    reply = client("OPTIONS", "/v1/models", Origin="app://assistant")
    assert reply.status == 204
    assert reply.headers["access-control-allow-origin"] == "app://assistant"
    assert "access-control-allow-origin" not in client("GET", "/v1/models").headers


def test_where_a_key_is_set_all_but_the_page_asks_for_it(serve: Serve, sea: DataSet) -> None:
    client = serve(key="a-key-of-sixteen")
    assert client("GET", "/").status == 200
    for path in ("/v1/models", "/api/v1/datasets", "/page/datasets", "/api/v1/system/ping"):
        assert client("GET", path).status == 401
        refused = client("GET", path, Authorization="Bearer wrong")
        assert refused.status == 401
        assert ("Authorization: Bearer KEY" in refused.body.decode()) == (
            not path.startswith("/api/")
        )
        assert client("GET", path, Authorization="Bearer a-key-of-sixteen").status == 200


def test_another_address_is_served_with_a_key_only(rag: RAGFlow) -> None:
    with pytest.raises(InvalidValueError, match="a key"):
        Service(rag, host="0.0.0.0", port=0)


def test_a_port_that_is_taken_is_told(client: Client, rag: RAGFlow) -> None:
    with pytest.raises(InvalidValueError, match="an address that is free"):
        Service(rag, port=client.port)


def test_only_this_computer_can_connect(client: Client) -> None:
    assert client.service._listener.getsockname()[0] == "127.0.0.1"


# ── sizes ──


def test_a_body_that_says_it_is_too_large_is_not_read(serve: Serve) -> None:
    client = serve(most_body_bytes=1000)
    opened = client.raw(
        b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999999\r\n\r\n"
    )
    reply = read_all(opened)
    assert reply.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in reply
    assert b"9,999,999,999 bytes or more; 1,000 are allowed" in reply


def test_a_body_that_does_not_say_its_size_is_read_up_to_the_limit(serve: Serve) -> None:
    client = serve(most_body_bytes=1000)
    chunk = b"190\r\n" + b"x" * 400 + b"\r\n"
    head = b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert read_all(client.raw(head, chunk, chunk, chunk)).startswith(b"HTTP/1.1 413")
    assert client("POST", "/v1/embeddings", {"input": "x", "model": "hashing"}).status == 200


def test_files_may_be_larger_than_other_bodies(serve: Serve, sea: DataSet) -> None:
    client = serve(most_body_bytes=1000, most_upload_bytes=100_000)
    body = (
        b"--x\r\nContent-Disposition: form-data; name=file; filename=a.txt\r\n\r\n"
        + b"Squid. " * 1000
        + b"\r\n--x--\r\n"
    )
    kind = {"Content_Type": "multipart/form-data; boundary=x"}
    reply = client("POST", f"/page/documents?dataset={sea.id}", body, **kind)
    assert reply.status == 200, reply.body
    assert reply.json()["data"][0]["name"] == "a.txt"
    assert client("POST", "/page/documents", b"x" * 100_001, **kind).status == 413


def test_bodies_that_would_not_fit_into_memory_together_wait_outside(serve: Serve) -> None:
    client = serve(most_held_bytes=1000)
    first = client.raw(
        b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n", b"{"
    )
    while client("POST", "/v1/embeddings", b"x" * 200).status != 413:
        pass
    first.close()
    while client("POST", "/v1/embeddings", b"x" * 200).status == 413:
        pass


def test_a_head_without_an_end_is_refused(client: Client) -> None:
    opened = client.raw(b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000)
    assert read_all(opened).startswith(b"HTTP/1.1 400")


def test_a_client_that_goes_on_sending_still_reads_why_it_is_refused(serve: Serve) -> None:
    client = serve(most_body_bytes=1000)
    post = b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    for sent, status in [
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000, b"400"),
        (post + b"Content-Length: 9000000\r\n\r\n", b"413"),
    ]:
        opened = client.raw(sent)
        assert opened.recv(1, socket.MSG_PEEK), "the reply has come"
        for _ in range(4):
            opened.sendall(b"x" * 1_000_000)
        assert read_all(opened).startswith(b"HTTP/1.1 " + status)


def test_a_client_that_never_ends_is_cut_off(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_LINGERING_SECONDS", 0.05)
    opened = serve().raw(b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000)
    opened.recv(1, socket.MSG_PEEK)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        while True:
            opened.sendall(b"x" * 1000)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /\r\n\r\n",
    ],
    ids=["tls", "no host", "two hosts", "less than nothing", "two sizes", "0.9"],
)
def test_what_is_no_http_is_refused(client: Client, sent: bytes) -> None:
    assert b" 400" in read_all(client.raw(sent + b"\r\n\r\n"))[:20]
    assert client("GET", "/v1/models").status == 200


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b'"\\ud800"', b"[]", b"3"])
def test_a_body_that_is_no_object_is_told(client: Client, body: bytes) -> None:
    reply = client("POST", "/v1/chat/completions", body)
    assert reply.status == 400
    assert reply.json()["error"]["message"]


# ── slow clients ──


def test_who_does_not_send_a_head_is_hung_up_on(serve: Serve) -> None:
    client = serve(head_seconds=0.2)
    assert read_all(client.raw()) == b""
    assert read_all(client.raw(b"GET / HTTP/1.1\r\nHost: loc")) == b""


def test_who_does_not_send_a_body_is_told_and_hung_up_on(serve: Serve) -> None:
    client = serve(body_seconds=0.2)
    head = b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
    assert read_all(client.raw(head)).startswith(b"HTTP/1.1 408")


def test_slow_clients_hold_nobody_up(serve: Serve, sea: DataSet) -> None:
    client = serve()
    half = b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
    slow = [client.raw(half) for _ in range(200)]
    assert client("GET", "/v1/models").status == 200
    for opened in slow:
        opened.close()


def test_two_hundred_at_once_are_answered(client: Client) -> None:
    with ThreadPoolExecutor(200) as pool:
        replies = list(pool.map(lambda _: client.ask(QUESTION, stream=True), range(200)))
    assert {reply.status for reply in replies} == {200}
    assert all(b"Antarctica" in reply.body and b"[DONE]" in reply.body for reply in replies)


# ── clients that leave ──


@pytest.fixture
def endless(serve: Serve, sea: DataSet, rag: RAGFlow, model: ModelServer) -> Client:
    model.pieces = Words(model)
    rag.create_chat("endless", knowledgebases=[sea], llm={"model_name": model.url})
    return serve()


def request(*, stream: bool, path: str = "/v1/chat/completions") -> bytes:
    messages = [{"role": "user", "content": QUESTION}]
    body = json.dumps({"model": "endless", "messages": messages, "stream": stream}).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_a_client_that_leaves_stops_its_streamed_answer(
    endless: Client, model: ModelServer
) -> None:
    opened = endless.raw(request(stream=True))
    while b"Antarctica" not in opened.recv(1 << 16):
        pass
    opened.close()
    assert model.left.wait(PATIENCE)


def test_a_client_that_leaves_stops_an_answer_it_wanted_whole(
    endless: Client, model: ModelServer
) -> None:
    opened = endless.raw(request(stream=False))
    while not model.requests:
        pass
    opened.close()
    assert model.left.wait(PATIENCE)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_a_client_that_leaves_stops_an_answer_of_the_released_path(
    endless: Client, model: ModelServer, rag: RAGFlow, stream: bool
) -> None:
    chat = rag.list_chats(name="endless")[0]
    path = f"/api/v1/chats/{chat.id}/completions"
    sent = request(stream=stream, path=path)
    opened = endless.raw(sent.replace(b"Host:", b"Authorization: Bearer any\r\nHost:"))
    while not model.requests:
        pass
    opened.close()
    assert model.left.wait(PATIENCE)


def test_the_end_of_the_service_stops_answers(endless: Client, model: ModelServer) -> None:
    opened = endless.raw(request(stream=True))
    while b"Antarctica" not in opened.recv(1 << 16):
        pass
    endless.service.stop()
    assert model.left.wait(PATIENCE)
    read_all(opened)


def test_a_client_that_takes_nothing_is_left(
    endless: Client, model: ModelServer, rag: RAGFlow
) -> None:
    """The application is called as a server calls it whose client does not read."""
    _, _, body = request(stream=True).partition(b"\r\n\r\n")
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/chat/completions",
        "raw_path": b"/v1/chat/completions",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    received = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        if not received:
            await asyncio.Event().wait()
        return received.pop()

    async def send(message: MutableMapping[str, Any]) -> None:
        if b"Antarctica" in message.get("body", b""):
            await asyncio.Event().wait()

    api = ReleasedAPI(rag, tenant_id=rag.tenant_id)
    asyncio.run(App(api, Rules(body_seconds=0.5))(scope, receive, send))
    assert model.left.wait(PATIENCE)


def test_calls_go_on_while_answers_are_written(endless: Client, model: ModelServer) -> None:
    waiting = [endless.raw(request(stream=True)) for _ in range(40)]
    while len(model.requests) < 40:
        threading.Event().wait(0.01)
    assert endless("GET", "/v1/models").status == 200
    for opened in waiting:
        opened.close()
