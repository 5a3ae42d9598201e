"""Exports a model to its ONNX form at first use, compares the two, and caches the result.

cache_dir/<fingerprint>/verdict.json     which form agrees with the original, and how well
                       /onnx-int8/       model.onnx, tokenizer.json, form.json
                       /onnx/            likewise in float32, where it was asked for
                       /calibration.json what its cosines mean, and which scripts it reads
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ragflow_local.embedders import direct, onnx, packed
from ragflow_local.embedders.calibration import calibrated
from ragflow_local.embedders.folder import ModelFolder
from ragflow_local.embedders.onnx import OnnxEmbedder
from ragflow_local.embedders.probe import PROBE
from ragflow_local.embedders.quantize import quantize
from ragflow_local.errors import DamagedModelError, MissingModelError

if TYPE_CHECKING:
    from ragflow_local.embedders.sentence_transformers import SentenceTransformersEmbedder

Form: TypeAlias = "OnnxEmbedder | SentenceTransformersEmbedder"

logger = logging.getLogger("ragflow_local")

# Raised when the ONNX form is made in another way, so that older ones are made anew.
_FORMAT = 6
# Of every text of the probe; what rankings lose or gain by it is told, set by set, in
# benchmarks/results/embedding.md.
_AGREEMENT = 0.99


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which form of a model to use.

    Attributes:
        backend: ``onnx-int8``, ``onnx`` or ``torch``.
        agreement: Mean and least cosine of each form tried with the original, on the probe.
        problem: Why there is no ONNX form; empty where there is one.
        made_with: Versions of what made it; a failure is tried again with others.
    """

    backend: str
    agreement: dict[str, tuple[float, float]]
    problem: str
    made_with: str

    def holds(self) -> bool:
        """Return whether it need not be found anew."""
        return not self.problem or self.made_with == _versions()


def open_onnx_form(folder: ModelFolder, fingerprint: str, cache_dir: Path, backend: str) -> Form:
    """Return the model in the form ``backend``, calibrated, made now if it is not kept yet.

    Args:
        folder: The original.
        fingerprint: Of its content.
        cache_dir: Where forms are kept.
        backend: ``auto`` takes the fastest that agrees with the original.

    Raises:
        DamagedModelError: The original cannot be loaded; or the form that was asked for by name
            cannot be made.
    """
    home = cache_dir / f"{fingerprint}-{_FORMAT}"
    embedder = _opened(folder, fingerprint, home, backend)
    embedder.calibration = calibrated(embedder, folder.path if folder.kind == "form" else home)
    return embedder


def _opened(folder: ModelFolder, fingerprint: str, home: Path, backend: str) -> Form:
    if folder.kind == "form":
        if backend not in ("auto", "onnx-int8"):
            raise DamagedModelError(folder.name, f"it is a ONNX form alone; it has no {backend}")
        return OnnxEmbedder(folder, fingerprint, folder.path, "onnx-int8")
    if backend == "torch":
        return _original(folder, fingerprint)
    verdict = _read_verdict(home) if backend == "auto" else None
    if verdict is not None and verdict.backend == "torch":
        return _original(folder, fingerprint)
    chosen = backend if verdict is None else verdict.backend
    if backend != "auto" or verdict is not None:
        with contextlib.suppress(DamagedModelError):
            return OnnxEmbedder(folder, fingerprint, home / chosen, chosen)
    return _Making(folder, fingerprint, home, backend).make()


def _original(folder: ModelFolder, fingerprint: str) -> SentenceTransformersEmbedder:
    """Return the model on torch."""
    if folder.kind != "safetensors":
        raise DamagedModelError(folder.name, "it is in 4 bits, which torch does not read")
    from ragflow_local.embedders.sentence_transformers import SentenceTransformersEmbedder

    return SentenceTransformersEmbedder(folder, fingerprint)


def write_exact(folder: ModelFolder, target: Path) -> str:
    """Write a model's ONNX form in float32 without torch; return why that is not done."""
    if folder.kind == "packed":
        packed.write_form(folder.files[0], target)
        return ""
    return direct.write_form(folder, target)


