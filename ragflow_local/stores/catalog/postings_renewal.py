"""Finds postings made by an older analyzer, and replaces them."""

from __future__ import annotations

import sqlite3

from ragflow_local.stores.catalog.postings import drop


def outdated(connection: sqlite3.Connection, analyzer: int) -> list[int]:
    """Return the numbers of the datasets whose terms another analyzer has made."""
    rows = connection.execute(
        "SELECT dataset FROM postings_datasets WHERE analyzer != ? AND dataset > 0", (analyzer,)
    )
    return [int(row[0]) for row in rows]


def analyzer_of(connection: sqlite3.Connection, dataset: int) -> int | None:
    """Return which analyzer made a dataset's terms; None where it has none."""
    row = connection.execute(
        "SELECT analyzer FROM postings_datasets WHERE dataset = ?", (dataset,)
    ).fetchone()
    return None if row is None else int(row[0])


def replace(connection: sqlite3.Connection, dataset: int, other: int) -> None:
    """Put the postings kept under the number ``other`` in the place of a dataset's.

    Args:
        connection: Inside a transaction.
        dataset: Its number.
        other: Under which no dataset is; nothing is kept under it after that.
    """
    kept = dataset + (1 << 40)  # out of the way of drop(), which takes both
    move = "UPDATE postings_datasets SET dataset = ? WHERE dataset = ?"
    connection.execute(move, (kept, other))
    drop(connection, dataset)
    connection.execute(move, (dataset, kept))
