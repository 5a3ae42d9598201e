"""Changes the name, chunk method, settings, metadata or status of a document."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ragflow_local.records import DocumentRow
from ragflow_local.rest import config
from ragflow_local.rest.call import Call
from ragflow_local.rest.config import Config, Text
from ragflow_local.rest.datasets import (
    changed_config,
    changed_settings,
    checked,
    config_of,
    method_of,
)
from ragflow_local.rest.documents import check_length, shown
from ragflow_local.rest.exchange import Answer, done
from ragflow_local.rest.refusals import ARGUMENT, DATA, Refusal
from ragflow_local.rest.routes import route
from ragflow_local.rest.spellings import TODAYS, modern_document
from ragflow_local.stores.catalog import chunks, documents, now_ms

METHODS = (
    *("naive", "manual", "qa", "table", "paper", "book", "laws", "presentation", "picture", "one"),
    *("knowledge_graph", "email", "audio", "tag"),
)
_Value = Text | int | float | list[Text | int | float]


def _as_number(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


class _Updated(BaseModel):
    """The changed fields of a document; unknown ones are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")

    name: Text = ""
    chunk_method: Any = None
    parser_config: Config | None = None
    chunk_count: Annotated[int, Field(ge=0)] = 0
    token_count: Annotated[int, Field(ge=0)] = 0
    progress: Annotated[float, Field(ge=0, le=1)] = 0
    meta_fields: dict[str, _Value] = Field(default_factory=dict)
    enabled: Annotated[int, Field(ge=0, le=1), BeforeValidator(_as_number)] = 1


@route(
    "PATCH /datasets/{dataset_id}/documents/{document_id}",
    "PUT /datasets/{dataset_id}/documents/{document_id}",
)
def update(call: Call, dataset_id: str, document_id: str) -> Answer:
    """Change the fields of a document that the body names."""
    dataset = call.own_dataset(dataset_id)
    row = call.document(dataset.id, document_id)
    fields = call.request.fields()
    if call.request.is_older_than(TODAYS):
        fields = modern_document(fields)
    given: _Updated = checked(_Updated, fields, DATA)
    names = given.model_fields_set
    before = shown(call, row)
    for name in ("chunk_count", "token_count", "progress"):
        if name in names and getattr(given, name) != before[name]:
            raise Refusal(DATA, f"can't change `{name}`")
    if "name" in names:
        _check_name(call, row, given.name)
    if "chunk_method" in names and given.chunk_method not in METHODS:
        raise Refusal(DATA, f"`chunk_method` {given.chunk_method} doesn't exist")
    _store(call, row, given)
    if "enabled" in names:
        _switch(call, row, bool(given.enabled))
    return done(shown(call, call.document(dataset.id, row.id)))


def _check_name(call: Call, row: DocumentRow, name: str) -> None:
    check_length(name)
    if PurePath(name).suffix.lower() != PurePath(row.name).suffix.lower() or not name.strip():
        raise Refusal(ARGUMENT, "The extension of file can't be changed")
    with call.reading() as reading:
        if name != row.name and documents.is_named(reading, row.dataset_id, name):
            raise Refusal(DATA, "Duplicated document name in the same dataset.")


def _store(call: Call, row: DocumentRow, given: _Updated) -> None:
    """Store an update of a document; a changed chunk method deletes its chunks."""
    names = given.model_fields_set
    released: dict[str, Any] = dict(row.released)
    values: dict[str, Any] = {"update_time": now_ms()}
    if "name" in names:
        values["name"] = given.name
    if "meta_fields" in names:
        values["meta_fields"] = given.meta_fields
    if "enabled" in names:
        released["status"] = str(given.enabled)
    former, settings = method_of(row.parse_method, released), config_of(row.parser_config, released)
    method = given.chunk_method if "chunk_method" in names else None
    is_recut = method is not None and method != former
    if is_recut:
        settings = config.merged(config.of_method(str(method)), settings)
    changed = changed_config(
        str(method) if is_recut else former, settings, None, given.parser_config
    )
    if changed is not None or is_recut:
        settings = changed[1] if changed is not None else settings
        released |= {"chunk_method": method or former, "parser_config": settings}
        values["parse_method"] = config.own_method(str(method or former))
        values["parser_config"] = changed_settings(row.parser_config, settings)
    values["released"] = released
    indexer = call.project.indexer
    if is_recut:
        call.project.jobs.cancel([row.id])
        indexer.clear_document(row.id, values)
    elif values.get("name", row.name) != row.name or (
        row.parser_config.meta_words and "meta_fields" in values
    ):
        indexer.rename_document(row.id, values)
    else:
        with call.writing() as connection:
            documents.update(connection, row.id, values)


def _switch(call: Call, row: DocumentRow, is_on: bool) -> None:
    """Switch the chunks of a document on or off for search."""
    with call.writing() as connection:
        for chunk in chunks.list_of(connection, row.id):
            if chunk.available != is_on:
                call.project.indexer.replace_chunk(chunk.id, {"available": is_on})
