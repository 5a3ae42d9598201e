"""Creates, lists, changes and deletes chats."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ragflow_local.records import ChatRow
from ragflow_local.rest import chat_fields
from ragflow_local.rest.call import Call
from ragflow_local.rest.datasets import dates
from ragflow_local.rest.exchange import Answer, done
from ragflow_local.rest.refusals import DATA, Refusal
from ragflow_local.rest.routes import route
from ragflow_local.rest.spellings import TODAYS
from ragflow_local.stores.catalog import Connection, IntegrityError, chats, datasets, now_ms, pages

_MOST_NAME_BYTES = 255
_OBJECTS = ("llm_setting", "prompt_config")


def shown(call: Call, row: ChatRow, connection: Connection) -> dict[str, Any]:
    """Return a chat in the form of an answer, with the fields that clients up to 0.24 read."""
    values = chat_fields.given_of(row)
    known = datasets.visible(connection, call.tenant_id, row.dataset_ids)
    there = [known[id] for id in row.dataset_ids if id in known]
    values = {
        **values,
        "id": row.id,
        "name": row.name,
        "tenant_id": row.tenant_id,
        "llm_id": values["llm_id"] or call.names.default_chat,
        "dataset_ids": [dataset.id for dataset in there],
        "kb_names": [dataset.name for dataset in there],
        "status": "1",
        **dates(row.create_time, row.update_time),
    }
    shown_datasets = [{"id": dataset.id, "name": dataset.name} for dataset in there]
    return {**values, **chat_fields.former(values), "datasets": shown_datasets}


@route("POST /chats")
def create(call: Call) -> Answer:
    """Create a chat."""
    fields = chat_fields.modern(call.request.fields())
    if "tenant_id" in fields:
        raise Refusal(DATA, "`tenant_id` must not be provided")
    name = _name(fields.get("name"), "`name` is required")
    _check_objects(fields)
    values = {**chat_fields.DEFAULTS, **_known(fields)}
    values["prompt_config"] = chat_fields.filled(values["prompt_config"])
    with call.writing() as connection:
        ids = _dataset_ids(call, connection, fields.get("dataset_ids"))
        if chats.is_named(connection, call.tenant_id, name):
            raise Refusal(DATA, "duplicated chat name in creating chat")
        now = now_ms()
        id = uuid.uuid4().hex
        chats.insert(
            connection,
            {
                "id": id,
                "tenant_id": call.tenant_id,
                "name": name,
                "dataset_ids": ids,
                "create_time": now,
                "update_time": now,
                **_own(call, values),
            },
        )
        row = chats.get(connection, id)
        assert row is not None
        return done(shown(call, row, connection))


def _name(given: object, empty: str) -> str:
    if given is None or not isinstance(given, str) or not given.strip():
        raise Refusal(DATA, empty)
    name = given.strip()
    length = len(name.encode())
    if length > _MOST_NAME_BYTES:
        raise Refusal(DATA, f"chat name length is {length} which is larger than {_MOST_NAME_BYTES}")
    return name


def _check_objects(fields: Mapping[str, Any]) -> None:
    for name in _OBJECTS:
        if fields.get(name) is not None and not isinstance(fields[name], dict):
            raise Refusal(DATA, f"`{name}` should be an object.")


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a body that a chat stores."""
    return {
        name: fields[name]
        for name in chat_fields.DEFAULTS
        if name in fields and (fields[name] is not None or name == "llm_id")
    }


