"""Chunks to vectors: each text is embedded once, however often it is parsed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from ragflow_local.embedders import Embedder
from ragflow_local.records import ChunkRow, Draft, Matrix, Vector
from ragflow_local.stores.catalog import Catalog, chunks

# Texts embedded between two looks at whether the parse was cancelled.
_BATCH = 32

# Vectors by the keys of their texts.
Vectors: TypeAlias = Mapping[bytes, Vector]


def embed_ahead(embedder: Embedder, documents: Sequence[Sequence[Draft]]) -> Vectors:
    """Return vectors of the first few documents, where they are so short that they fit one batch.

    A model takes about as long for one short text as for several.
    """
    wanted: dict[bytes, str] = {}
    for drafts in documents:
        if len(wanted) + len(drafts) > _BATCH:
            break
        texts = map(embedding_text, drafts)
        wanted.update((embedding_key(embedder.fingerprint, text), text) for text in texts)
    matrix = chunks.kept_exactly(embedder.embed(list(wanted.values())))
    return dict(zip(wanted, matrix, strict=True))


def embed_rows(
    catalog: Catalog,
    embedder: Embedder,
    rows: Sequence[ChunkRow],
    embedded: Callable[[int], None],
    ahead: Vectors,
) -> tuple[list[bytes], Matrix]:
    """Return a key and a vector for each row: (len(rows), dim) float32 of length 1.

    Args:
        catalog: Where vectors of the same text and model may be kept already.
        embedder: The dataset's model.
        rows: Chunks to embed.
        embedded: Called before each batch with the number of rows done; may raise to stop.
        ahead: Vectors that are there already.
    """
    texts = [embedding_text(row) for row in rows]
    keys = [embedding_key(embedder.fingerprint, text) for text in texts]
    with catalog.read() as reading:
        kept = chunks.kept_embeddings(reading, list(dict.fromkeys(keys)))
    kept.update((key, ahead[key]) for key in keys if key in ahead)
    wanted = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
    # Longest first: a batch then holds texts of like length, and little padding is computed.
    order = sorted(wanted, key=lambda key: len(wanted[key]), reverse=True)
    for start in range(0, len(order), _BATCH):
        batch = order[start : start + _BATCH]
        embedded(len(rows) - len(order) + start)
        matrix = chunks.kept_exactly(embedder.embed([wanted[key] for key in batch]))
        kept.update(zip(batch, matrix, strict=True))
    matrix = np.zeros((len(rows), embedder.dim), dtype=np.float32)
    for row, key in enumerate(keys):
        matrix[row] = kept[key]
    return keys, matrix


def embedding_text(row: ChunkRow | Draft) -> str:
    """Return what of a chunk the embedding model reads: where it stands, then what it says."""
    if row.match_text:
        return row.match_text
    above = [heading for heading in row.headings if heading not in row.content]
    parts = [" › ".join(above), row.content, *row.questions, ", ".join(row.keywords)]
    return "\n".join(part for part in parts if part)


def embedding_key(fingerprint: str, text: str) -> bytes:
    """Return the key under which the vector of a text by a model is kept."""
    return hashlib.blake2b(f"{fingerprint}\0{text}".encode(), digest_size=16).digest()
