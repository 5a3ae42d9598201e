"""Uploads, lists, downloads and deletes documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from ragflow_local.errors import InvalidValueError, LimitError, UnsupportedFileError
from ragflow_local.readers import ENDINGS
from ragflow_local.records import DocumentRow
from ragflow_local.rest import config
from ragflow_local.rest.call import Call
from ragflow_local.rest.datasets import as_date, config_of, dates, method_of
from ragflow_local.rest.exchange import Answer, File, done
from ragflow_local.rest.ids import no_doubles
from ragflow_local.rest.refusals import ARGUMENT, DATA, FAILED, Refusal, problem
from ragflow_local.rest.routes import route
from ragflow_local.stores.catalog import Connection, datasets, now_ms, pages
from ragflow_local.stores.catalog import documents as rows

MOST_NAME_BYTES = 255
_ENDINGS = frozenset(ending for endings in ENDINGS.values() for ending in endings)
_RUNS = ("UNSTART", "RUNNING", "CANCEL", "DONE", "FAIL")


def shown(call: Call, row: DocumentRow) -> dict[str, Any]:
    """Return a document in the form of an answer, with its present progress."""
    live = call.project.jobs.progress_of(row.id)
    method = method_of(row.parse_method, row.released)
    settings = config_of(row.parser_config, row.released)
    run, progress, message = row.run, row.progress, row.progress_msg
    if live is not None:
        run, progress, message = "RUNNING", live.fraction * 100, live.message
    duration = row.process_duration
    if run == "RUNNING" and row.process_begin_at is not None:
        duration = max(0.0, (now_ms() - row.process_begin_at) / 1000)
    begun = row.process_begin_at
    return {
        "id": row.id,
        "name": row.name,
        "location": row.name,
        "thumbnail": None,
        "dataset_id": row.dataset_id,
        "chunk_method": method,
        "parser_config": settings,
        "source_type": row.source_type,
        "type": row.type,
        "suffix": PurePath(row.name).suffix.removeprefix("."),
        "created_by": row.created_by,
        "size": row.size,
        "token_count": row.token_count,
        "chunk_count": row.chunk_count,
        "progress": progress if progress < 0 else round(progress / 100, 4),
        "progress_msg": _message_of(
            run, message, duration, config.without_effect(method, settings)
        ),
        "process_begin_at": None if begun is None else as_date(begun),
        "process_duration": duration,
        "run": run,
        "status": str(row.released.get("status", "1")),
        "meta_fields": row.meta_fields,
        **dates(row.create_time, row.update_time),
    }


def _message_of(run: str, message: str, duration: float, idle: Sequence[str]) -> str:
    """Return the ``progress_msg`` of a document."""
    if run == "UNSTART":
        return ""
    lines = [message] if message else []
    if idle:
        lines.append(f"Settings without effect in this engine: {', '.join(idle)}.")
    if run == "DONE":
        lines.append(f"Task done ({duration:.2f}s)")
    return "\n".join(lines)


# ── upload ──


@route("POST /datasets/{dataset_id}/documents")
def upload(call: Call, dataset_id: str) -> Answer:
    """Store the files of an upload, and tell which ones no reader reads."""
    files = call.request.files
    if not files:
        raise Refusal(ARGUMENT, "No file part!")
    if any(not file.name for file in files):
        raise Refusal(ARGUMENT, "No file selected!")
    for file in files:
        check_length(file.name)
    dataset = call.own_dataset(dataset_id, "Can't find the dataset with ID {}!")
    unknown = [file.name for file in files if not _is_known(file.name)]
    added, unread = _added(call, dataset.id, [file for file in files if _is_known(file.name)])
    unknown += unread
    if unknown:
        problems = [f"{name}: This type of file has not been supported yet!" for name in unknown]
        raise Refusal(FAILED, "\n".join(problems))
    return done([shown(call, row) for row in added])


def check_length(name: str) -> None:
    """Raise ``Refusal`` if a name has too many bytes for a file system."""
    if len(name.encode("utf-8", "replace")) > MOST_NAME_BYTES:
        raise Refusal(ARGUMENT, f"File name must be {MOST_NAME_BYTES} bytes or less.")


def _is_known(name: str) -> bool:
    return PurePath(name).suffix.lower() in _ENDINGS


def _added(
    call: Call, dataset_id: str, files: Sequence[File]
) -> tuple[list[DocumentRow], list[str]]:
    """Add files in one transaction; return their rows and the names that no reader reads."""
    with call.writing() as connection:
        dataset = datasets.get(connection, dataset_id)
        if dataset is None:
            raise Refusal(DATA, f"Can't find the dataset with ID {dataset_id}!")
        inherited = {
            name: dataset.released[name]
            for name in ("chunk_method", "parser_config")
            if name in dataset.released
        }

        def keep(connection: Connection, id: str) -> None:
            if inherited:
                rows.update(connection, id, {"released": inherited})

        added, unread = [], []
        intake = call.project.intake
        for file in files:
            try:
                added.append(intake.add(dataset_id, file.name, file.data, call.tenant_id, keep))
            except UnsupportedFileError:  # its content is not what its ending says
                unread.append(file.name)
            except (InvalidValueError, LimitError) as error:
                raise Refusal(FAILED, f"{file.name}: {error}") from None
    return added, unread


# ── lists and bytes ──


@route("GET /datasets/{dataset_id}/documents")
def list_all(call: Call, dataset_id: str) -> Answer:
    """Return a page of a dataset's documents."""
    dataset = call.own_dataset(dataset_id)
    page, selection = call.page(), _asked(call)
    with call.reading() as reading:
        for id in selection.ids or ():
            row = rows.get(reading, id)
            if row is None or row.dataset_id != dataset.id:
                raise Refusal(DATA, f"you don't own the document {id}")
        if selection.name is not None and not rows.is_named(reading, dataset.id, selection.name):
            raise Refusal(DATA, f"you don't own the document {selection.name}")
        listed, total = pages.of_documents(reading, dataset.id, selection, page)
    docs = [shown(call, row) for row in listed]
    return done({"docs": docs, "total": total, "total_datasets": total}, total=total)


