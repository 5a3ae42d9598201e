"""Protocols: what every embedder and every reranker offers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

from ragflow_local.records import Matrix, Vector

Backend = Literal["auto", "onnx-int8", "onnx", "torch"]
BACKENDS: tuple[Backend, ...] = ("auto", "onnx-int8", "onnx", "torch")


class Embedder(Protocol):
    """What each embedder offers. Safe to call from several threads.

    Attributes:
        name: The name a dataset keeps in ``embedding_model``.
        fingerprint: Tells two models apart that share a name: a digest of the weights' content,
            the pooling and the prompts. Embeddings are kept under it.
        dim: Length of its vectors.
        max_tokens: Text beyond this many tokens is not seen.
        prompts: What is put before a question and before a passage; ("", "") for most.
        tokenizer_file: What counts its tokens, for those who cut text to fit it; None where
            the model has no such file.
        floor: The cosine of a question and a passage that have nothing to do with one another,
            measured when the model's form is made; what ``retrieve.similarity.calibrate`` takes.
    """

    name: str
    fingerprint: str
    dim: int
    max_tokens: int
    prompts: tuple[str, str]
    tokenizer_file: Path | None

    floor: float

    def floor_of(self, text: str) -> float:
        """Return the floor in the script of a text, where it is another."""
        ...

    def knows(self, text: str) -> bool:
        """Return whether the model reads the script of a text; else its vector says nothing."""
        ...

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), dim) float32, each row of length 1 (0 for a text without words)."""
        ...

    def embed_query(self, question: str) -> Vector:
        """Return (dim,) float32 of length 1; some models embed questions another way."""
        ...


class Reranker(Protocol):
    """A cross-encoder: it reads question and passage together. Safe to call from several threads.

    Attributes:
        name: As it was asked for.
    """

    name: str

    def scores(self, question: str, passages: Sequence[str]) -> Vector:
        """Return (len(passages),) float32 in [0, 1]: how well each answers the question."""
        ...
