"""Scanned pages of a PDF: pictures of pages, or of parts of them, to lines by OCR."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragflow_local.readers import ocr
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.lines import Box, Line, Lines, Word, turned_box
from ragflow_local.readers.pdf.unmapped_fonts import UNREADABLE_SHARE

# Enough for 6 pt type, and what scans usually have at least.
_DPI = 200
_SMALLEST_POINTS = 24.0
# A picture covers so much of a page before it is read beside the page's own text.
_PART_SHARE = 0.06
# Fewer words than these on a page that is one picture are a stamp, not its text.
_FEW_WORDS = 3
_WHOLE_SHARE = 0.5


def parts_to_see(page: Any, lines: Lines) -> list[Box]:
    """Return the boxes of ``page``, as it is shown, whose text can only be seen."""
    whole = Box(0.0, 0.0, page.rect.width, page.rect.height)
    area = max(whole.width * whole.height, 1.0)
    words = [word.box for line in (*lines.lines, *lines.aside) for word in line.words]
    if lines.unknown >= UNREADABLE_SHARE:
        return [whole]
    pictures = [box for box in _pictures(page, whole) if _area(box) / area > _PART_SHARE]
    if len(words) < _FEW_WORDS:
        covered = sum(_area(box) for box in pictures) / area
        if covered > _WHOLE_SHARE or (not words and _is_drawn(page)):
            return [whole]
    return [box for box in pictures if not _holds_words(lines.turned(box), words)]


def _pictures(page: Any, whole: Box) -> Iterator[Box]:
    matrix = page.rotation_matrix
    for info in page.get_image_info():
        shown = mupdf.Rect(info["bbox"]) * matrix
        box = Box(
            max(shown.x0, whole.x0),
            max(shown.y0, whole.top),
            min(shown.x1, whole.x1),
            min(shown.y1, whole.bottom),
        )
        if box.width >= _SMALLEST_POINTS and box.height >= _SMALLEST_POINTS:
            yield box


def _is_drawn(page: Any) -> bool:
    """Return whether anything but text is on the page: pictures in strips, letters as curves."""
    return bool(page.get_image_info()) or len(page.read_contents()) > 2_000


def _holds_words(box: Box, words: Sequence[Box]) -> bool:
    """Return whether a picture has its text already, as scans with a text layer do."""
    inside = sum(box.has((w.x0 + w.x1) / 2, (w.top + w.bottom) / 2) for w in words)
    return inside > 2 + _area(box) / 20_000


def _area(box: Box) -> float:
    return max(box.width, 0.0) * max(box.height, 0.0)


def pixels_of(page: Any, box: Box) -> tuple[NDArray[np.uint8], float]:
    """Return a picture of a part of ``page``, blue first, and the points of a pixel."""
    longest = max(box.width, box.height, 1.0)
    zoom = min(_DPI / 72, ocr.LONGEST_SIDE / longest)
    clip = mupdf.Rect(box.x0, box.top, box.x1, box.bottom)
    pixmap = page.get_pixmap(
        matrix=mupdf.Matrix(zoom, zoom), clip=clip, colorspace=mupdf.csRGB, alpha=False
    )
    rows = np.frombuffer(pixmap.samples, dtype=np.uint8)
    rows = rows.reshape(pixmap.height, pixmap.width, 3)
    return np.ascontiguousarray(rows[:, :, ::-1]), 1 / zoom


def seen_lines(page: Any, lines: Lines, parts: Sequence[Box]) -> Lines:
    """Return the lines of a page with those that are recognised in ``parts``.

    A page without lines of its own is turned as its picture must be to be read.
    """
    if len(parts) == 1 and (not lines.lines or lines.unknown >= UNREADABLE_SHARE):
        return ocr.lines_of(*pixels_of(page, parts[0]))
    added: list[Line] = []
    for part in parts:
        recognized = ocr.lines_of(*pixels_of(page, part))
        for line in recognized.lines:
            words = tuple(
                Word(word.text, lines.turned(_on_page(word.box, recognized, part)))
                for word in line.words
            )
            if not _is_known(words, lines):
                added.append(Line(words, line.size, False))
    return replace(lines, lines=(*lines.lines, *added))


def _on_page(box: Box, lines: Lines, part: Box) -> Box:
    """Return where a box of a recognised part stands on the page as it is shown."""
    back = turned_box(box, (360 - lines.turn) % 360, lines.width, lines.height)
    return Box(back.x0 + part.x0, back.top + part.top, back.x1 + part.x0, back.bottom + part.top)


def _is_known(words: Sequence[Word], lines: Lines) -> bool:
    """Return whether the page has text of its own where words were recognised."""
    own = [word.box for line in lines.lines for word in line.words]
    hit = sum(
        any(
            o.overlap_x(w.box) > 0.4 * min(w.box.width, o.width)
            and o.overlap_y(w.box) > 0.4 * min(w.box.height, o.height)
            for o in own
        )
        for w in words
    )
    return hit > 0.5 * len(words)
