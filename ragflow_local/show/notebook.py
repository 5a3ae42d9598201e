"""Renders datasets, documents and sessions in a notebook, quickly and without raising."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ragflow_local.errors import RagflowError
from ragflow_local.records import DatasetRow, DocumentRow, ParseState
from ragflow_local.show import html
from ragflow_local.show.pages import PageSource, RenderOptions, data_uri
from ragflow_local.show.report import OpenPages, Reply, folded
from ragflow_local.text.plurals import count_of

OpenSource = Callable[[], PageSource]
SECONDS = 5.0  # for all pictures of a cell: what is not drawn by then is left out
_THUMBNAIL = RenderOptions(72, is_small=True, seconds=SECONDS)
MOST_ROWS = 10  # of a table
_MOST_MESSAGES = 20


def shown(kind: str, make: Callable[[], str]) -> str:
    """Return what ``make`` renders, or a message that the thing is deleted, closed or damaged."""
    try:
        return make()
    except (RagflowError, OSError) as error:
        return html.box(f"<p><b>{html.escape(kind)}</b>: {html.escape(error)}</p>")


def document(row: DocumentRow, state: ParseState, open_pages: OpenSource) -> str:
    """Return a document: its first page, how far its parse is, what it has."""
    facts: list[tuple[str, object]] = [
        ("parse method", row.parse_method),
        ("chunks", f"{row.chunk_count:,}"),
        ("tokens", f"{row.token_count:,}"),
        ("size", _size(row.size)),
        ("message", state.progress_msg),
        *((f"meta: {name}", value) for name, value in list(row.meta_fields.items())[:MOST_ROWS]),
    ]
    return html.box(
        f"<p><b>{html.name(row.name)}</b></p>",
        f"<p>{_state(state)}</p>",
        html.table(facts),
        html.image(_thumbnail(row, open_pages), f"First page of {row.name}"),
    )


def _thumbnail(row: DocumentRow, open_pages: OpenSource) -> str:
    try:
        return data_uri(open_pages().draw_thumbnail(row, _THUMBNAIL))
    except RagflowError:
        return ""  # damaged, or too slow: everything else is shown


def dataset(row: DatasetRow, latest: Sequence[tuple[DocumentRow, ParseState]]) -> str:
    """Return a dataset: what it has, and its latest documents with how far they are."""
    about: list[tuple[str, object]] = [
        ("documents", f"{row.document_count:,}"),
        ("chunks", f"{row.chunk_count:,}"),
        ("parse method", row.parse_method),
        ("embedding model", row.embedding_model),
        ("description", row.description),
    ]
    lines = "".join(
        f"<tr><td>{html.name(document.name)}</td><td>{_state(state)}</td>"
        f"<td>{count_of(document.chunk_count, 'chunk')}</td></tr>"
        for document, state in reversed(latest)
    )
    earlier = row.document_count - len(latest)
    more = f"<p>and {earlier:,} earlier ones</p>" if earlier > 0 else ""
    table = f"<table>{lines}</table>{more}" if lines else ""
    return html.box(f"<p><b>{html.name(row.name)}</b></p>", html.table(about), table)


def message(reply: Reply, open_pages: OpenPages) -> str:
    """Return an answer with its sources folded up, each with its page."""
    return html.box(folded(reply, open_pages, time.monotonic() + SECONDS))


def session(name: str, messages: Sequence[Reply], open_pages: OpenPages) -> str:
    """Return a conversation: questions, and answers with their sources folded up."""
    until = time.monotonic() + SECONDS
    parts = [f"<p><b>{html.name(name)}</b></p>"]
    if len(messages) > _MOST_MESSAGES:
        parts.append(f"<p>… {len(messages) - _MOST_MESSAGES:,} earlier messages</p>")
    for reply in messages[-_MOST_MESSAGES:]:
        if reply.row.role == "user":
            content = reply.row.content
            text = html.escape(html.shortened(content, html.NOTEBOOK_LETTERS))
            parts.append(f"<p {html.attributes(content)}><b>{text}</b></p>")
        else:
            parts.append(folded(reply, open_pages, until))
    return html.box(*parts)


def _state(state: ParseState) -> str:
    """Return where a parse is: a bar while it goes on, a word else."""
    if state.run == "RUNNING":
        return html.bar(state.progress, "parsed")
    return html.escape({"UNSTART": "not parsed yet"}.get(state.run, state.run))


def _size(count: int) -> str:
    """Return a size in bytes with a unit."""
    value = float(count)
    for unit in ("bytes", "KB", "MB"):
        if value < 1000:
            return f"{value:,.0f} {unit}"
        value /= 1000
    return f"{value:,.1f} GB"
