"""Renders an answer and its sources as HTML, for a file or a notebook cell."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import resources
from typing import Protocol

from ragflow_local.answer.citations import footnotes_of
from ragflow_local.errors import RagflowError
from ragflow_local.records import ChunkRow, Hit, MessageRow
from ragflow_local.show import html
from ragflow_local.show.pages import PagePicture, RenderOptions, data_uri
from ragflow_local.text.terms import asked_terms

# Called when a page is drawn: what is shown besides needs no open project.


class PageDrawer(Protocol):
    """What a report needs of ``PageSource``."""

    def draw_page(
        self, document_id: str, page: int, options: RenderOptions, rows: Sequence[ChunkRow]
    ) -> bytes:
        """Return a picture of a page with what the chunks have on it marked."""

    def own_picture(self, row: ChunkRow) -> bytes:
        """Return the picture that a chunk itself has; empty for none."""


OpenPages = Callable[[], PageDrawer]

_MOST_PAGES = 3  # of one passage: a chunk of the method `one` is a whole document
_REPORT_DPI = 110  # a page as wide as the text, sharp on a phone
_NOTEBOOK_DPI = 80
_REPORT_LETTERS = 20_000  # of a passage
_TITLE_LETTERS = 100

# Nothing is ever loaded: not by what stands here, nor by what a document might smuggle in.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and the question it answers."""

    row: MessageRow
    question: str


@dataclass(frozen=True, slots=True)
class _Source:
    """A hit an answer rests on.

    Attributes:
        number: Of its footnote.
        index: Among the hits of the answer.
        pages: The pages to show with it: those no earlier source shows.
        seen_at: The earlier source that shows its first page; 0 for none.
        more_pages: How many further pages it has.
    """

    number: int
    index: int
    hit: Hit
    pages: tuple[int, ...]
    seen_at: int
    more_pages: int

    @property
    def chunk(self) -> ChunkRow:
        """The chunk that was found."""
        return self.hit.chunk


@dataclass(slots=True)
class _Album:
    """Draws pages of cited documents, each with all that is cited on it."""

    sources: list[_Source]
    options: RenderOptions
    open_pages: OpenPages
    until: float | None = None
    problems: dict[str, str] = field(default_factory=dict)

    def picture(self, chunk: ChunkRow, page: int) -> bytes:
        """Return a page; empty where it cannot be drawn, and why not is then in ``problems``."""
        options = self.options
        if self.until is not None:
            left = max(self.until - time.monotonic(), 0.0)
            options = RenderOptions(options.dpi, options.is_small, left)
        try:
            return self.drawn(chunk, page, options)
        except (RagflowError, OSError) as error:
            self.problems[chunk.document_id] = str(error)
            return b""

    def drawn(self, chunk: ChunkRow, page: int, options: RenderOptions) -> bytes:
        """Return a page with all that is cited on it marked."""
        rows = [source.chunk for source in self.sources_on(chunk.document_id, page)]
        return self.open_pages().draw_page(chunk.document_id, page, options, rows)

    def sources_on(self, document_id: str, page: int) -> list[_Source]:
        return [
            source
            for source in self.sources
            if source.chunk.document_id == document_id and page in html.pages_of(source.chunk)
        ]


def _sources_of(row: MessageRow) -> list[_Source]:
    """Return what an answer cites, by footnote; all it was given where it has no footnotes."""
    count = len(row.hits)
    numbers = footnotes_of(row.content, count) or {i: i + 1 for i in range(count)}
    shown: dict[tuple[str, int], int] = {}
    sources = []
    for index, number in numbers.items():
        chunk = row.hits[index].chunk
        on = sorted(html.pages_of(chunk))
        first = on[:_MOST_PAGES]
        seen_at = shown.get((chunk.document_id, first[0]), 0) if first else 0
        pages = tuple(page for page in first if (chunk.document_id, page) not in shown)
        shown |= {(chunk.document_id, page): number for page in pages}
        more = max(0, len(on) - _MOST_PAGES)
        sources.append(_Source(number, index, row.hits[index], pages, seen_at, more))
    return sources


def page_pictures(row: MessageRow, dpi: float, open_pages: OpenPages) -> Iterator[PagePicture]:
    """Yield the pages an answer cites, each once, the first cited first.

    Raises:
        ReadError: A page cannot be drawn.
    """
    album = _Album(_sources_of(row), RenderOptions(dpi), open_pages)
    for source in album.sources:
        for page in source.pages:
            chunk = source.chunk
            png = album.drawn(chunk, page, album.options)
            if png:
                on = album.sources_on(chunk.document_id, page)
                citations = tuple(other.index for other in on)
                yield PagePicture(chunk.document_id, chunk.document_name, page, citations, png)


# ── a file of its own ──


