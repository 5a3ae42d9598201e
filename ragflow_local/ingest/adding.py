"""Bytes to a document's row, and rows to the queue: added, replaced, removed, parsed, stopped."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ragflow_local.errors import LimitError, NotFoundError
from ragflow_local.ingest.elsewhere import Run, check_place
from ragflow_local.ingest.indexer import Indexer
from ragflow_local.ingest.jobs import Jobs
from ragflow_local.ingest.places import Place
from ragflow_local.ingest.remote import Setup
from ragflow_local.readers import kind_of, type_of
from ragflow_local.records import DatasetRow, DocumentRow
from ragflow_local.settings import Limits, check_name
from ragflow_local.stores import crash
from ragflow_local.stores.catalog import Catalog, Connection, datasets, documents, now_ms
from ragflow_local.stores.files import Files


def _nothing(connection: Connection, id: str) -> None:
    """Write nothing else."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Adds documents to a project and has them parsed."""

    catalog: Catalog
    files: Files
    indexer: Indexer
    jobs: Jobs
    limits: Limits

    def add(
        self,
        dataset_id: str,
        name: str,
        data: bytes,
        created_by: str,
        beside: Callable[[Connection, str], None] = _nothing,
    ) -> DocumentRow:
        """Add a document; its bytes are on the disk when this returns.

        Args:
            dataset_id: Its dataset.
            name: What to call it; ``stem(1).ending`` where that is taken.
            data: The file's bytes.
            created_by: The tenant that adds it.
            beside: Called with the transaction and the document's id: what is to be kept, or not
                kept, together with it.

        Raises:
            InvalidValueError: The name is not allowed.
            LimitError: There are more bytes than ``limits`` allows.
            NotFoundError: The dataset has been deleted.
        """
        return self.add_all(dataset_id, [(name, data)], created_by, beside)[0]

    def add_all(
        self,
        dataset_id: str,
        files: Sequence[tuple[str, bytes]],
        created_by: str,
        beside: Callable[[Connection, str], None] = _nothing,
    ) -> list[DocumentRow]:
        """Add documents, all or none; their bytes are on the disk when this returns.

        Args:
            dataset_id: Their dataset.
            files: The name and the bytes of each.
            created_by: The tenant that adds them.
            beside: Called with the transaction and the id of each.

        Raises:
            InvalidValueError: A name is not allowed.
            LimitError: There are more bytes than ``limits`` allows.
            NotFoundError: The dataset has been deleted.
        """
        for name, data in files:
            check_name(name)
            self._check_size(name, data)
        facts = [_facts(name, data) for name, data in files]
        now = now_ms()
        shared = {
            "dataset_id": dataset_id,
            "source_type": "local",
            "created_by": created_by,
            "create_time": now,
            "update_time": now,
        }
        ids = [uuid.uuid4().hex for _ in files]
        with self.catalog.read() as reading:
            self._check_room(reading, dataset_id, files)
        # Not a byte is written into a directory that is another's, or open for reading only.
        self.catalog.check_writable()
        with (
            self.files.brought([data for _, data in files]) as keep,
            self.catalog.write() as connection,
        ):
            row = self._check_room(connection, dataset_id, files)
            shared |= {"parse_method": row.parse_method, "parser_config": row.parser_config}
            # Inside the transaction: no deletion can take the bytes for unused in between.
            hashes = keep()
            crash.point("file written")
            for id, (name, _), sha256, told in zip(ids, files, hashes, facts, strict=True):
                name = documents.unique_name(connection, dataset_id, name)
                values = {"id": id, "name": name, "sha256": sha256, **told, **shared}
                documents.insert_unstamped(connection, values)
            documents.stamp(connection, ids)
            for id in ids:
                beside(connection, id)
            added = documents.by_ids(connection, ids)
        crash.point("document added")
        return list(added.values())

    def _check_room(
        self, connection: Connection, dataset_id: str, files: Sequence[tuple[str, bytes]]
    ) -> DatasetRow:
        """Return the dataset, where there is room for more files."""
        row = datasets.get(connection, dataset_id)
        if row is None:
            raise NotFoundError("dataset", dataset_id)
        total, seen = documents.total_bytes(connection), set[bytes]()
        for name, data in files:  # the same bytes are kept once
            self._check_total(name, total + len(data))
            total += len(data) * (data not in seen)
            seen.add(data)
        return row

    def replace(
        self, id: str, data: bytes, beside: Callable[[Connection, str], None] = _nothing
    ) -> None:
        """Give a document other bytes: it waits to be parsed, and its chunks stay until then.

        Args:
            id: The document.
            data: The bytes.
            beside: Called with the transaction and the document's id.

        Raises:
            LimitError: There are more bytes than ``limits`` allows; the document stays as it was.
            NotFoundError: The document has been deleted.
        """
        with self.catalog.read() as reading:
            row = documents.get(reading, id)
        if row is None:
            raise NotFoundError("document", id)
        self._check_size(row.name, data)
        facts = _facts(row.name, data)
        self.jobs.cancel([id])
        with self.catalog.write() as connection:
            if documents.get(connection, id) is None:
                raise NotFoundError("document", id)
            fresh = {"run": "UNSTART", "progress": 0.0, "progress_msg": "", "update_time": now_ms()}
            self.check_total(connection, row.name, len(data))
            sha256 = self.files.put(data)
            documents.update(connection, id, {**facts, **fresh, "sha256": sha256})
            beside(connection, id)
        # A transaction of its own: bytes are removed only once no row can need them any more, and
        # nobody can add the same ones meanwhile.
        with self.catalog.write() as connection:
            if not documents.is_file_used(connection, row.sha256):
                self.files.remove(row.sha256)

    def remove_document(self, id: str) -> None:
        """Remove a document with its chunks; a parse of it is cancelled.

        Raises:
            NotFoundError: It has been deleted already.
        """
        self.jobs.cancel([id])
        self.indexer.remove_document(id)

    def remove_datasets(self, ids: Sequence[str]) -> None:
        """Remove datasets with all that is in them."""
        with self.catalog.read() as reading:
            rows = [row for id in ids for row in documents.list_of(reading, id)]
        self.jobs.cancel([row.id for row in rows])
        self.indexer.remove_datasets(ids)

    def start_parsing(self, ids: Sequence[str]) -> None:
        """Queue documents, all of them or, where one does not exist, none."""
        self.jobs.submit(self.indexer.begin(ids))

    def start_parsing_at(
        self,
        place: Place,
        ids: Sequence[str],
        setup_of: Callable[[DatasetRow], Setup],
        ended: Callable[[], None] = lambda: None,
    ) -> Run:
        """Have a place parse documents, all of them or, where one does not exist, none.

        Args:
            place: Where.
            ids: Which; those that are being parsed already stay where they are.
            setup_of: Returns what a dataset asks of a place.
            ended: Called when the place has done, or cannot; not where this raises.

        Raises:
            NotFoundError: One of them does not exist.
            PlaceLostError: The place cannot be reached.
            PlaceRefusedError: It has another version or another model; nothing is begun.
        """
        with self.catalog.read() as reading:
            homes = datasets.of_documents(reading, ids)
        setups = {row.id: setup_of(row) for row in homes}
        check_place(place, list(setups.values()))
        return self.jobs.submit_to(place, self.indexer.begin(ids, place.name), setups, ended)

    def stop_parsing(self, ids: Sequence[str]) -> None:
        """End the parses of documents; those that are not being parsed stay as they are."""
        self.jobs.cancel(ids)
        with self.catalog.read() as reading:
            running = {row.id for row in documents.running(reading)}
        for id in running.intersection(ids):
            self.indexer.cancel(id)

    def _check_size(self, name: str, data: bytes) -> None:
        limit = self.limits.document_bytes
        if len(data) > limit:
            raise LimitError(
                name,
                f"it has {len(data)} bytes, the limit is {limit}",
                "document_bytes in RAGFlow(limits=…)",
            )

    def check_total(self, connection: Connection, name: str, more: int) -> None:
        """Raise ``LimitError`` where ``more`` bytes are more than the project may hold."""
        self._check_total(name, documents.total_bytes(connection) + more)

    def _check_total(self, name: str, total: int) -> None:
        limit = self.limits.project_bytes
        if total > limit:
            raise LimitError(
                name,
                f"the project's files would take {total} bytes, the limit is {limit}",
                "project_bytes in RAGFlow(limits=…)",
                "Delete documents",
            )


def _facts(name: str, data: bytes) -> dict[str, object]:
    kind = kind_of(name, data)
    return {"kind": kind, "type": type_of(kind), "size": len(data)}
