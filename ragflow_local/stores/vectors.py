"""Stores and searches vectors on disk with LanceDB, one table for each dataset.

LanceDB holds a copy of what the catalog has, up to a watermark that the catalog keeps: any table
can be written anew from it. What is above the watermark here is left of a crash, and taken out
before more is added. What is said to LanceDB is said here, and what it says of its files is told
as errors of our own.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ragflow_local.records import Matrix, Vector
from ragflow_local.stores import forks
from ragflow_local.stores.durable import sync_tree
from ragflow_local.stores.names import is_id, path_of_id
from ragflow_local.stores.parts import delete_folder, has_links
from ragflow_local.stores.vector_cache import VectorCache
from ragflow_local.stores.vector_codes import VectorCodes
from ragflow_local.stores.vector_damage import telling_damage
from ragflow_local.stores.vector_memory import Numbers

# Old versions stay this long for a reader in another process that is in the middle of one.
_SHORT = timedelta(milliseconds=1)
_KEEP_VERSIONS = timedelta(minutes=1)
# A dataset's table, and the codes of its vectors.
_TABLE, _CODES = _ENDINGS = (".lance", ".codes")
# Changes after which a table's parts are put together: each is a file to open and list.
_CHANGES = 16

# Chunk numbers, document numbers, vectors.
Batch: TypeAlias = tuple[Numbers, Numbers, Matrix]


class Vectors:
    """Vectors of a project's datasets, in memory and on the disk; safe to use from threads.

    Args:
        directory: Where the tables are.
        is_durable: Whether what is added has to outlive a power cut.
    """

    def __init__(self, directory: Path, *, is_durable: bool = True) -> None:
        self._directory = directory
        self._is_durable = is_durable
        self._lock = threading.Lock()
        self._tables: dict[str, Table] = {}
        self._codes: dict[str, VectorCodes] = {}
        self.memory = VectorCache()

    def table(self, dataset_id: str) -> Table:
        """Return a dataset's table; one that is not there yet is made by the first chunk."""
        with self._lock:
            if dataset_id not in self._tables:
                disk = LanceTable(self._directory, dataset_id)
                self._tables[dataset_id] = Table(disk, is_durable=self._is_durable)
            return self._tables[dataset_id]

    def codes(self, dataset_id: str) -> VectorCodes:
        """Return the codes of a dataset's vectors, which a large one is searched by."""
        with self._lock:
            if dataset_id not in self._codes:
                path = path_of_id(self._directory, dataset_id, _CODES)
                self._codes[dataset_id] = VectorCodes(path, is_durable=self._is_durable)
            return self._codes[dataset_id]

    def drop(self, dataset_id: str) -> None:
        """Delete a dataset's table and codes."""
        self.table(dataset_id).drop()
        self.codes(dataset_id).drop()
        self.memory.forget(dataset_id)
        with self._lock:
            self._tables.pop(dataset_id, None)
            self._codes.pop(dataset_id, None)

    def paths_of(self, dataset_id: str) -> list[Path]:
        """Return where a dataset's table and codes lie, whichever there are."""
        paths = (path_of_id(self._directory, dataset_id, ending) for ending in _ENDINGS)
        return [path for path in paths if path.is_dir()]

    def kept(self) -> list[str]:
        """Return the name of every dataset that has something on the disk, whole or not."""
        names = {path.stem for path in self._directory.glob("*.*") if path.is_dir()}
        return sorted(name for name in names if is_id(name) and self.paths_of(name))

    def close(self) -> None:
        """Forget the tables; a closed one opens again when it is used."""
        self.memory.clear()
        with self._lock:
            self._tables.clear()
            for codes in self._codes.values():
                codes.close()
            self._codes.clear()


class Table:
    """One dataset's table; what it is asked may raise ``DamagedProjectError`` or ``DiskError``."""

    def __init__(self, disk: LanceTable, *, is_durable: bool = True) -> None:
        self._disk = disk
        self._is_durable = is_durable
        self._lock = threading.RLock()  # Held while the table is changed.
        self._synced: set[str] = set()
        self._changes = 0

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self._disk.path

    def exists(self) -> bool:
        """Return whether there is one."""
        return self._disk.exists()

    def search(
        self, vector: Vector, top_k: int, documents: Sequence[int] | Numbers | None = None
    ) -> tuple[Numbers, Vector]:
        """Return numbers and cosines of the nearest chunks, by comparing all.

        Args:
            vector: (dim,).
            top_k: At most so many; removed ones may be among them.
            documents: Numbers of the documents to search in; None for all.
        """
        allowed = None if documents is None else np.asarray(documents, np.int64)
        with telling_damage(self.path, self._disk.forget):
            return self._disk.search(vector, top_k, allowed)

    def numbers(self) -> Numbers:
        """Return its chunk numbers, in no order; none where there is no table."""
        with telling_damage(self.path, self._disk.forget):
            return self._disk.numbers() if self.exists() else np.empty(0, np.int64)

    def read(self) -> Batch:
        """Read all of it, and compare its checksums."""
        with telling_damage(self.path, self._disk.forget):
            return self._disk.read()

    def add(self, batches: Iterable[Batch], watermark: int) -> None:
        """Add chunks with numbers above the watermark; they are on the disk when this returns.

        Args:
            batches: Chunk numbers, document numbers and vectors.
            watermark: What is above it here was never acknowledged, and goes first; with 0 the
                table is written anew.
        """
        with self._lock, telling_damage(self.path, self._disk.forget):
            if watermark == 0:
                self._delete_files()
            elif not self.exists():
                raise FileNotFoundError("it is missing")
            else:
                self._disk.delete_above(watermark)
            self._disk.add(batches)
            self._changed()

    def remove(self, numbers: Numbers) -> None:
        """Take chunks out; a number that is not there is passed over."""
        with self._lock, telling_damage(self.path, self._disk.forget):
            if len(numbers) and self.exists():
                self._disk.delete(numbers)
                self._changed()

    def tidy(self, *, keep_versions: bool = True) -> None:
        """Put its parts together.

        Args:
            keep_versions: Whether a reader in another process that is in the middle of an old
                version goes on undisturbed.
        """
        with self._lock, telling_damage(self.path, self._disk.forget):
            if self.exists():
                self._disk.optimize(keep_versions)
                self._sync()
            self._changes = 0

    def drop(self) -> None:
        """Delete its files."""
        with self._lock, telling_damage(self.path, self._disk.forget):
            self._delete_files()

    def _changed(self) -> None:
        self._sync()
        self._changes += 1
        if self._changes >= _CHANGES:
            self.tidy()

    def _delete_files(self) -> None:
        self._synced.clear()
        self._changes = 0
        self._disk.drop()

    def _sync(self) -> None:
        # Before the watermark says that it is there: a power cut would leave it short.
        if self._is_durable:
            self._synced = sync_tree(self.path, self._synced)


