"""Embed text: strings in, unit vectors out. One file a library."""

from collections.abc import Sequence
from typing import Protocol

from ragflow_local.records import Matrix, Vector


class Embedder(Protocol):
    """What each embedder offers. Safe to call from several threads.

    Attributes:
        name: The name a dataset keeps in ``embedding_model``.
        fingerprint: Tells two models apart that share a name: a digest of the weights' content,
            the pooling and the prompts. Embeddings are kept under it.
        dim: Length of its vectors.
        max_tokens: Text beyond this many tokens is not seen.
        prompts: What is put before a question and before a passage; ("", "") for most.
    """

    name: str
    fingerprint: str
    dim: int
    max_tokens: int
    prompts: tuple[str, str]

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), dim) float32, each row of length 1 (0 for a text without words)."""
        ...

    def embed_query(self, question: str) -> Vector:
        """Return (dim,) float32 of length 1; some models embed questions another way."""
        ...
