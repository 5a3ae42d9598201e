"""The tables of sessions and messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from ragflow_local.records import Hit, MessageRow, SessionRow
from ragflow_local.stores.catalog import Connection, checksums, page
from ragflow_local.stores.catalog.odd import check_texts

SORTABLE = ("create_time", "update_time", "name", "id")

_encode = msgspec.json.Encoder().encode
_hits = msgspec.json.Decoder(tuple[Hit, ...]).decode
_texts = msgspec.json.Decoder(tuple[str, ...]).decode


def _json(released: Mapping[str, object]) -> str:
    return json.dumps(released, ensure_ascii=False)


def row_of(columns: Mapping[str, Any]) -> SessionRow:
    """Return what the catalog's columns say."""
    checksums.check("sessions", columns)
    values = {name: columns[name] for name in SessionRow.__dataclass_fields__}
    values["released"] = json.loads(values["released"])
    return msgspec.convert(values, SessionRow)


def insert(connection: Connection, row: SessionRow) -> None:
    """Add a session."""
    connection.execute(
        "INSERT INTO sessions (id, chat_id, name, create_time, update_time, released)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (row.id, row.chat_id, row.name, row.create_time, row.update_time, _json(row.released)),
    )
    checksums.stamp(connection, "sessions", "id", row.id)


def rename(connection: Connection, id: str, name: str, update_time: int) -> None:
    """Give a session another name."""
    connection.execute(
        "UPDATE sessions SET name = ?, update_time = ? WHERE id = ?", (name, update_time, id)
    )
    checksums.stamp(connection, "sessions", "id", id)


def delete(connection: Connection, id: str) -> None:
    """Delete a session with its messages."""
    connection.execute("DELETE FROM sessions WHERE id = ?", [id])


def get(connection: Connection, id: str) -> SessionRow | None:
    """Return the session, or None."""
    row = connection.execute("SELECT * FROM sessions WHERE id = ?", [id]).fetchone()
    return row_of(row) if row else None


def list_of(
    connection: Connection,
    chat_id: str,
    *,
    id: str | None,
    name: str | None,
    paging: Mapping[str, Any],
) -> list[SessionRow]:
    """Return one page of a chat's sessions; see ``datasets.list_visible`` for the arguments."""
    order, limits = page("sessions", columns=SORTABLE, **paging)
    where, parameters = ["chat_id = ?"], [chat_id]
    if id is not None:
        where.append("id = ?")
        parameters.append(id)
    if name is not None:
        where.append("name = ?")
        parameters.append(name)
    rows = connection.execute(
        f"SELECT * FROM sessions WHERE {' AND '.join(where)}{order}", [*parameters, *limits]
    )
    return [row_of(row) for row in rows]


def add_message(connection: Connection, row: MessageRow) -> None:
    """Add a message at the end of its session; ``row.ordinal`` is not looked at."""
    connection.execute(
        "INSERT INTO messages (id, session_id, role, content, hits, model, thinking,"
        " unsupported, finish_reason, create_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.id,
            row.session_id,
            row.role,
            row.content,
            _encode(row.hits).decode(),
            row.model,
            row.thinking,
            _encode(row.unsupported).decode(),
            row.finish_reason,
            row.create_time,
        ),
    )
    connection.execute(
        "UPDATE sessions SET update_time = ? WHERE id = ?", (row.create_time, row.session_id)
    )
    checksums.stamp(connection, "messages", "id", row.id)
    checksums.stamp(connection, "sessions", "id", row.session_id)


def move_to_end(connection: Connection, id: str) -> None:
    """Let a message be the last of its session."""
    connection.execute(
        "UPDATE messages SET number = (SELECT MAX(number) + 1 FROM messages) WHERE id = :id"
        " AND number < (SELECT MAX(number) FROM messages WHERE session_id ="
        " (SELECT session_id FROM messages WHERE id = :id))",
        {"id": id},
    )
    checksums.stamp(connection, "messages", "id", id)


def messages_of(connection: Connection, session_id: str) -> list[MessageRow]:
    """Return the messages of a session, the first first."""
    rows = connection.execute(
        "SELECT * FROM messages WHERE session_id = ? ORDER BY number", [session_id]
    )
    return [_message(ordinal, row) for ordinal, row in enumerate(rows)]


def _message(ordinal: int, row: Mapping[str, Any]) -> MessageRow:
    checksums.check("messages", row)
    check_texts(row["role"], row["content"], row["model"], row["thinking"], row["finish_reason"])
    return MessageRow(
        id=row["id"],
        session_id=row["session_id"],
        ordinal=ordinal,
        role=row["role"],
        content=row["content"],
        hits=_hits(row["hits"]),
        model=row["model"],
        thinking=row["thinking"],
        unsupported=_texts(row["unsupported"]),
        finish_reason=row["finish_reason"],
        create_time=row["create_time"],
    )


def ids_of(connection: Connection, chat_id: str) -> list[str]:
    """Return the id of every session of a chat."""
    rows = connection.execute("SELECT id FROM sessions WHERE chat_id = ?", [chat_id])
    return [str(row[0]) for row in rows]