class LanceTable:
    """One dataset's table, as LanceDB keeps it; not locked, and its errors are LanceDB's."""

    def __init__(self, directory: Path, name: str) -> None:
        self.path = path_of_id(directory, name, _TABLE)
        self._directory = directory
        self.name = name
        self._opened: Any = None

    def exists(self) -> bool:
        """Return whether there is one."""
        return self.path.exists()

    def forget(self) -> None:
        """Open it anew when it is used next."""
        self._opened = None

    def numbers(self) -> Numbers:
        """Return its chunk numbers, in no order."""
        table = self._table.search().select(["number"]).limit(None).to_arrow()
        numbers: Numbers = table["number"].to_numpy()
        return numbers

    def read(self) -> tuple[Numbers, Numbers, Matrix]:
        """Return all of its chunk numbers, document numbers and vectors."""
        wanted = ["number", "document", "vector", "checksum"]
        table = self._table.search().select(wanted).limit(None).to_arrow()
        flat: Matrix = table["vector"].combine_chunks().flatten().to_numpy()
        numbers, documents = table["number"].to_numpy(), table["document"].to_numpy()
        matrix = flat.reshape(-1, self._dim)
        types = [str(column.dtype) for column in (numbers, documents, flat)]
        if types != ["int64", "int64", "float32"]:
            raise ValueError("its columns have other types than those that were written")
        if not np.array_equal(_checksums(numbers, documents, matrix), table["checksum"].to_numpy()):
            raise ValueError("some vectors are not those that were written")
        return numbers, documents, matrix

    def search(
        self, vector: Vector, top_k: int, documents: Numbers | None
    ) -> tuple[Numbers, Vector]:
        """Return numbers and cosines of the nearest chunks, by comparing all."""
        query = (
            self._table.search(vector.astype(np.float32), vector_column_name="vector")
            .distance_type("cosine")
            .select(["number", "_distance"])
            .limit(top_k)
            .bypass_vector_index()  # of an earlier version, which looks at a part of it
        )
        if documents is not None:
            query = query.where(_is_in("document", documents), prefilter=True)
        table = query.to_arrow()
        cosines = (1.0 - table["_distance"].to_numpy()).astype(np.float32)
        return table["number"].to_numpy(), cosines

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

    def delete_above(self, number: int) -> None:
        """Delete chunks with higher numbers."""
        if self._table.count_rows(f"number > {number}"):
            self._table.delete(f"number > {number}")

    def optimize(self, keep_versions: bool = True) -> None:
        """Put its parts together, and delete old versions."""
        self._table.optimize(cleanup_older_than=_KEEP_VERSIONS)
        if not keep_versions:
            # Younger versions are kept, those too that were made on the way; 0 would keep all.
            time.sleep(2 * _SHORT.total_seconds())
            self._table.optimize(cleanup_older_than=_SHORT)

    def drop(self) -> None:
        """Delete its files."""
        self._opened = None
        delete_folder(self.path)

    @property
    def _table(self) -> Any:
        opened = self._opened
        if opened is None:
            if has_links(self.path):
                raise ValueError("a link lies in the place of one of its files")
            opened = self._opened = self._connect().open_table(self.name)
        return opened

    @property
    def _dim(self) -> int:
        return int(self._table.schema.field("vector").type.list_size)

    def _connect(self) -> Any:
        # What it logs goes to stderr, whatever the program wants; it reads this when it is loaded.
        os.environ.setdefault("LANCE_LOG", "error")
        # Two seconds to import: not before vectors are needed.
        import lancedb

        forks.without_exit("shutdown_runtime")
        return lancedb.connect(self._directory, read_consistency_interval=timedelta(0))


def _chain(first: Any, rest: Iterable[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _is_in(column: str, numbers: Numbers) -> Any:
    from lancedb.expr import col, lit

    return col(column).isin([lit(number) for number in numbers.tolist()])


def _arrow(batch: Batch) -> Any:
    arrow = _pyarrow()
    numbers, documents, matrix = batch
    matrix = np.ascontiguousarray(matrix, np.float32)
    flat = arrow.array(matrix.ravel())
    checksums = _checksums(np.asarray(numbers, np.int64), np.asarray(documents, np.int64), matrix)
    return arrow.table(
        {
            "number": arrow.array(numbers, arrow.int64()),
            "document": arrow.array(documents, arrow.int64()),
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
