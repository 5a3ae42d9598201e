"""The ASGI application: reads requests within limits, answers in threads, and stops in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from typing import Any

from ragflow_local.api.streams import Stop
from ragflow_local.errors import RagflowError
from ragflow_local.rest import Answer, ReleasedAPI, Request
from ragflow_local.rest.openai import failed
from ragflow_local.rest.refusals import Refusal
from ragflow_local.serve import guard
from ragflow_local.serve.page_calls import PageCalls
from ragflow_local.serve.threads import Threads

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger("ragflow_local.serve")

_RAGFLOW = "/api/"
_OPENAI = "/v1/"
_OPENAI_HERE = "/api/v1/openai/"
_KEY_OF_ALL = "served"  # every key is the one tenant's: the guard has looked at it
# RAGFlow's own words, by which its client knows a refused key.
_NO_KEY_OF_RAGFLOW = "<Unauthorized '401: Unauthorized'>"
_NO_KEY = "This service asks for a key. Send it in the header Authorization: Bearer KEY."
_QUICK = 32  # calls at once beside the answers
_BLANK = (b"x-content-type-options", b"nosniff"), (b"cross-origin-resource-policy", b"same-origin")


class Gone(Exception):  # noqa: N818 -- caught in this module
    """The client has left, or is too slow."""


class TooLarge(Exception):  # noqa: N818 -- caught in this module
    """The body of a request exceeds the limit."""


class App:
    """The application that an ASGI server calls.

    Args:
        api: The released API, whose keys are all one tenant's.
        rules: What is allowed.
    """

    def __init__(self, api: ReleasedAPI, rules: guard.Rules) -> None:
        self._api = api
        self._rules = rules
        self._page = PageCalls(api.engine)
        self._quick = Threads("ragflow-call", _QUICK)
        self._answers = Threads("ragflow-answer", rules.most_answers)
        self._held_bytes = 0
        self._stops: set[Stop] = set()
        self.is_ending = False

    def stop_all(self) -> None:
        """Stop the answers that are being written, and begin no new ones."""
        self.is_ending = True
        for stop in list(self._stops):
            stop.set()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        call = _Call(scope, headers, receive, send, self._rules)
        try:
            await self._answer(call)
        except Gone:
            _log.debug("%s %s: the client has left", scope["method"], scope["path"])
        except TooLarge as error:
            await call.refuse(guard.Refused(413, str(error)))

    async def _answer(self, call: _Call) -> None:
        refused = guard.refused(self._rules, call.path, call.method, call.headers)
        if refused is None and self.is_ending:
            refused = guard.Refused(503, "The service is ending. Ask again when it is back.")
        if refused is not None:
            await call.refuse(refused)
            return
        if call.method == "OPTIONS":
            await call.send_whole(Answer(content=b"", status=204))
            return
        shown = self._page.file(call.method, call.path)
        if shown is not None:
            await call.send_whole(shown)
            return
        if not guard.is_right_key(self._rules, call.headers):
            text = _NO_KEY_OF_RAGFLOW if call.path.startswith(_RAGFLOW) else _NO_KEY
            await call.refuse(guard.Refused(401, text))
            return
        with self._holding(call):
            body = await call.read_body()
            await self._handled(call, body)

    @contextlib.contextmanager
    def _holding(self, call: _Call) -> Iterator[None]:
        """Count the body of a call among those in memory while the block runs."""
        size = call.declared_bytes()
        if self._held_bytes + size > self._rules.most_held_bytes:
            raise TooLarge("Other requests fill the memory for bodies. Try again in a moment.")
        self._held_bytes += size
        try:
            yield
        finally:
            self._held_bytes -= size

    async def _handled(self, call: _Call, body: bytes) -> None:
        stop = Stop()
        self._stops.add(stop)
        leaving = asyncio.ensure_future(call.wait_until_left(stop))
        threads = self._answers if call.path.endswith(("/completions", "/ask")) else self._quick
        try:
            answer = await threads.run(lambda: self._answer_to(call, body, stop))
            if stop.is_set():
                answer.close()
                raise Gone
            if answer.events is None:
                await call.send_whole(answer)
                return
            stop.ends(answer.close)
            await self._send_events(call, answer, threads)
        finally:
            stop.set()
            self._stops.discard(stop)
            leaving.cancel()

    async def _send_events(self, call: _Call, answer: Answer, threads: Threads) -> None:
        parts = answer.parts()
        await call.start(answer.status, answer.all_headers)
        try:
            while part := await threads.run(lambda: next(parts, b"")):
                await call.send_part(part)
            await call.send_part(b"", is_last=True)
        finally:
            answer.close()

    def _answer_to(self, call: _Call, body: bytes, stop: Stop) -> Answer:
        """Return the answer to a request; called in a thread."""
        try:
            request = self._request(call, body, stop)
            page = self._page.answer(request)
            answer = page if page is not None else self._api.handle(request)
        except Refusal as refusal:
            answer = Answer(refusal.envelope, status=refusal.status)
        except RagflowError as error:
            answer = Answer(Refusal(500, str(error)).envelope, status=500)
        if call.path.startswith(_OPENAI):
            return _in_openais_form(answer)
        return answer

    @staticmethod
    def _request(call: _Call, body: bytes, stop: Stop) -> Request:
        path = call.path
        if path.startswith(_OPENAI):
            path = _OPENAI_HERE + path.removeprefix(_OPENAI)
        headers = {**call.headers, "authorization": f"Bearer {_KEY_OF_ALL}"}
        target = f"{path}?{call.query}"
        return Request.of_http(call.method, target, headers, body, stop)


def _in_openais_form(answer: Answer) -> Answer:
    """Return an error of the service in OpenAI's form."""
    code = answer.envelope.get("code")
    if not isinstance(code, int) or code == 0:
        return answer
    status = answer.status if answer.status >= 400 else 400
    message = str(answer.envelope.get("message", ""))
    return failed(status, message.replace(_OPENAI_HERE, _OPENAI))


