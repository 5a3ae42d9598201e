"""What a caller names to rows: datasets, documents and chunks by object, id or name."""

from __future__ import annotations

from collections.abc import Sequence

from ragflow_local.api import checks
from ragflow_local.api.dataset import DataSet
from ragflow_local.api.document import Document
from ragflow_local.api.entity import Client
from ragflow_local.errors import InvalidValueError, NotFoundError
from ragflow_local.records import ChunkRow, DatasetRow, DocumentRow
from ragflow_local.settings import check_text
from ragflow_local.stores.catalog import chunks, datasets, documents


def find_dataset(rag: Client, given: object) -> DatasetRow:
    """Return the dataset given as an object, an id or a name.

    Raises:
        NotFoundError: There is none that this tenant sees.
    """
    if isinstance(given, DataSet):
        given = given.id
    if not isinstance(given, str):
        raise InvalidValueError("dataset", given, "a DataSet, an id or a name")
    with rag.project.catalog.read() as reading:
        row = datasets.visible(reading, rag.tenant_id, [given]).get(given)
    return row or dataset_named(rag, given)


def dataset_named(rag: Client, name: str) -> DatasetRow:
    """Return the dataset of that name; one's own before one of the team's.

    Raises:
        NotFoundError: There is none.
    """
    paging = checks.paging(1, 1024, "create_time", desc=True)
    with rag.project.catalog.read() as reading:
        rows = datasets.list_visible(reading, rag.tenant_id, id=None, name=name, paging=paging)
    row = min(rows, key=lambda row: row.tenant_id != rag.tenant_id, default=None)
    if row is None:
        raise NotFoundError("dataset", name, by="name")
    return row


def find_datasets(rag: Client, given: Sequence[DataSet | str]) -> list[DatasetRow]:
    """Find datasets as ``find_dataset`` does, most of them with one statement."""
    ids = [str(entry.id if isinstance(entry, DataSet) else entry) for entry in given]
    with rag.project.catalog.read() as reading:
        rows = datasets.visible(reading, rag.tenant_id, ids)
    return [rows.get(id) or find_dataset(rag, entry) for id, entry in zip(ids, given, strict=True)]


def find_document(rag: Client, *, id: str | None = None, name: str | None = None) -> DocumentRow:
    """Return a document by its id, its name, or both.

    Raises:
        InvalidValueError: Neither is given, or documents of several datasets have that name.
        NotFoundError: There is none.
    """
    if id is None and name is None:
        raise InvalidValueError("id", id, "an id, a name, or both")
    with rag.project.catalog.read() as reading:
        if id is not None:
            row = documents.get(reading, id)
            rows = [row] if row is not None and name in (None, row.name) else []
        else:
            rows = documents.by_name(reading, rag.tenant_id, str(name))
        owners = {row.dataset_id: datasets.get(reading, row.dataset_id) for row in rows}
    rows = [row for row in rows if _sees(rag, owners[row.dataset_id])]
    if not rows:
        by, given = ("id", id) if id is not None else ("name", name)
        raise NotFoundError("document", str(given), by=by)
    if len(rows) > 1:
        names = ", ".join(sorted(owner.name for owner in owners.values() if owner))
        raise InvalidValueError(
            "name", name, f"an id: documents of that name are in the datasets {names}"
        )
    return rows[0]


def document_ids(rag: Client, ids: list[str]) -> list[str]:
    """Return the ids of documents given by id or name.

    Raises:
        InvalidValueError: ``ids`` is None or empty.
        NotFoundError: An entry names no document.
    """
    entries = checks.named(ids)
    with rag.project.catalog.read() as reading:
        rows = documents.by_ids(reading, entries)
        homes = {row.dataset_id for row in rows.values()}
        seen = datasets.visible(reading, rag.tenant_id, list(homes))
    known = {id for id, row in rows.items() if row.dataset_id in seen}
    return [entry if entry in known else find_document(rag, name=entry).id for entry in entries]


def documents_within(rag: Client, given: object) -> tuple[str, ...] | None:
    """Return the ids of the documents a search is limited to; None for all."""
    if given is None:
        return None
    entries = [given] if isinstance(given, Document | str) else list(given)  # type: ignore[call-overload]  # whatever a user gives
    ids = []
    for entry in entries:
        if not isinstance(entry, Document | str):
            raise InvalidValueError("documents", entry, "Document objects or ids")
        row = find_document(rag, id=entry.id if isinstance(entry, Document) else entry)
        ids.append(row.id)
    return tuple(ids)


def find_chunk(rag: Client, id: str) -> ChunkRow:
    """Return a chunk by its id, or by the beginning of its id that no other chunk has.

    Raises:
        InvalidValueError: Several chunks have an id that begins so.
        NotFoundError: There is none in a dataset that this tenant sees.
    """
    check_text("id", id)
    with rag.project.catalog.read() as reading:
        rows = chunks.by_prefix(reading, id) if id else []
        owners = {row.dataset_id: datasets.get(reading, row.dataset_id) for row in rows}
    rows = [row for row in rows if _sees(rag, owners[row.dataset_id])]
    if not rows:
        raise NotFoundError("chunk", id)
    if len(rows) > 1:
        raise InvalidValueError("id", id, "more of it: several chunks have an id like that")
    return rows[0]


def _sees(rag: Client, row: DatasetRow | None) -> bool:
    return row is not None and (row.tenant_id == rag.tenant_id or row.permission == "team")
