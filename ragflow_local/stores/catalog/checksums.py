"""Checksums of rows: written with the commit, compared when the row is read.

SQLite does not see a flipped bit inside a text or a number. A checksum is of all that a row says;
counts are left out, which follow from other rows and are counted anew by doctor. Lists of postings
have theirs behind them. Of each table the
sum of all checksums is kept too, by triggers: a row that is lost, or an older one in its place,
makes it wrong. The sums are what ``closed.json`` remembers of a catalog.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

# The columns of each table that a checksum is of, in this order: one that is added by a later
# migration is added here by one that writes all checksums anew. Counts are set by SQL alone.
_NAMES = {
    "datasets": "number id tenant_id name name_key avatar description language permission"
    " parse_method parser_config embedding_model embedding_dim embedding_prompts"
    " embedding_fingerprint embedding_floor create_time update_time",
    "documents": "number id dataset_id name type kind size sha256 source_type created_by"
    " parse_method parser_config meta_fields run progress progress_msg generation"
    " process_begin_at process_duration create_time update_time",
    "chunks": "number id dataset_id document_id ordinal content token_count generation places"
    " headings keywords questions match_text kind data image available create_time embedding",
    "embeddings": "vector",
    "chats": "number id tenant_id name name_key avatar dataset_ids llm prompt create_time"
    " update_time",
    "sessions": "number id chat_id name create_time update_time",
    "messages": "number id session_id role content hits model thinking unsupported create_time",
}
_FIRST = {table: tuple(names.split()) for table, names in _NAMES.items()}
# What the released API says besides: columns that tables have since, and a table of its own.
_LATER = {
    "datasets": ("released",),
    "documents": ("released", "parsed_on"),
    "chunks": ("tags", "marked"),
    "chats": ("released",),
    "sessions": ("released",),
    "messages": ("finish_reason",),
}
COLUMNS = {table: names + _LATER.get(table, ()) for table, names in _FIRST.items()} | {
    "released_things": (
        *("number", "id", "tenant_id", "kind", "parent", "name", "body", "vector"),
        *("create_time", "update_time"),
    )
}

_WIDTH = 4  # bytes of a CRC-32

_encode = msgspec.msgpack.Encoder().encode


class TornRowError(ValueError):
    """A row differs from what was written; ``Catalog.telling`` raises it as damage."""

    def __init__(self, table: str, number: object) -> None:
        super().__init__(f"row {number} of {table} is not as it was written")


def of(table: str, row: Mapping[str, Any]) -> int:
    """Return the checksum of a row that has all columns of its table."""
    return _of_columns(COLUMNS[table], row)


def _of_columns(columns: Sequence[str], row: Mapping[str, Any]) -> int:
    if tuple(columns) == ("vector",):
        return of_bytes(row["vector"])
    return of_values([row[name] for name in columns])


def of_values(values: Sequence[object]) -> int:
    """Return the checksum of a row, given its columns in their order."""
    return zlib.crc32(_encode(values))


def of_bytes(data: bytes | memoryview, key: int = 0) -> int:
    """Return the checksum of bytes that are kept under a key."""
    return zlib.crc32(data, key & 0xFFFFFFFF)


def sealed(data: bytes | memoryview, key: int) -> bytes:
    """Return bytes with their checksum behind them."""
    return bytes(data) + of_bytes(data, key).to_bytes(_WIDTH, "little")


def opened(data: bytes, key: int, table: str) -> memoryview:
    """Return what ``sealed`` was given; raises ``TornRowError`` where it is another."""
    sums = memoryview(data)[:-_WIDTH]
    if of_bytes(sums, key).to_bytes(_WIDTH, "little") != data[-_WIDTH:]:
        raise TornRowError(table, key)
    return sums


def check(table: str, row: Mapping[str, Any]) -> None:
    """Raise ``TornRowError`` unless a row is as it was written."""
    if row["checksum"] != of(table, row):
        raise TornRowError(table, row["number"])


def check_vectors(vectors: Sequence[bytes | None], sums: Sequence[int], dim: int) -> None:
    """Raise ``TornRowError`` unless all vectors of ``dim`` 16-bit numbers are as written."""
    if any(vector is None or len(vector) != 2 * dim for vector in vectors):
        raise TornRowError("embeddings", "of a chunk")
    if [zlib.crc32(vector) for vector in vectors if vector is not None] != list(sums):
        raise TornRowError("embeddings", "of a chunk")


def stamp(connection: sqlite3.Connection, table: str, column: str, value: object) -> None:
    """Write the checksum of rows that were inserted or changed by other columns."""
    rows = _rows(connection, f"SELECT * FROM {table} WHERE {column} = ?", value)
    connection.executemany(
        f"UPDATE {table} SET checksum = ? WHERE number = ?",
        [(of(table, row), row["number"]) for row in rows],
    )


def stamp_all(connection: sqlite3.Connection, table: str, ids: Sequence[str]) -> None:
    """Write the checksums of rows that were changed by other columns."""
    which = f"SELECT * FROM {table} WHERE id IN (SELECT value FROM json_each(?))"
    rows = _rows(connection, which, json.dumps(list(ids)))
    connection.executemany(
        f"UPDATE {table} SET checksum = ? WHERE number = ?",
        [(of(table, row), row["number"]) for row in rows],
    )


def root(connection: sqlite3.Connection) -> str | None:
    """Return what tells one state of all rows from another, without reading them.

    None for a catalog of a release that kept no checksums, or that has no tables yet.
    """
    sums = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'checksums'"
    if connection.execute(sums).fetchone() is None:
        return None
    rows = connection.execute("SELECT name, rows, sum FROM checksums ORDER BY name")
    return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()


def scrub(connection: sqlite3.Connection) -> Iterator[str]:
    """Read every row; yield what is not as it was written, a sentence each."""
    for table in COLUMNS:
        count = total = torn = 0
        for row in _rows(connection, f"SELECT * FROM {table}"):
            count += 1
            checksum = row["checksum"] if isinstance(row["checksum"], int) else -1
            total += checksum
            torn += checksum != of(table, row)
        if torn:
            yield f"{torn} of {count} rows of {table} are not as they were written."
        kept = connection.execute("SELECT rows, sum FROM checksums WHERE name = ?", [table])
        if tuple(kept.fetchone() or ()) != (count, total):
            yield f"Rows of {table} are lost, or older than they should be."


def accept(connection: sqlite3.Connection, *tables: str) -> None:
    """Take the rows of all tables, or of some, as they are: write checksums and sums anew."""
    _accept(connection, {table: COLUMNS[table] for table in tables or COLUMNS})


def _accept(connection: sqlite3.Connection, columns: Mapping[str, Sequence[str]]) -> None:
    for table, names in columns.items():
        # A later migration may add a column of them.
        known = {row["name"] for row in _rows(connection, f"PRAGMA table_info({table})")}
        there = [name for name in names if name in known]
        sums = [
            (_of_columns(there, row), row["number"])
            for row in _rows(connection, f"SELECT * FROM {table}")
        ]
        connection.executemany(f"UPDATE {table} SET checksum = ? WHERE number = ?", sums)
        connection.execute(
            "UPDATE checksums SET rows = ?, sum = ? WHERE name = ?",
            [len(sums), sum(checksum for checksum, _ in sums), table],
        )


def create(connection: sqlite3.Connection) -> None:
    """Add the columns, sums and triggers to the first tables, and fill them."""
    connection.execute(
        "CREATE TABLE checksums (name TEXT PRIMARY KEY, rows INTEGER NOT NULL,"
        " sum INTEGER NOT NULL) WITHOUT ROWID"
    )
    for table in _FIRST:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0")
        connection.execute("INSERT INTO checksums VALUES (?, 0, 0)", [table])
    _accept(connection, _FIRST)
    for table in _FIRST:
        _sum_up(connection, table)


def add_table(connection: sqlite3.Connection, table: str) -> None:
    """Keep the sum of a new table that has the column and no rows yet."""
    connection.execute("INSERT INTO checksums VALUES (?, 0, 0)", [table])
    _sum_up(connection, table)


def _sum_up(connection: sqlite3.Connection, table: str) -> None:
    for event, change in (
        ("INSERT", "rows = rows + 1, sum = sum + NEW.checksum"),
        ("DELETE", "rows = rows - 1, sum = sum - OLD.checksum"),
        ("UPDATE OF checksum", "sum = sum + NEW.checksum - OLD.checksum"),
    ):
        connection.execute(
            f"CREATE TRIGGER {table}_summed_{event.partition(' ')[0].lower()} AFTER {event}"
            f" ON {table} BEGIN UPDATE checksums SET {change} WHERE name = '{table}'; END"
        )


def _rows(connection: sqlite3.Connection, sql: str, *given: object) -> sqlite3.Cursor:
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, given)