def _own(call: Call, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a chat that follow from the given fields."""
    return {
        "avatar": str(values["icon"] or ""),
        "llm": chat_fields.own_llm(values, call.names),
        "prompt": chat_fields.own_prompt(values),
        "released": dict(values),
    }


def _dataset_ids(call: Call, connection: Connection, given: object) -> list[str]:
    """Return the datasets of a chat, each of which has parsed documents."""
    if given is None:
        return []
    if not isinstance(given, list):
        raise Refusal(DATA, "`dataset_ids` should be a list.")
    ids = [str(id) for id in given]
    rows = datasets.visible(connection, call.tenant_id, ids)
    for id in ids:
        if id not in rows:
            raise Refusal(DATA, f"You don't own the dataset {id}")
        if not rows[id].chunk_count:
            raise Refusal(DATA, f"The dataset {id} doesn't own parsed file")
    if len({row.embedding_model for row in rows.values()}) > 1:
        raise Refusal(DATA, "Datasets use different embedding models.")
    return list(dict.fromkeys(ids))


@route("GET /chats")
def list_all(call: Call) -> Answer:
    """Return a page of the tenant's chats."""
    value = call.request.value
    with call.reading() as reading:
        rows, total = pages.of_chats(
            reading,
            call.tenant_id,
            call.page(),
            id=value("id") or None,
            name=value("name") or None,
            keywords="" if value("id") or value("name") else value("keywords") or "",
        )
        listed = [shown(call, row, reading) for row in rows]
    if call.request.is_older_than(TODAYS):
        return done(listed)
    return done({"chats": listed, "total": total}, total=total)


@route("GET /chats/{chat_id}")
def get(call: Call, chat_id: str) -> Answer:
    """Return one chat."""
    row = call.chat(chat_id)
    with call.reading() as reading:
        return done(shown(call, row, reading))


@route("PATCH /chats/{chat_id}", "PUT /chats/{chat_id}")
def update(call: Call, chat_id: str) -> Answer:
    """Change the fields of a chat that the body names; settings are merged."""
    row = call.chat(chat_id)
    fields = chat_fields.modern(call.request.fields())
    values: dict[str, Any] = {}
    if "name" in fields:
        values["name"] = _name(fields["name"], "`name` cannot be empty")
    if "tenant_id" in fields:
        raise Refusal(DATA, "`tenant_id` must not be provided")
    _check_objects(fields)
    given = chat_fields.given_of(row)
    merged = {**given, **_known(fields)}
    for name in _OBJECTS:
        merged[name] = {**given[name], **(fields.get(name) or {})}
    merged["prompt_config"] = chat_fields.filled(merged["prompt_config"])
    with call.writing() as connection:
        if "dataset_ids" in fields:
            values["dataset_ids"] = _dataset_ids(call, connection, fields["dataset_ids"])
        if "name" in values and chats.is_named(
            connection, call.tenant_id, values["name"], besides=row.id
        ):
            raise Refusal(DATA, "duplicated chat name in updating chat")
        try:
            own = _own(call, merged)
            chats.update(connection, row.id, {**values, **own, "update_time": now_ms()})
        except IntegrityError:
            raise Refusal(DATA, "duplicated chat name in updating chat") from None
        changed = chats.get(connection, row.id)
        assert changed is not None
        return done(shown(call, changed, connection))


@route("DELETE /chats")
def delete(call: Call) -> Answer:
    """Delete chats with their sessions, and tell which of those named do not exist."""

    def is_own(connection: Connection, id: str) -> bool:
        row = chats.get(connection, id)
        return row is not None and row.tenant_id == call.tenant_id

    return delete_named(
        call,
        "chats",
        all_ids=lambda connection: chats.ids_of(connection, call.tenant_id),
        is_own=is_own,
        delete=chats.delete,
        missing="Chat({}) not found.",
    )


@route("DELETE /chats/{chat_id}")
def delete_one(call: Call, chat_id: str) -> Answer:
    """Delete one chat."""
    row = call.chat(chat_id)
    with call.writing() as connection:
        chats.delete(connection, row.id)
    return done(True)


def delete_named(
    call: Call,
    things: str,
    *,
    all_ids: Callable[[Connection], list[str]],
    is_own: Callable[[Connection, str], bool],
    delete: Callable[[Connection, str], object],
    missing: str,
) -> Answer:
    """Delete the things that the body names, or all, and tell which do not exist.

    Args:
        call: The call.
        things: What they are called in the answer.
        all_ids: Finds the ids of all of them.
        is_own: Tells whether there is one of an id that the call may delete.
        delete: Deletes one.
        missing: What is told of an id that is not there, with ``{}`` for it.
    """
    ids = call.ids("ids")
    with call.writing() as connection:
        if not ids and call.all_named():
            ids = all_ids(connection)
        errors, count = [], 0
        for id in dict.fromkeys(ids or ()):
            if is_own(connection, id):
                delete(connection, id)
                count += 1
            else:
                errors.append(missing.format(id))
    return partly(things, count, [*errors, *call.twice(ids or ())])


def partly(things: str, count: int, errors: list[str]) -> Answer:
    """Return the answer to a deletion that may have missed some of what was named.

    Raises:
        Refusal: None was deleted, and there were errors.
    """
    if not errors:
        return done({"success_count": count} if count else None)
    if not count:
        raise Refusal(DATA, "; ".join(errors))
    message = f"Partially deleted {count} {things} with {len(errors)} errors"
    return done({"success_count": count, "errors": errors}, message=message)
