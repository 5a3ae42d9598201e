"""Vectors of texts, as the engine's model for new datasets gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ragflow_local.api.entity import Client
from ragflow_local.records import Matrix


class Embedding(Client, Protocol):
    """An engine that knows a model for new datasets."""

    embedding_model: str


def embed(rag: Embedding, texts: Sequence[str]) -> Matrix:
    """Return (len(texts), dim) float32, each row of length 1.

    Raises:
        ModelError: The model is not there or cannot embed.
    """
    return rag.project.embedder(rag.embedding_model).embed(texts)
