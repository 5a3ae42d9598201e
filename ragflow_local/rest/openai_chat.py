"""Answers a conversation in OpenAI's form, whole or piece by piece, with sources."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections import deque
from collections.abc import Generator as Yields
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ragflow_local.answer.citations import cited_numbers
from ragflow_local.api.chunk import Chunk
from ragflow_local.api.message import Message
from ragflow_local.api.session import Session
from ragflow_local.api.streams import Stop, Stream
from ragflow_local.errors import InvalidValueError, RagflowError
from ragflow_local.records import ChatRow, MessageRow, Role, SessionRow
from ragflow_local.rest.asked import with_known_reranker
from ragflow_local.rest.call import Call
from ragflow_local.rest.exchange import Answer
from ragflow_local.settings import LLMSettings
from ragflow_local.text.tokens import count_tokens

_log = logging.getLogger("ragflow_local.rest")

END = "[DONE]"
_SETTINGS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "max_tokens": "max_token",
    "max_completion_tokens": "max_token",
    "seed": "seed",
}
# Read, or of no concern to what is answered; all other fields are told to be without effect.
_KNOWN = {
    *_SETTINGS, "model", "messages", "n", "stream", "stream_options", "response_format",
    "reference", "sources", "extra_body", "user", "metadata", "store", "service_tier",
    "prompt_cache_key", "safety_identifier",
}  # fmt: skip
_FOOTER = "\n\nSources:\n"
_FOOTER_BEFORE = re.compile(r"\n\nSources:\n(?:\[ID:\d+\][^\n]*(?:\n|\Z))+\Z")


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """The settings in the body of a completion.

    Attributes:
        model: As the client named it; the answer names it so.
        question: The last message.
        history: Those before it, from users and assistants.
        instructions: What system messages say.
        settings: How the model is to write, in our names.
        schema: A JSON schema the answer has to fit; None: text.
        is_streamed: Whether pieces are wanted.
        has_usage: Whether the tokens are told at the end of a stream.
        has_reference: Whether the cited chunks come along, as data.
        has_footer: Whether they are named below the text, for programs that show only that.
        remarks: What of the body has no effect; "" for nothing.
    """

    model: str
    question: str
    history: tuple[tuple[Role, str], ...]
    instructions: str
    settings: Mapping[str, object]
    schema: Mapping[str, Any] | None
    is_streamed: bool
    has_usage: bool
    has_reference: bool
    has_footer: bool
    remarks: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, Any], *, has_footer: bool) -> ChatRequest:
        """Return the checked settings of a body.

        Args:
            fields: The body.
            has_footer: Whether sources are named below the text unless the call says ``none``.

        Raises:
            InvalidValueError: A value is not what it should be.
        """
        turns = _turns(fields.get("messages"))
        if fields.get("n") not in (None, 1):
            raise InvalidValueError("n", fields["n"], "1: one answer is made")
        instructions = "\n\n".join(text for role, text in turns if role == "system")
        conversation = [(role, text) for role, text in turns if role != "system"]
        if not conversation or conversation[-1][0] != "user" or not conversation[-1][1].strip():
            raise InvalidValueError("messages", "…", "a last message of the user's that is a text")
        options = fields.get("stream_options")
        schema = _schema(fields.get("response_format"))
        extra = fields.get("extra_body")
        wanted = {**fields, **(extra if isinstance(extra, dict) else {})}
        return cls(
            model=str(fields.get("model") or ""),
            question=conversation[-1][1],
            history=tuple(conversation[:-1]),
            instructions=instructions,
            settings={
                own: fields[name] for name, own in _SETTINGS.items() if fields.get(name) is not None
            },
            schema=schema,
            is_streamed=fields.get("stream") is True,
            has_usage=isinstance(options, dict) and options.get("include_usage") is True,
            has_reference=has_footer or bool(wanted.get("reference")),
            has_footer=has_footer and schema is None and wanted.get("sources") != "none",
            remarks=without_effect(wanted),
        )


def without_effect(fields: Mapping[str, Any]) -> str:
    """Return a line that names the fields of a body that have no effect here, or ""."""
    names = [
        name for name, value in fields.items() if name not in _KNOWN and _says_something(value)
    ]
    if not names:
        return ""
    line = f"Without effect in this engine: {', '.join(names)}."
    _log.warning("%s", line)
    return line


def _says_something(value: object) -> bool:
    return value not in (None, False, 0, "", [], {}, "auto", "none")


def complete(call: Call, chat: ChatRow, request: ChatRequest) -> Answer:
    """Return the answer to a conversation, which is not stored.

    Raises:
        InvalidValueError: A setting is outside what is allowed.
        RagflowError: The answer cannot be made; in a stream the error comes as a piece.
    """
    session = _session(call, chat, request)
    reply = _Reply(request)
    answers = session.ask(request.question, stream=True, schema=request.schema)
    if request.is_streamed:
        return Answer(events=Stream(lambda stop: reply.pieces(answers, stop)), ending=END)
    if call.request.stop is not None:
        call.request.stop.ends(answers.close)
    last = deque(answers, maxlen=1)
    return Answer(reply.whole(last[0] if last else None))


def _session(call: Call, chat: ChatRow, request: ChatRequest) -> Session:
    chat = with_known_reranker(call, chat)
    prompt = chat.prompt
    if request.instructions:
        prompt = replace(prompt, prompt=f"{request.instructions}\n\n{prompt.prompt}")
    llm = LLMSettings.from_dict({**chat.llm.to_dict(), **request.settings})
    chat = replace(chat, prompt=prompt, llm=llm)
    id = uuid.uuid4().hex
    earlier = [
        MessageRow(uuid.uuid4().hex, id, number, role, text)
        for number, (role, text) in enumerate(request.history)
    ]
    return Session(_Client(call), SessionRow(id, chat.id, "", 0, 0), earlier, chat)


class _Client:
    """The open project of a call, for objects of the API."""

    def __init__(self, call: Call) -> None:
        self.tenant_id = call.tenant_id
        self.project = call.project


class _Reply:
    """One answer in OpenAI's form."""

    def __init__(self, request: ChatRequest) -> None:
        self._asked = request
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())

    def whole(self, message: Message | None) -> dict[str, Any]:
        """Return the whole answer, or None if it was stopped before its end."""
        whole: dict[str, Any] = {"role": "assistant", "content": ""}
        if message is not None:
            whole |= self._sourced(message)
            whole["content"] = message.content + self._footer(message)
            if message.thinking:
                whole["reasoning_content"] = message.thinking
        choice = {"index": 0, "message": whole, "logprobs": None, "finish_reason": _reason(message)}
        head = {**self._head("chat.completion"), **self._remarks()}
        return {**head, "choices": [choice], "usage": self._usage(message)}

    def pieces(self, answers: Stream[Message], stop: Stop) -> Yields[Mapping[str, Any], None, None]:
        """Yield the pieces of the answer; an error becomes the last piece."""
        stop.ends(answers.close)
        yield self._piece({"role": "assistant", "content": ""})
        message, sent, thought = None, 0, 0
        try:
            for message in answers:
                delta: dict[str, Any] = {}
                if len(message.thinking) > thought:
                    delta["reasoning_content"] = message.thinking[thought:]
                    thought = len(message.thinking)
                if len(message.content) > sent:
                    delta["content"] = message.content[sent:]
                    sent = len(message.content)
                if delta:
                    yield self._piece(delta)
        except RagflowError as error:
            yield {"error": {"message": str(error), "type": "server_error", "code": None}}
            return
        finally:
            answers.close()
        if message is None:
            return
        if footer := self._footer(message):
            yield self._piece({"content": footer})
        yield {**self._piece(self._sourced(message), _reason(message)), **self._remarks()}
        if self._asked.has_usage:
            head = self._head("chat.completion.chunk")
            yield {**head, "choices": [], "usage": self._usage(message)}

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._asked.model,
        }

    def _piece(self, delta: Mapping[str, Any], reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def _remarks(self) -> dict[str, str]:
        return {"remarks": self._asked.remarks} if self._asked.remarks else {}

    def _sourced(self, message: Message) -> dict[str, Any]:
        if not self._asked.has_reference:
            return {}
        return {"reference": [source(chunk) for chunk in message.reference]}

    def _footer(self, message: Message) -> str:
        """Return a line for each chunk that the text cites."""
        if not self._asked.has_footer:
            return ""
        lines = [
            f"[ID:{number}] {_where(message.reference[number])}"
            for number in dict.fromkeys(cited_numbers(message.content))
            if number < len(message.reference)
        ]
        return _FOOTER + "\n".join(lines) if lines else ""

    def _usage(self, message: Message | None) -> dict[str, int]:
        usage = message.usage if message is not None else {}
        read = usage.get("prompt_tokens", count_tokens(self._asked.question))
        written = usage.get("answer_tokens", count_tokens(message.content) if message else 0)
        return {
            "prompt_tokens": int(read),
            "completion_tokens": int(written),
            "total_tokens": int(read + written),
        }


def source(chunk: Chunk) -> dict[str, Any]:
    """Return a cited chunk as a dict."""
    return {
        "id": chunk.id,
        "content": chunk.content,
        "document_id": chunk.document_id,
        "document_name": chunk.document_name,
        "dataset_id": chunk.dataset_id,
        "image_id": chunk.image_id,
        "pages": sorted({int(place[0]) for place in chunk.position}),
        "positions": chunk.position,
        "headings": chunk.headings,
        "similarity": chunk.similarity,
        "vector_similarity": chunk.vector_similarity,
        "term_similarity": chunk.term_similarity,
    }


def _where(chunk: Chunk) -> str:
    pages = sorted({int(place[0]) for place in chunk.position})
    name = " ".join(chunk.document_name.split())
    if not pages:
        return name
    return (
        f"{name}, page {pages[0]}" if len(pages) == 1 else f"{name}, pages {pages[0]}–{pages[-1]}"
    )


def _reason(message: Message | None) -> str:
    return "length" if message is None or message.finish_reason in ("length", "time") else "stop"


def _turns(messages: object) -> list[tuple[Any, str]]:
    """Return roles and texts of a conversation; tools and their results are left out.

    Raises:
        InvalidValueError: It is no list of messages with texts.
    """
    if not isinstance(messages, list):
        raise InvalidValueError("messages", messages, "a list of messages")
    turns = []
    for message in messages:
        if not isinstance(message, dict):
            raise InvalidValueError("messages", message, "messages with role and content")
        role, text = message.get("role"), _text(message.get("content"))
        if role in ("system", "developer"):
            turns.append(("system", text))
        elif role in ("user", "assistant"):
            turns.append((role, _FOOTER_BEFORE.sub("", text) if role == "assistant" else text))
        elif role not in ("tool", "function"):
            raise InvalidValueError("role", role, "system, user or assistant")
    return turns


def _text(content: object) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise InvalidValueError("content", content, "a text, or a list of parts of type text")
    parts = []
    for part in content:
        text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
        if not isinstance(text, str):
            raise InvalidValueError("content", part, "parts of type text: nothing else is read")
        parts.append(text)
    return "\n".join(parts)


def _schema(wanted: object) -> Mapping[str, Any] | None:
    """Return the JSON schema of a ``response_format``; None for text.

    Raises:
        InvalidValueError: It is of another type.
    """
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if wanted is None or kind == "text":
        return None
    if kind == "json_object":
        return {"type": "object"}
    inner = wanted.get("json_schema") if isinstance(wanted, dict) else None
    schema = inner.get("schema") if isinstance(inner, dict) else None
    if kind != "json_schema" or not isinstance(schema, dict):
        raise InvalidValueError("response_format", wanted, "text, json_object or json_schema")
    return schema
