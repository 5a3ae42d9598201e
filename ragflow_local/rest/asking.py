"""Answers a question put to a chat, at once or in events as the answer grows."""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Generator, Mapping
from typing import Any

from ragflow_local.api.message import Message
from ragflow_local.api.session import Session
from ragflow_local.api.streams import Stop, Stream
from ragflow_local.errors import RagflowError
from ragflow_local.records import ChatRow, MessageRow, SessionRow
from ragflow_local.rest.asked import as_asked
from ragflow_local.rest.call import Call
from ragflow_local.rest.exchange import Answer, done
from ragflow_local.rest.refusals import DATA, FAILED, Refusal
from ragflow_local.rest.routes import route
from ragflow_local.rest.sessions import begun, own_session, reference_of
from ragflow_local.stores.catalog import now_ms
from ragflow_local.stores.catalog import sessions as rows

_ROLES = ("user", "assistant")


@route("POST /chats/{chat_id}/completions")
def complete(call: Call, chat_id: str) -> Answer:
    """Answer a question in a session, or in a new one."""
    chat = call.chat(chat_id)
    fields = call.request.fields()
    question = question_of(fields)
    session = _session(call, chat, fields)
    is_streamed = bool(fields.get("stream", True))
    if not question.strip():
        opener = chat.prompt.opener
        data = _data(chat, session, opener, {}, "")
        return _events(iter([data])) if is_streamed else done(data)
    messages = Session(call, session, chat=as_asked(call, chat, fields)).ask(question, stream=True)
    if is_streamed:
        return Answer(events=Stream(lambda stop: _growing(call, chat, session, messages, stop)))
    if call.request.stop is not None:
        call.request.stop.ends(messages.close)
    last = deque(messages, maxlen=1)
    if not last:
        raise Refusal(FAILED, "The answer was stopped.")
    return done(_answered(call, chat, session, last[0], is_last=True))


def question_of(fields: Mapping[str, Any]) -> str:
    """Return the question of a body: ``question``, or the last of ``messages``."""
    question = fields.get("question")
    messages = fields.get("messages")
    if not question and isinstance(messages, list) and messages:
        last = messages[-1]
        if not isinstance(last, Mapping) or last.get("role") != "user":
            raise Refusal(DATA, "The last content of this conversation is not from user.")
        question = last.get("content")
    if question is not None and not isinstance(question, str):
        raise Refusal(DATA, "`question` should be a text")
    return question or ""


def _session(call: Call, chat: ChatRow, fields: Mapping[str, Any]) -> SessionRow:
    """Return the session of a question; a new one starts with the earlier ``messages``."""
    id = fields.get("session_id")
    if id:
        return own_session(call, chat, str(id), f"You don't own the session {id}")
    session = begun(call, chat, "New session", str(fields.get("user_id") or ""))
    earlier = fields.get("messages")
    if not fields.get("question") and isinstance(earlier, list):
        with call.writing() as connection:
            for message in earlier[:-1]:
                if isinstance(message, Mapping) and message.get("role") in _ROLES:
                    row = MessageRow(
                        uuid.uuid4().hex,
                        session.id,
                        0,
                        message["role"],
                        str(message.get("content") or ""),
                        create_time=now_ms(),
                    )
                    rows.add_message(connection, row)
    return session


def _growing(
    call: Call, chat: ChatRow, session: SessionRow, messages: Stream[Message], stop: Stop
) -> Generator[dict[str, Any], None, None]:
    """Yield an answer as it grows, each time all of it, and its last state."""
    stop.ends(messages.close)
    try:
        message = None
        for message in messages:
            yield _event(_answered(call, chat, session, message, is_last=False))
        if message is not None:
            yield _event(_answered(call, chat, session, message, is_last=True))
    except RagflowError as error:
        data = {"answer": f"**ERROR**: {error}", "reference": []}
        yield {"code": FAILED, "message": str(error), "data": data}
    finally:
        messages.close()
    yield _event(True)


def _event(data: object) -> dict[str, Any]:
    return {"code": 0, "message": "", "data": data}


def _events(data: Any) -> Answer:
    return Answer(events=(_event(item) for item in [*data, True]))


def _answered(
    call: Call, chat: ChatRow, session: SessionRow, message: Message, *, is_last: bool
) -> dict[str, Any]:
    """Return a message in the form of an answer; the last has the reference."""
    reference: dict[str, Any] = {}
    if is_last:
        with call.reading() as reading:
            stored = {row.id: row for row in rows.messages_of(reading, session.id)}
        reference = reference_of(stored[message.id]) if message.id in stored else {"chunks": []}
    return _data(chat, session, message.content, reference, message.id, is_last=is_last)


def _data(
    chat: ChatRow,
    session: SessionRow,
    answer: str,
    reference: Mapping[str, Any],
    id: str,
    *,
    is_last: bool = True,
) -> dict[str, Any]:
    return {
        "answer": answer,
        "reference": reference,
        "id": id,
        "session_id": session.id,
        "chat_id": chat.id,
        "prompt": "",
        "created_at": time.time(),
        "final": is_last,
    }
