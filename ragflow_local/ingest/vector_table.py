"""The vector table of a dataset, kept in step with the catalog, of which it is a copy."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from ragflow_local.errors import DamagedProjectError, StoreError
from ragflow_local.records import ChunkRow, Matrix
from ragflow_local.stores.catalog import Catalog, chunks, datasets, documents
from ragflow_local.stores.vectors import Vectors

_log = logging.getLogger("ragflow_local.ingest")


class VectorTable:
    """Adds, removes and mends; what is torn is written anew from the catalog, without a model."""

    def __init__(self, catalog: Catalog, vectors: Vectors) -> None:
        self._catalog = catalog
        self._vectors = vectors

    def add(self, dataset_id: str, rows: Sequence[ChunkRow], matrix: Matrix) -> None:
        """Add the vectors of new chunks; they are on the disk when this returns.

        Args:
            dataset_id: Whose table.
            rows: Chunks whose numbers are not there; those of a deleted document are left out.
            matrix: (len(rows), dim).
        """
        with self._catalog.read() as reading:
            found = documents.numbers_of(reading, list({row.document_id for row in rows}))
        kept = [index for index, row in enumerate(rows) if row.document_id in found]
        wanted = [rows[index] for index in kept]
        numbers = np.array([row.number for row in wanted], np.int64)
        in_documents = np.array([found[row.document_id] for row in wanted], np.int64)
        generations = np.array([row.generation for row in wanted], np.int64)
        batch = (numbers, in_documents, generations, matrix[kept])
        for is_mended in (False, True):
            try:
                self._vectors.add(dataset_id, batch)
            except DamagedProjectError:
                if is_mended:
                    raise
                # Torn by a power cut, or lost: the catalog has every vector of it.
                _log.warning("The vector table of %s is damaged; writing it anew", dataset_id)
                self.rebuild(dataset_id)
            else:
                return

    def remove(self, dataset_id: str, numbers: Sequence[int]) -> None:
        """Take out vectors that no live row names: garbage, so a failure costs nothing but room."""
        if not numbers:
            return
        try:
            self._vectors.remove(dataset_id, np.array(numbers, dtype=np.int64))
        except StoreError as error:
            _log.warning("Old vectors of %s were not removed: %s", dataset_id, error)

    def take_back(self, dataset_id: str, numbers: Sequence[int]) -> None:
        """Take out vectors whose rows were not committed; all of them with their dataset."""
        with self._catalog.read() as reading:
            is_there = datasets.get(reading, dataset_id) is not None
        if is_there:
            self.remove(dataset_id, numbers)
        else:
            self.drop(dataset_id)

    def drop(self, dataset_id: str) -> None:
        """Remove the whole table."""
        self._vectors.drop(dataset_id)

    def kept(self) -> list[str]:
        """Return the id of every dataset that has a table, and of those that had one."""
        return self._vectors.kept()

    def rebuild(self, dataset_id: str) -> None:
        """Write the table anew from the catalog."""
        with self._catalog.read() as reading:
            dataset = datasets.get(reading, dataset_id)
            if dataset is None or dataset.embedding_dim == 0:
                return
            rows = chunks.all_embeddings(reading, dataset_id, dataset.embedding_dim)
            self._vectors.rebuild(dataset_id, rows)

    def check(self, dataset_id: str) -> bool:
        """Make the table agree with the catalog; return whether it did already."""
        with self._catalog.read() as reading:
            expected = np.array(chunks.available_numbers(reading, dataset_id), dtype=np.int64)
        try:
            found = self._vectors.numbers(dataset_id)
        except DamagedProjectError:
            self.rebuild(dataset_id)
            return False
        missing, garbage = np.setdiff1d(expected, found), np.setdiff1d(found, expected)
        if len(missing) or len(found) != len(expected) + len(garbage):
            self.rebuild(dataset_id)
            return False
        # What nobody names does no harm; it is taken out, so that it does not add up.
        self.remove(dataset_id, garbage.tolist())
        return not len(garbage)
