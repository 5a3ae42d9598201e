"""What a PDF holds beside the text of its pages: notes, bookmarks and embedded files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ragflow_local.readers.attachments import attached
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.lines import Box, Lines, clean
from ragflow_local.records import Block, Notice

_MOST_NOTES, _MOST_BOOKMARKS, _MOST_FILES = 1_000, 5_000, 100
_LARGEST_FILE_BYTES = 64 << 20
# Ranks of headings that bookmarks name: far apart, and above those of any type size.
_RANK, _DEEPEST = 10, 6
# Annotations whose text is drawn on the page, or that are no notes.
_NO_NOTES = frozenset(
    {
        mupdf.PDF_ANNOT_FREE_TEXT,
        mupdf.PDF_ANNOT_LINK,
        mupdf.PDF_ANNOT_POPUP,
        mupdf.PDF_ANNOT_WIDGET,
        mupdf.PDF_ANNOT_FILE_ATTACHMENT,
    }
)
# Bookmarks that a program made of page numbers say nothing.
_PAGE_NAME = re.compile(r"(?:page|seite|pagina|página|p\.|第)?\s*\d+\s*页?", re.IGNORECASE)


def notes_of(page: Any, lines: Lines, number: int) -> Iterator[Block]:
    """Yield the text of sticky notes and of notes on highlights, under the page's own text."""
    for count, annotation in enumerate(page.annots()):
        if count >= _MOST_NOTES:
            return
        text = clean(str(annotation.info.get("content") or ""))
        if text and annotation.type[0] not in _NO_NOTES:
            author = clean(str(annotation.info.get("title") or ""))
            shown = annotation.rect * page.rotation_matrix
            box = lines.turned(Box(shown.x0, shown.y0, shown.x1, shown.y1))
            note = f"{author}: {text}" if author else text
            yield Block("paragraph", note, place=lines.place(number, box))


def bookmarks_of(document: Any) -> dict[int, list[tuple[int, str, float]]]:
    """Return by page the level, title and height of each bookmark; height 0 is its top."""
    bookmarks: dict[int, list[tuple[int, str, float]]] = {}
    try:
        contents = document.get_toc(simple=False)[:_MOST_BOOKMARKS]
    except (RuntimeError, ValueError):  # a damaged outline: the pages are whole
        return {}
    for level, title, page, target in contents:
        name = " ".join(clean(str(title)).split())
        if page > 0 and name and not _PAGE_NAME.fullmatch(name):
            point = target.get("to") if isinstance(target, dict) else None
            bookmarks.setdefault(page, []).append((level, name, float(point.y) if point else 0.0))
    return bookmarks


def with_bookmarks(
    blocks: Sequence[Block], bookmarks: Sequence[tuple[int, str, float]], lines: Lines, number: int
) -> list[Block]:
    """Return the blocks of a page with its bookmarks as headings.

    A block that says the title becomes the heading; a title that the page does not say is put in
    where it points to. Their ranks stand above those of headings told by their type size.
    """
    result = list(blocks)
    for level, title, top in bookmarks:
        rank, name = _RANK * min(level, _DEEPEST), _letters(title)
        own = next((i for i, block in enumerate(result) if _letters(block.text) == name), None)
        if own is not None and result[own].kind in ("heading", "paragraph", "list_item"):
            result[own] = replace(result[own], kind="heading", level=rank)
        elif not any(name in _letters(block.text) for block in result):
            place = lines.place(number, lines.turned(Box(0.0, top, 0.0, top)))
            spot = _spot(result, top)
            result.insert(spot, Block("heading", title, rank, place))
    return result


def _spot(blocks: Sequence[Block], top: float) -> int:
    """Return the index of the first block that ends below ``top``."""
    for index, block in enumerate(blocks):
        if block.place is not None and block.place.bottom > top:
            return index
    return len(blocks)


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def files_of(document: Any, depth: int = 1) -> Iterator[Block | Notice]:
    """Yield what stands in the files that a PDF carries, as attachments of a mail are read."""
    for index in range(min(document.embfile_count(), _MOST_FILES)):
        try:
            info = document.embfile_info(index)
            name = clean(str(info.get("ufilename") or info.get("filename") or info.get("name")))
            if int(info.get("size") or 0) > _LARGEST_FILE_BYTES:
                yield Notice(
                    f"The embedded file {name!r} is too large to be read; add it as a file."
                )
                continue
            data = document.embfile_get(index)
        except (RuntimeError, ValueError):
            yield Notice(f"Embedded file {index + 1} is damaged and was left out.")
            continue
        yield from attached(name, data, depth)
