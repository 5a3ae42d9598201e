"""Rows of a small catalog, written as the engine writes them."""

from typing import Any

import numpy as np

from ragflow_local.records import ChunkRow
from ragflow_local.stores.catalog import Catalog, chunks, datasets, documents, embeddings


def add_dataset(catalog: Catalog, id: str) -> None:
    values: dict[str, Any] = dict.fromkeys(("avatar", "description", "language"), "")
    values |= {"id": id, "tenant_id": "t", "name": id, "permission": "me"}
    values |= {"parse_method": "naive", "parser_config": {}, "embedding_model": "hashing"}
    values |= {"create_time": 1, "update_time": 1}
    with catalog.write() as connection:
        datasets.insert(connection, values)


def add_document(catalog: Catalog, id: str, dataset_id: str) -> None:
    values: dict[str, Any] = {"id": id, "dataset_id": dataset_id, "name": id, "type": "doc"}
    values |= {"kind": "text", "size": 1, "sha256": "0", "source_type": "local"}
    values |= {"created_by": "t", "parse_method": "naive", "parser_config": {}}
    with catalog.write() as connection:
        documents.insert(connection, {**values, "create_time": 1, "update_time": 1})


def chunk_row(number: int, document_id: str, content: str, dataset_id: str = "d") -> ChunkRow:
    id = f"c{number}"
    return ChunkRow(number, id, document_id, dataset_id, document_id, number, content, 3, 1)


def add_chunks(catalog: Catalog, document_id: str, *contents: str, dataset_id: str = "d") -> None:
    """Add chunks of three tokens to a document, with vectors of four numbers."""
    with catalog.write() as connection:
        first = chunks.reserve_numbers(connection, len(contents))
        for number, content in enumerate(contents, first):
            vector = np.full(4, number, dtype=np.float32)
            kept = embeddings.keep_one(connection, content.encode(), vector)
            chunks.insert(connection, chunk_row(number, document_id, content, dataset_id), kept)
        documents.count(connection, document_id)
