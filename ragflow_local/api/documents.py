"""The document calls of ``RAGFlow``: add, get, parse, cancel."""

from __future__ import annotations

from ragflow_local.api import checks
from ragflow_local.api.chunk import Chunk
from ragflow_local.api.dataset import DataSet
from ragflow_local.api.datasets import DatasetCalls
from ragflow_local.api.document import Document
from ragflow_local.api.parsing import OnProgress, call_back
from ragflow_local.errors import InvalidValueError, NotFoundError
from ragflow_local.records import DatasetRow
from ragflow_local.settings import check_name, check_text
from ragflow_local.stores.catalog import chunks, datasets, documents


class DocumentCalls(DatasetCalls):
    """The part of ``RAGFlow`` that deals with documents."""

    def create_document(self, ds: DataSet | str, name: str, blob: bytes) -> bool:
        """Add a document; its bytes are on the disk when this returns.

        A second document of the same name becomes ``name(1).ext``.

        Args:
            ds: The dataset, or its id or name.
            name: 1 to 255 characters without control characters.
            blob: The file's bytes.

        Returns:
            True.

        Raises:
            InvalidValueError: The name is not allowed, or ``blob`` is not bytes.
            LimitError: There are more bytes than ``limits`` allows.
        """
        self.add_document(ds, name, blob)
        return True

    upload_document = create_document

    def add_document(self, ds: DataSet | str, name: str, blob: bytes) -> Document:
        """Add a document like ``create_document``, and return it."""
        check_name(name)
        if not isinstance(blob, bytes | bytearray | memoryview):
            raise InvalidValueError("blob", type(blob).__name__, "the file's content as bytes")
        home = self.find_dataset(ds).id
        row = self.project.intake.add(home, name, bytes(blob), self.tenant_id)
        return Document(self, row)

    def get_document(self, id: str | None = None, name: str | None = None) -> Document:
        """Return a document by its id, its name, or both.

        Raises:
            InvalidValueError: Neither is given, or documents of several datasets have that name.
            NotFoundError: There is none.
        """
        if id is None and name is None:
            raise InvalidValueError("id", id, "an id, a name, or both")
        with self.project.catalog.read() as reading:
            if id is not None:
                row = documents.get(reading, id)
                rows = [row] if row is not None and name in (None, row.name) else []
            else:
                rows = documents.by_name(reading, self.tenant_id, str(name))
            holders = {row.dataset_id: datasets.get(reading, row.dataset_id) for row in rows}
        rows = [row for row in rows if self._sees(holders[row.dataset_id])]
        if not rows:
            by, given = ("id", id) if id is not None else ("name", name)
            raise NotFoundError("document", str(given), by=by)
        if len(rows) > 1:
            names = ", ".join(sorted(f"{h.name}" for h in holders.values() if h))
            raise InvalidValueError(
                "name", name, f"an id: documents of that name are in the datasets {names}"
            )
        return Document(self, rows[0])

    def get_chunk(self, id: str) -> Chunk:
        """Return a chunk by its id, or by the beginning of its id that no other chunk has.

        Raises:
            InvalidValueError: Several chunks have an id that begins so.
            NotFoundError: There is none in a dataset that this tenant sees.
        """
        check_text("id", id)
        with self.project.catalog.read() as reading:
            rows = chunks.by_prefix(reading, id) if id else []
            holders = {row.dataset_id: datasets.get(reading, row.dataset_id) for row in rows}
        rows = [row for row in rows if self._sees(holders[row.dataset_id])]
        if not rows:
            raise NotFoundError("chunk", id)
        if len(rows) > 1:
            raise InvalidValueError("id", id, "more of it: several chunks have an id like that")
        return Chunk(self, rows[0])

    def _sees(self, row: DatasetRow | None) -> bool:
        return row is not None and (row.tenant_id == self.tenant_id or row.permission == "team")

    def async_parse_documents(
        self, ids: list[str], *, on_progress: OnProgress | None = None
    ) -> None:
        """Start parsing documents, given by id or name, in the background: all, or none.

        Args:
            ids: Which.
            on_progress: Called with a ``ParseProgress`` at each change, from a thread of the
                engine's; ``dataset.parse`` waits, and calls from the thread that waits.

        Raises:
            InvalidValueError: ``ids`` is None or empty.
            NotFoundError: An entry names no document; none is started.
        """
        document_ids = self._document_ids(ids)
        self.project.intake.start_parsing(document_ids)
        if on_progress is not None:
            wanted = [self.get_document(id=id) for id in dict.fromkeys(document_ids)]
            call_back(self, wanted, on_progress)

    def async_cancel_parse_documents(self, ids: list[str]) -> None:
        """End the parses of documents, given by id or name; finished ones stay DONE.

        Raises:
            InvalidValueError: ``ids`` is None or empty.
            NotFoundError: An entry names no document; none is cancelled.
        """
        self.project.intake.stop_parsing(self._document_ids(ids))

    def _document_ids(self, ids: list[str]) -> list[str]:
        document_ids = []
        for entry in checks.named(ids):
            try:
                document_ids.append(self.get_document(id=entry).id)
            except NotFoundError:
                document_ids.append(self.get_document(name=entry).id)
        return document_ids
