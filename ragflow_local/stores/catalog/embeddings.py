"""Embeddings: the vector of a text by a model, kept once, however many chunks say it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ragflow_local.records import Matrix, Vector
from ragflow_local.stores.catalog import Connection, checksums

# Half the room of float32; cosines of unit vectors stay within 0.0001, less than the model's own
# noise, and five rows of 384 fit a page where two did.
_KEPT = np.dtype("<f2")


# Keys named in one statement: SQLite allows 32,766.
_ASKED = 1000


def collect(connection: Connection, numbers: Sequence[int]) -> None:
    """Delete those of the embeddings that no chunk has any more."""
    connection.execute(
        "DELETE FROM embeddings WHERE number IN (SELECT value FROM json_each(?)) AND NOT EXISTS"
        " (SELECT 1 FROM chunks WHERE chunks.embedding = embeddings.number)",
        [json.dumps(list(numbers))],
    )


def stored(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, Vector]:
    """Return the vector of each embedding that is kept already, by its key: (dim,) float32."""
    vectors: dict[bytes, Vector] = {}
    for row in _rows(connection, "*", keys):
        checksums.check("embeddings", row)
        vectors[row["key"]] = _unpacked(row["vector"])
    return vectors


def _rows(connection: Connection, columns: str, keys: Sequence[bytes]) -> Iterator[Any]:
    """Yield the rows that there are under keys, in any order."""
    for start in range(0, len(keys), _ASKED):
        some = keys[start : start + _ASKED]
        marks = ",".join("?" * len(some))
        yield from connection.execute(
            f"SELECT {columns} FROM embeddings WHERE key IN ({marks})", some
        )


def kept_exactly(matrix: Matrix) -> Matrix:
    """Return vectors as they are after having been kept: rounded to the 16 bits of the catalog.

    Every copy is of these, so a table written anew finds what the one before it found.
    """
    return matrix.astype(_KEPT).astype(np.float32)


def keep(connection: Connection, keys: Sequence[bytes], matrix: Matrix) -> list[int]:
    """Keep embeddings under their keys, and return their numbers; one that is there stays.

    Args:
        connection: Inside a transaction.
        keys: Of ``embedding_key``; one may be there twice.
        matrix: (len(keys), dim), a row a key.
    """
    packed = memoryview(matrix.astype(_KEPT).tobytes())
    width = matrix.shape[1] * _KEPT.itemsize
    data = {key: packed[at * width : (at + 1) * width] for at, key in enumerate(keys)}
    numbers: dict[bytes, int] = {}
    other: list[bytes] = []  # of another length, or no vector: not of this model
    for key, number, size in _rows(connection, "key, number, length(vector)", list(data)):
        numbers[key] = number
        if size != width:
            other.append(key)
    connection.executemany(
        "UPDATE embeddings SET vector = ?, checksum = ? WHERE number = ?",
        [(data[key], checksums.of_bytes(data[key]), numbers[key]) for key in other],
    )
    (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM embeddings").fetchone()
    new = [key for key in data if key not in numbers]
    numbers.update((key, last + at) for at, key in enumerate(new, 1))
    connection.executemany(
        "INSERT INTO embeddings (number, key, vector, checksum) VALUES (?, ?, ?, ?)",
        ((numbers[key], key, data[key], checksums.of_bytes(data[key])) for key in new),
    )
    return [numbers[key] for key in keys]


def keep_one(connection: Connection, key: bytes, vector: Vector) -> int:
    """Keep an embedding under its key, and return its number; one that is there stays."""
    return keep(connection, [key], vector[np.newaxis])[0]


def of_dataset(connection: Connection, dataset_id: str) -> list[int]:
    """Return the embeddings of a dataset's chunks, for ``collect_embeddings`` once it is gone."""
    rows = connection.execute(
        "SELECT DISTINCT embedding FROM chunks WHERE dataset_id = ?", [dataset_id]
    )
    return [int(row[0]) for row in rows]


def delete_unused(connection: Connection) -> None:
    """Delete the embeddings that no chunk has any more."""
    connection.execute(
        "DELETE FROM embeddings WHERE NOT EXISTS"
        " (SELECT 1 FROM chunks WHERE chunks.embedding = embeddings.number)"
    )


def of_chunks(connection: Connection, numbers: Sequence[int], dim: int) -> Matrix:
    """Return (len(numbers), dim) float32, a row a chunk; zeros for one that is gone."""
    matrix = np.zeros((len(numbers), dim), dtype=np.float32)
    cursor = connection.execute(
        "SELECT json_each.key, embeddings.vector, embeddings.checksum FROM json_each(?)"
        " CROSS JOIN chunks ON chunks.number = json_each.value"
        " CROSS JOIN embeddings ON embeddings.number = chunks.embedding",
        [json.dumps(list(numbers))],
    )
    cursor.row_factory = None  # plain tuples
    if fetched := cursor.fetchall():
        rows, vectors, sums = zip(*fetched, strict=True)
        checksums.check_vectors(vectors, sums, dim)
        matrix[np.array(rows)] = _unpacked(b"".join(vectors)).reshape(len(rows), dim)
    return matrix


def torn(connection: Connection, dataset_id: str, dim: int) -> int:
    """Return how many chunks of a dataset have no vector of ``dim`` numbers."""
    row = connection.execute(
        "SELECT count(*) FROM chunks LEFT JOIN embeddings ON embeddings.number = chunks.embedding"
        " WHERE dataset_id = ? AND coalesce(length(vector), 0) != ?",
        [dataset_id, dim * _KEPT.itemsize],
    ).fetchone()
    return int(row[0])


def _unpacked(data: bytes) -> Vector:
    return np.frombuffer(data, _KEPT).astype(np.float32)
