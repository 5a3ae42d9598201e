"""An answer with its sources as HTML: a file of its own, or the output of a notebook's cell."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING

from ragflow_local.api import html
from ragflow_local.api.pictures import PagePicture, RenderOptions, data_uri, draw_page
from ragflow_local.errors import RagflowError
from ragflow_local.text.terms import asked_terms

if TYPE_CHECKING:
    from ragflow_local.api.chunk import Chunk
    from ragflow_local.api.message import Message

_MOST_PAGES = 3  # of one passage: a chunk of the method `one` is a whole document
_REPORT_DPI = 110  # a page as wide as the text, sharp on a phone
_NOTEBOOK_DPI = 80
NOTEBOOK_SECONDS = 5.0  # for all pictures of a cell: what is not drawn by then is left out
_REPORT_LETTERS = 20_000  # of a passage
_TITLE_LETTERS = 100

# Nothing is ever loaded: not by what stands here, nor by what a document might smuggle in.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'"


@dataclass(frozen=True, slots=True)
class _Source:
    """A chunk an answer rests on.

    Attributes:
        number: Of its footnote.
        index: In ``message.reference``.
        pages: The pages to show with it: those no earlier source shows.
        seen_at: The earlier source that shows its first page; 0 for none.
        more_pages: How many further pages it has.
    """

    number: int
    index: int
    chunk: Chunk
    pages: tuple[int, ...]
    seen_at: int
    more_pages: int


@dataclass(slots=True)
class _Album:
    """Draws pages of cited documents, each with all that is cited on it."""

    sources: list[_Source]
    look: RenderOptions
    until: float | None = None
    told: dict[str, str] = field(default_factory=dict)

    def picture(self, chunk: Chunk, page: int) -> bytes:
        """Return a page; empty where it cannot be drawn, and why not is then in ``told``."""
        look = self.look
        if self.until is not None:
            left = max(self.until - time.monotonic(), 0.0)
            look = RenderOptions(look.dpi, look.is_small, left)
        rows = [source.chunk._row for source in self.sources_on(chunk.document_id, page)]
        try:
            return draw_page(chunk._rag, chunk.document_id, page, look, rows)
        except (RagflowError, OSError) as error:
            self.told[chunk.document_id] = str(error)
            return b""

    def sources_on(self, document_id: str, page: int) -> list[_Source]:
        return [
            source
            for source in self.sources
            if source.chunk.document_id == document_id and page in source.chunk.pages
        ]


def sources_of(message: Message) -> list[_Source]:
    """Return what an answer cites, by footnote; all it was given where it has no footnotes."""
    count = len(message.reference)
    numbers = html.notes_of(message.content, count) or {i: i + 1 for i in range(count)}
    shown: dict[tuple[str, int], int] = {}
    sources = []
    for index, number in numbers.items():
        chunk = message.reference[index]
        first = chunk.pages[:_MOST_PAGES]
        seen_at = shown.get((chunk.document_id, first[0]), 0) if first else 0
        pages = tuple(page for page in first if (chunk.document_id, page) not in shown)
        shown |= {(chunk.document_id, page): number for page in pages}
        more = max(0, len(chunk.pages) - _MOST_PAGES)
        sources.append(_Source(number, index, chunk, pages, seen_at, more))
    return sources


def page_pictures(message: Message, dpi: float) -> Iterator[PagePicture]:
    """Yield the pages an answer cites, each once, the first cited first.

    Raises:
        ReadError: A page cannot be drawn.
    """
    sources = sources_of(message)
    album = _Album(sources, RenderOptions(dpi))
    for source in sources:
        for page in source.pages:
            chunk = source.chunk
            on = album.sources_on(chunk.document_id, page)
            rows = [other.chunk._row for other in on]
            png = draw_page(chunk._rag, chunk.document_id, page, album.look, rows)
            if png:
                citations = tuple(other.index for other in on)
                yield PagePicture(chunk.document_id, chunk.document_name, page, citations, png)


# ── a file of its own ──


def report(message: Message, *, pictures: bool = True) -> str:
    """Return a whole HTML page: question, answer, sources."""
    sources = sources_of(message)
    album = _Album(sources if pictures else [], RenderOptions(_REPORT_DPI, is_small=True))
    numbers = {source.index: source.number for source in sources}
    question = message.question.strip()
    title = html.escape(html.shortened(" ".join(question.split()), _TITLE_LETTERS) or "Answer")
    style = resources.files("ragflow_local.api").joinpath("report.css").read_text("utf-8")
    parts = (
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="generator" content="ragflow_local">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{title}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        "<header>",
        f"<h1 {html.attributes(question)}>{html.escape(question) or 'Answer'}</h1>",
        f"<p>{_told_of(message)}</p>",
        "</header>",
        "<main>",
        '<section aria-labelledby="answer">',
        '<h2 id="answer">Answer</h2>',
        html.answer(message.content, numbers, ""),
        *_remarks(message),
        "</section>",
        *_sources_section(message, sources, album),
        *_others_section(message, sources),
        "</main>",
        "</body>",
        "</html>",
    )
    return "\n".join(part for part in parts if part) + "\n"


def _told_of(message: Message) -> str:
    when = datetime.fromtimestamp(message.create_time / 1000, UTC)
    by = f"Answered by {html.name(message.model)}" if message.model else "No model ran"
    stamp = f'<time datetime="{when:%Y-%m-%dT%H:%M:%SZ}">{when:%Y-%m-%d %H:%M} UTC</time>'
    return f"{by} · {stamp}"


def _remarks(message: Message) -> Iterator[str]:
    if message.unsupported:
        items = "".join(
            f"<li {html.attributes(text)}>{html.escape(text)}</li>" for text in message.unsupported
        )
        yield f'<div class="note"><p>No passage supports:</p><ul>{items}</ul></div>'
    if message.thinking:
        yield (
            "<details><summary>What the model wrote before its answer</summary>"
            f'<div class="rl-answer" {html.attributes(message.thinking)}>'
            f"{html.escape(message.thinking)}</div></details>"
        )


def _sources_section(message: Message, sources: list[_Source], album: _Album) -> Iterator[str]:
    if not sources:
        yield '<p class="note">The answer cites nothing.</p>'
        return
    cites = bool(html.notes_of(message.content, len(message.reference)))
    heading = "Sources" if cites else "Passages the answer was given"
    yield '<section aria-labelledby="sources">'
    yield f'<h2 id="sources">{heading}</h2>'
    wanted = asked_terms(message.question)
    for source in sources:
        chunk = source.chunk
        back = f' <a href="#note-{source.number}" aria-label="back to the answer">↑</a>'
        yield f'<article id="source-{source.number}">'
        yield (
            f'<h3><span class="number">[{source.number}]</span>'
            f" {html.where(chunk.document_name, chunk.pages)}{back if cites else ''}</h3>"
        )
        yield html.scores(chunk._hit)
        yield html.passage(chunk.content, wanted, _REPORT_LETTERS)
        yield from _figures(source, album, "")
        yield "</article>"
    yield "</section>"


def _figures(source: _Source, album: _Album, prefix: str) -> Iterator[str]:
    """Yield the pages of a source, or where they are, or why they are not shown."""
    if not album.sources:
        return
    chunk = source.chunk
    drawn = 0
    for page in source.pages:
        uri = data_uri(album.picture(chunk, page))
        if uri:
            drawn += 1
            name = chunk.document_name
            alternative = f"Page {page} of {name}. The passage quoted above is marked on it."
            caption = f"{html.name(name)}, page {page}"
            yield (
                f"<figure>{html.image(uri, alternative)}<figcaption>{caption}</figcaption></figure>"
            )
    if not drawn:
        yield from _own_picture(chunk)
    if source.seen_at:
        at = source.seen_at
        link = f'<a href="#{html.escape(prefix)}source-{at}">source {at}</a>'
        yield f'<p class="note">Its page is shown with {link}, this passage marked too.</p>'
    if source.more_pages and drawn:
        yield f'<p class="note">It goes on over {source.more_pages:,} more pages.</p>'
    if problem := album.told.get(chunk.document_id):
        yield f'<p class="note">Its page cannot be shown. {html.escape(problem)}</p>'


def _own_picture(chunk: Chunk) -> Iterator[str]:
    """Yield the picture that a chunk itself has, such as a slide's."""
    if not chunk._row.image:
        return
    try:
        uri = data_uri(chunk.image())
    except (RagflowError, OSError) as error:
        yield f'<p class="note">Its picture cannot be shown. {html.escape(error)}</p>'
        return
    picture = html.image(uri, f"The picture that belongs to the passage, of {chunk.document_name}.")
    yield f"<figure>{picture}</figure>"


