"""Exports a dataset to one file and imports it, embeddings included.

A file is a ZIP archive:

    dataset.json       format, the dataset's attributes, the fingerprint of its embedding model
    documents.jsonl    a document a line
    chunks.jsonl       a chunk a line
    embeddings.bin     their vectors, float32 little endian, in the same order
    files/<sha256>     the bytes of documents
    images/<chunk>     pictures of chunks

What comes in may come from anywhere: it is typed, never unpickled, and gets ids of its own.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from ragflow_local.errors import (
    InvalidValueError,
    NotFoundError,
    ProjectClosedError,
    StoreError,
)
from ragflow_local.ingest import archive as archives
from ragflow_local.ingest.archive import MOST_OF_HEAD, MOST_OF_PICTURE, Archive
from ragflow_local.ingest.arrival import (
    FORMAT,
    Head,
    chunk_of,
    document_of,
    head_of,
    plain,
    values_of,
    vectors_of,
)
from ragflow_local.ingest.embed import embedding_key, embedding_text
from ragflow_local.ingest.term_bags import add_terms
from ragflow_local.ingest.vector_table import VectorTable
from ragflow_local.records import ChunkRow, DatasetRow, DocumentRow, Matrix
from ragflow_local.stores.catalog import (
    Catalog,
    Connection,
    chunks,
    datasets,
    documents,
    embeddings,
    now_ms,
)
from ragflow_local.stores.durable import sync_folder, telling_disk
from ragflow_local.stores.files import Files

# Chunks held at once.
_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores that datasets are exported from and imported to."""

    catalog: Catalog
    files: Files
    vectors: VectorTable


def export_dataset(stores: Stores, dataset_id: str, target: Path) -> None:
    """Write a dataset to a file, as it is at one moment.

    Raises:
        InvalidValueError: ``target`` is a folder, or lies in none.
        DamagedProjectError: The bytes of a document are missing or torn.
        DiskError: The disk is full, or must not be written.
    """
    if target.is_dir() or not target.parent.is_dir():
        raise InvalidValueError("path", str(target), "a file in a folder that is there")
    # A name that nobody can have planted a link at; readable by its owner only, as a project is.
    with telling_disk(target):
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:80]}.", dir=target.parent)
        part = Path(name)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                with (
                    zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
                    stores.catalog.read() as reading,
                ):
                    _export(stores, reading, archive, dataset_id)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(target.parent)


def _export(stores: Stores, reading: Connection, archive: zipfile.ZipFile, dataset_id: str) -> None:
    dataset = datasets.get(reading, dataset_id)
    assert dataset is not None, "the API has found it"
    encode = msgspec.json.encode
    fingerprint = datasets.fingerprint_of(reading, dataset_id)
    head = {"format": FORMAT, "dataset": plain(dataset), "fingerprint": fingerprint}
    archive.writestr("dataset.json", encode(head))
    rows = documents.list_of(reading, dataset_id)
    archive.writestr("documents.jsonl", b"".join(encode(plain(row)) + b"\n" for row in rows))
    numbers: list[int] = []
    pictured: list[str] = []
    with archive.open("chunks.jsonl", "w", force_zip64=True) as lines:
        for row in (chunk for document in rows for chunk in chunks.list_of(reading, document.id)):
            lines.write(encode(row) + b"\n")
            numbers.append(row.number)
            if row.image:
                pictured.append(row.id)
    with archive.open("embeddings.bin", "w", force_zip64=True) as vectors:
        for start in range(0, len(numbers), _BATCH):
            batch = numbers[start : start + _BATCH]
            matrix = embeddings.of_chunks(reading, batch, dataset.embedding_dim)
            vectors.write(matrix.astype("<f4").tobytes())
    for sha256 in sorted({row.sha256 for row in rows}):
        stores.files.check(sha256)
        archive.write(stores.files.path_of(sha256), f"files/{sha256}")
    for id in pictured:
        archive.writestr(f"images/{id}", stores.files.get_image(id))


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """The options of an import.

    Attributes:
        tenant_id: Whose it becomes.
        check: Raises what it has against an attribute; called before anything is written.
        name: What to call it; None for the name it has.
        into: Id of a dataset that takes the documents; None for one of its own.
    """

    tenant_id: str
    check: Callable[[DatasetRow | DocumentRow], None]
    name: str | None = None
    into: str | None = None


