"""Bytes to a document's row: a new document, or other bytes for one that is there."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from ragflow_local.api import checks
from ragflow_local.api.entity import Client
from ragflow_local.errors import LimitError, NotFoundError
from ragflow_local.project import Project
from ragflow_local.readers import kind_of, type_of
from ragflow_local.records import DocumentRow
from ragflow_local.stores import crash
from ragflow_local.stores.catalog import Connection, datasets, documents, now_ms


def _nothing(connection: Connection, id: str) -> None:
    """Write nothing besides."""


def insert_file(
    rag: Client,
    dataset_id: str,
    name: str,
    data: bytes,
    beside: Callable[[Connection, str], None] = _nothing,
) -> DocumentRow:
    """Add a document; its bytes are on the disk when this returns.

    Args:
        rag: The engine.
        dataset_id: Its dataset.
        name: What to call it; ``stem(1).ending`` where that is taken.
        data: The file's bytes.
        beside: Called with the transaction and the document's id: what is to be kept, or not
            kept, together with it.

    Raises:
        InvalidValueError: The name is not allowed.
        LimitError: There are more bytes than ``limits`` allows.
        NotFoundError: The dataset has been deleted.
    """
    project = rag.project
    checks.free_name(name)
    _check_size(project, name, data)
    now = now_ms()
    id = uuid.uuid4().hex
    values = {
        "id": id,
        "dataset_id": dataset_id,
        **_facts(name, data),
        "source_type": "local",
        "created_by": rag.tenant_id,
        "create_time": now,
        "update_time": now,
    }
    with project.catalog.write() as connection:
        row = datasets.get(connection, dataset_id)
        if row is None:
            raise NotFoundError("dataset", dataset_id)
        values |= {"parse_method": row.parse_method, "parser_config": row.parser_config}
        values["name"] = documents.unique_name(connection, dataset_id, name)
        check_total(connection, project, name, len(data))
        # Inside the transaction: no deletion can take the bytes for unused in between.
        values["sha256"] = project.files.put(data)
        crash.point("file written")
        documents.insert(connection, values)
        beside(connection, id)
        added = documents.get(connection, id)
    crash.point("document added")
    assert added is not None
    return added


def replace_file(
    rag: Client, id: str, data: bytes, beside: Callable[[Connection, str], None] = _nothing
) -> None:
    """Give a document other bytes: it waits to be parsed, and its chunks stay until then.

    Args:
        rag: The engine.
        id: The document.
        data: The bytes.
        beside: Called with the transaction and the document's id.

    Raises:
        LimitError: There are more bytes than ``limits`` allows; the document stays as it was.
        NotFoundError: The document has been deleted.
    """
    project = rag.project
    with project.catalog.read() as reading:
        row = documents.get(reading, id)
    if row is None:
        raise NotFoundError("document", id)
    _check_size(project, row.name, data)
    facts = _facts(row.name, data)
    project.jobs.cancel([id])
    with project.catalog.write() as connection:
        if documents.get(connection, id) is None:
            raise NotFoundError("document", id)
        fresh = {"run": "UNSTART", "progress": 0.0, "progress_msg": "", "update_time": now_ms()}
        check_total(connection, project, row.name, len(data))
        sha256 = project.files.put(data)
        documents.update(connection, id, {**facts, **fresh, "sha256": sha256})
        beside(connection, id)
    # A transaction of its own: bytes are removed only once no row can need them any more, and
    # nobody can add the same ones meanwhile.
    with project.catalog.write() as connection:
        if not documents.is_file_used(connection, row.sha256):
            project.files.remove(row.sha256)


def _facts(name: str, data: bytes) -> dict[str, object]:
    kind = kind_of(name, data)
    return {"kind": kind, "type": type_of(kind), "size": len(data)}


def _check_size(project: Project, name: str, data: bytes) -> None:
    limit = project.options.limits.document_bytes
    if len(data) > limit:
        raise LimitError(
            name,
            f"it has {len(data)} bytes, the limit is {limit}",
            "document_bytes in RAGFlow(limits=…)",
        )


def check_total(connection: Connection, project: Project, name: str, more: int) -> None:
    """Raise ``LimitError`` where ``more`` bytes are more than the project may hold."""
    limit = project.options.limits.project_bytes
    total = documents.total_bytes(connection) + more
    if total > limit:
        raise LimitError(
            name,
            f"the project's files would take {total} bytes, the limit is {limit}",
            "project_bytes in RAGFlow(limits=…)",
            "Delete documents",
        )
