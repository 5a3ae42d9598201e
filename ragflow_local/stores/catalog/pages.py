"""Lists datasets, documents, chunks, chats and sessions by page, with total counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ragflow_local.records import ChatRow, ChunkRow, DatasetRow, DocumentRow, SessionRow
from ragflow_local.stores.catalog import Connection, chats, chunks, datasets, documents, like, page
from ragflow_local.stores.catalog import sessions as session_rows

Row = TypeVar("Row")

# Ids of chunks that the released API added by hand begin so; of others one in a billion does.
BY_HAND = "00000000"


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list.

    Attributes:
        number: From 1.
        size: Most rows.
        orderby: A column.
        desc: Largest first.
    """

    number: int = 1
    size: int = 30
    orderby: str = "create_time"
    desc: bool = True


class _Where:
    """Conditions that must all be met."""

    def __init__(self, condition: str, *given: object) -> None:
        self._conditions = [condition]
        self.parameters: list[Any] = [*given]

    def and_(self, condition: str, *given: object) -> None:
        self._conditions.append(condition)
        self.parameters += given

    def and_among(self, column: str, values: Collection[str] | None) -> None:
        if values is not None:
            among = f"{column} IN (SELECT value FROM json_each(?))"
            self.and_(among, json.dumps(list(values)))

    @property
    def sql(self) -> str:
        return " AND ".join(self._conditions)


def _page(
    connection: Connection,
    table: str,
    where: _Where,
    wanted: Page,
    made: Callable[[Mapping[str, Any]], Row],
) -> tuple[list[Row], int]:
    order, limits = page(
        table,
        page=wanted.number,
        page_size=wanted.size,
        orderby=wanted.orderby,
        desc=wanted.desc,
        columns=("create_time", "update_time", "name"),
    )
    counted = connection.execute(
        f"SELECT count(*) FROM {table} WHERE {where.sql}", where.parameters
    )
    (total,) = counted.fetchone()
    rows = connection.execute(
        f"SELECT * FROM {table} WHERE {where.sql}{order}", [*where.parameters, *limits]
    )
    return [made(row) for row in rows], int(total)


def of_datasets(
    connection: Connection,
    tenant_id: str,
    wanted: Page,
    *,
    ids: Collection[str] | None = None,
    name: str | None = None,
) -> tuple[list[DatasetRow], int]:
    """Return a page of the datasets that a tenant sees; case of the name does not count."""
    where = _Where("(tenant_id = ? OR permission = 'team')", tenant_id)
    where.and_among("id", ids)
    if name is not None:
        where.and_("name_key = ?", name.casefold())
    return _page(connection, "datasets", where, wanted, datasets.row_of)


@dataclass(frozen=True, slots=True)
class DocumentsAsked:
    """Which documents of a dataset; None for all.

    Attributes:
        ids: Of these ids.
        name: Of this name.
        keywords: Whose name contains this; case does not count.
        runs: Whose parse stands so.
        endings: Whose name ends so, without the dot.
        since: Made at this time or later, in milliseconds since 1970.
        until: Made at this time or earlier.
    """

    ids: Collection[str] | None = None
    name: str | None = None
    keywords: str = ""
    runs: Collection[str] | None = None
    endings: Sequence[str] = ()
    since: int = 0
    until: int = 0


def of_documents(
    connection: Connection, dataset_id: str, asked: DocumentsAsked, wanted: Page
) -> tuple[list[DocumentRow], int]:
    """Return a page of a dataset's documents."""
    where = _Where("dataset_id = ?", dataset_id)
    where.and_among("id", asked.ids)
    where.and_among("run", asked.runs)
    if asked.name is not None:
        where.and_("name = ?", asked.name)
    if asked.keywords:
        where.and_("name LIKE ? ESCAPE '\\'", like(asked.keywords))
    if asked.endings:
        ends = " OR ".join("name LIKE ? ESCAPE '\\'" for _ in asked.endings)
        where.and_(f"({ends})", *(like(f".{end}")[:-1] for end in asked.endings))
    if asked.since:
        where.and_("create_time >= ?", asked.since)
    if asked.until:
        where.and_("create_time <= ?", asked.until)
    return _page(connection, "documents", where, wanted, documents.row_of)


def of_chunks(
    connection: Connection,
    document: DocumentRow,
    words: Sequence[str],
    wanted: Page,
    *,
    available: bool | None = None,
) -> tuple[list[ChunkRow], int]:
    """Return a page of a document's chunks in reading order, those added by hand last.

    Args:
        connection: Of the catalog.
        document: Theirs.
        words: What its text, headings, keywords or questions contain, each of them; in its name
            too, but for chunks that were added by hand.
        wanted: Which page; the order is that of reading.
        available: Only those that are found, or are not; None for both.
    """
    where = _Where("chunks.document_id = ?", document.id)
    columns = ("content", "headings", "keywords", "questions")
    says = " OR ".join(f"chunks.{column} LIKE ? ESCAPE '\\'" for column in columns)
    for word in words:
        if word.casefold() in document.name.casefold():
            says_or_is_parsed = f"({says} OR chunks.id NOT LIKE '{BY_HAND}%')"
        else:
            says_or_is_parsed = f"({says})"
        where.and_(says_or_is_parsed, *([like(word)] * len(columns)))
    if available is not None:
        where.and_("chunks.available = ?", int(available))
    counted = connection.execute(f"SELECT count(*) FROM chunks WHERE {where.sql}", where.parameters)
    (total,) = counted.fetchone()
    cursor = connection.execute(
        f"SELECT number FROM chunks WHERE {where.sql} ORDER BY ordinal, number LIMIT ? OFFSET ?",
        [*where.parameters, wanted.size, (wanted.number - 1) * wanted.size],
    )
    numbers = [int(row[0]) for row in cursor]
    rows = chunks.by_numbers(connection, numbers)
    return [rows[number] for number in numbers], int(total)


def of_chats(
    connection: Connection,
    tenant_id: str,
    wanted: Page,
    *,
    id: str | None = None,
    name: str | None = None,
    keywords: str = "",
) -> tuple[list[ChatRow], int]:
    """Return a page of a tenant's chats; ``keywords`` is a part of the name."""
    where = _Where("tenant_id = ?", tenant_id)
    if id is not None:
        where.and_("id = ?", id)
    if name is not None:
        where.and_("name = ?", name)
    if keywords:
        where.and_("name LIKE ? ESCAPE '\\'", like(keywords))
    return _page(connection, "chats", where, wanted, chats.row_of)


def of_sessions(
    connection: Connection,
    chat_id: str,
    wanted: Page,
    *,
    id: str | None = None,
    name: str | None = None,
    user_id: str | None = None,
) -> tuple[list[SessionRow], int]:
    """Return a page of a chat's sessions."""
    where = _Where("chat_id = ?", chat_id)
    if id is not None:
        where.and_("id = ?", id)
    if name is not None:
        where.and_("name = ?", name)
    if user_id is not None:
        where.and_("json_extract(released, '$.user_id') = ?", user_id)
    return _page(connection, "sessions", where, wanted, session_rows.row_of)


def free_data(
    connection: Connection, dataset_ids: Collection[str]
) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the id of each document of datasets, and what is noted about it."""
    rows = connection.execute(
        "SELECT id, meta_fields FROM documents"
        " WHERE dataset_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(dataset_ids))],
    )
    return ((str(id), json.loads(fields)) for id, fields in rows)
