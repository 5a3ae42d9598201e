"""Starts and cancels parses of documents."""

from __future__ import annotations

import logging

from ragflow_local.records import DocumentRow
from ragflow_local.rest import config
from ragflow_local.rest.call import Call, doubles, texts
from ragflow_local.rest.datasets import config_of, method_of
from ragflow_local.rest.exchange import Answer, done
from ragflow_local.rest.refusals import DATA, Refusal
from ragflow_local.rest.routes import route
from ragflow_local.stores.catalog import documents, now_ms

_log = logging.getLogger("ragflow_local.rest")

# What takes a server seconds may be over here before the next call of the same script.
_JUST_MS = 200


def _named(call: Call) -> list[str]:
    ids = call.request.fields().get("document_ids")
    if not ids:
        raise Refusal(DATA, "`document_ids` is required")
    return texts("document_ids", ids)


def _is_running(call: Call, row: DocumentRow) -> bool:
    return row.run == "RUNNING" or call.project.jobs.progress_of(row.id) is not None


@route("POST /datasets/{dataset_id}/chunks", "POST /datasets/{dataset_id}/documents/parse")
def parse(call: Call, dataset_id: str) -> Answer:
    """Parse documents in the background."""
    dataset = call.own_dataset(dataset_id, "You don't own the dataset {}.")
    named = _named(call)
    ids = list(dict.fromkeys(named))
    with call.reading() as reading:
        rows = [documents.get(reading, id) for id in ids]
    known = [row for row in rows if row is not None and row.dataset_id == dataset.id]
    if any(_is_running(call, row) for row in known):
        raise Refusal(DATA, "Can't parse document that is currently being processed")
    for row in known:
        settings = config_of(row.parser_config, row.released)
        idle = config.idle_settings(method_of(row.parse_method, row.released), settings)
        if idle:
            _log.warning("%s: settings without effect: %s", row.name, ", ".join(idle))
    call.project.jobs.submit(call.project.indexer.begin([row.id for row in known]))
    known_ids = {row.id for row in known}
    missing = [id for id in ids if id not in known_ids]
    if missing:
        raise Refusal(DATA, f"Documents not found: {missing}")
    return _in_part("parsed", len(ids), named)


@route("DELETE /datasets/{dataset_id}/chunks", "POST /datasets/{dataset_id}/documents/stop")
def cancel(call: Call, dataset_id: str) -> Answer:
    """Cancel parses; a cancelled document has no chunks."""
    dataset = call.own_dataset(dataset_id, "You don't own the dataset {}.")
    named = _named(call)
    ids = list(dict.fromkeys(named))
    running: list[str] = []
    try:
        for id in ids:
            row = call.document(dataset.id, id)
            if not _is_running(call, row) and not _has_just_ended(row):
                raise Refusal(
                    DATA, "Can't stop parsing document that has not started or already completed"
                )
            running.append(id)
    finally:
        # All at once: while one is cancelled, the next would go on.
        call.project.jobs.cancel(running)
        for id in running:
            _clear(call, id)
    return _in_part("stopped", len(ids), named)


def _has_just_ended(row: DocumentRow) -> bool:
    """Return whether a parse ended before its caller could have cancelled it."""
    begun = row.process_begin_at
    return row.run == "DONE" and begun is not None and now_ms() - begun < _JUST_MS


def _clear(call: Call, id: str) -> None:
    with call.writing() as connection:
        row = documents.get(connection, id)
        begun = row.process_begin_at if row is not None else None
        call.project.indexer.clear_document(id, {"update_time": now_ms()})
        message = "Cancelled; parse it again to go on."
        values = {"run": "CANCEL", "progress_msg": message, "process_begin_at": begun}
        documents.update(connection, id, values)


def _in_part(verb: str, count: int, named: list[str]) -> Answer:
    """Return the answer, which tells of ids named twice; their documents are done once."""
    twice = doubles(named)
    if not twice:
        return done()
    errors = [f"Duplicate document ids: {id}" for id in twice]
    message = f"Partially {verb} {count} documents with {len(errors)} errors"
    return done({"success_count": count, "errors": errors}, message=message)
