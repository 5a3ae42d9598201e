"""The indexer, the only writer of chunks: rows, vectors and terms change in one transaction.

    1  pictures of new chunks                          no row names them before it is committed
    2  rows, embeddings, postings, counts, numbers     ONE SQLite transaction: the commit point
    3  pictures and bytes that nobody needs            garbage until then

The disk is waited for once, at the commit. A copy of vectors is written to LanceDB later, behind
a watermark (``vector_table``).

Each text of a chunk has a number of its own, given inside the commit and never again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from ragflow_local.embedders import Embedder
from ragflow_local.errors import NotFoundError
from ragflow_local.ingest.drafts import Parsed
from ragflow_local.ingest.embed import embed_rows
from ragflow_local.ingest.incoming import Incoming, incoming
from ragflow_local.ingest.term_index import TermIndex
from ragflow_local.ingest.vector_table import VectorTable
from ragflow_local.records import ChunkRow, DatasetRow, DocumentRow, Draft
from ragflow_local.stores import crash
from ragflow_local.stores.catalog import (
    Catalog,
    Connection,
    chunks,
    datasets,
    documents,
    embeddings,
    postings,
)
from ragflow_local.stores.files import Files
from ragflow_local.text.tokens import token_counter

_Removable: TypeAlias = ChunkRow | chunks.Removable


class Indexer:
    """Keeps rows, vectors and terms of chunks in step."""

    def __init__(
        self,
        catalog: Catalog,
        terms: TermIndex,
        vectors: VectorTable,
        files: Files,
        embedder_of: Callable[[DatasetRow], Embedder],
        tokenizer_of: Callable[[DatasetRow], tuple[Path | None, int]],
    ) -> None:
        self._catalog = catalog
        self._terms = terms
        self._vectors = vectors
        self._files = files
        self._embedder_of = embedder_of
        self._tokenizer_of = tokenizer_of

    # ── a parse and its ends ──

    def begin(self, document_ids: Sequence[str], parsed_on: str = "") -> list[DocumentRow]:
        """Mark documents as RUNNING and return them; those that run already are left out.

        Args:
            document_ids: Which.
            parsed_on: The place that parses them; empty: this computer.
        """
        with self._catalog.write() as connection:
            known = documents.by_ids(connection, document_ids)
            for id in document_ids:
                if id not in known:
                    raise NotFoundError("document", id)
            rows = [known[id] for id in dict.fromkeys(document_ids)]
            resting = [row for row in rows if row.run != "RUNNING"]
            documents.set_running(connection, [row.id for row in resting], parsed_on)
        crash.point("parse begun")
        return [replace(row, run="RUNNING", parsed_on=parsed_on) for row in resting]

    def fail(self, document_id: str, message: str) -> None:
        """End a parse with FAIL and its reason; the earlier chunks stay."""
        self._finish(document_id, "FAIL", -1.0, message)

    def cancel(self, document_id: str) -> None:
        """End a parse with CANCEL; the earlier chunks stay."""
        self._finish(document_id, "CANCEL", 0.0, "Cancelled; async_parse() starts it again.")

    def let_wait(self, document_ids: Sequence[str], message: str) -> None:
        """Take back that documents are being parsed: they wait to be, and keep their chunks."""
        with self._catalog.write() as connection:
            documents.let_wait(connection, document_ids, message)

    def _finish(self, document_id: str, run: str, progress: float, message: str) -> None:
        with self._catalog.write() as connection:
            row = documents.get(connection, document_id)
            if row is not None and row.run == "RUNNING":
                documents.set_run(connection, document_id, run, progress, message)

    def replace_documents(self, parsed: Sequence[Parsed], embedded: Callable[[int], None]) -> None:
        """Give documents their new chunks in place of all they had, and end their parses with DONE.

        All in one commit, so that short documents wait for the disk together. One that was
        deleted or cancelled meanwhile is left out, without a trace.

        Args:
            parsed: Documents of one dataset, each of them once.
            embedded: Called with the number of chunks embedded so far; what it raises ends all
                of it without a trace.
        """
        self.commit(self.prepare(parsed, embedded))

    def prepare(self, parsed: Sequence[Parsed], embedded: Callable[[int], None]) -> Incoming:
        """Return documents embedded, for ``commit``; nothing is written yet."""
        return self._incoming(self._dataset(parsed[0].document.dataset_id), parsed, embedded)

    def commit(self, new: Incoming) -> None:
        """Do what ``replace_documents`` does, given what ``prepare`` returned."""
        parsed, dataset_id = new.parsed, new.parsed[0].document.dataset_id
        drafts = [draft for document in parsed for draft in document.drafts]
        pictures = {
            row.id: draft.image for row, draft in zip(new.rows, drafts, strict=True) if draft.image
        }
        with self._pictured(new.rows, pictures):
            with self._catalog.write() as connection:
                names = documents.called_of_running(
                    connection, [document.document.id for document in parsed]
                )
                live = [
                    at
                    for at, document in enumerate(parsed)
                    if document.document.id in names and not document.is_cancelled()
                ]
                wanted = [parsed[at].document.id for at in live]
                old = chunks.removable(connection, wanted)
                if live:
                    unused = self._remove_rows(connection, dataset_id, old)
                    written = new.of(live).named([names[id] for id in wanted])
                    self._insert_rows(connection, dataset_id, written)
                    embeddings.collect(connection, unused)
                    documents.set_done(connection, written.ended())
                crash.point("chunks written")
            crash.point("chunks committed")
            self._remove_images(old, new.rows)
        self._vectors.changed(dataset_id, len(new.rows) + len(old))

    # ── single chunks ──

    def add_chunks(
        self, document: DocumentRow, drafts: Sequence[Draft], ids: Sequence[str] = ()
    ) -> list[ChunkRow]:
        """Add chunks at the end of a document, all of them or none, under new ids or those given.

        They are found at once.
        """
        dataset = self._dataset(document.dataset_id)
        added = Parsed(document, drafts, [], lambda: False)
        new = self._incoming(dataset, [added], lambda _: None)
        with self._catalog.write() as connection:
            current = documents.get(connection, document.id)
            if current is None:
                raise NotFoundError("document", document.id)
            ordinal = chunks.next_ordinal(connection, document.id)
            rows = [
                replace(
                    row,
                    id=ids[at] if ids else uuid.uuid4().hex,
                    document_name=current.name,
                    called=current.called,
                    ordinal=ordinal + at,
                    generation=current.generation,
                )
                for at, row in enumerate(new.rows)
            ]
            written = replace(new, rows=rows).named([current.called])
            first = self._insert_rows(connection, dataset.id, written)
            rows = [replace(row, number=first + at) for at, row in enumerate(rows)]
            tokens = sum(row.token_count for row in rows)
            documents.count_more(connection, document.id, len(rows), tokens)
        self._vectors.changed(dataset.id, len(rows))
        return rows

    def replace_chunk(self, id: str, changes: dict[str, object]) -> ChunkRow:
        """Change a chunk's content, keywords, questions or availability; return it as it is now.

        Raises:
            NotFoundError: The chunk has been deleted.
        """
        with self._catalog.read() as reading:
            old = chunks.get(reading, id)
            document = documents.get(reading, old.document_id) if old else None
        if old is None or document is None:
            raise NotFoundError("chunk", id)
        row = replace(old, **changes)  # type: ignore[arg-type]  # the API checked names and types
        if row.content != old.content:
            row = replace(row, marked=())
        if old.match_text and row.questions != old.questions:
            row = replace(row, match_text="\n".join(row.questions))
        dataset = self._dataset(old.dataset_id)
        embedder = self._embedder_of(dataset)
        row = replace(row, token_count=token_counter(embedder.tokenizer_file)(row.content))
        keys, matrix = embed_rows(self._catalog, embedder, [row], lambda done: None)
        crash.point("chunks embedded")
        with self._catalog.write() as connection:
            # Not the one read above: another thread may have changed the chunk meanwhile.
            current = chunks.get(connection, id)
            if current is None:
                raise NotFoundError("chunk", id)
            number = _dataset_number(connection, dataset.id)
            if current.available:
                self._terms.remove(connection, number, [current.number])
            row = replace(row, number=chunks.reserve_numbers(connection, 1))
            before = chunks.embedding_of(connection, id)
            embedding_id = embeddings.keep_one(connection, keys[0], matrix[0])
            chunks.update(connection, row, embedding_id)
            embeddings.collect(connection, [before])
            self._terms.add(connection, number, [row])
            documents.count(connection, row.document_id)
        self._vectors.changed(dataset.id, 1)
        return row

    def remove_chunks(self, ids: Sequence[str]) -> None:
        """Remove chunks of one dataset from their documents and from every index: all, or none.

        Raises:
            NotFoundError: One has been deleted already.
        """
        with self._catalog.write() as connection:
            by_ids = chunks.by_ids(connection, ids)
            for id in ids:
                if id not in by_ids:
                    raise NotFoundError("chunk", id)
            rows = list(by_ids.values())
            self._drop_rows(connection, rows[0].dataset_id, rows)
            for row in rows:
                documents.count_more(connection, row.document_id, -1, -row.token_count)
        self._vectors.changed(rows[0].dataset_id, len(rows))
        self._remove_images(rows, [])

    # ── whole documents and datasets ──

    def clear_document(self, id: str, values: dict[str, object]) -> None:
        """Drop a document's chunks and set its columns: it waits to be parsed anew."""
        with self._catalog.write() as connection:
            old = chunks.removable(connection, [id])
            row = documents.get(connection, id)
            if row is None:
                raise NotFoundError("document", id)
            self._drop_rows(connection, row.dataset_id, old)
            fresh = {"run": "UNSTART", "progress": 0.0, "progress_msg": "", "process_duration": 0.0}
            documents.update(connection, id, {**values, **fresh, "process_begin_at": None})
            documents.count(connection, id)
        self._vectors.changed(row.dataset_id, len(old))
        self._remove_images(old, [])

    def rename_document(self, id: str, values: dict[str, object]) -> None:
        """Set columns of a document among them its name or free data, by which it is found."""
        with self._catalog.write() as connection:
            row = documents.get(connection, id)
            if row is None:
                raise NotFoundError("document", id)
            number = _dataset_number(connection, row.dataset_id)
            live = [chunk for chunk in chunks.list_of(connection, id) if chunk.available]
            self._terms.remove(connection, number, [chunk.number for chunk in live])
            documents.update(connection, id, values)
            self._terms.add(connection, number, chunks.list_of(connection, id))

    def remove_document(self, id: str) -> None:
        """Remove a document with its chunks and, where no other document has them, its bytes.

        Raises:
            NotFoundError: It has been deleted already.
        """
        with self._catalog.write() as connection:
            row = documents.get(connection, id)
            if row is None:
                raise NotFoundError("document", id)
            old = chunks.removable(connection, [id])
            self._drop_rows(connection, row.dataset_id, old)
            documents.delete(connection, id)
        crash.point("document deleted")
        self._vectors.changed(row.dataset_id, len(old))
        self._remove_images(old, [])
        self._remove_files([row.sha256])
        crash.point("file deleted")

    def remove_datasets(self, ids: Sequence[str]) -> None:
        """Remove datasets with all that is in them, all of them or none."""
        files: set[str] = set()
        images: list[str] = []
        with self._catalog.write() as connection:
            for id in ids:
                files |= documents.files_of(connection, id)
                images += chunks.pictured_of(connection, id)
                unused = embeddings.of_dataset(connection, id)
                postings.drop(connection, _dataset_number(connection, id))
                datasets.delete(connection, id)
                embeddings.collect(connection, unused)
        for id in ids:
            self._vectors.drop(id)
        self._remove_files(files)
        for image in images:
            self._files.remove_image(image)

    # ── the parts of a change ──

    def tokenizer_of(self, dataset_id: str) -> tuple[str, int]:
        """Return the tokenizer file of a dataset's model (empty: none) and its window in tokens."""
        file, max_tokens = self._tokenizer_of(self._dataset(dataset_id))
        return str(file or ""), max_tokens

    def _dataset(self, id: str) -> DatasetRow:
        with self._catalog.read() as reading:
            dataset = datasets.get(reading, id)
        if dataset is None:
            raise NotFoundError("dataset", id)
        return dataset

    def _incoming(
        self, dataset: DatasetRow, parsed: Sequence[Parsed], embedded: Callable[[int], None]
    ) -> Incoming:
        new = incoming(self._catalog, self._embedder_of(dataset), parsed, embedded)
        crash.point("chunks embedded")
        return new

    def _insert_rows(self, connection: Connection, dataset_id: str, new: Incoming) -> int:
        """Insert chunks under the next numbers; return the first of these."""
        first = chunks.reserve_numbers(connection, len(new.rows))
        embedding_ids = embeddings.keep(connection, new.keys, new.matrix)
        chunks.insert_all(connection, new.rows, first, embedding_ids)
        numbers = np.arange(first, first + len(new.rows))
        number = _dataset_number(connection, dataset_id)
        self._terms.add_bags(connection, number, numbers, new.bags(), new.languages())
        return first

    def _remove_rows(
        self, connection: Connection, dataset_id: str, old: Sequence[_Removable]
    ) -> list[int]:
        numbers = [row.number for row in old if row.available]
        self._terms.remove(connection, _dataset_number(connection, dataset_id), numbers)
        return chunks.delete(connection, [row.number for row in old])

    def _drop_rows(
        self, connection: Connection, dataset_id: str, old: Sequence[_Removable]
    ) -> None:
        embeddings.collect(connection, self._remove_rows(connection, dataset_id, old))

    @contextmanager
    def _pictured(self, rows: Sequence[ChunkRow], pictures: Mapping[str, bytes]) -> Iterator[None]:
        """Keep pictures of chunks that the block commits; take out those of chunks it does not."""
        try:
            # Before the commit: a chunk that says it has a picture has one.
            for id, image in pictures.items():
                self._files.put_image(id, image)
            yield
        finally:
            # Whatever happened: no crash, so the next opening would not look for them.
            if pictures:
                document_ids = {row.document_id for row in rows if row.id in pictures}
                with self._catalog.read() as reading:
                    there = {
                        chunk.id
                        for id in document_ids
                        for chunk in chunks.list_of(reading, id)
                        if chunk.image
                    }
                for id in pictures.keys() - there:
                    self._files.remove_image(id)

    def _remove_files(self, hashes: Iterable[str]) -> None:
        """Remove the bytes that no document has any more."""
        # In a transaction, as bytes are put: the same ones may have been added a moment ago.
        with self._catalog.write() as connection:
            for sha256 in hashes:
                if not documents.is_file_used(connection, sha256):
                    self._files.remove(sha256)

    def _remove_images(self, old: Sequence[_Removable], kept: Sequence[ChunkRow]) -> None:
        still_there = {row.id for row in kept if row.image}
        for row in old:
            if row.image and row.id not in still_there:
                self._files.remove_image(row.id)


def _dataset_number(connection: Connection, id: str) -> int:
    number = datasets.number_of(connection, id)
    if number is None:
        raise NotFoundError("dataset", id)
    return number
