"""Recognise text: a picture to lines with boxes, by RapidOCR where it is installed."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragflow_local.errors import RecognitionError
from ragflow_local.readers.pdf.lines import Box, Line, Lines, Word, turned_box

INSTALL = 'pip install "ragflow-local[ocr]"'
# Pixels of the longer side that are looked at; RapidOCR's own 2000 loses small type on A3.
LONGEST_SIDE = 2600
FINDING_SIDE = 1600
# Below this a line is a guess; RapidOCR's default.
_MIN_SCORE = 0.5
# Upright pages score above this at once; upside down ones stay far below.
_CERTAIN_SCORE = 0.9
_TALL = 1.5
# Heights of boxes vary with the letters in them; closer than this they are one type size.
_SIZE_TOLERANCE = 0.35


@dataclass(frozen=True, slots=True)
class Seen:
    """One recognised line in pixels of the picture as it was turned."""

    text: str
    box: Box
    slope: float
    score: float


def is_installed() -> bool:
    """Return whether text in pictures can be recognised at all."""
    return find_spec("rapidocr") is not None


@cache
def _engine() -> Any:
    """Return the engine in one thread: several workers share the processors."""
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    _plan_no_memory()
    engine = import_module("rapidocr").RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": LONGEST_SIDE,
            "Global.text_score": _MIN_SCORE,
            # Where lines are is seen in a smaller picture; what they say in the whole. The finder
            # would need 1.5 GB for the largest.
            "Det.limit_type": "max",
            "Det.limit_side_len": FINDING_SIDE,
            # Line by line: in a batch all are filled up to the longest, which takes longer.
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    return engine


def _plan_no_memory() -> None:
    """Have ONNX Runtime keep no plan of memory for each width of a line: 200 MB by and by.

    RapidOCR has no setting for it; where its inside is another, the plans stay.
    """
    with contextlib.suppress(ImportError, AttributeError):
        sessions = import_module("rapidocr.inference_engine.onnxruntime.main").OrtInferSession
        options_of = sessions._init_sess_opts

        def options(cfg: Any) -> Any:
            session_options = options_of(cfg)
            session_options.enable_mem_pattern = False
            return session_options

        sessions._init_sess_opts = staticmethod(options)


def lines_of(pixels: NDArray[np.uint8], points_per_pixel: float) -> Lines:
    """Return the lines of a picture, upright, in points.

    Args:
        pixels: (height, width, 3) uint8, blue, green, red.
        points_per_pixel: Size of a pixel in points.
    """
    turn, seen = _upright(pixels)
    height, width = pixels.shape[:2]
    if turn in (90, 270):
        height, width = width, height
    scale = points_per_pixel
    usual = median(line.box.height for line in seen) if seen else 0.0
    slope = median(line.slope for line in seen) if seen else 0.0
    lines = []
    for line in seen:
        size = line.box.height
        if abs(size - usual) <= _SIZE_TOLERANCE * usual:
            size = usual
        lines.append(Line(_words(line, slope, scale), size * 0.75 * scale, False))
    return Lines(tuple(lines), (), width * scale, height * scale, turn)


def _words(line: Seen, slope: float, scale: float) -> tuple[Word, ...]:
    """Return the words of a line, its width shared out by letters, in points.

    A skewed page keeps its boxes: words are moved along the line's slope only.
    """
    texts = line.text.split()
    letters = sum(len(text) for text in texts) + len(texts) - 1
    box = line.box
    step = box.width / max(letters, 1)
    # The box around a sloping line is higher than the line by what it climbs.
    climb = min(abs(line.slope) * box.width, 0.7 * box.height)
    words = []
    position = 0
    for text in texts:
        x0 = box.x0 + position * step
        x1 = x0 + len(text) * step
        middle = (x0 + x1 - box.x0 - box.x1) / 2 * line.slope
        center = (box.top + box.bottom) / 2 + middle
        half = (box.height - climb) / 2
        words.append(
            Word(
                text, Box(x0 * scale, (center - half) * scale, x1 * scale, (center + half) * scale)
            )
        )
        position += len(text) + 1
    return tuple(words)


def _upright(pixels: NDArray[np.uint8]) -> tuple[int, list[Seen]]:
    """Return the lines of the picture turned upright, and by how many degrees clockwise."""
    seen = _see(pixels)
    long = [line for line in seen if len(line.text) > 2] or seen
    is_lying = sum(line.box.height > _TALL * line.box.width for line in long) > 0.5 * len(long)
    if (_score(seen) >= _CERTAIN_SCORE and not is_lying) or not seen:
        return 0, seen
    if is_lying and _score(seen) >= _CERTAIN_SCORE:
        # RapidOCR turns tall boxes by a quarter to the left before it reads them.
        height, width = pixels.shape[:2]
        turned = [Seen(s.text, turned_box(s.box, 270, width, height), 0.0, s.score) for s in seen]
        return 270, turned
    turn = 90 if is_lying else 180
    other = _see(np.ascontiguousarray(np.rot90(pixels, k=-turn // 90)))
    return (turn, other) if _weight(other) > _weight(seen) else (0, seen)


def _score(seen: Sequence[Seen]) -> float:
    letters = sum(len(line.text) for line in seen)
    return sum(line.score * len(line.text) for line in seen) / max(letters, 1)


def _weight(seen: Sequence[Seen]) -> float:
    """Return how much was read, uncertain letters counting for little."""
    return sum(line.score**4 * len(line.text) for line in seen)


def _see(pixels: NDArray[np.uint8]) -> list[Seen]:
    # Without its classifier, which turns lines one by one: which way a page lies is told by
    # the scores, for all lines together.
    try:
        result = _engine()(pixels, use_det=True, use_cls=False, use_rec=True)
    except MemoryError:
        raise
    except Exception as error:  # whatever a broken installation raises
        # Its faults are no fault of the file: a library it needs is missing, a model is torn.
        raise RecognitionError("rapidocr", f"{type(error).__name__}: {error}") from error
    if result.boxes is None or result.txts is None:
        return []
    height, width = pixels.shape[:2]
    seen = []
    for quad, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
        if not text.strip():
            continue
        xs = [min(max(float(x), 0.0), width) for x, _ in quad]
        ys = [min(max(float(y), 0.0), height) for _, y in quad]
        run = float(quad[1][0] - quad[0][0])
        slope = float(quad[1][1] - quad[0][1]) / run if run > 1 else 0.0
        box = Box(min(xs), min(ys), max(xs), max(ys))
        seen.append(Seen(text.strip(), box, slope if abs(slope) < 0.3 else 0.0, float(score)))
    return seen
