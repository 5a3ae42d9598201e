"""Creates, lists, changes and deletes datasets."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from ragflow_local.records import DatasetRow
from ragflow_local.rest import config
from ragflow_local.rest.call import Call
from ragflow_local.rest.config import Config
from ragflow_local.rest.dataset_fields import Created, Listed, Updated
from ragflow_local.rest.exchange import Answer, done
from ragflow_local.rest.ids import Named, checked_id
from ragflow_local.rest.refusals import ARGUMENT, DATA, Refusal, invalid, problem
from ragflow_local.rest.routes import route
from ragflow_local.rest.spellings import TODAYS, modern_dataset
from ragflow_local.settings import ParserSettings
from ragflow_local.stores.catalog import IntegrityError, datasets, now_ms, pages
from ragflow_local.stores.catalog import documents as document_rows

_log = logging.getLogger("ragflow_local.rest")

_NULLABLE = ("avatar", "description")


def dates(create_time: int, update_time: int) -> dict[str, object]:
    """Return the times of a row in the form of an answer."""
    return {
        "create_time": create_time,
        "create_date": as_date(create_time),
        "update_time": update_time,
        "update_date": as_date(update_time),
    }


@lru_cache(maxsize=4096)
def as_date(time: int) -> str:
    """Return milliseconds since 1970 as the date of an answer."""
    # As RAGFlow's own answers: a day with its name, in GMT.
    return datetime.fromtimestamp(time / 1000, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


def shown(call: Call, row: DatasetRow) -> dict[str, Any]:
    """Return a dataset in the form of an answer."""
    released = row.released
    nulls = released.get("nulls") or ()
    given = released.get("embedding_model")
    is_same = released.get("embedding_own") == row.embedding_model
    values: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "tenant_id": row.tenant_id,
        "created_by": row.tenant_id,
        "embedding_model": given if is_same and given else call.names.shown(row.embedding_model),
        "permission": row.permission,
        "document_count": row.document_count,
        "chunk_count": row.chunk_count,
        "token_num": row.token_count,
        "chunk_method": method_of(row.parse_method, released),
        "parser_config": config_of(row.parser_config, released),
        "pagerank": released.get("pagerank", 0),
        "language": row.language,
        "similarity_threshold": 0.2,
        "vector_similarity_weight": 0.3,
        "status": "1",
        **dates(row.create_time, row.update_time),
    }
    for name in _NULLABLE:
        value = getattr(row, name)
        values[name] = None if not value and isinstance(nulls, list) and name in nulls else value
    return values


def method_of(own: str, released: dict[str, Any]) -> str:
    """Return the chunk method as given, or the engine's if that was changed since."""
    given = str(released.get("chunk_method") or own)
    return given if config.own_method(given) == own else own


def config_of(settings: ParserSettings, released: dict[str, Any]) -> dict[str, Any]:
    """Return the settings as given, updated by changes through this engine's API."""
    own, given = settings.to_dict(), released.get("parser_config")
    if not isinstance(given, dict):
        return config.shown_config(own)
    if all(own.get(name) == value for name, value in config.own_config(given).items()):
        return given
    return {**given, **config.shown_config({**config.own_config(given), **own})}


def changed_settings(own: ParserSettings, given: dict[str, Any]) -> ParserSettings:
    """Return this engine's settings of a row, updated by RAGFlow's."""
    return ParserSettings.from_dict({**own.to_dict(), **config.own_config(given)})


def checked(kind: type[BaseModel], values: object, code: int = ARGUMENT) -> Any:
    """Return the checked fields of a body.

    Raises:
        Refusal: It says what is not allowed, a line a problem.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise invalid(error, code) from None


def checked_path_id(id: str) -> str:
    """Return the checked id of a dataset in a path.

    Raises:
        Refusal: It is none.
    """
    try:
        return checked_id(id)
    except ValueError:
        raise Refusal(ARGUMENT, problem("dataset_id", "Invalid UUID format", id)) from None


def _fields(call: Call) -> dict[str, Any]:
    """Return a body in today's names, if an older client sent it as well."""
    fields = call.request.fields()
    return modern_dataset(fields) if call.request.is_older_than(TODAYS) else fields


