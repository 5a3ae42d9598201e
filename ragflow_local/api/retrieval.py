"""Searches the datasets of a project, for ``RAGFlow.retrieval`` and ``Session.ask``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ragflow_local.api import finding
from ragflow_local.api.chunk import Chunk
from ragflow_local.api.dataset import DataSet
from ragflow_local.api.document import Document
from ragflow_local.api.entity import Client
from ragflow_local.errors import InvalidValueError
from ragflow_local.project import Project
from ragflow_local.records import DatasetRow, Hit
from ragflow_local.retrieve.filters import DocumentFilter, check_conditions
from ragflow_local.retrieve.neighbours import around
from ragflow_local.retrieve.search import SearchOptions
from ragflow_local.settings import check_neighbours, check_text


def retrieve_chunks(
    rag: Client,
    question: str,
    datasets: Sequence[DataSet | str] | DataSet | str,
    documents: Sequence[Document | str] | None,
    options: SearchOptions,
    meta_fields: Mapping[str, object] | None,
    rerank_id: str | None,
    neighbours: int | str,
) -> list[Chunk]:
    """Return the chunks most similar to a question; see ``RAGFlow.retrieval``."""
    check_text("question", question)
    where = [datasets] if isinstance(datasets, DataSet | str) else list(datasets or ())
    if not where:
        raise InvalidValueError("datasets", datasets, "a list of at least one DataSet")
    if rerank_id is not None:
        check_text("rerank_id", rerank_id)
    check_neighbours("neighbours", neighbours)
    if meta_fields is not None:
        check_conditions(meta_fields)
    rows = finding.find_datasets(rag, where)
    within = DocumentFilter(finding.documents_within(rag, documents), meta_fields or {})
    hits = retrieve(rag.project, question, rows, within, options, rerank_id)
    with rag.project.catalog.read() as reading:
        beside = [around(reading, hit, neighbours) for hit in hits]
    return [
        Chunk(rag, hit.chunk, hit, question, chunks)
        for hit, chunks in zip(hits, beside, strict=True)
    ]


def retrieve(
    project: Project,
    question: str,
    rows: Sequence[DatasetRow],
    within: DocumentFilter,
    wanted: SearchOptions,
    rerank_id: str | None = None,
) -> list[Hit]:
    """Return the hits for a question, the most similar first.

    Raises:
        InvalidValueError: The datasets have different embedding models.
    """
    if len({row.embedding_model for row in rows}) > 1:
        named = ", ".join(f"{row.name} ({row.embedding_model})" for row in rows)
        raise InvalidValueError(
            "datasets", named, "datasets of one embedding model; search the others apart"
        )
    if not rows:
        return []
    distinct = list({row.id: row for row in rows}.values())
    return project.search(question, distinct, within, wanted, rerank_id)
