"""Checks the catalog as a whole: its pages, references and counts."""

from __future__ import annotations

from ragflow_local.stores.catalog import Connection

_WRONG_DOCUMENTS = """
SELECT documents.id FROM documents LEFT JOIN (
  SELECT document_id, count(*) AS n, sum(token_count) AS tokens FROM chunks GROUP BY document_id
) AS found ON found.document_id = documents.id
WHERE chunk_count != coalesce(n, 0) OR documents.token_count != coalesce(tokens, 0)
"""

_WRONG_DATASETS = """
SELECT datasets.id FROM datasets LEFT JOIN (
  SELECT dataset_id, count(*) AS n, sum(chunk_count) AS chunks, sum(token_count) AS tokens
  FROM documents GROUP BY dataset_id
) AS found ON found.dataset_id = datasets.id
WHERE document_count != coalesce(n, 0) OR chunk_count != coalesce(chunks, 0)
  OR datasets.token_count != coalesce(tokens, 0)
"""


def torn_pages(connection: Connection) -> list[str]:
    """Return what SQLite finds wrong with its own structure; nothing when all is well.

    A flipped bit inside a text or a number is not seen here.
    """
    messages = [str(row[0]) for row in connection.execute("PRAGMA quick_check(20)")]
    return [] if messages == ["ok"] else [" ".join(line.split()) for line in messages]


def dangling_rows(connection: Connection) -> int:
    """Return how many rows name another row that is not there."""
    return len(connection.execute("PRAGMA foreign_key_check").fetchall())


def wrong_counts(connection: Connection) -> list[str]:
    """Return the ids of documents and datasets whose counts do not fit their rows."""
    wrong = [*connection.execute(_WRONG_DOCUMENTS), *connection.execute(_WRONG_DATASETS)]
    return [str(row[0]) for row in wrong]


def count_anew(connection: Connection) -> None:
    """Set the counts of all documents and datasets to those of their rows."""
    connection.execute(
        "UPDATE documents SET (chunk_count, token_count) ="
        " (SELECT count(*), coalesce(sum(token_count), 0) FROM chunks"
        "  WHERE document_id = documents.id)"
    )
    connection.execute(
        "UPDATE datasets SET (document_count, chunk_count, token_count) ="
        " (SELECT count(*), coalesce(sum(chunk_count), 0), coalesce(sum(token_count), 0)"
        "  FROM documents WHERE dataset_id = datasets.id)"
    )