@route("POST /datasets")
def create(call: Call) -> Answer:
    """Create a dataset; a taken name gets a number."""
    given: Created = checked(Created, _fields(call))
    name = given.embedding_model or call.names.default_embedding
    own = call.names.embedding(name)
    settings = config.created(given.chunk_method, given.parser_config, call.names.default_chat)
    now = now_ms()
    released = {
        "embedding_model": name,
        "embedding_own": own,
        "chunk_method": given.chunk_method,
        "parser_config": settings,
        "nulls": [name for name in _NULLABLE if getattr(given, name) is None],
        "auto_metadata_config": given.auto_metadata_config or {},
    }
    values = {
        "id": uuid.uuid4().hex,
        "tenant_id": call.tenant_id,
        "avatar": given.avatar or "",
        "description": given.description or "",
        "language": given.language or "English",
        "permission": given.permission,
        "parse_method": config.own_method(given.chunk_method),
        "parser_config": ParserSettings.from_dict(config.own_config(settings)),
        "embedding_model": own,
        "create_time": now,
        "update_time": now,
        "released": released,
    }
    with call.writing() as connection:
        free = datasets.unique_name(connection, call.tenant_id, given.name)
        datasets.insert(connection, {**values, "name": free})
        row = datasets.get(connection, str(values["id"]))
    assert row is not None
    return done(shown(call, row), message=idle_settings(given.chunk_method, given.parser_config))


def idle_settings(method: str, given: Config | None, pagerank: int = 0) -> str:
    """Return a line that names the given settings without effect, or ""."""
    names = config.without_effect(method, given.given() if given else {})
    names += ["pagerank"] if pagerank else []
    if not names:
        return ""
    text = f"Kept, without effect in this engine: {', '.join(names)}."
    _log.warning("%s", text)
    return text


@route("GET /datasets")
def list_all(call: Call) -> Answer:
    """Return a page of the tenant's datasets."""
    query: dict[str, Any] = {name: values[-1] for name, values in call.request.query.items()}
    if "ids" in query:
        query["ids"] = list(call.request.query["ids"])
    listing: Listed = checked(Listed, query)
    wanted = pages.Page(
        listing.page, listing.page_size, listing.orderby, listing.desc.lower() != "false"
    )
    ids = [listing.id] if listing.id is not None else listing.ids
    with call.reading() as reading:
        for id in ids or ():
            if id not in datasets.visible(reading, call.tenant_id, [id]):
                raise call.lacks_permission(id)
        name = listing.name or None
        if name is not None:
            _, count = pages.of_datasets(reading, call.tenant_id, pages.Page(size=1), name=name)
            if not count:
                raise call.lacks_permission(name)
        rows, total = pages.of_datasets(reading, call.tenant_id, wanted, ids=ids, name=name)
    return done([shown(call, row) for row in rows], total=total, total_datasets=total)


@route("GET /datasets/{dataset_id}")
def get(call: Call, dataset_id: str) -> Answer:
    """Return one dataset."""
    row = call.dataset(checked_path_id(dataset_id))
    if row is None:
        raise call.lacks_permission(dataset_id)
    return done(shown(call, row))


@route("DELETE /datasets")
def delete(call: Call) -> Answer:
    """Delete all named datasets, or none if one of them does not exist."""
    named: Named = checked(Named, call.request.fields())
    with call.reading() as reading:
        if named.delete_all and not named.ids:
            ids = datasets.ids_of(reading, call.tenant_id)
        else:
            ids = list(named.ids or ())
            known = datasets.visible(reading, call.tenant_id, ids)
            for id in ids:
                if id not in known:
                    raise call.lacks_permission(id)
        running = [row.id for row in document_rows.running(reading) if row.dataset_id in set(ids)]
    call.project.jobs.cancel(running)
    call.project.indexer.remove_datasets(ids)
    return done({"success_count": len(ids)})


