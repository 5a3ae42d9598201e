"""One answer of a model server: a request, and its text as it comes in."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Generator as Yields
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Protocol

from ragflow_local.errors import AnswerTimeoutError, ModelClosedError, ModelError, ModelServerError
from ragflow_local.generators.server_address import ServerAddress, connect
from ragflow_local.records import ChatMessage

_CONNECT_SECONDS = 10.0
_MOST_LINE = 1 << 20  # bytes of one piece
_MOST_WHOLE = 32 << 20  # bytes of an answer that comes in one
_LETTERS_A_TOKEN = 64  # a server that writes more a token does not keep to max_tokens
_END = "[DONE]"
# What reading says when the socket was shut down, or the other side talks nonsense.
_BROKEN = (OSError, HTTPException, ValueError)


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """What is asked of a server.

    Attributes:
        messages: As the engine made them.
        body: The request.
        prompt_tokens: Of the messages, as counted here.
        limit_seconds: Longest time for the answer.
        is_json: Whether the answer has to be JSON.
    """

    messages: Sequence[ChatMessage]
    body: Mapping[str, object]
    prompt_tokens: int
    limit_seconds: float
    is_json: bool


class Server(Protocol):
    """What an answer needs of the model server that it comes from.

    Attributes:
        name: The model.
        address: Where it answers.
    """

    name: str
    address: ServerAddress

    def headers(self) -> dict[str, str]:
        """Return the headers of every request."""
        ...

    def unreachable(self, error: Exception) -> ModelServerError:
        """Return the error of a server that does not answer."""
        ...

    def refused(self, status: int, reply: object, otherwise: str) -> ModelError:
        """Return the error of a request that was refused."""
        ...

    def learn(self, messages: Sequence[ChatMessage], tokens: float) -> None:
        """Note how many tokens a prompt had."""
        ...


class ServerAnswer(Iterator[str]):
    """An answer being written elsewhere; ``close`` and ``cut`` may come from any thread."""

    def __init__(self, server: Server, request: ServerRequest) -> None:
        self._server = server
        self._asked = request
        self._stop = threading.Event()
        self._is_cut = False
        self._is_late = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._has_ended = False
        self._is_thinking = False
        self._began = 0.0
        self._most_letters = int(str(request.body["max_tokens"])) * _LETTERS_A_TOKEN
        self._letters = 0
        self.finish_reason = ""
        self.usage: dict[str, float] = {"prompt_tokens": request.prompt_tokens, "answer_tokens": 0}
        self._pieces = self._written()

    def __next__(self) -> str:
        return next(self._pieces)

    def close(self) -> None:
        """End the answer: the server is told by the end of its connection."""
        self._stop.set()
        self._hang_up()
        with contextlib.suppress(ValueError):  # another thread reads, and leaves by itself
            self._pieces.close()

    def cut(self) -> None:
        """End the answer; whoever reads on is told."""
        self._is_cut = True
        self._hang_up()

    def _time_out(self) -> None:
        self._is_late = True
        self._hang_up()

    def _hang_up(self) -> None:
        with self._lock:
            self._stop.set()
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    # ── reading ──

    def _written(self) -> Yields[str]:
        self._began = time.monotonic()
        clock = threading.Timer(self._asked.limit_seconds, self._time_out)
        clock.daemon = True
        clock.start()
        text = ""
        try:
            with contextlib.closing(self._connected()) as connection:
                for event in self._events(self._requested(connection)):
                    piece = self._piece(event)
                    now = time.monotonic() - self._began
                    self.usage["seconds"] = now
                    if piece:
                        self.usage.setdefault("first_seconds", now)
                        text += piece if self._asked.is_json else ""
                        yield piece
                    if self._letters > self._most_letters:
                        self.finish_reason = "length"
                        break
        except _BROKEN as error:
            if not self._stop.is_set():
                raise self._broken_off(error) from error
        finally:
            clock.cancel()
        yield from self._ended(text)

    def _ended(self, text: str) -> Iterator[str]:
        """Yield what closes the text; raise where it is not whole."""
        server = self._server
        if self._is_cut:
            raise ModelClosedError(server.name)
        if self._is_late and not self.finish_reason:
            if not self._letters:
                raise AnswerTimeoutError(server.name, self._asked.limit_seconds)
            self.finish_reason = "time"
        elif not self._stop.is_set() and not self._has_ended and not self.finish_reason:
            raise self._broken_off(None)
        if self._is_thinking:
            self._is_thinking = False
            yield "</think>"
        if self._asked.is_json and self.finish_reason == "stop" and not _is_json(text):
            raise self._wrong("it was asked for JSON and wrote none")

    def _connected(self) -> HTTPConnection:
        try:
            connection = connect(self._server.address, _CONNECT_SECONDS)
        except OSError as error:
            raise self._server.unreachable(error) from error
        connection.sock.settimeout(self._asked.limit_seconds + _CONNECT_SECONDS)
        with self._lock:
            # The connection lets go of it as soon as the answer begins.
            self._socket = connection.sock
            if self._stop.is_set():  # nothing was sent yet
                connection.sock.shutdown(socket.SHUT_RDWR)
        return connection

    def _requested(self, connection: HTTPConnection) -> HTTPResponse:
        path = f"{self._server.address.path}/chat/completions"
        data = json.dumps(self._asked.body).encode()
        headers = {**self._server.headers(), "Accept": "text/event-stream", "Connection": "close"}
        connection.request("POST", path, data, headers)
        answer = connection.getresponse()
        if answer.status != 200:
            reply = _json_of(answer.read(_MOST_LINE))
            otherwise = f"it answers with status {answer.status}"
            raise self._server.refused(answer.status, reply, otherwise)
        return answer

    def _events(self, answer: HTTPResponse) -> Iterator[Mapping[str, Any]]:
        """Yield the JSON of each piece; of a server that does not stream, the whole."""
        if "event-stream" not in (answer.getheader("Content-Type") or "").lower():
            whole = _json_of(answer.read(_MOST_WHOLE))
            if not isinstance(whole, dict):
                raise self._wrong("its answer is no JSON")
            self._has_ended = True
            yield whole
            return
        for line in self._lines(answer):
            name, _, value = line.partition(b":")
            value = value.strip()
            if name.strip() != b"data" or not value:
                continue
            if value == _END.encode():
                self._has_ended = True
                return
            event = _json_of(value)
            if not isinstance(event, dict):
                raise self._wrong("a piece of its answer is no JSON")
            yield event

    def _lines(self, answer: HTTPResponse) -> Iterator[bytes]:
        held = b""
        while not self._stop.is_set() and (data := answer.read1(1 << 16)):
            *lines, held = (held + data).split(b"\n")
            yield from lines
            if len(held) > _MOST_LINE:
                raise self._wrong("a piece of its answer has no end")
        if not self._stop.is_set():
            yield held

    def _piece(self, event: Mapping[str, Any]) -> str:
        """Return the text of a piece; note counts, and why the answer ended."""
        if event.get("error"):
            raise self._server.refused(500, event, "")
        self._count(event.get("usage"))
        choices = event.get("choices")
        if not isinstance(choices, list):
            raise self._wrong("a piece of its answer has no choices")
        choice = choices[0] if choices else {}
        delta = choice.get("delta", choice.get("message", {})) if isinstance(choice, dict) else None
        if not isinstance(delta, dict):
            raise self._wrong("a piece of its answer has no delta")
        reason = choice.get("finish_reason")
        if reason:
            self.finish_reason = "length" if reason == "length" else "stop"
        thought = _text(delta.get("reasoning_content") or delta.get("reasoning"))
        written = _text(delta.get("content"))
        if thought is None or written is None:
            raise self._wrong("a piece of its answer is no text")
        self._letters += len(thought) + len(written)
        if thought or written:
            self.usage["answer_tokens"] = max(self.usage["answer_tokens"] + 1, 1)
        return self._marked(thought, written)

    def _marked(self, thought: str, written: str) -> str:
        """Return a piece with what is thought between its tags."""
        if self._asked.is_json:
            return written  # JSON alone
        piece = ""
        if thought:
            piece = thought if self._is_thinking else f"<think>{thought}"
            self._is_thinking = True
        if written and self._is_thinking:
            piece += "</think>"
            self._is_thinking = False
        return piece + written

    def _count(self, usage: object) -> None:
        if not isinstance(usage, dict):
            return
        for name, ours in (
            ("prompt_tokens", "prompt_tokens"),
            ("completion_tokens", "answer_tokens"),
        ):
            value = usage.get(name)
            if isinstance(value, int) and value > 0:
                self.usage[ours] = value
        self._server.learn(self._asked.messages, self.usage["prompt_tokens"])

    def _wrong(self, problem: str) -> ModelServerError:
        server = self._server
        return ModelServerError(
            server.name,
            problem,
            f"Is the server at {server.address.origin} one that speaks as OpenAI's does?",
        )

    def _broken_off(self, error: Exception | None) -> ModelServerError:
        server = self._server
        why = f" ({str(error) or type(error).__name__})" if error is not None else ""
        return ModelServerError(
            server.name,
            f"the server broke off in the middle of its answer{why}",
            f"Look into the log of the server at {server.address.origin}, and ask again.",
        )


def _json_of(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _text(value: object) -> str | None:
    """Return a text that UTF-8 can hold; empty for none given, None for no text."""
    if value is None:
        return ""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None
