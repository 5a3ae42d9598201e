"""What no answer of a model server is, is told."""

from __future__ import annotations

import pytest

from ragflow_local.errors import ModelServerError
from tests.model_server import ANY, ASKED, ModelServer, opened, said

pytestmark = pytest.mark.usefixtures("loopback")


WRONG = {
    "html": (200, "text/html", b"<html>Hello</html>", "its answer is no JSON"),
    "no JSON in a piece": (200, "text/event-stream", b"data: {oops\n\n", "piece .* no JSON"),
    "a list": (200, "text/event-stream", b"data: [1]\n\n", "no JSON"),
    "no choices": (200, "text/event-stream", b'data: {"x": 1}\n\n', "no choices"),
    "no delta": (200, "text/event-stream", b'data: {"choices": [{"delta": 3}]}\n\n', "no delta"),
    "no text": (
        200,
        "text/event-stream",
        b'data: {"choices": [{"delta": {"content": [1]}}]}\n\n',
        "no text",
    ),
    "an error in the stream": (
        200,
        "text/event-stream",
        b'data: {"error": {"message": "out of memory"}}\n\n',
        "out of memory",
    ),
    "an error": (500, "application/json", b'{"error": "cuda died"}', "cuda died"),
    "an error without words": (503, "text/plain", b"", "503"),
    "another address": (302, "text/plain", b"http://198.51.100.1/", "does not follow"),
    "a key": (
        401,
        "application/json",
        b'{"error": {"message": "no key"}}',
        "RAGFLOW_LOCAL_LLM_KEY",
    ),
    "half of an answer": (200, "text/event-stream", b'data: {"choices": []}\n\n', "broke off"),
    "a line without an end": (200, "text/event-stream", b"data: " + b"x" * (3 << 20), "no end"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_answer_is_told(server: ModelServer, kind: str) -> None:
    status, content_type, data, words = WRONG[kind]
    server.answers["/v1/chat/completions"] = (status, content_type, data)
    with pytest.raises(ModelServerError, match=words):
        said(opened(server.url))


def test_half_a_letter_is_no_letter(server: ModelServer) -> None:
    server.pieces = ["a\ud800b"]
    assert said(opened(server.url)) == ["a?b"]


def test_an_answer_that_breaks_off_is_told_after_what_came(server: ModelServer) -> None:
    server.ends = False
    stream = opened(server.url).generate(ASKED, ANY)
    assert next(stream) == "Yes."
    with pytest.raises(ModelServerError, match="broke off in the middle"):
        next(stream)


def test_a_server_that_is_not_there_is_told(server: ModelServer) -> None:
    url = server.url
    server.server_close()
    with pytest.raises(ModelServerError, match="no server answers at"):
        opened(url)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data": 3}', b"[" * 100_000])
def test_a_server_of_another_kind_is_told(server: ModelServer, body: bytes) -> None:
    server.answers["/v1/models"] = (200, "text/html", body)
    with pytest.raises(ModelServerError, match="lists no models"):
        opened(server.url)
