"""Cleans texts before they are embedded, and normalises the vectors."""

from __future__ import annotations

import numpy as np

from ragflow_local.records import Matrix


def encodable(text: str) -> str:
    """Return ``text`` with ``?`` for lone surrogates, which no tokenizer takes."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def unit_rows(vectors: Matrix) -> Matrix:
    """Return ``vectors`` (n, dim) with each row scaled to length 1; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = np.zeros_like(vectors)
    np.divide(vectors, lengths, out=rows, where=lengths > 0)
    return rows
