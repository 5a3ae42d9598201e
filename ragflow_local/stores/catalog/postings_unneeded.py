"""Drops terms that no chunk of a dataset has any more."""

from __future__ import annotations

import sqlite3

from ragflow_local.stores.catalog import postings_segments as segments
from ragflow_local.stores.catalog.postings import space_of

# So many removed chunks, and this share of those there are, and terms are looked for.
_FEW = 2048
_SHARE = 0.2


def count(connection: sqlite3.Connection, dataset: int, chunks: int) -> bool:
    """Count removed chunks whose terms nobody may have any more; return whether they are many."""
    row = connection.execute(
        "UPDATE postings_datasets SET unneeded = unneeded + ? WHERE dataset = ?"
        " RETURNING unneeded > max(?, ? * chunks)",
        (chunks, dataset, _FEW, _SHARE),
    ).fetchone()
    return bool(row and row[0])


def drop(connection: sqlite3.Connection, dataset: int) -> int:
    """Forget the terms that are in no list of a dataset; return how many.

    Args:
        connection: Inside a transaction.
        dataset: Its number.
    """
    space = space_of(connection, dataset)
    if space is None:
        return 0
    keys = connection.execute(
        f"SELECT DISTINCT key & {(1 << segments.TERM_BITS) - 1} FROM postings_lists"
        " WHERE key BETWEEN ? AND ?",
        segments.span(space, segments.SEGMENT_BITS + segments.TERM_BITS),
    )
    needed = {number for (number,) in keys}
    terms = connection.execute("SELECT term, number FROM postings_terms WHERE space = ?", (space,))
    unneeded = [(space, term) for term, number in terms if number not in needed]
    connection.executemany("DELETE FROM postings_terms WHERE space = ? AND term = ?", unneeded)
    connection.execute("UPDATE postings_datasets SET unneeded = 0 WHERE space = ?", (space,))
    return len(unneeded)
