"""The tables of chunks and embeddings, from which vectors can be rebuilt."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from ragflow_local.records import ChunkRow, Marked, Region, called
from ragflow_local.stores.catalog import Connection, checksums, like
from ragflow_local.stores.catalog.odd import check_texts

Numbers: TypeAlias = NDArray[np.int64]  # (n,)

_SELECT = (
    "SELECT chunks.*, documents.name AS document_name, CASE WHEN documents.meta_fields <> '{}'"
    " AND json_extract(documents.parser_config, '$.meta_words') THEN documents.meta_fields"
    " ELSE '' END AS meta_words FROM chunks"
    " JOIN documents ON documents.id = chunks.document_id"
)
_INSERT = (
    "INSERT INTO chunks (number, id, dataset_id, document_id, ordinal, content, token_count,"
    " generation, places, headings, keywords, questions, match_text, kind, data, image, available,"
    " create_time, embedding, tags, marked, graph_key, checksum)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class _Key(msgspec.Struct):
    """What the catalog itself reads of an entity's or relation's data."""

    key: str


_encode = msgspec.json.Encoder().encode
_marked = msgspec.json.Decoder(tuple[Marked, ...]).decode
_places = msgspec.json.Decoder(tuple[Region, ...]).decode
_key = msgspec.json.Decoder(_Key).decode
_meta = msgspec.json.Decoder(dict[str, object]).decode
_texts = msgspec.json.Decoder(tuple[str, ...]).decode


@dataclass(frozen=True, slots=True)
class Removable:
    """What of a chunk is asked for before it is removed."""

    number: int
    id: str
    image: bool
    available: bool


@dataclass(frozen=True, slots=True)
class Outline:
    """What of a chunk its rank among others is told by."""

    id: str
    is_text: bool


def _row(columns: Mapping[str, Any]) -> ChunkRow:
    checksums.check("chunks", columns)
    check_texts(*(columns[name] for name in ("content", "match_text", "data", "document_name")))
    return ChunkRow(
        number=columns["number"],
        id=columns["id"],
        document_id=columns["document_id"],
        dataset_id=columns["dataset_id"],
        document_name=columns["document_name"],
        ordinal=columns["ordinal"],
        content=columns["content"],
        token_count=columns["token_count"],
        generation=columns["generation"],
        places=_places(columns["places"]),
        headings=_texts(columns["headings"]),
        keywords=_texts(columns["keywords"]),
        questions=_texts(columns["questions"]),
        match_text=columns["match_text"],
        kind=columns["kind"],
        data=columns["data"],
        image=bool(columns["image"]),
        available=bool(columns["available"]),
        create_time=columns["create_time"],
        tags=_texts(columns["tags"]),
        called=_called(columns),
        marked=_marked(columns["marked"]),
    )


def _called(columns: Mapping[str, Any]) -> str:
    if not columns["meta_words"]:
        return ""
    return called(columns["document_name"], _meta(columns["meta_words"]))


def insert(connection: Connection, row: ChunkRow, embedding: int) -> None:
    """Add a chunk whose vector is kept as that embedding."""
    insert_all(connection, [row], row.number, [embedding])


def insert_all(
    connection: Connection, rows: Sequence[ChunkRow], first: int, embeddings: Sequence[int]
) -> None:
    """Add chunks under the numbers from ``first`` on, each with the embedding it has."""
    connection.executemany(
        _INSERT,
        (
            (*values, _graph_key(row), checksums.of_values(values))
            for row, values in zip(rows, _values(rows, first, embeddings), strict=True)
        ),
    )


def _values(
    rows: Sequence[ChunkRow], first: int, embeddings: Sequence[int]
) -> Iterator[tuple[object, ...]]:
    for number, row, embedding in zip(count(first), rows, embeddings, strict=False):
        yield (
            number,
            row.id,
            row.dataset_id,
            row.document_id,
            row.ordinal,
            row.content,
            row.token_count,
            row.generation,
            _encode(row.places).decode(),
            _encode(row.headings).decode(),
            _encode(row.keywords).decode(),
            _encode(row.questions).decode(),
            row.match_text,
            row.kind,
            row.data,
            int(row.image),
            int(row.available),
            row.create_time,
            embedding,
            _encode(row.tags).decode(),
            _encode(row.marked).decode(),
        )


def _graph_key(row: ChunkRow) -> str:
    """Return the key that an entity or relation is joined by; empty for every other chunk."""
    return "" if row.kind == "text" or not row.data else _key(row.data).key


def update(connection: Connection, row: ChunkRow, embedding: int) -> None:
    """Store what of a chunk can change, its number with it: each text has a number of its own."""
    connection.execute(
        "UPDATE chunks SET number = ?, content = ?, token_count = ?, keywords = ?, questions = ?,"
        " match_text = ?, available = ?, embedding = ?, tags = ?, places = ?,"
        " marked = ? WHERE id = ?",
        (
            row.number,
            row.content,
            row.token_count,
            _encode(row.keywords).decode(),
            _encode(row.questions).decode(),
            row.match_text,
            row.available,
            embedding,
            _encode(row.tags).decode(),
            _encode(row.places).decode(),
            _encode(row.marked).decode(),
            row.id,
        ),
    )
    checksums.stamp(connection, "chunks", "id", row.id)


def delete(connection: Connection, numbers: Sequence[int]) -> list[int]:
    """Delete chunks; return their embeddings, for ``collect_embeddings`` once all is written."""
    which = "WHERE number IN (SELECT value FROM json_each(?))"
    parameters = [json.dumps(list(numbers))]
    rows = connection.execute(f"SELECT DISTINCT embedding FROM chunks {which}", parameters)
    embeddings = [int(row[0]) for row in rows]
    connection.execute(f"DELETE FROM chunks {which}", parameters)
    return embeddings


def removable(connection: Connection, document_ids: Sequence[str]) -> list[Removable]:
    """Return what there is to remove of some documents."""
    rows = connection.execute(
        "SELECT number, id, image, available FROM chunks"
        " WHERE document_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(document_ids))],
    )
    return [Removable(int(row[0]), row[1], bool(row[2]), bool(row[3])) for row in rows]


def embedding_of(connection: Connection, id: str) -> int:
    """Return the number of the embedding that a chunk has."""
    row = connection.execute("SELECT embedding FROM chunks WHERE id = ?", [id]).fetchone()
    return int(row[0])


def by_prefix(connection: Connection, prefix: str) -> list[ChunkRow]:
    """Return the chunk whose id begins so; two where there are more."""
    rows = connection.execute(
        f"{_SELECT} WHERE chunks.id >= ? AND chunks.id < ? ORDER BY chunks.id LIMIT 2",
        [prefix, prefix + "\U0010ffff"],
    )
    return [_row(row) for row in rows]


def get(connection: Connection, id: str) -> ChunkRow | None:
    """Return the chunk, or None."""
    row = connection.execute(f"{_SELECT} WHERE chunks.id = ?", [id]).fetchone()
    return _row(row) if row else None


def by_numbers(connection: Connection, numbers: Sequence[int]) -> dict[int, ChunkRow]:
    """Return the chunks that there are, by their number."""
    rows = connection.execute(
        f"{_SELECT} WHERE chunks.number IN (SELECT value FROM json_each(?))",
        [json.dumps([int(number) for number in numbers])],
    )
    return {row["number"]: _row(row) for row in rows}


def outlines(connection: Connection, numbers: Sequence[int]) -> dict[int, Outline]:
    """Return the outlines of the chunks that there are, by their number."""
    cursor = connection.execute(
        "SELECT number, id, kind FROM chunks WHERE number IN (SELECT value FROM json_each(?))",
        [json.dumps(list(numbers))],
    )
    cursor.row_factory = None  # plain tuples, thousands of them
    return {number: Outline(id, kind == "text") for number, id, kind in cursor}


def by_ids(connection: Connection, ids: Sequence[str]) -> dict[str, ChunkRow]:
    """Return the chunks that there are, by their id."""
    rows = connection.execute(
        f"{_SELECT} WHERE chunks.id IN (SELECT value FROM json_each(?))", [json.dumps(list(ids))]
    )
    return {row["id"]: _row(row) for row in rows}


def has_graph(connection: Connection, dataset_ids: Sequence[str]) -> bool:
    """Return whether one of the datasets has entities or relations."""
    rows = connection.execute(
        "SELECT 1 FROM json_each(?) CROSS JOIN chunks ON dataset_id = value"
        " WHERE kind <> 'text' LIMIT 1",
        [json.dumps(list(dataset_ids))],
    )
    return rows.fetchone() is not None


def of_graph(
    connection: Connection,
    dataset_id: str,
    *,
    keys: Sequence[str] = (),
    document_ids: Sequence[str] = (),
) -> list[ChunkRow]:
    """Return the available entities and relations of a dataset, in order of their numbers.

    Args:
        connection: Of the catalog.
        dataset_id: Their dataset.
        keys: Those with one of these keys in their data;
        document_ids: and those of these documents.
    """
    base = f"{_SELECT} WHERE chunks.kind <> 'text' AND chunks.available AND chunks.dataset_id = ?"
    among = "IN (SELECT value FROM json_each(?))"
    by_key = connection.execute(
        f"{base} AND chunks.graph_key {among}",
        [dataset_id, json.dumps(list(keys))],
    )
    rows = [_row(row) for row in by_key] if keys else []
    by_document = connection.execute(
        f"{base} AND chunks.document_id {among}", [dataset_id, json.dumps(list(document_ids))]
    )
    rows += [_row(row) for row in by_document] if document_ids else []
    return sorted({row.number: row for row in rows}.values(), key=lambda row: row.number)


def list_of(
    connection: Connection,
    document_id: str,
    *,
    keywords: str = "",
    offset: int = 0,
    limit: int = -1,
) -> list[ChunkRow]:
    """Return the chunks of a document in reading order, those added by hand last.

    Args:
        connection: Of the catalog.
        document_id: Their document.
        keywords: Only chunks whose content contains each of these words; case does not count.
        offset: How many to pass over.
        limit: Most to return; -1 for all.
    """
    words = keywords.split()
    where = "".join(" AND chunks.content LIKE ? ESCAPE '\\'" for _ in words)
    rows = connection.execute(
        f"{_SELECT} WHERE chunks.document_id = ?{where} ORDER BY chunks.ordinal, chunks.number"
        " LIMIT ? OFFSET ?",
        [document_id, *(like(word) for word in words), limit, offset],
    )
    return [_row(row) for row in rows]


def around(connection: Connection, document_id: str, ordinal: int, reach: int) -> list[ChunkRow]:
    """Return the available chunks of a text up to ``reach`` places before and after one."""
    rows = connection.execute(
        f"{_SELECT} WHERE chunks.document_id = ? AND chunks.ordinal BETWEEN ? AND ?"
        " AND chunks.kind = 'text' AND chunks.available ORDER BY chunks.ordinal, chunks.number",
        [document_id, ordinal - reach, ordinal + reach],
    )
    return [_row(row) for row in rows]


def openings(connection: Connection, document_id: str, most: int) -> list[ChunkRow]:
    """Return the first available chunks of a text in reading order, at most so many."""
    rows = connection.execute(
        f"{_SELECT} WHERE chunks.document_id = ? AND chunks.kind = 'text' AND chunks.available"
        " ORDER BY chunks.ordinal, chunks.number LIMIT ?",
        [document_id, most],
    )
    return [_row(row) for row in rows]


def next_ordinal(connection: Connection, document_id: str) -> int:
    """Return the ordinal of the next chunk of a document."""
    row = connection.execute(
        "SELECT coalesce(max(ordinal) + 1, 0) FROM chunks WHERE document_id = ?", [document_id]
    ).fetchone()
    return int(row[0])


def available(connection: Connection, dataset_id: str) -> Iterator[ChunkRow]:
    """Yield a dataset's available chunks in the order of their numbers."""
    rows = connection.execute(
        f"{_SELECT} WHERE chunks.dataset_id = ? AND chunks.available ORDER BY chunks.number",
        [dataset_id],
    )
    return (_row(row) for row in rows)