def _too_large(size: int, most: int) -> str:
    """Return the message about a body of at least ``size`` bytes."""
    return f"The body has {size:,} bytes or more; {most:,} are allowed. Send less at once."


class _Call:
    """A request, and the channel of its answer."""

    def __init__(
        self,
        scope: Mapping[str, Any],
        headers: Mapping[str, str],
        receive: Receive,
        send: Send,
        rules: guard.Rules,
    ) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["raw_path"].decode("latin-1")
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers = headers
        self._receive = receive
        self._send = send
        self._rules = rules
        self._is_read = False

    # ── in ──

    def declared_bytes(self) -> int:
        """Return the declared size of the body, or the limit if none is declared."""
        most = self._rules.most_bytes(self.headers.get("content-type", ""))
        declared = self.headers.get("content-length", "")
        if "transfer-encoding" in self.headers:
            return most
        size = int(declared) if declared.isdigit() else 0
        if size > most:
            raise TooLarge(_too_large(size, most))
        return size

    async def read_body(self) -> bytes:
        """Return the whole body.

        Raises:
            TooLarge: It is larger than it may be.
            Gone: It does not come in time, or the client leaves.
        """
        most = self._rules.most_bytes(self.headers.get("content-type", ""))
        body = bytearray()
        try:
            async with asyncio.timeout(self._rules.body_seconds):
                while True:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        raise Gone
                    body += message.get("body", b"")
                    if len(body) > most:
                        raise TooLarge(_too_large(len(body), most))
                    if not message.get("more_body"):
                        self._is_read = True
                        return bytes(body)
        except TimeoutError:
            limit = f"{self._rules.body_seconds:g} seconds"
            text = f"The body did not arrive within {limit}. Send it again, or in parts."
            await self.refuse(guard.Refused(408, text))
            raise Gone from None

    async def wait_until_left(self, stop: Stop) -> None:
        """Wait until the client leaves, then set ``stop``."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        stop.set()

    # ── out ──

    async def refuse(self, refused: guard.Refused) -> None:
        """Send a refusal, without reading the rest of the body."""
        if self.path.startswith(_OPENAI):
            answer = failed(refused.status, refused.message)
        else:
            envelope = Refusal(refused.status, refused.message).envelope
            answer = Answer(envelope, status=refused.status)
        await self.send_whole(answer, is_closing=not self._is_read)

    async def send_whole(self, answer: Answer, *, is_closing: bool = False) -> None:
        """Send a whole answer."""
        body = answer.content
        if body is None:
            body = json.dumps(answer.envelope, ensure_ascii=False).encode("utf-8", "replace")
        size = ("Content-Length", str(len(body)))
        closing = [("Connection", "close")] if is_closing else []
        await self.start(answer.status, [*answer.all_headers, size, *closing])
        await self.send_part(b"" if self.method == "HEAD" else body, is_last=True)

    async def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Send the head of an answer."""
        encoded = [
            (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in headers
        ]
        encoded += [*_BLANK, *self._shared()]
        await self._out({"type": "http.response.start", "status": status, "headers": encoded})

    async def send_part(self, part: bytes, *, is_last: bool = False) -> None:
        """Send a part of the body of an answer."""
        await self._out({"type": "http.response.body", "body": part, "more_body": not is_last})

    def _shared(self) -> list[tuple[bytes, bytes]]:
        """Return the CORS headers for the page of a request, if it is allowed."""
        origin = self.headers.get("origin", "")
        if origin not in self._rules.origins:
            return []
        return [
            (b"access-control-allow-origin", origin.encode("latin-1", "replace")),
            (b"access-control-allow-headers", b"authorization, content-type"),
            (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
            (b"vary", b"origin"),
        ]

    async def _out(self, message: Message) -> None:
        """Send a message to the client; one that takes nothing for too long has left."""
        try:
            async with asyncio.timeout(self._rules.body_seconds):
                await self._send(message)
        except TimeoutError:
            raise Gone from None
