"""PDF: pages to blocks; plain pages by geometry, the others by layout analysis or OCR."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import ocr
from ragflow_local.readers.pdf import layout as page_layout
from ragflow_local.readers.pdf import scan, whole_document
from ragflow_local.readers.pdf.lines import lines_of, mupdf
from ragflow_local.readers.pdf.page import read_lines
from ragflow_local.readers.pdf.plain import block_of
from ragflow_local.readers.pdf.ruled_tables import rules_of
from ragflow_local.records import Block, Notice

# MuPDF repairs what it can and would write of it to standard error.
mupdf.TOOLS.mupdf_display_errors(False)
mupdf.TOOLS.mupdf_display_warnings(False)

# What MuPDF raises for a page that cannot be read though the file can; the second by way of
# PyMuPDF's own checks.
DAMAGED = (mupdf.mupdf.FzErrorBase, RuntimeError, ValueError)


def read(data: bytes, name: str = "") -> Iterator[Block | Notice]:
    """Yield the blocks of all pages in reading order.

    Raises:
        DamagedFileError: The file is broken, encrypted or no PDF.
    """
    blocks: list[Block] = []
    for item in read_pages(data, 1, count_pages(data, name), name=name):
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
    data: bytes, first: int, last: int, *, layout: bool = True, name: str = ""
) -> Iterator[Block | Notice]:
    """Yield the blocks of the pages first to last (from 1, both included).

    Levels of headings only order them by type size until ``join_pages`` has seen all pages.

    Raises:
        DamagedFileError: The file is broken, encrypted or no PDF.
    """
    if not data:
        return
    skipped: list[int] = []
    damaged: list[int] = []
    with open_document(data, name) as document:
        for number in range(first, min(last, document.page_count) + 1):
            try:
                yield from list(_blocks_of(document[number - 1], number, layout, skipped))
            except DAMAGED:
                damaged.append(number)
    if skipped:
        what, were = ("Page", "is a picture") if len(skipped) == 1 else ("Pages", "are pictures")
        yield Notice(
            f"{what} {_runs(skipped)} {were} without text and skipped. To read them: {ocr.INSTALL}"
        )
    if damaged:
        what, were = ("Page", "is") if len(damaged) == 1 else ("Pages", "are")
        yield Notice(
            f"{what} {_runs(damaged)} {were} damaged and skipped."
            " To read them, save the file anew in the program it is from."
        )


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


def _blocks_of(page: Any, number: int, layout: bool, skipped: list[int]) -> Iterator[Block]:
    """Yield the blocks of a page; its number goes to ``skipped`` if it cannot be seen."""
    lines = lines_of(page)
    has_words = bool(lines.lines)
    parts = scan.parts_to_see(page, lines)
    if parts and not ocr.is_installed():
        skipped.extend([number] * (not has_words))
    elif parts:
        lines = scan.seen_lines(page, lines, parts)
    rules = rules_of(page, lines)
    reading = read_lines(lines, rules)
    pieces = reading.pieces
    if layout and has_words and page_layout.is_needed(page, lines, reading, rules):
        regions = page_layout.regions_of(page, lines)
        columns = reading.n_columns > 1 or page_layout.has_columns(regions, lines.body_size)
        pieces = page_layout.read_regions(lines, rules, regions, columns=columns)
    for piece in pieces:
        yield block_of(piece, lines, number)
    for line in lines.aside:
        yield Block("paragraph", line.text, place=lines.place(number, line.box))


def _runs(pages: Sequence[int]) -> str:
    """Return pages as text, runs of them as a range: ``2-4, 7``."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