def _asked(call: Call) -> pages.DocumentsAsked:
    """Return the documents that a query chooses."""
    value, query = call.request.value, call.request.query
    ids = [value("id") or ""] if value("id") else [*query.get("ids", ())]
    runs = [
        _RUNS[int(run)] if run.isdecimal() and int(run) < len(_RUNS) else run.upper()
        for run in query.get("run", ())
    ]
    return pages.DocumentsAsked(
        ids=[id for id in ids if id] or None,
        name=value("name") or None,
        keywords=value("keywords") or "",
        runs=runs or None,
        endings=[ending for ending in query.get("suffix", ()) if ending],
        since=_time(value("create_time_from")),
        until=_time(value("create_time_to")),
    )


def _time(given: str | None) -> int:
    return int(given) if given and given.isdecimal() else 0


@route("GET /datasets/{dataset_id}/documents/{document_id}")
def download(call: Call, dataset_id: str, document_id: str) -> Answer:
    """Return a document's bytes, unchanged."""
    call.own_dataset(dataset_id)
    row = call.document(dataset_id, document_id)
    if not row.size:
        raise Refusal(DATA, "This file is empty.")
    name = quote(row.name)
    return Answer(
        content=call.project.files.get(row.sha256),
        headers=(
            ("Content-Type", "application/octet-stream"),
            ("Content-Disposition", f"attachment; filename*=UTF-8''{name}"),
        ),
    )


@route("DELETE /datasets/{dataset_id}/documents")
def delete(call: Call, dataset_id: str) -> Answer:
    """Delete all named documents, or none if one of them does not exist."""
    ids = call.ids("ids")
    if ids:
        try:
            no_doubles(ids)
        except ValueError as error:
            raise Refusal(ARGUMENT, problem("ids", str(error), ids)) from None
    if ids and call.all_named():
        raise Refusal(
            DATA,
            f"should not provide both doc ids and delete_all(true), dataset: {dataset_id}. ",
        )
    if not ids and not call.all_named():
        raise Refusal(
            DATA,
            f"should either provide doc ids or set delete_all(true), dataset: {dataset_id}. ",
        )
    dataset = call.own_dataset(dataset_id)
    with call.reading() as reading:
        known = {row.id for row in rows.list_of(reading, dataset.id)}
    missing = [id for id in ids or () if id not in known]
    if missing:
        shown_ids = ", ".join(missing)
        raise Refusal(
            DATA,
            f"These documents do not belong to dataset {dataset_id} or Document not found:"
            f" {shown_ids}",
        )
    gone = list(ids or known)
    call.project.jobs.cancel(gone)
    for id in gone:
        call.project.indexer.remove_document(id)
    return done({"deleted": len(gone)})
