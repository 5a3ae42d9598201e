"""Words of a PDF page that nobody sees: white on white, covered, transparent or tiny.

Such text is a cheap way to plant sentences in an index. Whether a suspect can be seen is told by
drawing the page: where its box has one shade only, there is nothing to read. The invisible text
layer of a recognised scan stays, since its words are those of the picture under it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.math_fonts import Found, spans_of

# Channels above this are paper, below its counterpart ink: what is between covers nothing.
_WHITE, _BLACK = 0xF0, 0x10
# Type below this cannot be read on paper; a page smaller than this is drawn in another unit.
_TINY_POINTS, _SMALL_PAGE_POINTS = 1.0, 100.0
_DPI = 100
# Shades of grey between the lightest and the darkest pixel of a word that can be read.
_LEAST_CONTRAST = 12
_MOST_CONTENT_BYTES = 4_000_000


def without_hidden(page: Any, content: Any, words: list[Found]) -> list[Found]:
    """Return ``words`` without those that cannot be seen on the drawn page.

    Args:
        page: The page.
        content: Its ``dict``, which has color and opacity of each span.
        words: Box, text, numbers of block, line and word.
    """
    if not words:
        return words
    gone, doubted = _suspects(page, content)
    doubted += _covers(page, words)
    if not gone and not doubted:
        return words
    kept = [word for word in words if not _is_in(word, gone)]
    if not any(_is_in(word, doubted) for word in kept):
        return kept
    pixels, scale = _drawn(page)
    return [
        word
        for word in kept
        if not _is_in(word, doubted) or _contrast(page, word, pixels, scale) >= _LEAST_CONTRAST
    ]


def _suspects(page: Any, content: Any) -> tuple[list[Any], list[Any]]:
    """Return boxes of spans that are certainly hidden, and of those that may be."""
    gone: list[Any] = []
    doubted: list[Any] = []
    pictures: list[Any] | None = None
    is_large = min(page.rect.width, page.rect.height) > _SMALL_PAGE_POINTS
    for _, _, span in spans_of(content):
        if not span["text"].strip():
            continue
        if span.get("alpha", 255) == 0:
            if pictures is None:
                pictures = [info["bbox"] for info in page.get_image_info()]
            if not _is_in((*span["bbox"],), pictures):
                gone.append(span["bbox"])
        elif is_large and span["size"] < _TINY_POINTS:
            gone.append(span["bbox"])
        elif _is_white(span["color"]):
            doubted.append(span["bbox"])
    return gone, doubted


def _is_white(color: int) -> bool:
    return all((color >> shift) & 0xFF >= _WHITE for shift in (16, 8, 0))


def _covers(page: Any, words: Sequence[Found]) -> list[Any]:
    """Return filled white or black boxes that lie on a word; under it or over it."""
    if len(page.read_contents()) > _MOST_CONTENT_BYTES:
        return []
    boxes: list[Any] = []
    for drawing in page.get_cdrawings():
        fill = drawing.get("fill")
        if fill is None or drawing.get("fill_opacity", 1) != 1:
            continue
        shades = [channel * 255 for channel in fill]
        if not (min(shades) >= _WHITE or max(shades) <= _BLACK):
            continue
        boxes.extend(
            tuple(item[1]) for item in drawing["items"] if item[0] == "re" and _is_high(item[1])
        )
    return [box for box in boxes if any(_is_in(word, [box]) for word in words)]


def _is_high(box: Any) -> bool:
    return bool(abs(box[3] - box[1]) > 4) and bool(abs(box[2] - box[0]) > 4)


def _is_in(word: Sequence[Any], boxes: Iterable[Any]) -> bool:
    """Return whether the middle of a word lies in one of ``boxes``."""
    x, y = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2
    return any(bool(box[0] <= x <= box[2]) and bool(box[1] <= y <= box[3]) for box in boxes)


def _drawn(page: Any) -> tuple[NDArray[np.uint8], float]:
    """Return the page as it is shown in grey, (height, width), and pixels of a point."""
    pixmap = page.get_pixmap(dpi=_DPI, colorspace=mupdf.csGRAY, alpha=False)
    pixels = np.frombuffer(pixmap.samples, dtype=np.uint8).reshape(pixmap.height, pixmap.stride)
    return pixels[:, : pixmap.width], _DPI / 72


def _contrast(page: Any, word: Found, pixels: NDArray[np.uint8], scale: float) -> int:
    """Return the shades between the lightest and the darkest pixel of a word."""
    shown = mupdf.Rect(word[:4]) * page.rotation_matrix
    rows = slice(max(int(shown.y0 * scale), 0), max(int(shown.y1 * scale) + 1, 1))
    columns = slice(max(int(shown.x0 * scale), 0), max(int(shown.x1 * scale) + 1, 1))
    part = pixels[rows, columns]
    return int(part.max()) - int(part.min()) if part.size else _LEAST_CONTRAST
