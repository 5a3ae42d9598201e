"""Things that only the released API knows: agents, their sessions, memories and their messages."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ragflow_local.stores.catalog import Connection, checksums, like

Kind = Literal["agent", "agent_session", "memory", "message"]


@dataclass(frozen=True, slots=True)
class Thing:
    """One of them.

    Attributes:
        number: In the order in which they were made, never used again; 0 before that.
        parent: The agent of a session, the memory of a message; else empty.
        body: All that it says.
        vector: Of a message's text, as bytes of float32; else empty.
        create_time: Milliseconds since 1970, UTC; likewise ``update_time``.
    """

    id: str
    tenant_id: str
    kind: Kind
    create_time: int
    update_time: int
    parent: str = ""
    name: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    vector: bytes = b""
    number: int = 0


def _thing_of(columns: Mapping[str, Any]) -> Thing:
    checksums.check("released_things", columns)
    values = {name: columns[name] for name in Thing.__dataclass_fields__}
    values["body"] = json.loads(values["body"])
    return Thing(**values)


def insert(connection: Connection, thing: Thing) -> Thing:
    """Add a thing, and return it with its number."""
    connection.execute(
        "INSERT INTO released_things (id, tenant_id, kind, parent, name, body, vector,"
        " create_time, update_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            thing.id,
            thing.tenant_id,
            thing.kind,
            thing.parent,
            thing.name,
            json.dumps(thing.body, ensure_ascii=False),
            thing.vector,
            thing.create_time,
            thing.update_time,
        ],
    )
    checksums.stamp(connection, "released_things", "id", thing.id)
    added = get(connection, thing.kind, thing.id)
    assert added is not None, "inserted above"
    return added


def update(connection: Connection, thing: Thing) -> None:
    """Keep what of a thing can change: its name, what it says, and when that was."""
    connection.execute(
        "UPDATE released_things SET name = ?, body = ?, update_time = ? WHERE id = ?",
        [thing.name, json.dumps(thing.body, ensure_ascii=False), thing.update_time, thing.id],
    )
    checksums.stamp(connection, "released_things", "id", thing.id)


def get(connection: Connection, kind: Kind, id: str) -> Thing | None:
    """Return a thing, or None."""
    row = connection.execute(
        "SELECT * FROM released_things WHERE kind = ? AND id = ?", [kind, id]
    ).fetchone()
    return _thing_of(row) if row else None


def numbered(connection: Connection, kind: Kind, parent: str, number: int) -> Thing | None:
    """Return a thing by its number, or None."""
    row = connection.execute(
        "SELECT * FROM released_things WHERE number = ? AND kind = ? AND parent = ?",
        [number, kind, parent],
    ).fetchone()
    return _thing_of(row) if row else None


def of_tenant(
    connection: Connection, kind: Kind, tenant_id: str, *, keywords: str = ""
) -> list[Thing]:
    """Return a tenant's things, the newest first; ``keywords`` is a part of the name."""
    rows = connection.execute(
        "SELECT * FROM released_things WHERE kind = ? AND tenant_id = ?"
        " AND name LIKE ? ESCAPE '\\' ORDER BY number DESC",
        [kind, tenant_id, like(keywords)],
    )
    return [_thing_of(row) for row in rows]


def of_parents(connection: Connection, kind: Kind, parents: Collection[str]) -> list[Thing]:
    """Return what belongs to some others, the newest first."""
    rows = connection.execute(
        "SELECT * FROM released_things WHERE kind = ?"
        " AND parent IN (SELECT value FROM json_each(?)) ORDER BY number DESC",
        [kind, json.dumps(list(parents))],
    )
    return [_thing_of(row) for row in rows]


def is_named(
    connection: Connection, kind: Kind, tenant_id: str, name: str, *, besides: str = ""
) -> bool:
    """Return whether a tenant has another thing of that name."""
    row = connection.execute(
        "SELECT 1 FROM released_things WHERE kind = ? AND tenant_id = ? AND name = ? AND id <> ?",
        [kind, tenant_id, name, besides],
    )
    return row.fetchone() is not None


def delete(connection: Connection, id: str) -> None:
    """Delete a thing with what belongs to it."""
    connection.execute("DELETE FROM released_things WHERE id = ? OR parent = ?", [id, id])
