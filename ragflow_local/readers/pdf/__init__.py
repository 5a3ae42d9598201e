"""PDF: pages to blocks; plain pages by geometry, the others by layout analysis or OCR."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ragflow_local.errors import DamagedFileError, RecognitionError
from ragflow_local.readers import ocr
from ragflow_local.readers.pdf import layout as page_layout
from ragflow_local.readers.pdf import scan, whole_document
from ragflow_local.readers.pdf.beside_text import (
    bookmarks_of,
    files_of,
    notes_of,
    with_bookmarks,
)
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.lines import Lines, lines_of
from ragflow_local.readers.pdf.margins import arranged
from ragflow_local.readers.pdf.page import read_lines
from ragflow_local.readers.pdf.plain import block_of
from ragflow_local.readers.pdf.ruled_tables import rules_of
from ragflow_local.readers.pdf.unmapped_fonts import UNREADABLE_SHARE
from ragflow_local.readers.pdf.unread import Unread
from ragflow_local.readers.ways import HowToRead
from ragflow_local.records import Block, Notice

# MuPDF repairs what it can and would write of it to standard error.
mupdf.TOOLS.mupdf_display_errors(False)
mupdf.TOOLS.mupdf_display_warnings(False)

# What MuPDF raises for a page that cannot be read though the file can; the second by way of
# PyMuPDF's own checks.
DAMAGED = (mupdf.mupdf.FzErrorBase, RuntimeError, ValueError)


def read(data: bytes, name: str = "", depth: int = 0) -> Iterator[Block | Notice]:
    """Yield the blocks of all pages in reading order.

    Args:
        data: The file's bytes.
        name: The file's name, for messages only.
        depth: In how many files it lies itself.

    Raises:
        DamagedFileError: The file is broken, encrypted or no PDF.
    """
    blocks: list[Block] = []
    for item in read_pages(data, 1, count_pages(data, name), name=name, depth=depth):
        if isinstance(item, Notice):
            yield item
        else:
            blocks.append(item)
    yield from join_pages(blocks)


def count_pages(data: bytes, name: str = "") -> int:
    """Return how many pages there are; none in an empty file.

    Raises:
        DamagedFileError: The file is broken, encrypted or no PDF.
    """
    if not data:
        return 0
    with open_document(data, name) as document:
        return int(document.page_count)


def read_pages(
    data: bytes,
    first: int,
    last: int,
    *,
    name: str = "",
    depth: int = 0,
    how: HowToRead = HowToRead(),  # noqa: B008  # frozen
) -> Iterator[Block | Notice]:
    """Yield the blocks of the pages first to last (from 1, both included).

    Levels of headings only order them by type size until ``join_pages`` has seen all pages. The
    last page is followed by what stands in files that the PDF carries.

    Raises:
        DamagedFileError: The file is broken, encrypted or no PDF.
    """
    if not data:
        return
    told = Unread()
    with open_document(data, name) as document:
        bookmarks = bookmarks_of(document)
        for number in range(first, min(last, document.page_count) + 1):
            how.begins(number)
            if number in how.skipped:
                told.endless.append(number)
                continue
            try:
                page = document[number - 1]
                blocks, lines = _blocks_of(page, number, how, told)
                yield from with_bookmarks(blocks, bookmarks.get(number, ()), lines, number)
                yield from list(notes_of(page, lines, number))
            except DAMAGED:
                told.damaged.append(number)
        if last >= document.page_count:
            yield from files_of(document, depth + 1)
    yield from told.notices()


def join_pages(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks of all pages with running lines named and headings levelled."""
    return whole_document.join_pages(blocks)


@contextmanager
def open_document(data: bytes, name: str) -> Iterator[Any]:
    """Give the open document, its empty password tried.

    Raises:
        DamagedFileError: The file is broken, encrypted or no PDF.
    """
    try:
        document = mupdf.open(stream=data, filetype="pdf")
    except (mupdf.FileDataError, mupdf.EmptyFileError) as error:
        raise DamagedFileError(name, "its structure", "it is broken or no PDF") from error
    with document:
        if document.needs_pass and not document.authenticate(""):
            raise DamagedFileError(name, "the whole file", "it is encrypted")
        if _n_pages(document) < 1:
            raise DamagedFileError(name, "its index", "it has no pages")
        yield document


def _n_pages(document: Any) -> int:
    try:
        return int(document.page_count)
    except DAMAGED:
        return 0


def _blocks_of(page: Any, number: int, how: HowToRead, told: Unread) -> tuple[list[Block], Lines]:
    """Return the blocks of a page and its lines; what cannot be read goes to ``told``."""
    lines = arranged(lines_of(page))
    has_words = bool(lines.lines)
    parts = scan.parts_to_see(page, lines)
    if number in how.plain:
        told.slow.append(number)
    elif not ocr.is_installed():
        if lines.unknown >= UNREADABLE_SHARE:
            told.mute.append(number)
        elif parts:
            (told.parts if has_words else told.pictures).append(number)
    elif parts:
        try:
            lines = scan.seen_lines(page, lines, parts)
        except RecognitionError as error:
            told.failed.setdefault(str(error), []).append(number)
    rules = rules_of(page, lines)
    reading = read_lines(lines, rules)
    pieces = reading.pieces
    is_analysed = how.layout and number not in how.plain
    if is_analysed and has_words and page_layout.is_needed(page, lines, reading, rules):
        regions = page_layout.regions_of(page, lines)
        columns = reading.n_columns > 1 or page_layout.has_columns(regions, lines.body_size)
        pieces = page_layout.read_regions(lines, rules, regions, columns=columns)
    blocks = [block_of(piece, lines, number) for piece in pieces]
    blocks += [
        Block("paragraph", line.text, place=lines.place(number, line.box)) for line in lines.aside
    ]
    return blocks, lines
