"""Exchange: a dataset out as one file, and in again, vectors included: nothing is computed twice.

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

import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np

from ragflow_local.errors import DamagedFileError, DamagedProjectError, InvalidValueError
from ragflow_local.ingest.embed import embedding_key, embedding_text
from ragflow_local.ingest.term_bags import add_terms
from ragflow_local.ingest.vector_table import VectorTable
from ragflow_local.records import ChunkRow, DatasetRow, DocumentRow
from ragflow_local.settings import ParserConfig
from ragflow_local.stores.catalog import (
    Catalog,
    Connection,
    chunks,
    datasets,
    documents,
    now_ms,
)
from ragflow_local.stores.durable import telling_disk
from ragflow_local.stores.files import Files

FORMAT = 1

# Chunks held at once.
_BATCH = 1024
# A line of a hostile archive could be as long as the memory.
_LONGEST_LINE = 256 << 20
_LARGEST_NUMBER = 60_000  # in a vector, of length 1 as a rule: what the catalog's 16 bits can hold
_LARGEST_DIM = 65_536


class _Head(msgspec.Struct, frozen=True):
    """What ``dataset.json`` says."""

    format: int
    dataset: DatasetRow
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Stores:
    """Where datasets come from and go to."""

    catalog: Catalog
    files: Files
    vectors: VectorTable


def export_dataset(stores: Stores, dataset_id: str, target: Path) -> None:
    """Write a dataset to a file, as it is at one moment.

    Raises:
        DamagedProjectError: The bytes of a document are missing or torn.
        DiskError: The disk is full, or must not be written.
    """
    part = target.with_name(f".{target.name}.part")
    with telling_disk(target):
        try:
            with (
                zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
                stores.catalog.read() as reading,
            ):
                _export(stores, reading, archive, dataset_id)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def _export(stores: Stores, reading: Connection, archive: zipfile.ZipFile, dataset_id: str) -> None:
    dataset = datasets.get(reading, dataset_id)
    assert dataset is not None, "the API has found it"
    encode = msgspec.json.encode
    head = _Head(FORMAT, dataset, datasets.fingerprint_of(reading, dataset_id))
    archive.writestr("dataset.json", encode(head))
    rows = documents.list_of(reading, dataset_id)
    archive.writestr("documents.jsonl", b"".join(encode(row) + b"\n" for row in rows))
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
            matrix = chunks.embeddings_of(reading, batch, dataset.embedding_dim)
            vectors.write(matrix.astype("<f4").tobytes())
    for sha256 in sorted({row.sha256 for row in rows}):
        stores.files.check(sha256)
        archive.write(stores.files.path_of(sha256), f"files/{sha256}")
    for id in pictured:
        archive.writestr(f"images/{id}", stores.files.get_image(id))


def import_dataset(
    stores: Stores,
    source: Path,
    tenant_id: str,
    check: Callable[[DatasetRow | DocumentRow], None],
    name: str | None = None,
) -> str:
    """Add the dataset of a file to the project; return its new id. All of it is added, or nothing.

    Args:
        stores: Where to.
        source: What ``export_dataset`` wrote.
        tenant_id: Whose it becomes.
        check: Raises what it has against an attribute; called before anything is written.
        name: What to call it; None for the name it has.

    Raises:
        DamagedFileError: The file is not what ``export_dataset`` writes, or is torn.
        IntegrityError: The tenant has a dataset of that name.
    """
    with _telling_damage(source), zipfile.ZipFile(source) as archive:
        head = msgspec.json.decode(archive.read("dataset.json"), type=_Head)
        if head.format != FORMAT:
            raise InvalidValueError("format", head.format, f"a file of format {FORMAT}")
        if not 0 <= head.dataset.embedding_dim <= _LARGEST_DIM:
            raise ValueError("its vectors have no possible length")
        rows = [
            msgspec.json.decode(line, type=DocumentRow) for line in _lines(archive, "documents")
        ]
        everything: list[DatasetRow | DocumentRow] = [head.dataset, *rows]
        for item in everything:
            ParserConfig.from_dict(item.parser_config)
            check(item)
        for row in rows:
            _put_file(stores.files, archive, row)
        id = uuid.uuid4().hex
        with stores.catalog.write() as connection:
            for row in rows:  # once more: a document of these bytes may have been deleted meanwhile
                if not stores.files.path_of(row.sha256).exists():
                    _put_file(stores.files, archive, row)
            values = _dataset_values(head, id, tenant_id)
            datasets.insert(connection, values if name is None else {**values, "name": name})
            ids = {row.id: uuid.uuid4().hex for row in rows}
            for row in rows:
                documents.insert(connection, _document_values(row, ids[row.id], id, tenant_id))
            _insert_chunks(stores, connection, archive, _Arrival(head, id, ids))
            for new in ids.values():
                documents.count(connection, new)
    stores.vectors.rebuild(id)
    return id


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A dataset that is coming in: what the file says, and the ids it gets."""

    head: _Head
    dataset_id: str
    document_ids: dict[str, str]


