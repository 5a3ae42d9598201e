"""Lays out a slide as a PDF page: its texts, tables and pictures in their regions.

A plain drawing, black on white, so that a reader sees what stands where: the theme, fills, charts
and the type sizes of the original are not drawn. Texts shrink until they fit into their box.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pptx import read_slide
from ragflow_local.records import Block, Region

_STYLE = (
    "* {font-family: sans-serif; font-size: 18px;} p {margin: 0 0 4px 0;} h1 {font-size: 30px;"
    " margin: 0;} table {border-collapse: collapse;} td {border: 1px solid gray; padding: 2px;}"
)
_MIN_POINTS = 4.0
# Letters of a paragraph and rows of a table that are drawn: more cannot be read in a box.
_LONGEST, _MOST_ROWS = 5_000, 200
_MOST_POINTS = 10_000.0


def slide_page(data: bytes, page: int) -> bytes:
    """Return a PDF of one page that shows a slide; empty where there is no such slide.

    Raises:
        DamagedFileError: The file is broken, encrypted or no PowerPoint file.
    """
    slide = read_slide(data, page)
    if slide is None:
        return b""
    whole, blocks = slide
    with mupdf.open() as document:
        sheet = document.new_page(
            width=min(max(whole.x1, 1.0), _MOST_POINTS),
            height=min(max(whole.bottom, 1.0), _MOST_POINTS),
        )
        for place, group in _boxes(blocks, whole):
            rect = mupdf.Rect(place.x0, place.top, place.x1, place.bottom) & sheet.rect
            if rect.is_empty or min(rect.width, rect.height) < _MIN_POINTS:
                continue
            for block in group:
                if block.image:
                    _put(sheet, rect, block.image)
            if text := "".join(_html(group)):
                sheet.insert_htmlbox(rect, text, css=_STYLE, scale_low=0)
        return bytes(document.tobytes())


def _boxes(blocks: Iterable[Block], whole: Region) -> Iterator[tuple[Region, list[Block]]]:
    """Yield the blocks of each box, pictures first, since text stands on them; no notes."""
    shown = [block for block in blocks if block.place is not None and block.place != whole]
    for is_text in (False, True):
        some = [block for block in shown if (not block.image) is is_text]
        for place, group in groupby(some, key=lambda block: block.place):
            if place is not None:
                yield place, list(group)


def _put(sheet: object, rect: object, picture: bytes) -> None:
    try:
        sheet.insert_image(rect, stream=picture, keep_proportion=False)  # type: ignore[attr-defined]  # PyMuPDF has no types
    except (mupdf.mupdf.FzErrorBase, RuntimeError, ValueError):
        return  # a broken picture leaves its place empty


def _html(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        if block.rows:
            yield "<table>"
            for row in block.rows[:_MOST_ROWS]:
                yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
            yield "</table>"
        elif block.text and not block.image:
            tag = "h1" if block.kind == "heading" else "p"
            yield f"<{tag}>{_lines(block.text)}</{tag}>"


def _lines(text: str) -> str:
    return escape(text[:_LONGEST]).replace("\n", "<br/>")