class _Making:
    """One making of the ONNX form."""

    def __init__(self, folder: ModelFolder, fingerprint: str, home: Path, backend: str) -> None:
        self.folder, self.fingerprint = folder, fingerprint
        self.home, self.backend = home, backend
        self.agreement: dict[str, tuple[float, float]] = {}
        self.original: SentenceTransformersEmbedder | None = None
        self.is_kept = True

    def make(self) -> Form:
        """Return the form that was asked for, or the original with the reason logged."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(dir=self.home, prefix=".making-"))
        except OSError as error:
            logger.warning(
                "The form of the model %r is made anew each time: %s cannot be written: %s",
                *(self.folder.name, self.home, error),
            )
            self.is_kept = False
            scratch = Path(tempfile.mkdtemp(prefix="ragflow-local-model-"))
        try:
            return self._try_forms(scratch)
        except MissingModelError:
            raise
        except OSError as error:
            return self._stay(str(error), keep=False)
        except Exception as error:  # noqa: BLE001  # two libraries on any model: embedding goes on
            return self._stay(f"{type(error).__name__}: {str(error)[:300]}")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _try_forms(self, scratch: Path) -> Form:
        exact = scratch / "onnx"
        exact.mkdir()
        problem = write_exact(self.folder, exact)
        if problem:
            problem = self._on_torch(problem).export(exact)
            if problem:
                return self._stay(problem)
        whole = OnnxEmbedder(self.folder, self.fingerprint, exact, "onnx")
        self.expected = (self.original or whole).embed(PROBE)
        if self.backend in ("auto", "onnx-int8"):
            feeds = [feed for _, feed in whole.feeds(PROBE)]
            # 63 where a processor without VNNI loses what does not fit 16 bits.
            for largest in (127, 63):
                small = scratch / f"onnx-int8-{largest}"
                shutil.copytree(exact, small)
                quantize(exact / onnx.MODEL, small / onnx.MODEL, feeds, largest)
                if self._agrees(small, "onnx-int8"):
                    return self._keep(small, "onnx-int8")
            if self.backend == "onnx-int8":
                self._complain("onnx-int8")
                return self._keep(small, "onnx-int8")
            self._complain("onnx-int8")
        if self._agrees(exact, "onnx"):
            return self._keep(exact, "onnx")
        return self._stay("its ONNX form does not agree with the original")

    def _agrees(self, path: Path, backend: str) -> bool:
        form = OnnxEmbedder(self.folder, self.fingerprint, path, backend)
        cosines = np.sum(form.embed(PROBE) * self.expected, axis=1)
        mean, least = float(cosines.mean()), float(cosines.min())
        self.agreement[backend] = (round(mean, 4), round(least, 4))
        return least >= _AGREEMENT  # and not ``<``: NaN does not agree

    def _complain(self, backend: str) -> None:
        mean, least = self.agreement[backend]
        logger.warning(
            "The form %s of the model %r differs from the original: cosine %.4f on average, %.4f"
            " at least, where %.2f is wanted.",
            *(backend, self.folder.name, mean, least, _AGREEMENT),
        )

    def _on_torch(self, problem: str) -> SentenceTransformersEmbedder:
        """Return the original, where torch is installed.

        Raises:
            MissingModelError: It is not, and there is no other way.
        """
        if self.original is None:
            try:
                self.original = _original(self.folder, self.fingerprint)
            except MissingModelError as error:
                raise MissingModelError(
                    self.folder.name, [self.folder.path], f"Without torch {problem}. {error.remedy}"
                ) from None
        return self.original

    def _keep(self, path: Path, backend: str) -> OnnxEmbedder:
        if not self.is_kept:
            return OnnxEmbedder(self.folder, self.fingerprint, path, backend)
        _sync(path)
        place = self.home / backend
        try:
            path.rename(place)
        except OSError:
            # Another process was first, or what is there does not open.
            try:
                return OnnxEmbedder(self.folder, self.fingerprint, place, backend)
            except DamagedModelError:
                shutil.rmtree(place, ignore_errors=True)
                path.rename(place)
        self._write(backend, "")
        return OnnxEmbedder(self.folder, self.fingerprint, place, backend)

    def _stay(self, problem: str, *, keep: bool = True) -> SentenceTransformersEmbedder:
        if self.backend != "auto":
            raise DamagedModelError(self.folder.name, problem)
        original = self._on_torch(problem)
        logger.warning("The model %r runs on torch, more slowly: %s", self.folder.name, problem)
        if keep and self.is_kept:
            with contextlib.suppress(OSError):
                self._write("torch", problem)
        return original

    def _write(self, backend: str, problem: str) -> None:
        if self.backend != "auto":
            return
        verdict = Verdict(backend, self.agreement, problem, _versions())
        file = self.home / f".verdict-{os.getpid()}.tmp"
        file.write_text(json.dumps(asdict(verdict)), encoding="utf-8")
        file.replace(self.home / "verdict.json")


def _read_verdict(home: Path) -> Verdict | None:
    try:
        verdict = Verdict(**json.loads((home / "verdict.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    known = verdict.backend in ("onnx-int8", "onnx", "torch")
    return replace(verdict) if known and verdict.holds() else None


def _versions() -> str:
    def of(package: str) -> str:
        try:
            return f"{package} {version(package)}"
        except PackageNotFoundError:
            return f"{package} none"

    return ", ".join(of(package) for package in ("torch", "transformers", "onnx", "onnxruntime"))


def _sync(folder: Path) -> None:
    """Have the files on disk before their folder gets the name that says it is whole."""
    for file in folder.iterdir():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