def _insert_chunks(
    stores: Stores, connection: Connection, archive: zipfile.ZipFile, arrival: _Arrival
) -> None:
    dim = arrival.head.dataset.embedding_dim
    number = datasets.number_of(connection, arrival.dataset_id)
    assert number is not None, "inserted above"
    with archive.open("embeddings.bin") as vectors:
        batch: list[ChunkRow] = []
        for line in _lines(archive, "chunks"):
            row = msgspec.json.decode(line, type=ChunkRow)
            new = replace(
                row,
                id=uuid.uuid4().hex,
                document_id=arrival.document_ids[row.document_id],
                dataset_id=arrival.dataset_id,
                number=chunks.reserve_numbers(connection, 1),
            )
            if row.image:
                stores.files.put_image(new.id, archive.read(f"images/{row.id}"))
            data = vectors.read(dim * 4)
            vector = np.frombuffer(data, "<f4") if len(data) == dim * 4 else np.empty(0, "<f4")
            if len(vector) != dim or not np.all(np.abs(vector) <= _LARGEST_NUMBER):
                raise ValueError("its vectors are torn")
            key = embedding_key(arrival.head.fingerprint, embedding_text(new))
            chunks.insert(connection, new, chunks.insert_embedding(connection, key, vector))
            batch.append(new)
            if len(batch) >= _BATCH:
                add_terms(connection, number, batch)
                batch.clear()
        add_terms(connection, number, batch)


def _put_file(files: Files, archive: zipfile.ZipFile, row: DocumentRow) -> None:
    name = f"files/{row.sha256}"
    # The size is looked at first: what expands to more is not even read.
    if archive.getinfo(name).file_size != row.size or files.put(archive.read(name)) != row.sha256:
        raise ValueError(f"the bytes of {row.name!r} are not those that were exported")


def _dataset_values(head: _Head, id: str, tenant_id: str) -> dict[str, Any]:
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


def _document_values(row: DocumentRow, id: str, dataset_id: str, tenant_id: str) -> dict[str, Any]:
    # What was being parsed there is not being parsed here.
    state = {"run": "UNSTART", "progress": 0.0, "progress_msg": ""} if row.run == "RUNNING" else {}
    changed: dict[str, Any] = {"id": id, "dataset_id": dataset_id, "created_by": tenant_id}
    changed |= {"chunk_count": 0, "token_count": 0}  # counted once the chunks are there
    return {**asdict(row), **state, **changed}


def _lines(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(f"{name}.jsonl") as file:
        while line := _line(file):
            yield line


def _line(file: IO[bytes]) -> bytes:
    line = file.readline(_LONGEST_LINE)
    if len(line) >= _LONGEST_LINE:
        raise ValueError("a line is longer than any that was exported")
    return line


@contextmanager
def _telling_damage(source: Path) -> Iterator[None]:
    try:
        yield
    except InvalidValueError:
        raise
    except (
        DamagedProjectError,  # msgspec's errors, inside a transaction
        msgspec.DecodeError,
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise DamagedFileError(source.name, "an exported dataset", str(error)) from error
