"""Citations: which sentence of an answer rests on which hit, said by `` [ID:i]`` after it.

Models write marks in many ways, and often none. What can be read as a mark is mended and put
after its sentence; a sentence without one is compared with the chunks; where no chunk supports
it, it stays without.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ragflow_local.embedders import Embedder
from ragflow_local.records import Hit, Matrix
from ragflow_local.retrieve.similarity import calibrate
from ragflow_local.text.terms import STOP_WORDS, iterate

# [ID:0]  [ID: 0, 2]  (ID:0)  【ID：0】  [ID:0][ID:1]  ##0$$
_NUMBERS = r"\s*\d{1,4}(?:\s*[,，、;&]\s*(?:ID\s*[:：]?\s*)?\d{1,4})*\s*"
MARK = re.compile(
    rf"[\[\(（【]\s*ID\s*[:：#\s]?{_NUMBERS}[\]\)）】]|##\s*\d{{1,4}}\s*\$\$", re.IGNORECASE
)
# [0]: a mark only where there is such a chunk, else what the text says.
BARE_MARK = re.compile(rf"[\[【]{_NUMBERS}[\]】]")
_BEGUN = re.compile(
    r"(?:[\[\(（【]\s*(?:I|ID)?\s*|[\[\(（【]\s*(?:ID\s*[:：#\s]?)?[\s\d,，、;&IDid:：]*|#|##\s*\d{0,4}\s*\$?)$",
    re.IGNORECASE,
)
_STRIPPED = re.compile(rf"\s*(?:{MARK.pattern})", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_FIGURE = re.compile(r"\d[\d,.]*")

# Share of a sentence's terms a chunk must hold; by benchmarks/answer.py, see results/answer.md.
_SUPPORT = 0.6
_SUPPORT_BY_MEANING = 0.4  # enough of them where the meaning is near as well
_NEAR = 0.69  # calibrated cosine of a sentence with the nearest of a chunk that says the same
_FEWEST_TERMS = 3


def strip_marks(text: str) -> str:
    """Return an answer without its citation marks, as the next turn's history has it."""
    return _STRIPPED.sub("", text)


def is_begun(text: str) -> bool:
    """Say whether ``text``, from a bracket on, may still become a mark."""
    return len(text) < 40 and _BEGUN.fullmatch(text) is not None


def numbers_of(mark: str, count: int) -> list[int]:
    """Return the indices a mark names, without those that no hit has."""
    found = dict.fromkeys(int(digits) for digits in _DIGITS.findall(mark))
    return [number for number in found if number < count]


def format_marks(numbers: Sequence[int]) -> str:
    """Return marks as they follow a sentence."""
    return "".join(f" [ID:{number}]" for number in dict.fromkeys(numbers))


class Support:
    """Says which hits support a sentence."""

    def __init__(self, hits: Sequence[Hit], embedder: Embedder | None = None) -> None:
        """Prepare the comparison.

        Args:
            hits: What the answer was given.
            embedder: Compares what has words in common by meaning; None compares words alone.
        """
        self._terms = [_terms_of(hit.chunk.content) for hit in hits]
        self._texts = [hit.chunk.content for hit in hits]
        self._embedder = embedder
        self._vectors: Matrix | None = None

    def of(self, sentence: str) -> list[int]:
        """Return the index of the hit that supports ``sentence``; empty for none."""
        terms = _terms_of(sentence)
        if len(terms) < _FEWEST_TERMS or not self._terms:
            return []
        shares = [self._share(terms, sentence, index) for index in range(len(self._terms))]
        best = int(np.argmax(shares))
        if shares[best] >= _SUPPORT:
            return [best]
        if shares[best] >= _SUPPORT_BY_MEANING and self._embedder is not None:
            return [best] if self._nearness(sentence, best) >= _NEAR else []
        return []

    def _share(self, terms: set[str], sentence: str, index: int) -> float:
        """Return the share of terms the chunk has; 0 where it lacks a figure."""
        known = self._terms[index]
        figures = _terms_of(" ".join(_FIGURE.findall(sentence)))
        if figures - known:
            return 0.0
        return len(terms & known) / len(terms)

    def _nearness(self, sentence: str, index: int) -> float:
        assert self._embedder is not None
        if self._vectors is None:
            self._vectors = self._embedder.embed(self._texts)
        cosine = self._embedder.embed([sentence])[0] @ self._vectors[index]
        return float(calibrate(cosine, self._embedder.floor))


def _terms_of(text: str) -> set[str]:
    """Return the terms that carry meaning; of unspaced scripts the pairs."""
    return {
        term
        for term in iterate(text)
        if term not in STOP_WORDS and (len(term) > 1 or term.isdigit())
    }
