"""Adapters let other libraries use an engine: one file for each library, each an extra of its own.

An adapter knows the API and one library: it asks ``RAGFlow.retrieval``, and says the chunks in
that library's words. To add one, add its file here, its extra, and its door in the linter's list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ragflow_local.api.chunk import Chunk


def metadata_of(chunk: Chunk) -> dict[str, Any]:
    """Return the metadata of a hit as plain values.

    ``page`` is the first of ``pages``, from 1, or None where the format has none; ``positions``
    are ``[page, x0, x1, top, bottom]`` in points from the top left; ``neighbours``, the texts of
    the chunks around it, is there only where they were asked for.
    """
    beside = {"neighbours": [other.content for other in chunk.neighbours]}
    pages = chunk.pages
    return {
        "source": chunk.document_name,
        "document_id": chunk.document_id,
        "document_name": chunk.document_name,
        "dataset_id": chunk.dataset_id,
        "chunk_id": chunk.id,
        "page": pages[0] if pages else None,
        "pages": pages,
        "positions": chunk.position,
        "headings": chunk.headings,
        "similarity": chunk.similarity,
        "vector_similarity": chunk.vector_similarity,
        "term_similarity": chunk.term_similarity,
        **(beside if chunk.neighbours else {}),
    }
