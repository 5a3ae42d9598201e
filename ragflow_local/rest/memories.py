"""Creates, lists, changes and deletes memories."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ragflow_local.rest.call import Call, counted
from ragflow_local.rest.datasets import dates
from ragflow_local.rest.exchange import Answer, done
from ragflow_local.rest.refusals import ARGUMENT, NOT_FOUND, Refusal
from ragflow_local.rest.routes import route
from ragflow_local.stores.catalog import Connection, now_ms, things
from ragflow_local.stores.catalog.things import Thing

_log = logging.getLogger("ragflow_local.rest")

_TYPES = ("raw", "semantic", "episodic", "procedural")
_MOST_NAME = 128
_MOST_BYTES = 10 * 1024 * 1024
_DEFAULTS: Mapping[str, Any] = {
    "avatar": None,
    "owner_name": "",
    "memory_type": ["raw"],
    "storage_type": "table",
    "embd_id": "",
    "llm_id": "",
    "permissions": "me",
    "description": None,
    "memory_size": 5 * 1024 * 1024,
    "forgetting_policy": "FIFO",
    "temperature": 0.5,
    "system_prompt": "",
    "user_prompt": "",
}
_TEXTS = ("avatar", "description", "system_prompt", "user_prompt", "llm_id")
# Set for good by the first message, which is embedded and sorted by them.
_FIXED = ("memory_type", "embd_id")
PAGE_SIZE = 50


def shown(thing: Thing) -> dict[str, Any]:
    """Return a memory in the form of an answer."""
    return {
        **_DEFAULTS,
        **thing.body,
        "id": thing.id,
        "name": thing.name,
        "tenant_id": thing.tenant_id,
        **dates(thing.create_time, thing.update_time),
    }


def memory_of(call: Call, id: str) -> Thing:
    """Return a memory of the tenant.

    Raises:
        Refusal: There is none.
    """
    with call.reading() as reading:
        thing = things.get(reading, "memory", id)
    if thing is None or thing.tenant_id != call.tenant_id:
        raise Refusal(NOT_FOUND, f"Memory '{id}' not found.")
    return thing


@route("POST /memories")
def create(call: Call) -> Answer:
    """Create a memory; a taken name gets a number."""
    fields = call.request.fields()
    name = _name(fields.get("name"))
    body = {
        "memory_type": _types(fields.get("memory_type", ["raw"])),
        "embd_id": str(fields.get("embd_id") or ""),
        "llm_id": str(fields.get("llm_id") or ""),
        "owner_name": call.tenant_id,
    }
    if len(body["memory_type"]) > 1 or body["memory_type"] != ["raw"]:
        _log.warning("Of memory types, only raw messages are kept: others need a chat model.")
    now, id = now_ms(), uuid.uuid4().hex
    with call.writing() as connection:
        free = _free_name(connection, call.tenant_id, name)
        thing = Thing(id, call.tenant_id, "memory", now, now, "", free, body)
        thing = things.insert(connection, thing)
    return Answer({**done(shown(thing)).envelope, "message": True})


def _name(given: object) -> str:
    name = str(given or "").strip()
    if not name:
        raise Refusal(ARGUMENT, "Memory name cannot be empty or whitespace.")
    if len(name) > _MOST_NAME:
        raise Refusal(ARGUMENT, f"Memory name '{name}' exceeds limit of {_MOST_NAME}.")
    return name


def _types(given: object) -> list[str]:
    if not isinstance(given, list):
        raise Refusal(ARGUMENT, "Memory type must be a list.")
    unknown = {str(kind) for kind in given if kind not in _TYPES}
    if unknown:
        raise Refusal(ARGUMENT, f"Memory type '{unknown}' is not supported.")
    return list(dict.fromkeys(given))


def _free_name(connection: Connection, tenant_id: str, name: str, besides: str = "") -> str:
    number, free = 0, name
    while things.is_named(connection, "memory", tenant_id, free, besides=besides):
        number += 1
        free = f"{name}({number})"
    return free


@route("GET /memories")
def list_all(call: Call) -> Answer:
    """Return a page of the tenant's memories, the newest first."""
    query, value = call.request.query, call.request.value
    kinds = {kind for entry in query.get("memory_type", ()) for kind in entry.split(",") if kind}
    storage = value("storage_type")
    with call.reading() as reading:
        memories = things.of_tenant(
            reading, "memory", call.tenant_id, keywords=value("keywords") or ""
        )
    memories = [
        memory
        for memory in memories
        if (not kinds or kinds.intersection(shown(memory)["memory_type"]))
        and (not storage or shown(memory)["storage_type"] == storage)
    ]
    number, size = counted(value("page"), 1), counted(value("page_size"), PAGE_SIZE)
    page = memories[(number - 1) * size : number * size]
    listed = [shown(memory) for memory in page]
    return Answer(
        {
            **done({"memory_list": listed, "total_count": len(memories)}).envelope,
            "message": True,
        }
    )


@route("GET /memories/{memory_id}/config")
def get_config(call: Call, memory_id: str) -> Answer:
    """Return one memory."""
    return done(shown(memory_of(call, memory_id)))


@route("DELETE /memories/{memory_id}")
def delete(call: Call, memory_id: str) -> Answer:
    """Delete a memory with its messages."""
    memory = memory_of(call, memory_id)
    with call.writing() as connection:
        things.delete(connection, memory.id)
    return done(True)


@route("PUT /memories/{memory_id}", "PATCH /memories/{memory_id}")
def update(call: Call, memory_id: str) -> Answer:
    """Change the fields of a memory that the body names."""
    memory = memory_of(call, memory_id)
    fields = call.request.fields()
    changes = {name: fields[name] for name in _TEXTS if name in fields}
    changes |= _checked(fields)
    with call.writing() as connection:
        fixed = [
            name for name in _FIXED if name in changes and changes[name] != shown(memory)[name]
        ]
        if fixed and things.of_parents(connection, "message", [memory.id]):
            raise Refusal(ARGUMENT, f"Can't update {fixed} when memory isn't empty.")
        name = memory.name
        if "name" in fields:
            name = _free_name(connection, call.tenant_id, _name(fields["name"]), memory.id)
        body = {**memory.body, **changes}
        memory = replace(memory, name=name, body=body, update_time=now_ms())
        things.update(connection, memory)
    return done(shown(memory))


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked fields of an update of a memory."""
    changes: dict[str, Any] = {}
    if "memory_type" in fields:
        changes["memory_type"] = _types(fields["memory_type"])
    if "embd_id" in fields:
        changes["embd_id"] = str(fields["embd_id"] or "")
    if "permissions" in fields:
        if fields["permissions"] not in ("me", "team"):
            raise Refusal(ARGUMENT, f"Unknown permission '{fields['permissions']}'.")
        changes["permissions"] = fields["permissions"]
    if "memory_size" in fields:
        changes["memory_size"] = _within(fields, "memory_size", 1, _MOST_BYTES)
    if "forgetting_policy" in fields:
        if fields["forgetting_policy"] != "FIFO":
            policy = fields["forgetting_policy"]
            raise Refusal(ARGUMENT, f"Forgetting policy '{policy}' is not supported.")
        changes["forgetting_policy"] = "FIFO"
    if "temperature" in fields:
        changes["temperature"] = _within(fields, "temperature", 0, 1)
    return changes


def _within(fields: Mapping[str, Any], name: str, low: float, high: float) -> float:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Refusal(ARGUMENT, f"{name} should be in range [{low}, {high}].")
    return value
