"""Datasets from one project to another: arguments checked, and each row of a stranger's file."""

from __future__ import annotations

import contextlib
import os

from ragflow_local.api import checks, finding
from ragflow_local.api.dataset import DataSet
from ragflow_local.api.entity import Client
from ragflow_local.errors import InvalidValueError, ModelError, NameTakenError, NotFoundError
from ragflow_local.ingest import exchange
from ragflow_local.ingest.exchange import ImportTarget, export_dataset
from ragflow_local.project import Project
from ragflow_local.records import DatasetRow, DocumentRow
from ragflow_local.settings import check_name
from ragflow_local.stores.catalog import IntegrityError

__all__ = ["export_dataset", "import_dataset"]


def import_dataset(
    rag: Client, path: str | os.PathLike[str], name: str | None, into: DataSet | str | None
) -> DatasetRow:
    """Add the dataset of an exported file; see ``RAGFlow.import_dataset``."""
    if name is not None:
        checks.dataset_name(name)
    if name is not None and into is not None:
        raise InvalidValueError("name", name, "None where the documents come into a dataset")
    home = None if into is None else finding.find_dataset(rag, into).id
    arrival = _Arrival(rag, name, home)
    target = ImportTarget(rag.tenant_id, arrival.check, name, home)
    try:
        id = exchange.import_dataset(rag.project.stores, checks.path(path), target)
    except IntegrityError:
        raise NameTakenError("dataset", arrival.name) from None
    return finding.find_dataset(rag, id)


class _Arrival:
    """Checks the rows that come in by what the API allows."""

    def __init__(self, rag: Client, name: str | None, home: str | None) -> None:
        self.name = name or ""
        self._rag = rag
        self._home = home
        self._size = 0  # bytes of the documents so far

    def check(self, row: DatasetRow | DocumentRow) -> None:
        checks.parse_method(row.parse_method)
        if isinstance(row, DatasetRow):
            self._check_dataset(row)
        else:
            self._check_document(row)

    def _check_dataset(self, row: DatasetRow) -> None:
        checks.permission(row.permission)
        _check_dim(self._rag.project, row)
        self.name = checks.dataset_name(self.name or row.name)
        if self._home is None:
            with contextlib.suppress(NotFoundError):
                finding.dataset_named(self._rag, self.name)
                raise NameTakenError("dataset", self.name)

    def _check_document(self, row: DocumentRow) -> None:
        check_name(row.name)
        checks.meta_fields(row.meta_fields)
        project = self._rag.project
        limit = project.options.limits.document_bytes
        if row.size > limit:
            allowed = f"a file whose documents have at most {limit} bytes (limits=…)"
            raise InvalidValueError("size", row.size, allowed)
        self._size += row.size
        with project.catalog.read() as reading:
            project.intake.check_total(reading, row.name, self._size)


def _check_dim(project: Project, row: DatasetRow) -> None:
    """Raise ``InvalidValueError`` where the model of that name has another length."""
    with contextlib.suppress(ModelError):
        dim = project.embedder(row.embedding_model).dim
        if row.embedding_dim not in (0, dim):
            raise InvalidValueError("embedding_dim", row.embedding_dim, f"{dim}, as its model")
