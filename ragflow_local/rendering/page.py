"""Renders a page, a region with highlights, or a thumbnail as PNG."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from math import ceil

from PIL import Image, ImageChops, ImageDraw, ImageStat

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import image
from ragflow_local.records import Region

THUMBNAIL_PIXELS = 256
_MAX_PIXELS = 40_000_000
_MARK = (255, 236, 120)
_MARK_EDGE = (214, 150, 0)
_DARK = 110  # of 255
_ON_DARK = 0.3  # share of the mark's colour
_MAX_WEBP_SIDE = 16_383  # the format has no larger
_WEBP_QUALITY = 70  # letters stay clean; a page of 96 dpi is 10 to 130 KB, as PNG 30 to 380


def page_image(
    kind: str,
    data: bytes,
    page: int,
    dpi: float,
    box: Region | None = None,
    marks: Iterable[Region] = (),
) -> bytes:
    """Return a page of a document as PNG; empty for kinds and pages without a picture.

    Args:
        kind: Kind of the file, as ``kind_of`` names it.
        data: The file's bytes.
        page: Page from 1; a frame of a picture.
        dpi: Pixels of an inch; less where the picture would be beyond 40 megapixels.
        box: Region to show instead of the whole page.
        marks: Places to highlight; those of other pages are left out.

    Raises:
        DamagedFileError: The file is broken or encrypted.
    """
    shown = _picture(kind, data, page, dpi, box)
    if shown is None:
        return b""
    picture, left, top, zoom = shown
    places = [mark for mark in marks if mark.page == page]
    return _png(_marked(picture, places, (left, top), zoom) if places else picture)


def thumbnail(kind: str, data: bytes) -> bytes:
    """Return a small PNG of the first page, slide or frame; empty where there is none."""
    try:
        shown = _picture(kind, data, 1, 72, None)
    except DamagedFileError:
        return b""
    if shown is None:
        return b""
    picture = shown[0]
    picture.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    return _png(picture)


def narrowed(kind: str, data: bytes, marks: Sequence[Region], text: str) -> Sequence[Region]:
    """Return the regions of a passage on one page, narrowed to its words where they are known."""
    if kind != "pdf":
        return marks
    from ragflow_local.rendering import highlights

    return highlights.narrowed(data, marks, text)


def smaller(png: bytes) -> bytes:
    """Return a picture as WebP, at most half its size; empty for empty."""
    if not png:
        return b""
    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        if max(picture.size) > _MAX_WEBP_SIDE:
            return png
        picture.save(out, "WEBP", quality=_WEBP_QUALITY)
    return out.getvalue()


def _picture(
    kind: str, data: bytes, page: int, dpi: float, box: Region | None
) -> tuple[Image.Image, float, float, float] | None:
    """Return a picture, the point at its top left, and its pixels per point."""
    if not data or page < 1:
        return None
    if kind == "pdf":
        return _page(data, page, dpi, box)
    if kind == "pptx":
        from ragflow_local.rendering.slide import slide_page

        return _page(slide_page(data, page), 1, dpi, box)
    if kind == "image":
        return _frame(data, page, dpi, box)
    return None


def _page(
    data: bytes, page: int, dpi: float, box: Region | None
) -> tuple[Image.Image, float, float, float] | None:
    # Only a worker has PyMuPDF; a picture of another kind does without it.
    from ragflow_local.rendering import pdf

    png = pdf.page_picture(data, page, dpi, box)
    if not png:
        return None
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    width, _ = pdf.page_size(data, page)
    left, top = (max(box.x0, 0.0), max(box.top, 0.0)) if box else (0.0, 0.0)
    right = min(box.x1, width) if box else width
    return picture, left, top, picture.width / max(right - left, 1e-6)


def _frame(
    data: bytes, page: int, dpi: float, box: Region | None
) -> tuple[Image.Image, float, float, float] | None:
    try:
        whole, points = image.open_page(data, page)
    except DamagedFileError:
        if page > 1:
            return None
        raise
    left, top = 0.0, 0.0
    if box is not None:
        left, top = max(box.x0, 0.0), max(box.top, 0.0)
        right, bottom = min(box.x1 / points, whole.width), min(box.bottom / points, whole.height)
        if right - left / points < 1 or bottom - top / points < 1:
            return None
        whole = whole.crop((int(left / points), int(top / points), int(right), int(bottom)))
    area = max(whole.width * whole.height, 1)
    # Pixels that the file does not have are not made up.
    scale = min(1.0, dpi / 72 * points, (_MAX_PIXELS / area) ** 0.5)
    if scale < 1:
        whole = whole.resize(
            (max(round(whole.width * scale), 1), max(round(whole.height * scale), 1)),
            Image.Resampling.LANCZOS,
        )
    return whole, left, top, scale / points


def _marked(
    picture: Image.Image, places: Sequence[Region], corner: tuple[float, float], zoom: float
) -> Image.Image:
    """Return the picture with translucent highlights."""
    marked = picture.convert("RGB")
    draw = ImageDraw.Draw(marked)
    for place in places:
        left, top = (place.x0 - corner[0]) * zoom, (place.top - corner[1]) * zoom
        right, bottom = (place.x1 - corner[0]) * zoom, (place.bottom - corner[1]) * zoom
        x0, y0 = max(int(left), 0), max(int(top), 0)
        x1, y1 = min(ceil(right), marked.width), min(ceil(bottom), marked.height)
        if x1 <= x0 or y1 <= y0:
            continue
        part = marked.crop((x0, y0, x1, y1))
        pen = Image.new("RGB", part.size, _MARK)
        # Ink stays black on paper; on a dark ground a pen would not be seen.
        is_dark = ImageStat.Stat(part.convert("L")).mean[0] < _DARK
        shown = Image.blend(part, pen, _ON_DARK) if is_dark else ImageChops.multiply(part, pen)
        marked.paste(shown, (x0, y0))
        draw.rectangle((x0, y0, x1 - 1, y1 - 1), outline=_MARK_EDGE)
    return marked


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
