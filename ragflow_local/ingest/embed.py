"""Embeds chunks; a text that was embedded before is not embedded again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from ragflow_local.embedders import Embedder
from ragflow_local.records import ChunkRow, Matrix, Vector
from ragflow_local.stores.catalog import Catalog, embeddings
from ragflow_local.text.terms import Searchable

# Texts embedded between two looks at whether the parse was cancelled.
_BATCH = 64
_NONE: Mapping[int, Vector] = MappingProxyType({})


def embed_rows(
    catalog: Catalog,
    embedder: Embedder,
    rows: Sequence[ChunkRow],
    embedded: Callable[[int], None],
    given: Mapping[int, Vector] = _NONE,
) -> tuple[list[bytes], Matrix]:
    """Return a key and a vector for each row: (len(rows), dim) float32 of length 1.

    Args:
        catalog: Where vectors of the same text and model may be kept already.
        embedder: The dataset's model.
        rows: Chunks to embed.
        embedded: Called before each batch with the number of rows done; may raise to stop.
        given: Vectors that were computed elsewhere, by the places of their rows; what is kept
            goes before.
    """
    texts = [embedding_text(row) for row in rows]
    keys = [embedding_key(embedder.fingerprint, text) for text in texts]
    with catalog.read() as reading:
        stored = embeddings.stored(reading, list(dict.fromkeys(keys)))
    vectors = {keys[at]: vector for at, vector in given.items() if _is_of(embedder, vector)}
    # What is kept under the key and cannot be of this model is computed anew.
    vectors |= {key: vector for key, vector in stored.items() if _is_of(embedder, vector)}
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in vectors}
    done = len(rows) - len(missing)
    computed = embed_texts(embedder, list(missing.values()), lambda more: embedded(done + more))
    vectors.update(zip(missing, computed, strict=True))
    matrix = np.zeros((len(rows), embedder.dim), dtype=np.float32)
    for row, key in enumerate(keys):
        matrix[row] = vectors[key]
    return keys, matrix


def embed_texts(
    embedder: Embedder, texts: Sequence[str], embedded: Callable[[int], None] = lambda done: None
) -> Matrix:
    """Return (len(texts), dim) float32, as the catalog keeps it.

    Args:
        embedder: The model.
        texts: Of ``embedding_text``.
        embedded: Called before each batch with the number of texts done; may raise to stop.
    """
    matrix = np.zeros((len(texts), embedder.dim), dtype=np.float32)
    # Longest first: a batch then holds texts of like length, and little padding is computed.
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]), reverse=True)
    for start in range(0, len(order), _BATCH):
        embedded(start)
        batch = order[start : start + _BATCH]
        matrix[batch] = embeddings.kept_exactly(embedder.embed([texts[at] for at in batch]))
    return matrix


def _is_of(embedder: Embedder, vector: Vector) -> bool:
    return len(vector) == embedder.dim and bool(np.isfinite(vector).all())


def embedding_text(row: Searchable) -> str:
    """Return the text of a chunk that is embedded: its heading path, then its content."""
    if row.match_text:
        return row.match_text
    above = [heading for heading in row.headings if heading not in row.content]
    parts = [" › ".join(above), row.content, *row.questions, ", ".join(row.keywords)]
    return "\n".join(part for part in parts if part)


def embedding_key(fingerprint: str, text: str) -> bytes:
    """Return the key under which the vector of a text by a model is kept."""
    return hashlib.blake2b(f"{fingerprint}\0{text}".encode(), digest_size=16).digest()
