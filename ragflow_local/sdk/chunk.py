"""Chunks of the released client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ragflow_local.errors import ChunkUpdateError, RefusedError
from ragflow_local.sdk.base import Base, Caller

__all__ = ["Chunk", "ChunkUpdateError"]


class Chunk(Base):
    """A passage of a document.

    Attributes:
        similarity: How well it answers the question it was retrieved for, in [0, 1]; likewise
            ``vector_similarity`` and ``term_similarity``.
        positions: ``[page, left, right, top, bottom]`` of each part, in points.
        available: Whether it is found.
    """

    id: str
    content: str
    image_id: str
    important_keywords: list[str]
    tag_kwd: list[str]
    questions: list[str]
    create_time: str
    create_timestamp: float
    dataset_id: str | None
    document_name: str
    document_keyword: str
    document_id: str
    available: bool
    similarity: float
    vector_similarity: float
    term_similarity: float
    positions: list[list[float]]
    doc_type: str

    _KEEPS_ALL: ClassVar = False
    _DEFAULTS: ClassVar = {
        "id": "",
        "content": "",
        "image_id": "",
        "important_keywords": [],
        "tag_kwd": [],
        "questions": [],
        "create_time": "",
        "create_timestamp": 0.0,
        "dataset_id": None,
        "document_name": "",
        "document_keyword": "",
        "document_id": "",
        "available": True,
        "similarity": 0.0,
        "vector_similarity": 0.0,
        "term_similarity": 0.0,
        "positions": [],
        "doc_type": "",
    }

    def __init__(self, rag: Caller, res_dict: Mapping[str, Any] | None = None) -> None:
        super().__init__(rag, res_dict)
        self.document_name = self.document_name or self.document_keyword

    def update(self, update_message: Mapping[str, Any]) -> None:
        """Change ``content``, ``important_keywords``, ``questions``, ``tag_kwd``, ``available``.

        Raises:
            ChunkUpdateError: It is refused; ``code`` and ``message`` say why.
        """
        path = f"/datasets/{self.dataset_id}/documents/{self.document_id}/chunks/{self.id}"
        try:
            self.rag.data("PATCH", path, dict(update_message))
        except RefusedError as error:
            raise ChunkUpdateError(error.code, error.message) from None
