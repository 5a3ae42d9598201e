"""Inserts and updates rows from dicts, with some columns as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from ragflow_local.errors import InvalidValueError
from ragflow_local.settings import Settings
from ragflow_local.stores.catalog import Connection, checksums

# Tables whose names are unique without regard to case, by a column of their own.
_KEYED = ("datasets", "chats")
_JSON = (list, tuple, dict)


S = TypeVar("S", bound=Settings)


@lru_cache(maxsize=1024)  # settings are frozen, and most rows have the same
def settings_of(kind: type[S], text: str) -> S:
    """Return the settings that a column keeps as JSON.

    Raises:
        ValueError: It holds none that were ever allowed.
    """
    values = json.loads(text)
    if not isinstance(values, dict):
        raise TypeError("settings are no JSON object")
    try:
        return kind.from_dict(values)
    except InvalidValueError as error:
        raise ValueError(str(error)) from None


def decoded(text: str) -> Any:
    """Return what a column keeps as JSON."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)  # NaN and Infinity, which JSON does not have and Python writes


def insert(
    connection: Connection, table: str, values: Mapping[str, Any], *, is_stamped: bool = True
) -> None:
    """Add a row; ``values`` has every column without a default.

    Its checksum is left to who adds many, where it is not to be stamped.

    Raises:
        sqlite3.IntegrityError: There is one with the same unique columns.
    """
    stored = _stored(table, values)
    columns = ", ".join(stored)
    marks = ", ".join(f":{name}" for name in stored)
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", stored)
    if is_stamped:
        checksums.stamp(connection, table, "id", values["id"])


def update(connection: Connection, table: str, id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a row.

    Raises:
        sqlite3.IntegrityError: There is another one with the same unique columns.
    """
    stored = _stored(table, values)
    assignments = ", ".join(f"{name} = :{name}" for name in stored)
    connection.execute(f"UPDATE {table} SET {assignments} WHERE id = :_id", {**stored, "_id": id})
    checksums.stamp(connection, table, "id", values.get("id", id))


def _column(value: object) -> object:
    """Return a value as SQLite keeps it."""
    if isinstance(value, Settings):
        value = value.to_dict()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, _JSON) else value


def _stored(table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    stored: dict[str, Any] = {name: _column(value) for name, value in values.items()}
    if table in _KEYED and "name" in stored:
        stored["name_key"] = stored["name"].casefold()
    return stored