@route("PUT /datasets/{dataset_id}", "PATCH /datasets/{dataset_id}")
def update(call: Call, dataset_id: str) -> Answer:
    """Change the fields of a dataset that the body names."""
    id = checked_path_id(dataset_id)
    given: Updated = checked(Updated, _fields(call))
    names = given.model_fields_set
    if not names:
        raise Refusal(DATA, "no properties were modified")
    row = call.dataset(id)
    if row is None:
        raise call.lacks_permission(id)
    values = _changes(call, row, given)
    try:
        with call.writing() as connection:
            if "name" in values and datasets.is_named(
                connection, row.tenant_id, values["name"], besides=id
            ):
                raise Refusal(DATA, f"Dataset name '{given.name}' already exists")
            datasets.update(connection, id, {**values, "update_time": now_ms()})
            changed = datasets.get(connection, id)
    except IntegrityError:
        raise Refusal(DATA, f"Dataset name '{given.name}' already exists") from None
    assert changed is not None
    method = given.chunk_method if "chunk_method" in names else ""
    message = idle_settings(method, given.parser_config, given.pagerank)
    return done(shown(call, changed), message=message)


def _changes(call: Call, row: DatasetRow, given: Updated) -> dict[str, Any]:
    """Return the columns that an update of a dataset sets."""
    names = given.model_fields_set
    changes: dict[str, Any] = dict(row.released)
    values: dict[str, Any] = {
        name: getattr(given, name) for name in ("name", "permission") if name in names
    }
    if "language" in names and given.language:
        values["language"] = given.language
    nulls = [name for name in changes.get("nulls") or () if name not in names]
    for name in _NULLABLE:
        if name in names:
            values[name] = getattr(given, name) or ""
            nulls += [name] if getattr(given, name) is None else []
    changes["nulls"] = nulls
    if "pagerank" in names:
        changes["pagerank"] = given.pagerank
    if "auto_metadata_config" in names:
        changes["auto_metadata_config"] = given.auto_metadata_config or {}
    if given.embedding_model is not None:
        values |= _embedding(call, row, given.embedding_model, changes)
    settings = changed_config(
        method_of(row.parse_method, changes),
        config_of(row.parser_config, changes),
        given.chunk_method if "chunk_method" in names else None,
        given.parser_config,
    )
    if settings is not None:
        method, config_given = settings
        changes |= {"chunk_method": method, "parser_config": config_given}
        values["parse_method"] = config.own_method(method)
        values["parser_config"] = changed_settings(row.parser_config, config_given)
    values["released"] = changes
    return values


def changed_config(
    former: str, settings: dict[str, Any], method: str | None, given: Config | None
) -> tuple[str, dict[str, Any]] | None:
    """Return chunk method and settings after an update, or None if it changes neither.

    Args:
        former: The method before.
        settings: The settings before.
        method: The method that is given; None for none.
        given: The settings that are given; None for none.
    """
    has_config = given is not None and bool(given.model_fields_set)
    if method is not None and method != former and not has_config:
        return method, config.of_method(method)
    if given is not None and has_config:
        return method or former, config.merged(settings, given.given())
    return None if method is None else (method, settings)


def _embedding(call: Call, row: DatasetRow, name: str, released: dict[str, Any]) -> dict[str, Any]:
    own = call.names.embedding(name)
    values: dict[str, Any] = {}
    if own != row.embedding_model:
        if row.chunk_count:
            raise Refusal(
                DATA,
                f"When chunk_count ({row.chunk_count}) > 0, embedding_model must remain"
                f" {released.get('embedding_model') or call.names.shown(row.embedding_model)}",
            )
        values = {"embedding_dim": 0, "embedding_fingerprint": "", "embedding_floor": None}
    released |= {"embedding_model": name, "embedding_own": own}
    return {**values, "embedding_model": own}


@route(
    "GET /datasets/{dataset_id}/metadata/config",
    "GET /datasets/{dataset_id}/auto_metadata",
)
def auto_metadata(call: Call, dataset_id: str) -> Answer:
    """Return the stored settings of automatic metadata, which have no effect here."""
    row = call.dataset(checked_path_id(dataset_id))
    if row is None:
        raise call.lacks_permission(dataset_id)
    return done(row.released.get("auto_metadata_config") or {})


@route(
    "PUT /datasets/{dataset_id}/metadata/config",
    "PUT /datasets/{dataset_id}/auto_metadata",
)
def update_auto_metadata(call: Call, dataset_id: str) -> Answer:
    """Store the settings of automatic metadata, which have no effect here."""
    row = call.dataset(checked_path_id(dataset_id))
    if row is None:
        raise call.lacks_permission(dataset_id)
    given = call.request.fields()
    with call.writing() as connection:
        released = {**row.released, "auto_metadata_config": given}
        datasets.update(connection, row.id, {"released": released, "update_time": now_ms()})
    return done(given)
