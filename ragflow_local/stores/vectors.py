"""Vectors: chunk numbers and their vectors in, the nearest ones out; LanceDB, one table a dataset.

LanceDB holds a copy of what the catalog has: any table can be written anew from it, and what a
crash leaves here is found on opening, by comparing numbers. How a table is kept in memory and in
step is told in ``vector_cache``; here is all that is said to LanceDB.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ragflow_local.errors import StoreError
from ragflow_local.records import Matrix, Vector
from ragflow_local.stores.vector_cache import Batch, CachedTable, Truth
from ragflow_local.stores.vector_memory import Numbers

_log = logging.getLogger("ragflow_local.stores")

# Of all datasets together; the one searched longest ago is let go first.
_ALL_MEMORY_BYTES = 768 * 2**20
# Old versions stay this long for a reader in another process that is in the middle of one.
_KEEP_VERSIONS = timedelta(minutes=1)
# Nearest by the index that are compared exactly, where fewer are wanted.
_COMPARED = 100
# Share of rows without index above which it is brought up to date.
_MOST_UNINDEXED = 0.2


class Vectors:
    """Vector tables of a project's datasets; safe to use from several threads.

    Args:
        directory: Where the tables are.
        truth: Gives what the catalog has of a dataset, to search it without importing LanceDB.
        is_durable: Whether what is added has to outlive a power cut.
    """

    def __init__(
        self, directory: Path, truth: Truth | None = None, *, is_durable: bool = True
    ) -> None:
        self._directory = directory
        self._is_durable = is_durable
        self._truth = truth
        self._lock = threading.Lock()
        self._tables: OrderedDict[str, CachedTable] = OrderedDict()

    def add(self, dataset_id: str, batch: Batch) -> None:
        """Add chunks that are not there yet; they are on the disk when this returns.

        Args:
            dataset_id: Which table; the first chunk makes it.
            batch: (n,) chunk numbers, (n,) their documents' numbers, (n,) the parses they are
                from, and (n, dim) their vectors.

        Raises:
            DamagedProjectError: The table cannot be read; ``rebuild`` it.
        """
        if len(batch[0]):
            self._table(dataset_id).add(batch)

    def remove(self, dataset_id: str, numbers: Numbers) -> None:
        """Remove chunks; a number that is not there is passed over.

        Raises:
            DamagedProjectError: The table cannot be read; ``rebuild`` it.
        """
        if len(numbers):
            self._table(dataset_id).remove(np.asarray(numbers, np.int64))

    def search(
        self,
        dataset_id: str,
        vector: Vector,
        top_k: int,
        documents: Sequence[int] | None = None,
    ) -> tuple[Numbers, Vector]:
        """Return numbers and cosines of the nearest chunks, the nearest first.

        Args:
            dataset_id: Which table; one without chunks has none.
            vector: (dim,).
            top_k: At most so many.
            documents: Numbers of the documents to search in; None for all.

        Raises:
            DamagedProjectError: The table cannot be read; ``rebuild`` it.
        """
        allowed = None if documents is None else np.asarray(documents, np.int64)
        found = self._table(dataset_id).search(vector, top_k, allowed)
        self._let_go()
        return found

    def cosines(self, dataset_id: str, vector: Vector, numbers: Numbers) -> Vector:
        """Return (n,) the cosine of each chunk; NaN for one whose vector is not at hand.

        Args:
            dataset_id: Which table.
            vector: (dim,).
            numbers: (n,) chunk numbers.
        """
        return self._table(dataset_id).cosines(vector, numbers)

    def numbers(self, dataset_id: str) -> Numbers:
        """Return the chunk numbers of a dataset, in no order, to compare with the catalog.

        Raises:
            DamagedProjectError: The table cannot be read; ``rebuild`` it.
        """
        return self._table(dataset_id).numbers()

    def rebuild(self, dataset_id: str, batches: Iterable[Batch]) -> None:
        """Write a table anew.

        Args:
            dataset_id: Which one.
            batches: Chunk numbers, document numbers, generations and vectors.
        """
        self._table(dataset_id).rebuild(batches)

    def drop(self, dataset_id: str) -> None:
        """Delete a dataset's table."""
        self._table(dataset_id).drop()
        with self._lock:
            self._tables.pop(dataset_id, None)

    def check(self, dataset_id: str) -> Numbers:
        """Read a whole table, compare its checksums, and return its chunk numbers.

        Raises:
            DamagedProjectError: The table cannot be read, or a vector is not what was written.
        """
        return self._table(dataset_id).check()

    def kept(self) -> list[str]:
        """Return the name of every table on the disk, whole or not."""
        return sorted(path.stem for path in self._directory.glob("*.lance"))

    def maintain(self, *, is_due: bool = False, last: bool = False) -> None:
        """Take out what was removed and put parts together, of tables that are in use.

        Args:
            is_due: Whether to do it to all tables, even to save little.
            last: Whether nothing will be written after it: old versions go then, too. A reader
                in another process that is in the middle of one reads the catalog instead.
        """
        if is_due:
            for name in self.kept():
                self._table(name)
        with self._lock:
            tables = list(self._tables.values())
        for table in tables:
            try:
                table.maintain(is_due=is_due, last=last)
            except StoreError:
                # Nobody is waiting for it; the next search or parse tells and mends it.
                _log.warning("The vectors in %s could not be put in order", table.disk.path)

    def close(self) -> None:
        """Forget the tables; a closed one opens again when it is used."""
        with self._lock:
            self._tables.clear()

    def _table(self, dataset_id: str) -> CachedTable:
        with self._lock:
            if dataset_id not in self._tables:
                self._tables[dataset_id] = CachedTable(
                    LanceTable(self._directory, dataset_id),
                    self._truth,
                    is_durable=self._is_durable,
                )
            self._tables.move_to_end(dataset_id)
            return self._tables[dataset_id]

    def _let_go(self) -> None:
        with self._lock:
            total = sum(table.memory_bytes for table in self._tables.values())
            for table in list(self._tables.values())[:-1]:
                if total <= _ALL_MEMORY_BYTES:
                    break
                total -= table.memory_bytes
                table.let_go()


