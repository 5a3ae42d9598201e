"""What a notebook shows of datasets, documents and sessions: HTML, at once, and never an error."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ragflow_local.api import html, report
from ragflow_local.api.pictures import RenderOptions, data_uri, draw_thumbnail
from ragflow_local.errors import RagflowError
from ragflow_local.stores.catalog import documents

if TYPE_CHECKING:
    from ragflow_local.api.dataset import DataSet
    from ragflow_local.api.document import Document
    from ragflow_local.api.entity import ApiObject
    from ragflow_local.api.session import Session
    from ragflow_local.records import DocumentRow

_THUMBNAIL = RenderOptions(
    72, is_small=True, seconds=report.NOTEBOOK_SECONDS
)  # a cell does not wait longer for a picture
_MOST_ROWS = 10  # of a table
_MOST_MESSAGES = 20

Shown = TypeVar("Shown", bound="ApiObject")


def shown(thing: Shown, make: Callable[[Shown], str]) -> str:
    """Return what ``make`` makes of a thing, or what is wrong with it: deleted, closed, damaged."""
    try:
        return make(thing)
    except (RagflowError, OSError) as error:
        return html.box(f"<p><b>{html.escape(type(thing).__name__)}</b>: {html.escape(error)}</p>")


def document(thing: Document) -> str:
    """Return a document: its first page, how far its parse is, what it has."""
    rows: list[tuple[str, object]] = [
        ("parse method", thing.parse_method),
        ("chunks", f"{thing.chunk_count:,}"),
        ("tokens", f"{thing.token_count:,}"),
        ("size", _size(thing.size)),
        ("message", thing.progress_msg),
        *((f"meta: {name}", value) for name, value in list(thing.meta_fields.items())[:_MOST_ROWS]),
    ]
    return html.box(
        f"<p><b>{html.name(thing.name)}</b></p>",
        f"<p>{_state(thing.run, thing.progress)}</p>",
        html.table(rows),
        html.image(_thumbnail(thing), f"First page of {thing.name}"),
    )


def _thumbnail(thing: Document) -> str:
    try:
        return data_uri(draw_thumbnail(thing._rag, thing._row, _THUMBNAIL))
    except RagflowError:
        return ""  # damaged, or too slow: everything else is shown


def dataset(thing: DataSet) -> str:
    """Return a dataset: what it has, and its latest documents with how far they are."""
    project = thing._rag.project
    now = thing._reload()
    with project.catalog.read() as reading:
        offset = max(0, now.document_count - _MOST_ROWS)
        rows = documents.list_of(reading, thing.id, keywords=None, offset=offset, limit=_MOST_ROWS)
    live = {row.id: project.jobs.progress_of(row.id) for row in rows}

    def line(row: DocumentRow) -> str:
        going = live[row.id]
        state = _state(row.run, row.progress)
        if going is not None:
            state = _state("RUNNING", going.fraction * 100)
        return (
            f"<tr><td>{html.name(row.name)}</td><td>{state}</td>"
            f"<td>{row.chunk_count:,} chunks</td></tr>"
        )

    about: list[tuple[str, object]] = [
        ("documents", f"{now.document_count:,}"),
        ("chunks", f"{now.chunk_count:,}"),
        ("parse method", now.parse_method),
        ("embedding model", now.embedding_model),
        ("description", now.description),
    ]
    earlier = f"<p>and {offset:,} earlier ones</p>" if offset else ""
    lines = f"<table>{''.join(map(line, reversed(rows)))}</table>{earlier}" if rows else ""
    return html.box(f"<p><b>{html.name(now.name)}</b></p>", html.table(about), lines)


def session(thing: Session) -> str:
    """Return a conversation: questions, and answers with their sources folded up."""
    until = time.monotonic() + report.NOTEBOOK_SECONDS
    messages = thing.messages
    parts = [f"<p><b>{html.name(thing.name)}</b></p>"]
    if len(messages) > _MOST_MESSAGES:
        parts.append(f"<p>… {len(messages) - _MOST_MESSAGES:,} earlier messages</p>")
    for message in messages[-_MOST_MESSAGES:]:
        if message.role == "user":
            text = html.escape(html.shortened(message.content, html.NOTEBOOK_LETTERS))
            parts.append(f"<p {html.attributes(message.content)}><b>{text}</b></p>")
        else:
            parts.append(report.folded(message, until))
    return html.box(*parts)


def _state(run: str, progress: float) -> str:
    """Return where a parse is: a bar while it goes on, a word else."""
    if run == "RUNNING":
        return html.bar(progress, "parsed")
    return html.escape({"UNSTART": "not parsed yet"}.get(run, run))


def _size(count: int) -> str:
    """Return bytes as a person says them."""
    value = float(count)
    for unit in ("bytes", "KB", "MB"):
        if value < 1000:
            return f"{value:,.0f} {unit}"
        value /= 1000
    return f"{value:,.1f} GB"
