"""Texts to measure with: retrieval sets read from a folder, and a made-up corpus of any size."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data"))

ENGLISH = ("hotpot100", "cisi", "pubmedqa", "lihua_half")
CHINESE = ("dureader_demo", "cmrc2018_trial")
LANGUAGES = {
    **dict.fromkeys((*ENGLISH, "squad2_part"), "en"),
    **dict.fromkeys((*CHINESE, "xquad_zh_part"), "zh"),
    "xquad_de_part": "de",
    "xquad_ru_part": "ru",
    "xquad_ar_part": "ar",
}


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Documents, questions, and which documents answer which question.

    Attributes:
        relevant: For each question, grades by the index of the document.
    """

    name: str
    documents: list[str]
    questions: list[str]
    relevant: list[dict[int, int]]


def retrieval_set(folder: Path) -> RetrievalSet:
    """Return a set in BEIR's layout; questions that nobody judged are left out."""
    corpus = _lines(folder / "corpus.jsonl")
    index = {row["_id"]: number for number, row in enumerate(corpus)}
    grades: dict[str, dict[int, int]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, document, grade = line.split("\t")
        if int(grade) > 0 and document in index:
            grades.setdefault(question, {})[index[document]] = int(grade)
    questions = [row for row in _lines(folder / "queries.jsonl") if row["_id"] in grades]
    return RetrievalSet(
        folder.name,
        [f"{row.get('title', '')}\n{row['text']}".strip() for row in corpus],
        [row["text"] for row in questions],
        [grades[row["_id"]] for row in questions],
    )


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Zipf:
    """A corpus of chunks of about 100 words, which occur as in real text: by Zipf's law."""

    def __init__(self, seed: int = 0, vocabulary: int = 400_000) -> None:
        self._chance = np.random.default_rng(seed)
        self._words = [_word(number) for number in range(vocabulary)]
        # Mandelbrot's shift flattens the head: the commonest word is every twentieth.
        weights = 1.0 / (np.arange(vocabulary) + 2.7) ** 1.05
        self._bounds = np.cumsum(weights / weights.sum())

    def chunks(self, count: int) -> Iterator[str]:
        """Yield ``count`` texts."""
        for length in self._chance.integers(60, 140, count):
            yield " ".join(self._draw(int(length)))

    def question(self, text: str) -> str:
        """Return a question of eight words, most of them from ``text``."""
        words = text.split()
        return " ".join([*self._chance.choice(words, 6), *self._draw(2)])

    def _draw(self, count: int) -> list[str]:
        ranks = np.searchsorted(self._bounds, self._chance.random(count))
        return [self._words[rank] for rank in np.minimum(ranks, len(self._words) - 1)]


def _word(number: int) -> str:
    """Return a word that can be spoken; the commoner, the shorter."""
    consonants, vowels = "bdfgklmnprtvz", "aiou"
    syllables = ""
    number += 1
    while number:
        number, rest = divmod(number, len(consonants) * len(vowels))
        syllables += consonants[rest % len(consonants)] + vowels[rest // len(consonants)]
    return syllables