class LanceTable:
    """One dataset's table, as LanceDB keeps it; not locked, and its errors are LanceDB's."""

    def __init__(self, directory: Path, name: str) -> None:
        self.path = directory / f"{name}.lance"
        self._directory = directory
        self.name = name
        self._opened: Any = None
        self._counted: tuple[Any, int] | None = None

    def exists(self) -> bool:
        """Return whether there is one."""
        return self.path.exists()

    def forget(self) -> None:
        """Open it anew when it is used next."""
        self._opened = None

    def changed_at(self) -> int | None:
        """Return when its last version was written, or None where there is none."""
        try:
            return (self.path / "_versions").stat().st_mtime_ns
        except OSError:
            return None

    def size_bytes(self) -> int:
        """Return what its vectors would take in memory."""
        return int(self._table.count_rows()) * self._dim * 4

    def numbers(self) -> Numbers:
        """Return its chunk numbers, in no order."""
        found = self._table.search().select(["number"]).limit(None).to_arrow()
        numbers: Numbers = found["number"].to_numpy()
        return numbers

    def read(self) -> tuple[Numbers, Numbers, Matrix]:
        """Return all of its chunk numbers, document numbers and vectors."""
        wanted = ["number", "document", "vector", "checksum"]
        found = self._table.search().select(wanted).limit(None).to_arrow()
        flat: Matrix = found["vector"].combine_chunks().flatten().to_numpy()
        numbers, documents = found["number"].to_numpy(), found["document"].to_numpy()
        matrix = flat.reshape(-1, self._dim)
        types = [str(column.dtype) for column in (numbers, documents, flat)]
        if types != ["int64", "int64", "float32"]:
            raise ValueError("its columns have other types than those that were written")
        if not np.array_equal(_checksums(numbers, documents, matrix), found["checksum"].to_numpy()):
            raise ValueError("some vectors are not those that were written")
        return numbers, documents, matrix

    def search(
        self, vector: Vector, top_k: int, documents: Numbers | None
    ) -> tuple[Numbers, Vector]:
        """Return numbers and cosines of the nearest chunks, through the index if there is one."""
        query = (
            self._table.search(vector.astype(np.float32), vector_column_name="vector")
            .distance_type("cosine")
            .select(["number", "_distance"])
            .limit(top_k)
            .nprobes(max(20, _partitions(self._rows) // 10))
            # At a million chunks 0.968 of the ten nearest are found by the index alone, all of them
            # where twenty are compared exactly (benchmarks/search.py).
            .refine_factor(max(1, _COMPARED // top_k))
        )
        if documents is not None:
            query = query.where(_is_in("document", documents), prefilter=True)
        found = query.to_arrow()
        cosines = (1.0 - found["_distance"].to_numpy()).astype(np.float32)
        return found["number"].to_numpy(), cosines

    def add(self, batches: Iterable[Batch]) -> None:
        """Add chunks; the first ones make the table."""
        tables = (_arrow(batch) for batch in batches if len(batch[0]))
        first = next(tables, None)
        if first is None:
            return
        if self.exists():
            for table in _chain(first, tables):
                self._table.add(table)
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        records = (record for table in _chain(first, tables) for record in table.to_batches())
        reader = _pyarrow().RecordBatchReader.from_batches(first.schema, records)
        self._opened = self._connect().create_table(self.name, data=reader)

    def delete(self, numbers: Numbers) -> None:
        """Delete chunks."""
        self._table.delete(_is_in("number", numbers))

    def optimize(self, keep_versions: bool = True) -> None:
        """Put its parts together, in the index too, and delete old versions."""
        kept = _KEEP_VERSIONS if keep_versions else timedelta(milliseconds=1)
        self._table.optimize(cleanup_older_than=kept)

    def is_index_due(self) -> bool:
        """Return whether it has none, or one that much has been added to."""
        rows = self._table.count_rows()
        for index in self._table.list_indices():
            stats = self._table.index_stats(index.name)
            return bool(stats.num_unindexed_rows > _MOST_UNINDEXED * rows)
        return True

    def index(self) -> None:
        """Build the index, or bring it up to date."""
        if self._table.list_indices():
            self.optimize()
            return
        from lancedb.index import IvfSq

        partitions = _partitions(self._table.count_rows())
        config = IvfSq(distance_type="cosine", num_partitions=partitions)
        self._table.create_index("vector", config=config)

    def drop(self) -> None:
        """Delete its files."""
        self._opened = None
        if self.exists():
            shutil.rmtree(self.path)

    @property
    def _table(self) -> Any:
        opened = self._opened
        if opened is None:
            opened = self._opened = self._connect().open_table(self.name)
        return opened

    @property
    def _rows(self) -> int:
        """Return about how many rows it has: as many as when it was opened."""
        opened = self._table
        if self._counted is None or self._counted[0] is not opened:
            self._counted = opened, int(opened.count_rows())
        return self._counted[1]

    @property
    def _dim(self) -> int:
        return int(self._table.schema.field("vector").type.list_size)

    def _connect(self) -> Any:
        # What it logs goes to stderr, whatever the program wants; it reads this when it is loaded.
        os.environ.setdefault("LANCE_LOG", "error")
        # Two seconds to import: not before vectors are needed.
        import lancedb

        return lancedb.connect(self._directory, read_consistency_interval=timedelta(0))


def _chain(first: Any, rest: Iterable[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _partitions(rows: int) -> int:
    # The square root of the rows: the usual balance of choosing partitions and reading them.
    return max(1, int(rows**0.5))


def _is_in(column: str, numbers: Numbers) -> Any:
    from lancedb.expr import col, lit

    return col(column).isin([lit(number) for number in numbers.tolist()])


def _arrow(batch: Batch) -> Any:
    arrow = _pyarrow()
    numbers, documents, generations, matrix = batch
    matrix = np.ascontiguousarray(matrix, np.float32)
    flat = arrow.array(matrix.ravel())
    checksums = _checksums(np.asarray(numbers, np.int64), np.asarray(documents, np.int64), matrix)
    return arrow.table(
        {
            "number": arrow.array(numbers, arrow.int64()),
            "document": arrow.array(documents, arrow.int64()),
            "generation": arrow.array(generations, arrow.int64()),
            "vector": arrow.FixedSizeListArray.from_arrays(flat, matrix.shape[1]),
            "checksum": arrow.array(checksums, arrow.int64()),
        }
    )


def _checksums(numbers: Numbers, documents: Numbers, matrix: Matrix) -> Numbers:
    """Return (n,) a number that changes with any bit of a row.

        sum of (2 i + 1) w_i over its 32-bit words w_i, modulo 2^64

    An odd factor keeps every change of one word: LanceDB itself does not look for flipped bits.
    """
    words = np.ascontiguousarray(matrix, np.float32).view(np.uint32)
    factors = np.arange(1, 2 * words.shape[1], 2, dtype=np.uint64)
    sums = np.einsum("ij,j->i", words, factors, dtype=np.uint64, casting="unsafe")
    keys = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    keys += documents.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
    checksums: Numbers = (sums + keys).view(np.int64)
    return checksums


def _pyarrow() -> Any:
    import pyarrow

    return pyarrow
