"""Creates, lists, renames and deletes sessions of a chat."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from ragflow_local.records import ChatRow, MessageRow, SessionRow
from ragflow_local.rest.call import Call
from ragflow_local.rest.chats import delete_named
from ragflow_local.rest.datasets import dates
from ragflow_local.rest.exchange import Answer, done
from ragflow_local.rest.refusals import DATA, Refusal
from ragflow_local.rest.retrieval import doc_aggs, shown_hit
from ragflow_local.rest.routes import route
from ragflow_local.stores.catalog import Connection, now_ms, pages
from ragflow_local.stores.catalog import sessions as rows

_MOST_NAME = 255


def reference_of(row: MessageRow) -> dict[str, Any]:
    """Return the reference of an answer."""
    counts = Counter((hit.chunk.document_name, hit.chunk.document_id) for hit in row.hits)
    chunks = [{**shown_hit(hit), "document_metadata": None} for hit in row.hits]
    return {"chunks": chunks, "doc_aggs": doc_aggs(counts), "total": len(chunks)}


def shown(connection: Connection, row: SessionRow) -> dict[str, Any]:
    """Return a session in the form of an answer, with its messages."""
    messages: list[dict[str, Any]] = []
    references = []
    for message in rows.messages_of(connection, row.id):
        entry: dict[str, Any] = {"role": message.role, "content": message.content}
        entry["id"] = message.id
        if message.role == "assistant" and messages:
            reference = reference_of(message)
            references.append(reference)
            entry["reference"] = reference["chunks"]
        messages.append(entry)
    return {
        "id": row.id,
        "chat_id": row.chat_id,
        "name": row.name,
        "user_id": row.released.get("user_id", ""),
        "messages": messages,
        "reference": references,
        **dates(row.create_time, row.update_time),
    }


def begun(call: Call, chat: ChatRow, name: str, user_id: str = "") -> SessionRow:
    """Return a new session, whose first message is the chat's prologue."""
    now = now_ms()
    row = SessionRow(uuid.uuid4().hex, chat.id, name, now, now, {"user_id": user_id})
    opener = chat.prompt.opener
    with call.writing() as connection:
        rows.insert(connection, row)
        first = MessageRow(uuid.uuid4().hex, row.id, 0, "assistant", opener, create_time=now)
        rows.add_message(connection, first)
    return row


@route("POST /chats/{chat_id}/sessions")
def create(call: Call, chat_id: str) -> Answer:
    """Create a session."""
    chat = call.chat(chat_id)
    fields = call.request.fields()
    name = _name(fields.get("name", "New session"))
    row = begun(call, chat, name, str(fields.get("user_id") or ""))
    with call.reading() as reading:
        return done(shown(reading, row))


def _name(given: object) -> str:
    if not isinstance(given, str) or not given.strip():
        raise Refusal(DATA, "`name` can not be empty")
    return given.strip()[:_MOST_NAME]


@route("GET /chats/{chat_id}/sessions")
def list_all(call: Call, chat_id: str) -> Answer:
    """Return a page of a chat's sessions."""
    chat = call.chat(chat_id)
    value = call.request.value
    with call.reading() as reading:
        listed, total = pages.of_sessions(
            reading,
            chat.id,
            call.page(),
            id=value("id") or None,
            name=value("name") or None,
            user_id=value("user_id") or None,
        )
        return done([shown(reading, row) for row in listed], total=total)


def own_session(call: Call, chat: ChatRow, id: str, refused: str) -> SessionRow:
    """Return a session of a chat, or raise ``Refusal``.

    Raises:
        Refusal: There is none, in the words given.
    """
    with call.reading() as reading:
        row = rows.get(reading, id)
    if row is None or row.chat_id != chat.id:
        raise Refusal(DATA, refused)
    return row


@route("GET /chats/{chat_id}/sessions/{session_id}")
def get(call: Call, chat_id: str, session_id: str) -> Answer:
    """Return one session."""
    row = own_session(call, call.chat(chat_id), session_id, "Session not found!")
    with call.reading() as reading:
        return done(shown(reading, row))


@route(
    "PATCH /chats/{chat_id}/sessions/{session_id}",
    "PUT /chats/{chat_id}/sessions/{session_id}",
)
def update(call: Call, chat_id: str, session_id: str) -> Answer:
    """Rename a session; unknown fields are ignored."""
    row = own_session(call, call.chat(chat_id), session_id, "Session not found!")
    fields = call.request.fields()
    for name in ("messages", "message", "reference"):
        if name in fields:
            raise Refusal(DATA, f"`{name}` cannot be changed")
    with call.writing() as connection:
        if "name" in fields:
            rows.rename(connection, row.id, _name(fields["name"]), now_ms())
        changed = rows.get(connection, row.id)
        assert changed is not None
        return done(shown(connection, changed))


@route("DELETE /chats/{chat_id}/sessions")
def delete(call: Call, chat_id: str) -> Answer:
    """Delete sessions, and tell which of those named do not exist."""
    chat = call.chat(chat_id)

    def is_own(connection: Connection, id: str) -> bool:
        row = rows.get(connection, id)
        return row is not None and row.chat_id == chat.id

    return delete_named(
        call,
        "sessions",
        all_ids=lambda connection: rows.ids_of(connection, chat.id),
        is_own=is_own,
        delete=rows.delete,
        missing="The chat doesn't own the session {}",
    )
