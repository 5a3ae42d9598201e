"""Projects to measure with, filled by the stores themselves: no parsing, no model."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from ragflow_local.ingest.term_bags import add_terms
from ragflow_local.ingest.vector_table import VectorTable
from ragflow_local.records import ChunkRow, Matrix
from ragflow_local.retrieve.search import Scope, Sources
from ragflow_local.stores.catalog import (
    Catalog,
    Connection,
    checksums,
    chunks,
    embeddings,
    postings,
    schema,
)
from ragflow_local.stores.vectors import Vectors

CHUNKS_OF_A_DOCUMENT = 20
DATASET = f"{1:032x}"
MODEL = "all-MiniLM-L6-v2"
MODELS = (MODEL, "multilingual-e5-small")  # the second where its extra is installed


class Project:
    """One dataset in a folder, with chunks put straight into catalog and vectors."""

    def __init__(self, folder: Path, dim: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "catalog.sqlite3"
        is_new = not path.exists()
        self.catalog = Catalog(path)
        self.vectors = Vectors(folder / "vectors")
        self.table = VectorTable(self.catalog, self.vectors)
        schema.migrate(self.catalog.writer(), path)
        if is_new:
            with self.catalog.write() as connection:
                _insert_dataset(connection, dim)
        with self.catalog.read() as connection:
            (number,) = connection.execute("SELECT number FROM datasets").fetchone()
        self.scope = Scope(number, DATASET, dim)
        self.sources = Sources(self.catalog, self.vectors)

    def fill(self, texts: Iterable[str], matrices: Iterator[Matrix], batch: int = 2000) -> None:
        """Add chunks; ``matrices`` gives a row of each. ``RAGFlow`` can open what there is then."""
        rest = iter(texts)
        first = 1
        while part := list(islice(rest, batch)):
            self._add(first, part, embeddings.kept_exactly(next(matrices)[: len(part)]))
            first += len(part)
        with self.catalog.write() as connection:
            connection.execute("UPDATE datasets SET chunk_count = ?", [first - 1])

    def _add(self, first: int, texts: Sequence[str], matrix: Matrix) -> None:
        numbers = np.arange(first, first + len(texts))
        documents = (numbers - 1) // CHUNKS_OF_A_DOCUMENT + 1
        with self.catalog.write() as connection:
            rows = []
            for number, document, text, vector in zip(
                numbers.tolist(), documents.tolist(), texts, matrix, strict=True
            ):
                _insert_document(connection, document)
                row = _chunk(number, document, text)
                key = number.to_bytes(8, "little")
                embedding = embeddings.keep_one(connection, key, vector)
                chunks.insert(connection, row, embedding)
                rows.append(row)
            ids = sorted({row.document_id for row in rows})
            checksums.stamp_all(connection, "documents", ids)
            add_terms(connection, self.scope.number, rows)
            while postings.merge_crowded(connection, self.scope.number):
                pass

    def index(self) -> None:
        """Move vectors and make their index, as is done in the background."""
        self.table.take_up()
        self.table.wait()

    def close(self) -> None:
        """Close both stores."""
        self.table.close()
        self.vectors.close()
        self.catalog.close()


def _chunk(number: int, document: int, text: str) -> ChunkRow:
    return ChunkRow(
        number=number,
        id=f"{number:032x}",
        document_id=f"d{document}",
        dataset_id=DATASET,
        document_name="d.txt",
        ordinal=number,
        content=text,
        token_count=len(text) // 4,
        generation=1,
    )


def _insert_dataset(connection: Connection, dim: int) -> None:
    connection.execute(
        "INSERT INTO datasets (id, tenant_id, name, name_key, avatar, description, language,"
        " permission, parse_method, parser_config, embedding_model, embedding_dim, create_time,"
        " update_time)"
        " VALUES (?, '', 'kb', 'kb', '', '', '', 'team', 'naive', '{}', ?, ?, 0, 0)",
        [DATASET, MODEL, dim],
    )
    checksums.stamp(connection, "datasets", "id", DATASET)


def _insert_document(connection: Connection, number: int) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO documents (number, id, dataset_id, name, type, kind, size, sha256,"
        " source_type, created_by, parse_method, parser_config, run, create_time, update_time)"
        " VALUES (?, ?, ?, ?, 'doc', 'text', 0, '', 'local', '', 'naive', '{}', 'DONE', 0, 0)",
        [number, f"d{number}", DATASET, f"{uuid.UUID(int=number)}.txt"],
    )
