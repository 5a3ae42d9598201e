"""Search the datasets of a project: what ``RAGFlow.retrieval`` and ``Session.ask`` both call."""

from __future__ import annotations

from collections.abc import Sequence

from ragflow_local.errors import InvalidValueError
from ragflow_local.project import Project
from ragflow_local.records import DatasetRow, Hit
from ragflow_local.retrieve.filters import DocumentFilter
from ragflow_local.retrieve.search import SearchOptions


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
