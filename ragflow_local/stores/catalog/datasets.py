"""The table of datasets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ragflow_local.records import DatasetRow
from ragflow_local.settings import ParserSettings
from ragflow_local.stores.catalog import Connection, checksums, page, rows

SORTABLE = (
    "create_time",
    "update_time",
    "name",
    "document_count",
    "chunk_count",
    "token_count",
    "id",
)


def row_of(columns: Mapping[str, Any]) -> DatasetRow:
    """Return what the catalog's columns say."""
    checksums.check("datasets", columns)
    values = {name: columns[name] for name in DatasetRow.__dataclass_fields__}
    values["parser_config"] = rows.settings_of(ParserSettings, values["parser_config"])
    for name in ("embedding_prompts", "released"):
        values[name] = rows.decoded(values[name])
    floor = values["embedding_floor"]
    if floor is not None and not -1.0 <= floor < 1.0:
        raise ValueError(f"its embedding_floor is {floor}")
    return msgspec.convert(values, DatasetRow)


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """Add a dataset; ``values`` has every column without a default.

    Raises:
        sqlite3.IntegrityError: Its tenant has one of that name.
    """
    rows.insert(connection, "datasets", values)


def update(connection: Connection, id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a dataset."""
    rows.update(connection, "datasets", id, values)


def delete(connection: Connection, id: str) -> None:
    """Delete a dataset with its documents and chunks."""
    connection.execute("DELETE FROM datasets WHERE id = ?", [id])


def get(connection: Connection, id: str) -> DatasetRow | None:
    """Return the dataset, or None."""
    row = connection.execute("SELECT * FROM datasets WHERE id = ?", [id]).fetchone()
    return row_of(row) if row else None


def of_documents(connection: Connection, ids: Sequence[str]) -> list[DatasetRow]:
    """Return the datasets that documents are of, each once."""
    cursor = connection.execute(
        "SELECT * FROM datasets WHERE id IN (SELECT dataset_id FROM documents"
        " WHERE id IN (SELECT value FROM json_each(?))) ORDER BY number",
        [json.dumps(list(ids))],
    )
    return [row_of(row) for row in cursor]


def number_of(connection: Connection, id: str) -> int | None:
    """Return the dataset's number in the postings, or None."""
    row = connection.execute("SELECT number FROM datasets WHERE id = ?", [id]).fetchone()
    return int(row[0]) if row else None


def id_of(connection: Connection, number: int) -> str | None:
    """Return the id of the dataset with that number, or None."""
    row = connection.execute("SELECT id FROM datasets WHERE number = ?", [number]).fetchone()
    return str(row[0]) if row else None


def numbers_of(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Return the number of each dataset that there is, by its id."""
    cursor = connection.execute(
        "SELECT datasets.id, number FROM json_each(?) AS ids"
        " CROSS JOIN datasets ON datasets.id = ids.value",
        [json.dumps(list(ids))],
    )
    return {str(row[0]): int(row[1]) for row in cursor}


def fingerprint_of(connection: Connection, id: str) -> str:
    """Return the fingerprint of the model its embeddings are from; empty before the first."""
    row = connection.execute(
        "SELECT embedding_fingerprint FROM datasets WHERE id = ?", [id]
    ).fetchone()
    return str(row[0]) if row else ""


def all_ids(connection: Connection) -> list[str]:
    """Return the id of every dataset, whoever's it is."""
    return [str(row[0]) for row in connection.execute("SELECT id FROM datasets ORDER BY number")]


def visible(connection: Connection, tenant_id: str, ids: Sequence[str]) -> dict[str, DatasetRow]:
    """Return those of the datasets that a tenant sees, by their id."""
    cursor = connection.execute(
        "SELECT datasets.* FROM json_each(?) AS ids CROSS JOIN datasets ON datasets.id = ids.value"
        " WHERE tenant_id = ? OR permission = 'team'",
        [json.dumps(list(ids)), tenant_id],
    )
    return {row["id"]: row_of(row) for row in cursor}


def list_visible(
    connection: Connection,
    tenant_id: str,
    *,
    id: str | None,
    name: str | None,
    paging: Mapping[str, Any],
) -> list[DatasetRow]:
    """Return one page of the datasets that a tenant sees: its own, and those of the team.

    Args:
        connection: Of the catalog.
        tenant_id: Who looks.
        id: Only the dataset of this id.
        name: Only datasets of this name; case does not count.
        paging: ``page``, ``page_size``, ``orderby`` and ``desc``, as ``catalog.page`` checks them.
    """
    order, limits = page("datasets", columns=SORTABLE, **paging)
    where = ["(tenant_id = ? OR permission = 'team')"]
    parameters: list[Any] = [tenant_id]
    if id is not None:
        where.append("id = ?")
        parameters.append(id)
    if name is not None:
        where.append("name_key = ?")
        parameters.append(name.casefold())
    cursor = connection.execute(
        f"SELECT * FROM datasets WHERE {' AND '.join(where)}{order}", parameters + limits
    )
    return [row_of(row) for row in cursor]


def ids_of(connection: Connection, tenant_id: str) -> list[str]:
    """Return the id of every dataset of a tenant's own."""
    cursor = connection.execute(
        "SELECT id FROM datasets WHERE tenant_id = ? ORDER BY number", [tenant_id]
    )
    return [str(row[0]) for row in cursor]


def is_named(connection: Connection, tenant_id: str, name: str, *, besides: str = "") -> bool:
    """Return whether a tenant has another dataset of that name; case does not count."""
    cursor = connection.execute(
        "SELECT 1 FROM datasets WHERE tenant_id = ? AND name_key = ? AND id <> ?",
        [tenant_id, name.casefold(), besides],
    )
    return cursor.fetchone() is not None


def unique_name(connection: Connection, tenant_id: str, name: str) -> str:
    """Return ``name``, or ``name(1)`` with the first number that is free."""
    number, free = 0, name
    while is_named(connection, tenant_id, free):
        number += 1
        free = f"{name}({number})"
    return free
