"""Tracks which of a dataset's vectors changed, and which LanceDB has too.

Triggers keep step, so that no writer can forget it: ``added`` is the highest number of a chunk
that could ever be found, ``removed`` how many can no longer be. Numbers are given in the order of
commits. So whoever holds vectors as of an earlier state needs only those with higher numbers,
and where ``removed`` has grown, to leave out what is gone.

``moved`` is the watermark: up to that number a copy lies in LanceDB, written before this says so.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from ragflow_local.records import Matrix
from ragflow_local.stores.catalog import checksums

Numbers: TypeAlias = NDArray[np.int64]  # (n,)

# Rows fetched at once: more would only hold more bytes twice.
_FETCHED = 8192

TABLES = (
    """CREATE TABLE vector_states (
      dataset_id TEXT PRIMARY KEY REFERENCES datasets (id) ON DELETE CASCADE,
      added INTEGER NOT NULL DEFAULT 0,
      removed INTEGER NOT NULL DEFAULT 0,
      moved INTEGER NOT NULL DEFAULT 0,
      collected INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID""",
    """INSERT INTO vector_states (dataset_id, added)
      SELECT id, coalesce((SELECT max(number) FROM chunks WHERE dataset_id = datasets.id), 0)
      FROM datasets""",
    """UPDATE chunk_numbers SET next =
      max(next, coalesce((SELECT max(number) + 1 FROM chunks), 1))""",
    """CREATE TRIGGER dataset_begun AFTER INSERT ON datasets BEGIN
      INSERT INTO vector_states (dataset_id) VALUES (NEW.id);
    END""",
    """CREATE TRIGGER chunk_added AFTER INSERT ON chunks WHEN NEW.available BEGIN
      UPDATE vector_states SET added = max(added, NEW.number) WHERE dataset_id = NEW.dataset_id;
    END""",
    """CREATE TRIGGER chunk_removed AFTER DELETE ON chunks WHEN OLD.available BEGIN
      UPDATE vector_states SET removed = removed + 1 WHERE dataset_id = OLD.dataset_id;
    END""",
    """CREATE TRIGGER chunk_renumbered AFTER UPDATE OF number, available ON chunks BEGIN
      UPDATE vector_states SET removed = removed + OLD.available,
        added = max(added, NEW.available * NEW.number)
      WHERE dataset_id = NEW.dataset_id;
    END""",
)


@dataclass(frozen=True, slots=True)
class VectorState:
    """A dataset's vectors as of one snapshot.

    Attributes:
        id: The dataset's id.
        dataset: Its number.
        dim: Length of its vectors.
        chunks: How many it has, those that are switched off too.
        added: The highest number of a chunk that could ever be found.
        removed: How many chunks can no longer be found.
        moved: Up to this number a copy lies in LanceDB.
        collected: What ``removed`` was when removed ones were last taken out of LanceDB.
    """

    id: str
    dataset: int
    dim: int
    chunks: int
    added: int
    removed: int
    moved: int
    collected: int

    @property
    def size_bytes(self) -> int:
        """What all its vectors take in memory."""
        return self.chunks * self.dim * 4


def of(connection: sqlite3.Connection, ids: Sequence[str]) -> list[VectorState]:
    """Return the state of each dataset that there is, in the order of ``ids``."""
    cursor = connection.execute(
        "SELECT datasets.id, number, embedding_dim, chunk_count, added, removed, moved, collected"
        " FROM json_each(?) CROSS JOIN datasets ON datasets.id = json_each.value"
        " CROSS JOIN vector_states ON vector_states.dataset_id = datasets.id",
        [json.dumps(list(ids))],
    )
    cursor.row_factory = None
    names = VectorState.__dataclass_fields__
    return [msgspec.convert(dict(zip(names, row, strict=True)), VectorState) for row in cursor]


def vectors_after(
    connection: sqlite3.Connection, wanted: Mapping[str, int], dim: int
) -> Iterator[tuple[str, Numbers, Numbers, Matrix]]:
    """Yield vectors of available chunks with higher numbers, a dataset or a part of one at a time.

    Args:
        connection: Of the catalog.
        wanted: A number for each dataset's id.
        dim: Length of their vectors.

    Yields:
        A dataset's id, (n,) chunk numbers, (n,) document numbers, (n, dim) vectors.
    """
    ids = list(wanted)
    cursor = connection.execute(
        "SELECT wanted.key, chunks.number, documents.number, embeddings.vector,"
        " embeddings.checksum"
        " FROM json_each(?) AS wanted CROSS JOIN chunks INDEXED BY chunks_by_dataset"
        " ON chunks.dataset_id = json_extract(wanted.value, '$[0]')"
        " AND chunks.number > json_extract(wanted.value, '$[1]')"
        " CROSS JOIN documents ON documents.id = chunks.document_id"
        " LEFT JOIN embeddings ON embeddings.number = chunks.embedding"
        " WHERE chunks.available",
        [json.dumps([[id, after] for id, after in wanted.items()])],
    )
    cursor.row_factory = None  # plain tuples: a fifth of the time for a hundred thousand
    while rows := cursor.fetchmany(_FETCHED):
        keys, numbers, documents, vectors, sums = zip(*rows, strict=True)
        checksums.check_vectors(vectors, sums, dim)
        matrix = np.frombuffer(b"".join(vectors), "<f2").astype(np.float32).reshape(-1, dim)
        of_chunks, of_documents = np.array(numbers, np.int64), np.array(documents, np.int64)
        starts = np.flatnonzero(np.diff(keys, prepend=-1)).tolist()
        for start, end in zip(starts, [*starts[1:], len(keys)], strict=True):
            part = slice(start, end)
            yield ids[keys[start]], of_chunks[part], of_documents[part], matrix[part]


def waiting(connection: sqlite3.Connection, id: str, most: int) -> int:
    """Return how many chunks of a dataset wait to be moved to LanceDB; ``most`` for more."""
    row = connection.execute(
        "SELECT moved FROM vector_states WHERE dataset_id = ?", [id]
    ).fetchone()
    return 0 if row is None else above(connection, id, int(row[0]), most)


def above(connection: sqlite3.Connection, id: str, number: int, most: int) -> int:
    """Return how many chunks of a dataset have higher numbers; ``most`` for more."""
    (count,) = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM chunks WHERE dataset_id = ? AND number > ? LIMIT ?)",
        [id, number, most],
    ).fetchone()
    return int(count)


def set_moved(connection: sqlite3.Connection, id: str, number: int) -> None:
    """Note that a copy of all vectors up to a number lies in LanceDB."""
    connection.execute("UPDATE vector_states SET moved = ? WHERE dataset_id = ?", [number, id])


def set_collected(connection: sqlite3.Connection, id: str, removed: int) -> None:
    """Note that LanceDB has nothing of what was removed when ``removed`` was that."""
    connection.execute("UPDATE vector_states SET collected = ? WHERE dataset_id = ?", [removed, id])
