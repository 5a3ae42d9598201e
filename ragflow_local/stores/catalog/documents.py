"""The table of documents; their bytes are in ``files/`` under their SHA-256."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ragflow_local.records import DocumentRow
from ragflow_local.settings import ParserSettings
from ragflow_local.stores.catalog import Connection, checksums, like, meta_values, now_ms, rows
from ragflow_local.stores.catalog.odd import check_texts

_JSON = ("meta_fields", "released")
MOST_TOLD = 100_000  # documents that are counted and named where they are asked for


def row_of(columns: Mapping[str, Any]) -> DocumentRow:
    """Return what the catalog's columns say."""
    checksums.check("documents", columns)
    values = {name: columns[name] for name in DocumentRow.__dataclass_fields__}
    for name in _JSON:
        values[name] = rows.decoded(values[name])
    values["parser_config"] = rows.settings_of(ParserSettings, values["parser_config"])
    return msgspec.convert(values, DocumentRow)


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """Add a document; ``values`` has every column without a default."""
    rows.insert(connection, "documents", values)
    if values.get("meta_fields"):
        meta_values.note(connection, values["id"], values["meta_fields"])


def insert_unstamped(connection: Connection, values: Mapping[str, Any]) -> None:
    """Add a document without free data, which is read once it has a checksum, by ``stamp``."""
    rows.insert(connection, "documents", values, is_stamped=False)


def stamp(connection: Connection, ids: Sequence[str]) -> None:
    """Write the checksums of documents."""
    checksums.stamp_all(connection, "documents", ids)


