"""Exports a cross-encoder to its ONNX form at first use, and caches it.

cache_dir/<fingerprint>-reranker-3/    model.onnx, tokenizer.json, form.json
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
from pathlib import Path

import numpy as np

from ragflow_local.embedders import onnx
from ragflow_local.embedders.folder import ModelFolder
from ragflow_local.embedders.onnx import OnnxReranker
from ragflow_local.embedders.probe import PROBE
from ragflow_local.embedders.protocols import Reranker
from ragflow_local.embedders.quantize import quantize
from ragflow_local.embedders.sentence_transformers import CrossEncoder
from ragflow_local.errors import DamagedModelError

_log = logging.getLogger("ragflow_local")

# Raised when the ONNX form is made in another way, so that older ones are made anew.
_FORMAT = 5
# Of scores in [0, 1], on every pair of the probe; differences this small leave the order alone.
_MOST_APART = 0.05


def open_cross_encoder(folder: ModelFolder, fingerprint: str, cache_dir: Path) -> Reranker:
    """Return the model in its ONNX form, made now if it is not kept yet.

    Raises:
        DamagedModelError: It cannot be loaded, or is no cross-encoder.
    """
    home = cache_dir / f"{fingerprint}-reranker-{_FORMAT}"
    if home.is_dir():
        with contextlib.suppress(DamagedModelError):
            return OnnxReranker(folder.name, home)
    original = CrossEncoder(folder)
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=cache_dir, prefix=".making-"))
    except OSError as error:
        return _stay(original, f"{cache_dir} cannot be written: {error}")
    try:
        return _made(original, scratch, home)
    except Exception as error:  # noqa: BLE001  # two libraries on any model: reranking goes on
        return _stay(original, f"{type(error).__name__}: {str(error)[:300]}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _made(original: CrossEncoder, scratch: Path, home: Path) -> Reranker:
    exact, small = scratch / "onnx", scratch / "onnx-int8"
    exact.mkdir()
    original.export(exact)
    shutil.copytree(exact, small)
    feeds = [feed for _, feed in OnnxReranker(original.name, exact).feeds(PROBE[0], PROBE)]
    quantize(exact / onnx.MODEL, small / onnx.MODEL, feeds)
    for form in (small, exact):
        if _apart(original, OnnxReranker(original.name, form)) <= _MOST_APART:
            shutil.rmtree(home, ignore_errors=True)
            form.rename(home)
            return OnnxReranker(original.name, home)
    return _stay(original, "its ONNX form does not agree with the original")


def _apart(original: Reranker, form: Reranker) -> float:
    questions = PROBE[:3]
    return max(
        float(np.abs(original.scores(question, PROBE) - form.scores(question, PROBE)).max())
        for question in questions
    )


def _stay(original: CrossEncoder, problem: str) -> CrossEncoder:
    _log.warning("The model %r runs on torch, more slowly: %s", original.name, problem)
    return original
