"""Renders PDF pages, or regions of them, as PNG."""

from __future__ import annotations

from typing import Any

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.pdf import DAMAGED, open_document
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.records import Region

# No picture is larger, whatever the page's size and the resolution asked for.
_MAX_PIXELS = 40_000_000


def page_picture(data: bytes, page: int, dpi: float, box: Region | None, name: str = "") -> bytes:
    """Return a page, or the region ``box`` of it, as PNG; nothing where there is no such page.

    Raises:
        DamagedFileError: The file is broken or encrypted.
    """
    if not data:
        return b""
    with open_document(data, name) as document:
        if not 1 <= page <= document.page_count:
            return b""
        try:
            return _drawn(document[page - 1], dpi, box)
        except DAMAGED as error:
            raise DamagedFileError(name, f"page {page}", "it cannot be drawn") from error


def _drawn(shown: Any, dpi: float, box: Region | None) -> bytes:
    clip = shown.rect
    if box is not None:
        clip = clip & mupdf.Rect(box.x0, box.top, box.x1, box.bottom)
    if clip.is_empty or clip.width < 1 or clip.height < 1:
        return b""
    zoom = min(dpi / 72, (_MAX_PIXELS / (clip.width * clip.height)) ** 0.5)
    pixmap = shown.get_pixmap(matrix=mupdf.Matrix(zoom, zoom), clip=clip, alpha=False)
    # A page a mile long and an inch wide has no pixel of width left.
    return bytes(pixmap.tobytes("png")) if pixmap.width and pixmap.height else b""


def page_size(data: bytes, page: int, name: str = "") -> tuple[float, float]:
    """Return width and height of a page in points; zeros where there is no such page."""
    if not data:
        return 0.0, 0.0
    with open_document(data, name) as document:
        if not 1 <= page <= document.page_count:
            return 0.0, 0.0
        rect = document[page - 1].rect
        return float(rect.width), float(rect.height)