def update(connection: Connection, id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a document."""
    rows.update(connection, "documents", id, values)
    if "meta_fields" in values:
        meta_values.note(connection, id, values["meta_fields"])


def set_run(connection: Connection, id: str, run: str, progress: float, message: str) -> None:
    """Write the end of a parse: what it ended with, and how long it took."""
    connection.execute(
        "UPDATE documents SET run = :run, progress = :progress, progress_msg = :message,"
        " process_duration = (:now - coalesce(process_begin_at, :now)) / 1000.0,"
        " update_time = :now WHERE id = :id",
        {"run": run, "progress": progress, "message": message, "now": now_ms(), "id": id},
    )
    checksums.stamp(connection, "documents", "id", id)


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a parse that gave chunks: how many, and of how many tokens together."""

    id: str
    generation: int
    chunks: int
    tokens: int
    message: str


def set_done(connection: Connection, ended: Sequence[Done]) -> None:
    """Write that parses ended with DONE, and which chunks their documents have now."""
    now = now_ms()
    connection.executemany(
        "UPDATE documents SET run = 'DONE', progress = 100.0, progress_msg = ?, generation = ?,"
        " chunk_count = ?, token_count = ?, update_time = ?,"
        " process_duration = (? - coalesce(process_begin_at, ?)) / 1000.0 WHERE id = ?",
        [
            (item.message, item.generation, item.chunks, item.tokens, now, now, now, item.id)
            for item in ended
        ],
    )
    checksums.stamp_all(connection, "documents", [item.id for item in ended])


def set_running(connection: Connection, ids: Sequence[str], parsed_on: str) -> None:
    """Write that documents wait to be parsed, and where."""
    now = now_ms()
    connection.executemany(
        "UPDATE documents SET run = 'RUNNING', progress = 0.0, progress_msg = 'Queued',"
        " process_begin_at = ?, process_duration = 0.0, parsed_on = ? WHERE id = ?",
        [(now, parsed_on, id) for id in ids],
    )
    checksums.stamp_all(connection, "documents", ids)


def let_wait(connection: Connection, ids: Sequence[str], message: str) -> None:
    """Take back that documents are being parsed; those that are not stay as they are."""
    running = connection.execute(
        "SELECT id FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND run = 'RUNNING'",
        [json.dumps(list(ids))],
    )
    waiting = [str(row[0]) for row in running]
    connection.executemany(
        "UPDATE documents SET run = 'UNSTART', progress = 0.0, progress_msg = ?, update_time = ?"
        " WHERE id = ?",
        [(message, now_ms(), id) for id in waiting],
    )
    checksums.stamp_all(connection, "documents", waiting)


def called_of_running(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return what those of the documents are found by that are being parsed, by their ids."""
    rows = connection.execute(
        "SELECT * FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND run = 'RUNNING'",
        [json.dumps(list(ids))],
    )
    names: dict[str, str] = {}
    for row in rows:
        check_texts(row["name"])
        names[row["id"]] = row_of(row).called
    return names


def delete(connection: Connection, id: str) -> None:
    """Delete a document with its chunks."""
    connection.execute("DELETE FROM documents WHERE id = ?", [id])


def get(connection: Connection, id: str) -> DocumentRow | None:
    """Return the document, or None."""
    row = connection.execute("SELECT * FROM documents WHERE id = ?", [id]).fetchone()
    return row_of(row) if row else None


def by_ids(connection: Connection, ids: Sequence[str]) -> dict[str, DocumentRow]:
    """Return the documents that there are, by their id."""
    record = connection.execute(
        "SELECT documents.* FROM json_each(?) AS ids"
        " CROSS JOIN documents ON documents.id = ids.value",
        [json.dumps(list(ids))],
    )
    return {row["id"]: row_of(row) for row in record}


def by_name(connection: Connection, tenant_id: str, name: str) -> list[DocumentRow]:
    """Return the documents of that name in every dataset that the tenant sees."""
    record = connection.execute(
        "SELECT documents.* FROM documents JOIN datasets ON datasets.id = documents.dataset_id"
        " WHERE documents.name = ? AND (datasets.tenant_id = ? OR datasets.permission = 'team')"
        " ORDER BY documents.number",
        [name, tenant_id],
    )
    return [row_of(row) for row in record]


def is_named(connection: Connection, dataset_id: str, name: str) -> bool:
    """Return whether a dataset has a document of that name."""
    row = connection.execute(
        "SELECT 1 FROM documents WHERE dataset_id = ? AND name = ?", [dataset_id, name]
    )
    return row.fetchone() is not None


def named(connection: Connection, dataset_id: str, name: str) -> DocumentRow | None:
    """Return the document of that name in a dataset, or None."""
    row = connection.execute(
        "SELECT * FROM documents WHERE dataset_id = ? AND name = ?", [dataset_id, name]
    ).fetchone()
    return row_of(row) if row else None


def unique_name(connection: Connection, dataset_id: str, name: str) -> str:
    """Return ``name``, or ``stem(1).ending`` with a number that is free in the dataset.

    The number is looked for by doubling and halving: as fast beside a million documents of that
    name as beside one. It is the first that is free, unless some in between were deleted.
    """
    if not is_named(connection, dataset_id, name):
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""

    def numbered(number: int) -> str:
        return f"{stem}({number}){dot}{ending}"

    taken, free = 0, 1
    while is_named(connection, dataset_id, numbered(free)):
        taken, free = free, 2 * free
    while free - taken > 1:
        middle = (taken + free) // 2
        if is_named(connection, dataset_id, numbered(middle)):
            taken = middle
        else:
            free = middle
    return numbered(free)


def list_of(
    connection: Connection,
    dataset_id: str,
    *,
    keywords: str | None = None,
    offset: int = 0,
    limit: int = -1,
) -> list[DocumentRow]:
    """Return the documents of a dataset, the oldest first.

    Args:
        connection: Of the catalog.
        dataset_id: Their dataset.
        keywords: Only documents whose name contains this; case does not count.
        offset: How many to pass over.
        limit: Most to return; -1 for all.
    """
    where, parameters = "dataset_id = ?", [dataset_id]
    if keywords:
        where += " AND name LIKE ? ESCAPE '\\'"
        parameters.append(like(keywords))
    cursor = connection.execute(
        f"SELECT * FROM documents WHERE {where} ORDER BY create_time, number LIMIT ? OFFSET ?",
        [*parameters, limit, offset],
    )
    return [row_of(row) for row in cursor]


def names_to_read(connection: Connection, dataset_ids: Sequence[str], limit: int) -> dict[str, str]:
    """Return the names of the documents of datasets that have chunks, by id, the oldest first."""
    cursor = connection.execute(
        "SELECT documents.id, documents.name FROM json_each(?) AS wanted"
        " CROSS JOIN documents ON documents.dataset_id = wanted.value"
        " WHERE documents.chunk_count > 0"
        " ORDER BY wanted.key, documents.create_time, documents.number LIMIT ?",
        [json.dumps(list(dataset_ids)), limit],
    )
    return {str(row[0]): str(row[1]) for row in cursor}


def numbers_of(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Return the number of each document that there is, by its id."""
    cursor = connection.execute(
        "SELECT id, number FROM documents WHERE id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(ids))],
    )
    return {str(row[0]): int(row[1]) for row in cursor}


def meta_fields_of(
    connection: Connection, numbers: Collection[int]
) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield number and free data of some documents."""
    cursor = connection.execute(
        "SELECT number, meta_fields FROM documents"
        " WHERE number IN (SELECT value FROM json_each(?))",
        [json.dumps(list(numbers))],
    )
    return ((int(number), json.loads(fields)) for number, fields in cursor)


def total_bytes(connection: Connection) -> int:
    """Return what the files of all documents take together; two with the same bytes share one."""
    row = connection.execute("SELECT total FROM file_bytes").fetchone()
    return int(row[0])


def running(connection: Connection) -> list[DocumentRow]:
    """Return the documents whose parse is queued or under way, the oldest first."""
    cursor = connection.execute("SELECT * FROM documents WHERE run = 'RUNNING' ORDER BY number")
    return [row_of(row) for row in cursor]


def files_in_use(connection: Connection) -> set[str]:
    """Return the sha256 of every file that a document needs."""
    return {str(row[0]) for row in connection.execute("SELECT DISTINCT sha256 FROM documents")}


def files_of(connection: Connection, dataset_id: str) -> set[str]:
    """Return the sha256 of every file of a dataset's documents."""
    cursor = connection.execute("SELECT sha256 FROM documents WHERE dataset_id = ?", [dataset_id])
    return {str(row[0]) for row in cursor}


def is_file_used(connection: Connection, sha256: str) -> bool:
    """Return whether a document needs the file."""
    cursor = connection.execute("SELECT 1 FROM documents WHERE sha256 = ? LIMIT 1", [sha256])
    return cursor.fetchone() is not None


def count(connection: Connection, id: str) -> None:
    """Set a document's counts to those of its chunks."""
    connection.execute(
        "UPDATE documents SET (chunk_count, token_count) ="
        " (SELECT count(*), coalesce(sum(token_count), 0) FROM chunks WHERE document_id = :id)"
        " WHERE id = :id",
        {"id": id},
    )


def count_more(connection: Connection, id: str, chunks: int, tokens: int) -> None:
    """Add to a document's counts; less than 0 takes away."""
    connection.execute(
        "UPDATE documents SET chunk_count = chunk_count + ?, token_count = token_count + ?"
        " WHERE id = ?",
        [chunks, tokens, id],
    )


def state_of_names(connection: Connection, datasets: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Return what changes with the documents of datasets, given by number: added, renamed, gone."""
    rows = connection.execute(
        "SELECT datasets.number, count(*), max(documents.number), max(documents.update_time),"
        " sum(documents.chunk_count > 1)"
        " FROM json_each(?) AS wanted CROSS JOIN datasets ON datasets.number = wanted.value"
        " JOIN documents ON documents.dataset_id = datasets.id GROUP BY datasets.number",
        [json.dumps(list(datasets))],
    )
    return tuple(tuple(row) for row in rows)


def names(connection: Connection, datasets: Sequence[int]) -> list[tuple[int, str, int]]:
    """Return number, name and count of chunks of every document of datasets, given by number."""
    rows = connection.execute(
        "SELECT documents.number, documents.name, documents.chunk_count"
        " FROM json_each(?) AS wanted CROSS JOIN datasets ON datasets.number = wanted.value"
        " JOIN documents ON documents.dataset_id = datasets.id",
        [json.dumps(list(datasets))],
    )
    return [(int(number), str(name), int(count)) for number, name, count in rows]


def of_chunks(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """Return the document of each chunk that there is; both are given by number."""
    # Not asked for those of some documents alone: SQLite would go through all of them, per chunk.
    cursor = connection.execute(
        "SELECT chunks.number, documents.number FROM json_each(?) AS asked"
        " CROSS JOIN chunks ON chunks.number = asked.value"
        " CROSS JOIN documents ON documents.id = chunks.document_id",
        [json.dumps(list(numbers))],
    )
    cursor.row_factory = None  # plain tuples
    return dict(cursor.fetchall())
