"""Adds the terms of chunks to a dataset's postings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ragflow_local.records import ChunkRow
from ragflow_local.stores.catalog import Connection, postings
from ragflow_local.text.bags import Bags
from ragflow_local.text.terms import chunk_terms, language_of_chunk


def add_terms(connection: Connection, dataset: int, rows: Sequence[ChunkRow]) -> None:
    """Add the terms of the available ``rows``.

    Args:
        connection: Inside a transaction.
        dataset: The dataset's number.
        rows: Chunks with their numbers.
    """
    available = sorted((row for row in rows if row.available), key=lambda row: row.number)
    languages = [language_of_chunk(row) for row in available]
    bags = Bags.of(
        [chunk_terms(row, language) for row, language in zip(available, languages, strict=True)]
    )
    numbers = np.array([row.number for row in available], np.int64)
    postings.add_bags(connection, dataset, numbers, bags, Counter(languages))
