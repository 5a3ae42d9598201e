"""The table of chats."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from ragflow_local.records import ChatRow
from ragflow_local.settings import LLMSettings, PromptSettings
from ragflow_local.stores.catalog import Connection, checksums, page, rows

SORTABLE = ("create_time", "update_time", "name", "id")

_JSON = ("dataset_ids", "released")


def row_of(columns: Mapping[str, Any]) -> ChatRow:
    """Return what the catalog's columns say."""
    checksums.check("chats", columns)
    values = {name: columns[name] for name in ChatRow.__dataclass_fields__}
    for name in _JSON:
        values[name] = json.loads(values[name])
    values["llm"] = rows.settings_of(LLMSettings, values["llm"])
    values["prompt"] = rows.settings_of(PromptSettings, values["prompt"])
    return msgspec.convert(values, ChatRow)


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """Add a chat; ``values`` has every column.

    Raises:
        sqlite3.IntegrityError: Its tenant has one of that name.
    """
    rows.insert(connection, "chats", values)


def update(connection: Connection, id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a chat."""
    rows.update(connection, "chats", id, values)


def delete(connection: Connection, id: str) -> None:
    """Delete a chat with its sessions and messages."""
    connection.execute("DELETE FROM chats WHERE id = ?", [id])


def get(connection: Connection, id: str) -> ChatRow | None:
    """Return the chat, or None."""
    row = connection.execute("SELECT * FROM chats WHERE id = ?", [id]).fetchone()
    return row_of(row) if row else None


def list_of(
    connection: Connection,
    tenant_id: str,
    *,
    id: str | None,
    name: str | None,
    paging: Mapping[str, Any],
) -> list[ChatRow]:
    """Return one page of a tenant's chats; see ``datasets.list_visible`` for the arguments."""
    order, limits = page("chats", columns=SORTABLE, **paging)
    where, parameters = ["tenant_id = ?"], [tenant_id]
    if id is not None:
        where.append("id = ?")
        parameters.append(id)
    if name is not None:
        where.append("name_key = ?")
        parameters.append(name.casefold())
    cursor = connection.execute(
        f"SELECT * FROM chats WHERE {' AND '.join(where)}{order}", [*parameters, *limits]
    )
    return [row_of(row) for row in cursor]


def is_named(connection: Connection, tenant_id: str, name: str, *, besides: str = "") -> bool:
    """Return whether a tenant has another chat of that name; case does not count."""
    row = connection.execute(
        "SELECT 1 FROM chats WHERE tenant_id = ? AND name_key = ? AND id <> ?",
        [tenant_id, name.casefold(), besides],
    )
    return row.fetchone() is not None


def ids_of(connection: Connection, tenant_id: str) -> list[str]:
    """Return the id of every chat of a tenant."""
    rows = connection.execute("SELECT id FROM chats WHERE tenant_id = ?", [tenant_id])
    return [str(row[0]) for row in rows]