def import_dataset(stores: Stores, source: Path, target: ImportTarget) -> str:
    """Add the dataset of a file to the project; return its id. All of it is added, or nothing.

    Documents that come into a dataset which has one of the same name and bytes are that document:
    its chunks come with them where it has none, and stay where it has. Vectors are kept for these
    chunks alone: another text of the same words is embedded by the model itself.

    Raises:
        DamagedFileError: The file is not what ``export_dataset`` writes, or is torn.
        InvalidValueError: Its vectors are not of the model of ``into``.
        IntegrityError: The tenant has a dataset of that name.
    """
    with archives.opened(source) as archive, _all_or_nothing(stores) as written:
        head = head_of(archive.read("dataset.json", MOST_OF_HEAD))
        rows = [document_of(line) for line in archive.lines("documents.jsonl")]
        if len({row.id for row in rows}) + len({row.name for row in rows}) != 2 * len(rows):
            raise ValueError("two of its documents have one id, or one name")
        target.check(head.dataset)
        for row in rows:
            target.check(row)
            written.put_file(archive, row)
        arrival = _Arrival(head, target.into or uuid.uuid4().hex)
        with stores.catalog.write() as connection:
            for row in rows:  # once more: a document of these bytes may have been deleted meanwhile
                written.put_file(archive, row)
            if target.into is None:
                values = _dataset_values(head, arrival.dataset_id, target.tenant_id)
                named = values if target.name is None else {**values, "name": target.name}
                datasets.insert(connection, named)
            else:
                _join(connection, arrival)
            for row in rows:
                _add_document(connection, arrival, row, target.tenant_id)
            count = _insert_chunks(connection, archive, arrival, written)
            for id in arrival.documents.values():
                documents.count(connection, id)
    stores.vectors.changed(arrival.dataset_id, count)
    return arrival.dataset_id


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A dataset being imported.

    Attributes:
        head: What the file says of it.
        dataset_id: The dataset here.
        salt: Of the keys of its vectors: they are nobody else's.
        documents: Ids here of the documents whose chunks are taken, by those there.
        names: Names here of the same.
        called: What their chunks are found by, ``DocumentRow.called``.
        left: Ids there of the documents whose chunks are not.
    """

    head: Head
    dataset_id: str
    salt: str = field(default_factory=lambda: uuid.uuid4().hex)
    documents: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Written:
    """What an import has written beside the catalog, to be taken back where it is refused."""

    files: Files
    hashes: set[str] = field(default_factory=set)
    pictures: list[str] = field(default_factory=list)

    def put_file(self, archive: Archive, row: DocumentRow) -> None:
        """Keep the bytes of a document, unless they are there."""
        if self.files.path_of(row.sha256).exists():
            return
        self.hashes.add(row.sha256)
        # The size is looked at first: what expands to more is not even read.
        name = f"files/{row.sha256}"
        data = archive.read(name, row.size)
        if len(data) != row.size or hashlib.sha256(data).hexdigest() != row.sha256:
            raise ValueError(f"the bytes of {row.name!r} are not those that were exported")
        self.files.put(data)

    def put_picture(self, archive: Archive, row: ChunkRow, id: str) -> None:
        """Keep the picture of a chunk."""
        self.pictures.append(id)
        self.files.put_image(id, archive.read(f"images/{row.id}", MOST_OF_PICTURE))


@contextmanager
def _all_or_nothing(stores: Stores) -> Iterator[_Written]:
    written = _Written(stores.files)
    try:
        yield written
    except BaseException:
        # What cannot be taken back now is garbage: the next opening after a crash looks for it.
        with suppress(StoreError, ProjectClosedError), stores.catalog.write() as connection:
            for sha256 in written.hashes:
                if not documents.is_file_used(connection, sha256):
                    stores.files.remove(sha256)
            for id in written.pictures:
                stores.files.remove_image(id)
        raise


def _join(connection: Connection, arrival: _Arrival) -> None:
    """Look whether vectors of the archive fit the dataset they come into."""
    head, id = arrival.head, arrival.dataset_id
    row = datasets.get(connection, id)
    if row is None:
        raise NotFoundError("dataset", id)
    known = datasets.fingerprint_of(connection, id)
    if known and head.fingerprint and known != head.fingerprint:
        raise InvalidValueError(
            "into", row.name, "a dataset with the embedding model that the file is from"
        )
    if not known and head.fingerprint:
        if row.embedding_model != head.dataset.embedding_model:
            raise InvalidValueError(
                "into", row.name, f"a dataset with the model {head.dataset.embedding_model!r}"
            )
        names = ("embedding_dim", "embedding_prompts", "embedding_floor")
        values = {name: getattr(head.dataset, name) for name in names}
        datasets.update(connection, id, {**values, "embedding_fingerprint": head.fingerprint})


def _add_document(
    connection: Connection, arrival: _Arrival, row: DocumentRow, tenant_id: str
) -> None:
    """Add a document under a new id, or find the one that it is."""
    there = documents.named(connection, arrival.dataset_id, row.name)
    arrival.names[row.id] = row.name
    if there is None or there.sha256 != row.sha256:
        id = arrival.documents[row.id] = uuid.uuid4().hex
        values = values_of(row, id, arrival.dataset_id, tenant_id)
        name = documents.unique_name(connection, arrival.dataset_id, row.name)
        values["name"] = arrival.names[row.id] = name
        arrival.called[row.id] = replace(row, name=name).called
        documents.insert(connection, values)
    elif there.chunk_count or there.run in ("RUNNING", "DONE") or row.run != "DONE":
        arrival.left.add(row.id)
    else:
        arrival.documents[row.id] = there.id
        arrival.called[row.id] = replace(there, parser_config=row.parser_config).called
        values = {name: getattr(row, name) for name in _PARSED}
        documents.update(connection, there.id, {**values, "update_time": now_ms()})


# What a parse says of a document.
_PARSED = (
    "run",
    "progress",
    "progress_msg",
    "generation",
    "process_begin_at",
    "process_duration",
    "parse_method",
    "parser_config",
)


def _insert_chunks(
    connection: Connection, archive: Archive, arrival: _Arrival, written: _Written
) -> int:
    """Add the chunks of the documents that are taken; return how many."""
    dim = arrival.head.dataset.embedding_dim
    number = datasets.number_of(connection, arrival.dataset_id)
    assert number is not None, "inserted above"
    salt = f"{arrival.salt}\0{arrival.head.fingerprint}"
    ids: dict[str, str] = {}
    count = 0
    lines = archive.lines("chunks.jsonl")
    with archive.opened("embeddings.bin") as vectors:
        while batch := list(islice(lines, _BATCH)):
            matrix = vectors_of(vectors.read(len(batch) * dim * 4), len(batch), dim)
            taken, rows = [], []
            for at, line in enumerate(batch):
                former = chunk_of(line, ids)
                if former.document_id in arrival.left:
                    continue
                ids[former.id] = id = uuid.uuid4().hex
                if former.image:
                    written.put_picture(archive, former, id)
                taken.append(at)
                rows.append(
                    replace(
                        former,
                        id=id,
                        document_id=arrival.documents[former.document_id],
                        document_name=arrival.names[former.document_id],
                        called=arrival.called.get(former.document_id, ""),
                        dataset_id=arrival.dataset_id,
                    )
                )
            _insert(connection, number, rows, matrix[taken], salt)
            count += len(rows)
        if vectors.read(1):
            raise ValueError("it has more vectors than chunks")
    return count


def _insert(
    connection: Connection, dataset: int, rows: Sequence[ChunkRow], matrix: Matrix, salt: str
) -> None:
    """Add chunks under the next numbers, with their vectors and terms, a statement a table."""
    first = chunks.reserve_numbers(connection, len(rows))
    rows = [replace(row, number=first + at) for at, row in enumerate(rows)]
    keys = [embedding_key(salt, embedding_text(row)) for row in rows]
    chunks.insert_all(connection, rows, first, embeddings.keep(connection, keys, matrix))
    add_terms(connection, dataset, rows)


def _dataset_values(head: Head, id: str, tenant_id: str) -> dict[str, Any]:
    row = head.dataset
    return {
        **{key: getattr(row, key) for key in _DATASET_KEPT},
        "id": id,
        "tenant_id": tenant_id,
        "embedding_fingerprint": head.fingerprint,
        "create_time": now_ms(),
        "update_time": now_ms(),
    }


_DATASET_KEPT = (
    "name",
    "avatar",
    "description",
    "language",
    "permission",
    "parse_method",
    "parser_config",
    "embedding_model",
    "embedding_dim",
    "embedding_prompts",
    "embedding_floor",
)
