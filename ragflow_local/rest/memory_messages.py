"""Adds, lists, searches and forgets messages of memories."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ragflow_local.embedders import Embedder
from ragflow_local.records import Vector
from ragflow_local.rest.call import Call, counted
from ragflow_local.rest.exchange import Answer, done
from ragflow_local.rest.memories import PAGE_SIZE, memory_of, shown
from ragflow_local.rest.refusals import ARGUMENT, NOT_FOUND, Refusal
from ragflow_local.rest.routes import route
from ragflow_local.retrieve.similarity import calibrate
from ragflow_local.stores.catalog import Connection, now_ms, things
from ragflow_local.stores.catalog.things import Thing
from ragflow_local.text.terms import terms_of

_ADDED = "All add to task."


def _text(time: int) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _shown(thing: Thing, *, has_content: bool = True) -> dict[str, Any]:
    values = {
        "message_id": thing.number,
        "message_type": "raw",
        "source_id": None,
        "memory_id": thing.parent,
        "user_id": thing.body.get("user_id", ""),
        "agent_id": thing.body.get("agent_id", ""),
        "session_id": thing.body.get("session_id", ""),
        "valid_at": _text(thing.create_time),
        "invalid_at": "",
        "forget_at": thing.body.get("forget_at", ""),
        "status": thing.body.get("status", True),
    }
    return {**values, "content": thing.body["content"]} if has_content else values


def _embedder(call: Call) -> Embedder:
    # One model for all memories, so that several can be searched together.
    return call.project.embedder(call.names.own_embedding)


@route("POST /messages")
def add(call: Call) -> Answer:
    """Add a message to each of several memories, where it is found at once."""
    fields = call.request.fields()
    ids = fields.get("memory_id") or []
    memories = [memory_of(call, str(id)) for id in (ids if isinstance(ids, list) else [ids])]
    if not memories:
        raise Refusal(ARGUMENT, "`memory_id` is required")
    question, answered = fields.get("user_input", ""), fields.get("agent_response", "")
    content = f"User Input: {question}\nAgent Response: {answered}"
    vector = _embedder(call).embed([content])[0].astype("<f4").tobytes()
    body = {
        "content": content,
        "user_id": str(fields.get("user_id") or ""),
        "agent_id": str(fields.get("agent_id") or ""),
        "session_id": str(fields.get("session_id") or ""),
        "status": True,
        "forget_at": "",
    }
    now = now_ms()
    with call.writing() as connection:
        for memory in memories:
            id = uuid.uuid4().hex
            thing = Thing(id, call.tenant_id, "message", now, now, memory.id, "", body, vector)
            things.insert(connection, thing)
            _forget_first(connection, memory)
    return done(True, message=_ADDED)


def _forget_first(connection: Connection, memory: Thing) -> None:
    """Delete the oldest messages of a memory that exceeds its size."""
    room = shown(memory)["memory_size"]
    for message in things.of_parents(connection, "message", [memory.id]):
        room -= len(message.body["content"].encode())
        if room < 0:
            things.delete(connection, message.id)


@route("GET /memories/{memory_id}")
def list_all(call: Call, memory_id: str) -> Answer:
    """Return a page of a memory's messages, the newest first."""
    memory, value = memory_of(call, memory_id), call.request.value
    agents = {id for id in call.request.query.get("agent_id", ()) if id}
    keywords = value("keywords") or ""
    with call.reading() as reading:
        messages = things.of_parents(reading, "message", [memory.id])
    messages = [
        message
        for message in messages
        if (not agents or message.body["agent_id"] in agents)
        and keywords.casefold() in message.body["session_id"].casefold()
    ]
    number, size = counted(value("page"), 1), counted(value("page_size"), PAGE_SIZE)
    page = messages[(number - 1) * size : number * size]
    listed = [
        {**_shown(message, has_content=False), "extract": [], "task": {}, "agent_name": ""}
        for message in page
    ]
    data = {"message_list": listed, "total_count": len(messages)}
    return done({"messages": data, "storage_type": "table"})


