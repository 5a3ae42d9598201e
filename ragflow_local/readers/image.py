"""Pictures with text in them: each frame a page, its recognised lines as blocks with boxes."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import ocr
from ragflow_local.readers.pdf.page import read_lines
from ragflow_local.readers.pdf.plain import block_of
from ragflow_local.readers.pdf.ruled_tables import Rules
from ragflow_local.records import Block, Notice

# 120 megapixels: an A3 page scanned at 600 dpi, twice. More is an attack, or needs cutting up.
MAX_PIXELS = 120_000_000
_MAX_FRAMES = 2_000
# Resolutions that scanners write; others say nothing about the size of the page.
_MIN_DPI, _MAX_DPI = 50, 2400
_SAID_BY_NOBODY = 72.0
_MOVING = frozenset({"GIF", "PNG", "WEBP"})  # their frames are a film, those of TIFF are pages
# What decoders raise over files that are broken: each format its own, and none of them says all.
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    struct.error,
)


def read(data: bytes, name: str = "") -> Iterator[Block | Notice]:
    """Yield what can be read in the picture, frame by frame; a notice where nothing can.

    Raises:
        DamagedFileError: It is broken, no picture, or larger than 120 megapixels.
    """
    if not data:
        return
    if not ocr.is_installed():
        with _opened(data, name):
            yield Notice(f"The text in the picture was not read. To read it: {ocr.INSTALL}")
        return
    with _opened(data, name) as image:
        # Of a moving picture the first frame stands for all.
        frames = 1 if image.format == "GIF" else min(_count_frames(image), _MAX_FRAMES)
        for number in range(1, frames + 1):
            yield from _frame(_pixels(image, number, name), _dpi(image), number)


def open_page(data: bytes, page: int, name: str = "") -> tuple[Image.Image, float]:
    """Return a frame as RGB, turned as its camera says, and its points per pixel.

    Raises:
        DamagedFileError: It is broken, no picture, too large, or has no such frame.
    """
    with _opened(data, name) as image:
        return _pixels(image, page, name), 72 / _dpi(image)


def size_of(data: bytes, name: str = "") -> tuple[int, int]:
    """Return width and height in pixels, from its head alone.

    Raises:
        DamagedFileError: It is broken, no picture, or larger than 120 megapixels.
    """
    with _opened(data, name) as image:
        return image.size


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            # Its warning of large pictures comes before ours, which is an error.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        raise DamagedFileError(name, "its size", "it is larger than 120 megapixels") from error
    except _BROKEN as error:
        raise DamagedFileError(name, "its head", "it is broken or no picture") from error
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise DamagedFileError(name, "its size", "it is larger than 120 megapixels")
        yield image


def _count_frames(image: Image.Image) -> int:
    if image.format in _MOVING:
        return 1
    try:
        return int(getattr(image, "n_frames", 1))
    except _BROKEN:  # the first one may be whole
        return 1


def _pixels(image: Image.Image, page: int, name: str) -> Image.Image:
    """Return one frame as RGB on white, turned as its camera says."""
    try:
        image.seek(page - 1)
        if image.width * image.height > MAX_PIXELS:
            raise DamagedFileError(name, f"page {page}", "it is larger than 120 megapixels")
        turned = ImageOps.exif_transpose(image)
        if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
            layers = turned.convert("RGBA")
            ground = Image.new("RGBA", layers.size, "white")
            return Image.alpha_composite(ground, layers).convert("RGB")
        if turned.mode.startswith(("I", "F")):
            return _grey(turned)
        return turned.convert("RGB")
    except _BROKEN as error:
        raise DamagedFileError(name, f"page {page}", "its picture is broken") from error


def _grey(image: Image.Image) -> Image.Image:
    """Return a picture of 16 or 32 bit as 8 bit, its own range spread out."""
    values = np.asarray(image, dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    spread = (values - low) * (255 / (high - low) if high > low else 0.0)
    return Image.fromarray(spread.astype(np.uint8)).convert("RGB")


def _dpi(image: Image.Image) -> float:
    """Return the pixels of an inch, 72 where the file does not say."""
    resolution = image.info.get("dpi", (_SAID_BY_NOBODY, _SAID_BY_NOBODY))
    try:
        dpi = float(resolution[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return _SAID_BY_NOBODY
    return dpi if _MIN_DPI <= dpi <= _MAX_DPI else _SAID_BY_NOBODY


def _frame(image: Image.Image, dpi: float, number: int) -> Iterator[Block]:
    longest = max(image.size)
    scale = min(1.0, ocr.LONGEST_SIDE / longest)
    if scale < 1:
        size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
        image = image.resize(size, Image.Resampling.LANCZOS)
    pixels: NDArray[np.uint8] = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])
    lines = ocr.lines_of(pixels, 72 / dpi / scale)
    pieces = read_lines(lines, Rules()).pieces
    for piece in pieces:
        kind = "paragraph" if piece.kind == "heading" else piece.kind
        yield block_of(replace(piece, kind=kind), lines, number)
