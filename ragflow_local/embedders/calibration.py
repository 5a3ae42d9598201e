"""Calibrates an embedding model: the cosine of unrelated texts, and the scripts it can read.

One model gives unrelated texts a cosine of 0, another one of 0.8; and most have seen few of the
scripts that people write. Neither is in a model's files, so both are measured, once a model.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from ragflow_local.embedders.probe import LATIN, PAIRS, PROBE
from ragflow_local.records import Matrix, Vector
from ragflow_local.text.languages import likely_language

_FILE = "calibration.json"
# Of the questions of a script, those whose own passage must be nearest: by chance an eighth is.
# A model that reads the script has all or all but one; one that does not has two at most.
_LEAST_READ = 0.5
# Letters of a word, about: a script without spaces says as much in two.
_LETTERS, _SIGNS = 5, 2
_COMPACT = frozenset({"Han", "Kana", "Hangul", "Thai"})
_CALLED = {"Cjk": "Han", "Hiragana": "Kana", "Katakana": "Kana"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """The calibration of a model.

    Attributes:
        floor: The cosine of a question and a passage that have nothing to do with one another.
        unread: Scripts of the probe in which it finds no passage for its question.
        floors: The same as ``floor`` of scripts, and of languages in Latin letters, that it reads
            and in which it is higher.
    """

    floor: float = 0.0
    unread: tuple[str, ...] = ()
    floors: Mapping[str, float] = field(default_factory=dict)

    def reads(self, script: str) -> bool:
        """Return whether the model can read a script.

        A script that the probe has no texts in is read by a model that reads most of the others.
        """
        if script in PAIRS:
            return script not in self.unread
        return 2 * len(self.unread) <= len(PAIRS)


class Calibrated:
    """The base of all embedders: it keeps their calibration."""

    def __init__(self) -> None:
        self.calibration = Calibration()

    @property
    def calibration(self) -> Calibration:
        """The calibration of the model."""
        return self._calibration

    @calibration.setter
    def calibration(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self.floor = calibration.floor

    def floor_of(self, text: str) -> float:
        """Return the cosine that means nothing in common, in a text's script or language."""
        scripts = scripts_of(text)
        script = max(scripts, key=scripts.__getitem__, default="")
        floors = self.calibration.floors
        floor = floors.get(script, self.floor)
        if script == "Latin" and not floors.keys().isdisjoint(LATIN):
            floor = floors.get(likely_language(text), floor)
        return floor

    def knows(self, text: str) -> bool:
        """Return whether at least half of a text is in scripts that the model reads."""
        counts = scripts_of(text)
        unread = sum(n for script, n in counts.items() if not self.calibration.reads(script))
        return 2 * unread <= sum(counts.values())


class _Embeds(Protocol):
    def embed(self, texts: Sequence[str]) -> Matrix: ...
    def embed_query(self, question: str) -> Vector: ...


def scripts_of(text: str) -> dict[str, float]:
    """Return about how many words of a text are in each script: Latin, Han, Kana, …."""
    counts = Counter(_script(letter) for letter in text if letter.isalpha())
    if "Kana" in counts:
        counts["Kana"] += counts.pop("Han", 0)  # Japanese is written in both
    return {
        script: count / (_SIGNS if script in _COMPACT else _LETTERS)
        for script, count in counts.items()
    }


@lru_cache(maxsize=1 << 14)
def _script(letter: str) -> str:
    name = unicodedata.name(unicodedata.normalize("NFKC", letter)[0], "Latin")
    word = name.partition(" ")[0].partition("-")[0].capitalize()
    return _CALLED.get(word, word)


def measure(embedder: _Embeds) -> Calibration:
    """Measure a model's calibration on the probe.

    floor = median cosine of a text as a question with the others as passages

    A script or language has a floor of its own where that is higher among its own texts: models
    see less of some, and find them more alike. In languages that a model has not learned, though
    it reads their letters, only names are near: there the floor is that of all.
    """
    floor = _middle(_cosines(embedder, PROBE, PROBE))
    unread: list[str] = []
    floors: dict[str, float] = {}
    for name, pairs in {**PAIRS, **LATIN}.items():
        questions, passages = zip(*pairs, strict=True)
        cosines = _cosines(embedder, questions, passages)
        if np.mean(cosines.argmax(axis=1) == np.arange(len(pairs))) < _LEAST_READ:
            unread.append(name)
        elif (own := _middle(cosines)) > floor:
            floors[name] = own
    scripts = tuple(name for name in unread if name in PAIRS)
    return Calibration(floor, scripts, floors)


def _middle(cosines: Matrix) -> float:
    others = cosines[~np.eye(len(cosines), dtype=bool)]
    return round(float(np.clip(np.median(others), 0.0, 0.99)), 4)


def _cosines(embedder: _Embeds, questions: Sequence[str], passages: Sequence[str]) -> Matrix:
    asked = np.stack([embedder.embed_query(question) for question in questions])
    cosines: Matrix = asked @ embedder.embed(passages).T
    return cosines


def calibrated(embedder: _Embeds, home: Path) -> Calibration:
    """Return a model's calibration, from beside its ONNX form, or measured and kept there."""
    kept = _read(home / _FILE)
    if kept is not None:
        return kept
    calibration = measure(embedder)
    with contextlib.suppress(OSError):  # what cannot be kept is measured again
        home.mkdir(parents=True, exist_ok=True)
        part = home / f".{_FILE}-{os.getpid()}.tmp"
        part.write_text(json.dumps({"probe": _probe(), **asdict(calibration)}), encoding="utf-8")
        part.replace(home / _FILE)
    return calibration


def _read(file: Path) -> Calibration | None:
    try:
        values = json.loads(file.read_bytes())
        if values.pop("probe") != _probe():
            return None
        floors = {str(script): float(floor) for script, floor in values["floors"].items()}
        return Calibration(float(values["floor"]), tuple(map(str, values["unread"])), floors)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


@lru_cache(maxsize=1)
def _probe() -> str:
    """Return a digest of the probe."""
    return hashlib.sha256(json.dumps([PROBE, PAIRS, LATIN]).encode()).hexdigest()[:16]