def available_numbers(connection: Connection, dataset_id: str) -> list[int]:
    """Return the numbers of a dataset's available chunks, in order."""
    rows = connection.execute(
        "SELECT number FROM chunks WHERE dataset_id = ? AND available ORDER BY number",
        [dataset_id],
    )
    return [int(row[0]) for row in rows]


def reserve_numbers(connection: Connection, count: int) -> int:
    """Give ``count`` chunk numbers, never to be given again; return the first of them.

    Args:
        connection: Inside the transaction that inserts the chunks: numbers are then given in the
            order of commits, and one that fails has given none.
        count: How many.
    """
    (following,) = connection.execute(
        "UPDATE chunk_numbers SET next = ? +"
        " max(next, coalesce((SELECT max(number) + 1 FROM chunks), 1)) RETURNING next",
        [count],
    ).fetchone()
    return int(following) - count


def pass_over_numbers(connection: Connection) -> None:
    """Go on with numbers far above all that were given, commits that were lost included."""
    connection.execute("UPDATE chunk_numbers SET next = next + (1 << 32)")


def with_images(connection: Connection) -> set[str]:
    """Return the ids of the chunks that have a picture of their own."""
    return {str(row[0]) for row in connection.execute("SELECT id FROM chunks WHERE image")}


def pictured_of(connection: Connection, dataset_id: str) -> list[str]:
    """Return the ids of a dataset's chunks that have a picture of their own."""
    rows = connection.execute("SELECT id FROM chunks WHERE dataset_id = ? AND image", [dataset_id])
    return [str(row[0]) for row in rows]
