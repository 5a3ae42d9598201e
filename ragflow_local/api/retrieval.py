"""Search the datasets of a project: what ``RAGFlow.retrieval`` and ``Session.ask`` both call."""

from __future__ import annotations

from collections.abc import Sequence

from ragflow_local.errors import InvalidValueError
from ragflow_local.project import Project
from ragflow_local.records import DatasetRow, Hit


def retrieve(
    project: Project,
    question: str,
    rows: Sequence[DatasetRow],
    document_ids: Sequence[str] | None = None,
    *,
    top_k: int = 1024,
    threshold: float = 0.1,
    vector_weight: float = 0.3,
    offset: int = 0,
    limit: int = 6,
) -> list[Hit]:
    """Return the hits for a question, the most similar first.

    Raises:
        InvalidValueError: The datasets have different embedding models.
    """
    models = {row.embedding_model for row in rows}
    if len(models) > 1:
        named = ", ".join(f"{row.name} ({row.embedding_model})" for row in rows)
        raise InvalidValueError(
            "datasets", named, "datasets of one embedding model; search the others apart"
        )
    if not rows or limit == 0:
        return []
    return project.search(
        question,
        list({row.id: row for row in rows}.values()),
        document_ids,
        top_k=top_k,
        threshold=threshold,
        vector_weight=vector_weight,
        offset=offset,
        limit=limit,
    )
