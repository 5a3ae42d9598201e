"""Adds the terms of chunks to a dataset's postings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ragflow_local.records import ChunkRow
from ragflow_local.stores.catalog import Connection, postings
from ragflow_local.text.terms import chunk_terms, language_of_chunk


def add_terms(connection: Connection, dataset: int, rows: Sequence[ChunkRow]) -> None:
    """Add the terms of the available ``rows``.

    Args:
        connection: Inside a transaction.
        dataset: The dataset's number.
        rows: Chunks with their numbers.
    """
    available = [row for row in rows if row.available]
    languages = [language_of_chunk(row) for row in available]
    terms = [
        (row.number, chunk_terms(row, language))
        for row, language in zip(available, languages, strict=True)
    ]
    postings.add(connection, dataset, terms, Counter(languages))
