"""Builds HTML; every text of a document passes ``escape``, here and nowhere else.

Texts come from documents, which may be written to do harm: no character of theirs is markup, and
none can turn the text around it. Nothing here asks the engine anything.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Mapping

from ragflow_local.answer.citations import format_marks, split_marks
from ragflow_local.records import ChunkRow, Hit
from ragflow_local.text.controls import without_controls
from ragflow_local.text.scripts import HAN, HANGUL, KANA
from ragflow_local.text.terms import asked_terms, spans_of

# Half characters, which UTF-8 cannot hold.
_HALF = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("[\u2028\u2029]")

_KANA = re.compile(f"[{KANA}]")
_HANGUL = re.compile(f"[{HANGUL}]")
_HAN = re.compile(f"[{HAN}]")
_LOOKED_AT = 2000  # letters that say which language a text may be in

NOTEBOOK_LETTERS = 1500  # of a passage in a notebook, where many stand under one another
_CELL_LETTERS = 200  # of a name or a message in a table

# A notebook has colours of its own, light or dark: only what is laid over them is set.
_STYLE = (
    "<style>.rl{font-family:system-ui,sans-serif;line-height:1.45;max-width:60em}"
    ".rl p{margin:.2em 0}.rl blockquote,.rl .rl-answer{margin:.4em 0;white-space:pre-wrap;"
    "overflow-wrap:anywhere}.rl blockquote{border-left:3px solid #d69600;padding-left:.7em}"
    ".rl mark{background:#ffe680;color:#000}.rl .rl-scores{opacity:.8;font-size:.9em}"
    ".rl meter{width:5em;vertical-align:middle}.rl progress{width:10em;vertical-align:middle}"
    ".rl img{max-width:100%;height:auto;background:#fff}.rl details{margin:.3em 0}"
    ".rl summary{cursor:pointer}.rl table{border-collapse:collapse}"
    ".rl td,.rl th{text-align:left!important;padding:.1em .7em .1em 0;vertical-align:top}</style>"
)


def escape(text: object) -> str:
    """Return a text as HTML shows it, in a tag's content and in a quoted attribute."""
    kept = _LINE_ENDS.sub("\n", _HALF.sub("\ufffd", without_controls(str(text))))
    return html.escape(kept, quote=True)


def name(text: str) -> str:
    """Return a name in a box of its own, so that its direction stays in it."""
    return f"<bdi>{escape(shortened(text, _CELL_LETTERS))}</bdi>"


def shortened(text: str, most: int) -> str:
    """Return at most so many letters of a text."""
    return text if len(text) <= most else f"{text[:most]}…"


def language(text: str) -> str:
    """Return ``ja``, ``ko`` or ``zh`` where the script says it; "" for what is not known.

    Browsers choose the form of a character by it: Chinese and Japanese share their code points.
    """
    beginning = text[:_LOOKED_AT]
    hangul, han = len(_HANGUL.findall(beginning)), len(_HAN.findall(beginning))
    if _KANA.search(beginning):
        return "ja"
    if hangul > han:
        return "ko"
    return "zh" if han else ""


def attributes(text: str) -> str:
    """Return the language and direction of a text, as attributes of its element."""
    return f'lang="{language(text)}" dir="auto"'


def passage(text: str, wanted: Collection[str], most: int) -> str:
    """Return a passage with its wanted terms marked, cut after ``most`` letters and saying so."""
    shown, parts, end = text[:most], [], 0
    for start, stop in spans_of(shown, wanted):
        parts += [escape(shown[end:start]), f"<mark>{escape(shown[start:stop])}</mark>"]
        end = stop
    parts.append(escape(shown[end:]))
    left = len(text) - most
    cut = f" <em>… and {left:,} more letters</em>" if left > 0 else ""
    return f"<blockquote {attributes(text)}>{''.join(parts)}{cut}</blockquote>"


def scores(hit: Hit | None) -> str:
    """Return the three similarities as bars with their numbers; "" for what was not retrieved."""
    if hit is None:
        return ""
    shown = (
        ("similarity", hit.similarity),
        ("words", hit.term_similarity),
        ("meaning", hit.vector_similarity),
    )
    return (
        '<p class="rl-scores">'
        + " · ".join(
            f'{label} <meter min="0" max="1" value="{value:.3f}" aria-label="{label}">'
            f"</meter> {value:.2f}"
            for label, value in shown
        )
        + "</p>"
    )


def where(document_name: str, pages: Collection[int]) -> str:
    """Return a document's name and the pages of it: ``report.pdf, pages 3–4``."""
    shown = sorted(pages)
    if not shown:
        return name(document_name)
    label = f"page {shown[0]}" if len(shown) == 1 else f"pages {shown[0]}–{shown[-1]}"
    return f"{name(document_name)}, {label}"


def pages_of(row: ChunkRow) -> set[int]:
    """Return the pages a chunk stands on."""
    return {place.page for place in row.places}


def chunk(row: ChunkRow, hit: Hit | None, question: str) -> str:
    """Return a chunk for a notebook: where it stands, how well it fits, its text."""
    heading = " › ".join(escape(shortened(text, _CELL_LETTERS)) for text in row.headings)
    off = "" if row.available else " · not available"
    return box(
        f"<p><b>{where(row.document_name, pages_of(row))}</b>{off}</p>",
        f'<p class="rl-scores">{heading}</p>' if heading else "",
        scores(hit),
        passage(row.content, asked_terms(question), NOTEBOOK_LETTERS),
    )


def box(*parts: str) -> str:
    """Return parts of HTML as one output of a notebook."""
    return f'<div class="rl">{_STYLE}{"".join(parts)}</div>'


def answer(content: str, numbers: Mapping[int, int], prefix: str) -> str:
    """Return an answer whose marks are footnotes that lead to their sources.

    Args:
        content: Text with ``[ID:i]`` marks; a mark of no source stays what it is.
        numbers: Of the footnotes.
        prefix: What the ids of the sources begin with.
    """
    parts: list[str] = []
    back: set[int] = set()
    for part in split_marks(content):
        if isinstance(part, str):
            parts.append(escape(part))
            continue
        number = numbers.get(part)
        if number is None:
            parts.append(format_marks([part]))
            continue
        # The first note of a source is where its link leads back to.
        id = "" if number in back else f' id="{escape(prefix)}note-{number}"'
        back.add(number)
        parts.append(
            # A note does not stand alone on the next line.
            f'\u2060<sup{id}><a href="#{escape(prefix)}source-{number}"'
            f' aria-label="source {number}">[{number}]</a></sup>'
        )
    return f'<div class="rl-answer" {attributes(content)}>{"".join(parts)}</div>'


def image(uri: str, alternative: str) -> str:
    """Return a picture; "" for none."""
    return f'<img src="{escape(uri)}" alt="{escape(alternative)}">' if uri else ""


def bar(percent: float, label: str) -> str:
    """Return a bar of how far something is."""
    value = min(max(percent, 0.0), 100.0)
    return (
        f'<progress max="100" value="{value:.1f}" aria-label="{escape(label)}"></progress>'
        f" {value:.0f} %"
    )


def table(rows: Iterable[tuple[str, object]]) -> str:
    """Return a table of names and values, which are texts; what is empty is left out."""
    cells = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        f"<td>{escape(shortened(str(value), _CELL_LETTERS))}</td></tr>"
        for label, value in rows
        if value not in ("", None)
    )
    return f"<table>{cells}</table>"