def _others_section(message: Message, sources: list[_Source]) -> Iterator[str]:
    """Yield the passages that were found and are not cited, folded up."""
    cited = {source.index for source in sources}
    others = [chunk for index, chunk in enumerate(message.reference) if index not in cited]
    if not others:
        return
    wanted = asked_terms(message.question)
    yield f"<details><summary>Found, but not cited ({len(others)})</summary>"
    for chunk in others:
        yield f"<article><h3>{html.where(chunk.document_name, chunk.pages)}</h3>"
        yield html.scores(chunk._hit)
        yield html.passage(chunk.content, wanted, _REPORT_LETTERS)
        yield "</article>"
    yield "</details>"


# ── the output of a notebook's cell ──


def notebook(message: Message) -> str:
    """Return an answer with its sources folded up, each with its page."""
    return html.box(folded(message, time.monotonic() + NOTEBOOK_SECONDS))


def folded(message: Message, until: float) -> str:
    """Return an answer and its sources, folded up; no page is drawn after ``until``."""
    sources = sources_of(message)
    album = _Album(sources, RenderOptions(_NOTEBOOK_DPI, is_small=True), until)
    numbers = {source.index: source.number for source in sources}
    prefix = f"rl-{message.id}-"
    wanted = asked_terms(message.question)
    parts = [html.answer(message.content, numbers, prefix)]
    if message.model:
        parts.append(f'<p class="rl-scores">Answered by {html.name(message.model)}</p>')
    for source in sources:
        chunk = source.chunk
        parts += [
            f'<details id="{html.escape(prefix)}source-{source.number}">',
            f"<summary>[{source.number}] {html.where(chunk.document_name, chunk.pages)}</summary>",
            html.scores(chunk._hit),
            html.passage(chunk.content, wanted, html.NOTEBOOK_LETTERS),
            *_figures(source, album, prefix),
            "</details>",
        ]
    return "".join(parts)
