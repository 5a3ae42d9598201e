"""Validates the rows of an imported dataset, value by value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Annotated, Any, TypeAlias

import msgspec
import numpy as np

from ragflow_local.readers import ENDINGS, type_of
from ragflow_local.records import ChunkRow, DatasetRow, DocumentRow, Matrix
from ragflow_local.settings import ParserSettings
from ragflow_local.stores.names import is_id, is_sha256

FORMAT = 1

# In a vector, of length 1 as a rule: what the catalog's 16 bits can hold.
_LARGEST = 60_000
_LARGEST_DIM = 65_536
_MOST_WORDS = 10_000  # keywords of one chunk, or places, headings, questions
_END_OF_TIME = 253_402_300_799_999  # the last millisecond of the year 9999
_MOST_TOKENS = 2**40
_LARGEST_PLACE = 1e7  # points: 3.5 kilometres

_Texts: TypeAlias = Annotated[tuple[str, ...], msgspec.Meta(max_length=_MOST_WORDS)]


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of ``dataset.json``."""

    format: int
    dataset: DatasetRow
    fingerprint: Annotated[str, msgspec.Meta(max_length=1000)]


class _Graph(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What an entity or relation says of itself."""

    name: str
    key: str
    aliases: _Texts
    weight: Annotated[float, msgspec.Meta(ge=0, le=1e12)]
    sources: _Texts
    about: bool | None = None
    between: _Texts | None = None


_object = msgspec.json.Decoder(dict[str, Any]).decode
_chunk = msgspec.json.Decoder(ChunkRow).decode
_graph = msgspec.json.Decoder(_Graph).decode
_row_of_table = msgspec.json.Decoder(dict[str, Any]).decode


def head_of(data: bytes) -> Head:
    """Return what ``dataset.json`` says.

    Raises:
        ValueError: Something in it could not have been exported; likewise the following.
    """
    values = _object(data)
    head = msgspec.convert({**values, "dataset": _typed(values.get("dataset"))}, Head)
    if head.format != FORMAT:
        raise ValueError(f"it has format {head.format}, this version reads {FORMAT}")
    dataset = head.dataset
    _within("embedding_dim", dataset.embedding_dim, 0, _LARGEST_DIM)
    _within("embedding_floor", dataset.embedding_floor or 0.0, -1, 1)
    # A path is one of another computer: the model is looked for by its name.
    model = dataset.embedding_model.replace("\\", "/").rstrip("/").rpartition("/")[2]
    if not model or model in (".", "..") or not model.isprintable() or len(model) > 255:
        raise ValueError("its embedding model has no name")
    return msgspec.structs.replace(head, dataset=replace(dataset, embedding_model=model))


def _typed(values: object) -> object:
    """Return what a row says, its settings checked."""
    if not isinstance(values, dict) or not isinstance(values.get("parser_config"), dict):
        raise ValueError("a row has no settings")
    return {**values, "parser_config": ParserSettings.from_dict(values["parser_config"])}


def plain(row: DatasetRow | DocumentRow) -> dict[str, Any]:
    """Return what a row is exported as: settings as they are kept."""
    values: dict[str, Any] = msgspec.to_builtins(row)
    return {**values, "parser_config": row.parser_config.to_dict()}


def document_of(line: bytes) -> DocumentRow:
    """Return the document of a line."""
    row = msgspec.convert(_typed(_object(line)), DocumentRow)
    if not is_sha256(row.sha256):
        raise ValueError(f"{row.sha256!r} is no hash of a file")
    if row.kind not in ENDINGS:
        raise ValueError(f"there is no reader for {row.kind!r}")
    _within("size", row.size, 0, 2**50)
    _within("progress", row.progress, -1, 100)
    _within("generation", row.generation, 0, 2**40)
    _within("process_duration", row.process_duration, 0, 1e12)
    for name in ("create_time", "update_time", "process_begin_at"):
        _within(name, getattr(row, name) or 0, 0, _END_OF_TIME)
    # What was being parsed there is not being parsed here.
    fresh = {"run": "UNSTART", "progress": 0.0, "progress_msg": ""} if row.run == "RUNNING" else {}
    own = {"type": type_of(row.kind), "source_type": "local", "parsed_on": ""}
    return replace(row, **own, **fresh)  # type: ignore[arg-type]


def chunk_of(line: bytes, ids: Mapping[str, str]) -> ChunkRow:
    """Return the chunk of a line.

    Args:
        line: What the archive has.
        ids: New ids of chunks that came before it, which an entity rests on, by their former.
    """
    row = _chunk(line)
    if not is_id(row.id):
        raise ValueError(f"{row.id!r} is no id of a chunk")
    _within("ordinal", row.ordinal, 0, 2**40)
    _within("generation", row.generation, 0, 2**40)
    _within("token_count", row.token_count, 0, _MOST_TOKENS)
    _within("create_time", row.create_time, 0, _END_OF_TIME)
    for name in ("places", "headings", "keywords", "questions"):
        _within(f"number of {name}", len(getattr(row, name)), 0, _MOST_WORDS)
    for place in row.places:
        _within("page", place.page, 1, 2**31)
        for edge in (place.x0, place.top, place.x1, place.bottom):
            _within("place", edge, -_LARGEST_PLACE, _LARGEST_PLACE)
    lines, end = row.content.count("\n") + 1, 0
    for one in row.marked:  # one after the other, none longer than the text
        _within("number of a line", one.first, end, lines - 1)
        _within("number of lines", one.count, 1, lines - one.first)
        _within("depth", one.depth, 0, _MOST_WORDS)
        end = one.first + one.count
    if row.kind not in ("text", "entity", "relation"):
        raise ValueError(f"there are no chunks of kind {row.kind!r}")
    return replace(row, data=_data(row, ids))


def _data(row: ChunkRow, ids: Mapping[str, str]) -> str:
    if row.kind == "text":
        if row.data:
            _row_of_table(row.data)
        return row.data
    graph = _graph(row.data)
    sources = tuple(ids[id] for id in graph.sources if id in ids)
    return msgspec.json.encode(msgspec.structs.replace(graph, sources=sources)).decode()


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"its {name} is {value!r}")


def vectors_of(data: bytes, count: int, dim: int) -> Matrix:
    """Return (count, dim) float32.

    Raises:
        ValueError: There are fewer, or one is no number that a model gives.
    """
    if len(data) != count * dim * 4 or not dim:
        raise ValueError("its vectors are damaged")
    matrix: Matrix = np.frombuffer(data, "<f4").astype(np.float32).reshape(count, dim)
    if not np.all(np.abs(matrix) <= _LARGEST):  # neither is NaN
        raise ValueError("its vectors are not those of a model")
    return matrix


def values_of(row: DocumentRow, id: str, dataset_id: str, tenant_id: str) -> dict[str, Any]:
    """Return the columns of a document under its new id; chunks are counted once they are there."""
    new = {"id": id, "dataset_id": dataset_id, "created_by": tenant_id}
    values = {item.name: getattr(row, item.name) for item in fields(row)}
    return {**values, **new, "chunk_count": 0, "token_count": 0}