def report(reply: Reply, open_pages: OpenPages, *, pictures: bool = True) -> str:
    """Return a whole HTML page: question, answer, sources."""
    message = reply.row
    sources = _sources_of(message)
    options = RenderOptions(_REPORT_DPI, is_small=True)
    album = _Album(sources if pictures else [], options, open_pages)
    numbers = {source.index: source.number for source in sources}
    question = reply.question.strip()
    title = html.escape(html.shortened(" ".join(question.split()), _TITLE_LETTERS) or "Answer")
    style = resources.files("ragflow_local.show").joinpath("report.css").read_text("utf-8")
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
        *_sources_section(reply, sources, album),
        *_others_section(reply, sources),
        "</main>",
        "</body>",
        "</html>",
    )
    return "\n".join(part for part in parts if part) + "\n"


def _told_of(message: MessageRow) -> str:
    when = datetime.fromtimestamp(message.create_time / 1000, UTC)
    by = f"Answered by {html.name(message.model)}" if message.model else "No model ran"
    stamp = f'<time datetime="{when:%Y-%m-%dT%H:%M:%SZ}">{when:%Y-%m-%d %H:%M} UTC</time>'
    return f"{by} · {stamp}"


def _remarks(message: MessageRow) -> Iterator[str]:
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


def _sources_section(reply: Reply, sources: list[_Source], album: _Album) -> Iterator[str]:
    if not sources:
        yield '<p class="note">The answer cites nothing.</p>'
        return
    cites = bool(footnotes_of(reply.row.content, len(reply.row.hits)))
    heading = "Sources" if cites else "Passages the answer was given"
    yield '<section aria-labelledby="sources">'
    yield f'<h2 id="sources">{heading}</h2>'
    wanted = asked_terms(reply.question)
    for source in sources:
        chunk = source.chunk
        back = f' <a href="#note-{source.number}" aria-label="back to the answer">↑</a>'
        yield f'<article id="source-{source.number}">'
        yield (
            f'<h3><span class="number">[{source.number}]</span>'
            f" {html.where(chunk.document_name, html.pages_of(chunk))}{back if cites else ''}</h3>"
        )
        yield html.scores(source.hit)
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
        yield from _own_picture(chunk, album.open_pages)
    if source.seen_at:
        at = source.seen_at
        link = f'<a href="#{html.escape(prefix)}source-{at}">source {at}</a>'
        yield f'<p class="note">Its page is shown with {link}, this passage marked too.</p>'
    if source.more_pages and drawn:
        yield f'<p class="note">It goes on over {source.more_pages:,} more pages.</p>'
    if problem := album.problems.get(chunk.document_id):
        yield f'<p class="note">Its page cannot be shown. {html.escape(problem)}</p>'


def _own_picture(chunk: ChunkRow, open_pages: OpenPages) -> Iterator[str]:
    """Yield the picture that a chunk itself has, such as a slide's."""
    if not chunk.image:
        return
    try:
        uri = data_uri(open_pages().own_picture(chunk))
    except (RagflowError, OSError) as error:
        yield f'<p class="note">Its picture cannot be shown. {html.escape(error)}</p>'
        return
    picture = html.image(uri, f"The picture that belongs to the passage, of {chunk.document_name}.")
    yield f"<figure>{picture}</figure>"


def _others_section(reply: Reply, sources: list[_Source]) -> Iterator[str]:
    """Yield the passages that were found and are not cited, folded up."""
    cited = {source.index for source in sources}
    others = [hit for index, hit in enumerate(reply.row.hits) if index not in cited]
    if not others:
        return
    wanted = asked_terms(reply.question)
    yield f"<details><summary>Found, but not cited ({len(others)})</summary>"
    for hit in others:
        chunk = hit.chunk
        yield f"<article><h3>{html.where(chunk.document_name, html.pages_of(chunk))}</h3>"
        yield html.scores(hit)
        yield html.passage(chunk.content, wanted, _REPORT_LETTERS)
        yield "</article>"
    yield "</details>"


# ── the output of a notebook's cell ──


def folded(reply: Reply, open_pages: OpenPages, until: float) -> str:
    """Return an answer and its sources, folded up; no page is drawn after ``until``."""
    message = reply.row
    sources = _sources_of(message)
    album = _Album(sources, RenderOptions(_NOTEBOOK_DPI, is_small=True), open_pages, until)
    numbers = {source.index: source.number for source in sources}
    prefix = f"rl-{message.id}-"
    wanted = asked_terms(reply.question)
    parts = [html.answer(message.content, numbers, prefix)]
    if message.model:
        parts.append(f'<p class="rl-scores">Answered by {html.name(message.model)}</p>')
    for source in sources:
        chunk = source.chunk
        where = html.where(chunk.document_name, html.pages_of(chunk))
        parts += [
            f'<details id="{html.escape(prefix)}source-{source.number}">',
            f"<summary>[{source.number}] {where}</summary>",
            html.scores(source.hit),
            html.passage(chunk.content, wanted, html.NOTEBOOK_LETTERS),
            *_figures(source, album, prefix),
            "</details>",
        ]
    return "".join(parts)