@route("GET /messages/search")
def search(call: Call) -> Answer:
    """Return the messages most similar to a question.

    similarity = w * share of the question's words + (1 - w) * calibrated cosine
    """
    value = call.request.value
    weight = _share(value("keywords_similarity_weight"), 0.7)
    threshold = _share(value("similarity_threshold"), 0.2)
    question = value("query") or ""
    messages = [
        message
        for message in _filtered(call)
        if message.body.get("status", True) and not message.body.get("forget_at")
    ]
    if not question.strip() or not messages:
        return done([])
    embedder = _embedder(call)
    floor = embedder.floor_of(question)
    vector = embedder.embed_query(question)
    terms = set(terms_of(question))
    scored = []
    for message in messages:
        words = len(terms.intersection(terms_of(message.body["content"]))) / max(len(terms), 1)
        meaning = float(calibrate(np.array([_vector(message) @ vector]), floor)[0])
        scored.append((weight * words + (1 - weight) * meaning, message))
    scored.sort(key=lambda pair: (-pair[0], -pair[1].number))
    best = scored[: counted(value("top_n"), 10)]
    return done([_shown(message) for similarity, message in best if similarity >= threshold])


def _vector(message: Thing) -> Vector:
    return np.frombuffer(message.vector, "<f4")


def _share(given: str | None, otherwise: float) -> float:
    try:
        return min(max(float(given), 0.0), 1.0) if given else otherwise
    except ValueError:
        return otherwise


def _filtered(call: Call) -> list[Thing]:
    """Return the messages of the named memories, the newest first."""
    given = [id for entry in call.request.query.get("memory_id", ()) for id in entry.split(",")]
    memories = [memory_of(call, id) for id in given if id]
    if not memories:
        raise Refusal(ARGUMENT, "`memory_id` is required")
    wanted: Mapping[str, str] = {
        name: value
        for name in ("agent_id", "session_id", "user_id")
        if (value := call.request.value(name))
    }
    with call.reading() as reading:
        messages = things.of_parents(reading, "message", [memory.id for memory in memories])
    is_wanted: Callable[[Thing], bool] = lambda message: all(  # noqa: E731 -- used once
        message.body[name] == value for name, value in wanted.items()
    )
    return [message for message in messages if is_wanted(message)]


@route("GET /messages")
def recent(call: Call) -> Answer:
    """Return the newest messages."""
    limit = counted(call.request.value("limit"), 10)
    messages: Sequence[Thing] = _filtered(call)
    return done([_shown(message) for message in messages[:limit]])


# ── one message, named by its memory and number ──


def _named(call: Call, name: str) -> Thing:
    memory_id, _, number = name.partition(":")
    memory = memory_of(call, memory_id)
    with call.reading() as reading:
        message = (
            things.numbered(reading, "message", memory.id, int(number))
            if number.isdecimal() and len(number) < 19
            else None
        )
    if message is None:
        raise Refusal(NOT_FOUND, f"Message '{number}' in memory '{memory_id}' not found.")
    return message


def _changed(call: Call, message: Thing, **changes: object) -> Answer:
    with call.writing() as connection:
        body = {**message.body, **changes}
        things.update(connection, replace(message, body=body, update_time=now_ms()))
    return done(True)


@route("DELETE /messages/{name}")
def forget(call: Call, name: str) -> Answer:
    """Take a message out of search."""
    return _changed(call, _named(call, name), forget_at=_text(now_ms()))


@route("PUT /messages/{name}", "PATCH /messages/{name}")
def set_status(call: Call, name: str) -> Answer:
    """Switch a message on or off for search."""
    status = call.request.fields().get("status")
    if not isinstance(status, bool):
        raise Refusal(ARGUMENT, "Status must be a boolean.")
    return _changed(call, _named(call, name), status=status)


@route("GET /messages/{name}/content")
def content(call: Call, name: str) -> Answer:
    """Return one message with its vector."""
    message = _named(call, name)
    return done({**_shown(message), "content_embed": _vector(message).tolist()})
