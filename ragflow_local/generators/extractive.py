"""Answer without weights: the sentences of the hits that fit the question best, quoted.

A sentence fits by the words it shares with the question, rare ones more; by the words its
neighbours and its document's name share, since a text says its subject once; by meaning, where an
embedder is given; and by holding what the kind of question asks for: a number, a time, a name.
Where nothing fits well enough there is no answer.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ragflow_local.generators.question import Question, content_terms, take_apart
from ragflow_local.generators.units import Unit, units_of
from ragflow_local.records import Hit, Vector

# Question and texts to (len(texts),) in [0, 1]: how near each is in meaning.
Nearness = Callable[[str, Sequence[str]], Vector]

_HAN = re.compile(r"[\u3400-\u9fff]")

NAME = "extractive"
MOST_SENTENCES = 3

# By benchmarks/answer.py on a quarter of the questions; see benchmarks/results/answer.md.
_WORDS, _AROUND, _KIND, _MEANING, _RANK = 1.0, 0.35, 0.25, 0.3, 0.3
_LEAST_SUPPORT = 0.3  # share of the question's weight the best chunk must hold
_LEAST_OF_BEST = 0.4  # a further sentence must score this share of the best
# Where what is quoted says this share of the question and holds what it asks for, a further
# sentence below that share of the best must itself add this share of the question's weight.
_FULL, _NEAR_BEST, _LEAST_GAIN = 0.9, 0.65, 0.1
_ROW_NEAR = 0.8  # and a row, which shares its columns' names with all other rows, after a sentence
_QUESTION_WORTH, _SHORT_WORTH, _LINE_WORTH = 0.6, 0.6, 0.3
_LONG, _LONG_WORTH = 400, 0.5
_LABEL = 2.0  # for the row whose first cell the question names
_SAME = 0.7  # two sentences that share so many terms say the same
_UNITS_EMBEDDED = 12  # the best by words alone; embedding costs milliseconds each


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence or row that answers.

    Attributes:
        text: As it stands in the chunk; of a table's row with the names of its columns.
        hit: Index of the hit it is from.
        score: How well it fits; larger is better.
        is_line: Whether it is a line of its own: a row or an item of a list.
    """

    text: str
    hit: int
    score: float
    is_line: bool = False


@dataclass(frozen=True, slots=True)
class _Candidate:
    unit: Unit
    hit: int
    place: int
    own: frozenset[str]  # of its text; of a row, of its cells
    terms: frozenset[str]  # and of the names of its columns
    around: frozenset[str]


def extract(
    question: str,
    hits: Sequence[Hit],
    nearness: Nearness | None = None,
    *,
    most: int = MOST_SENTENCES,
) -> list[Quote]:
    """Return the sentences that answer, in the order of the source; empty for not found.

    Args:
        question: A question that stands alone.
        hits: What was found for it, best first.
        nearness: Compares meanings; None scores by words alone.
        most: Most sentences.
    """
    asked = take_apart(question)
    candidates = _candidates(hits)
    if not candidates or not asked.terms:
        return []
    weights = _weights(asked, candidates)
    if _support(weights, candidates) < _LEAST_SUPPORT:
        return []
    scores = _scores(asked, candidates, weights, hits)
    if nearness is not None:
        scores = scores + _MEANING * _meaning(question, candidates, scores, nearness)
    return _chosen(asked, candidates, scores, weights, most)


def _candidates(hits: Sequence[Hit]) -> list[_Candidate]:
    found: list[_Candidate] = []
    for index, hit in enumerate(hits):
        chunk = hit.chunk
        units = units_of(chunk.content, chunk.headings)
        terms = [frozenset(content_terms(unit.text)) for unit in units]
        title = " ".join((chunk.document_name.rsplit(".", 1)[0], *chunk.headings))
        about = frozenset(content_terms(title))
        for place, unit in enumerate(units):
            if unit.kind == "heading":
                continue  # it says what the others are about, and nothing itself
            near = frozenset().union(
                *terms[max(0, place - 2) : place], *terms[place + 1 : place + 2]
            )
            named = frozenset(content_terms(unit.names)) if unit.names else frozenset()
            own = frozenset(content_terms(unit.cells)) if unit.cells else terms[place]
            found.append(_Candidate(unit, index, place, own, terms[place] | named, about | near))
    return found


def _weights(asked: Question, candidates: Sequence[_Candidate]) -> dict[str, float]:
    """Return the weight of each of the question's terms, by how rare it is among the units.

        weight = ln(1 + (n - df + 0.5) / (df + 0.5))

    Source: Lucene's idf, never negative.
    """
    frequency: Counter[str] = Counter()
    for candidate in candidates:
        frequency.update(candidate.terms.intersection(asked.terms))
    count = len(candidates)
    weights: dict[str, float] = {}
    for term in asked.terms:
        weight = math.log(1 + (count - frequency[term] + 0.5) / (frequency[term] + 0.5))
        # A letter of Chinese is in many words: its pairs say more.
        weights[term] = weight * (0.3 if len(term) == 1 and not term.isascii() else 1.0)
    return weights


def _share(weights: dict[str, float], terms: frozenset[str]) -> float:
    total = sum(weights.values())
    return sum(weights[term] for term in weights.keys() & terms) / total if total else 0.0


def _support(weights: dict[str, float], candidates: Sequence[_Candidate]) -> float:
    """Return the largest share of the question that one unit and its surroundings hold."""
    return max(_share(weights, one.terms | one.around) for one in candidates)


def _scores(
    asked: Question,
    candidates: Sequence[_Candidate],
    weights: dict[str, float],
    hits: Sequence[Hit],
) -> Vector:
    best = max((hit.similarity for hit in hits), default=0.0) or 1.0
    scores = np.zeros(len(candidates), dtype=np.float32)
    for index, one in enumerate(candidates):
        words = _share(weights, one.terms)
        around = _share(weights, one.around - one.terms)
        score = _WORDS * words + _AROUND * around
        if asked.is_answerable_by(one.unit.text):
            score += _KIND * (words + around)
        score += _RANK * (words + around) * hits[one.hit].similarity / best
        if one.unit.label and any(map(str.isdigit, one.unit.text)):
            score += _LABEL * _share_of_label(one.unit.label, weights) * words
        scores[index] = score * _worth(one.unit)
    return scores


def _share_of_label(label: str, weights: dict[str, float]) -> float:
    """Return the share of a row's first cell that the question says: the row it asks for."""
    terms = set(content_terms(label))
    return len(terms & weights.keys()) / len(terms) if terms else 0.0


def _worth(unit: Unit) -> float:
    """Return less than 1 for what rarely answers: a greeting, a page's foot, another question."""
    worth = 1.0
    if unit.text.endswith(("?", "？")):
        worth = _QUESTION_WORTH
    if len(unit.text) > _LONG:  # a run of much text shares words with every question
        worth *= (_LONG / len(unit.text)) ** _LONG_WORTH
    if unit.kind == "line":
        worth *= _LINE_WORTH
    if unit.kind != "row" and len(unit.text) < (8 if _HAN.search(unit.text) else 20):
        worth *= _SHORT_WORTH
    return worth


def _meaning(
    question: str, candidates: Sequence[_Candidate], scores: Vector, nearness: Nearness
) -> Vector:
    """Return how near the question the units are that are best by words; 0 for others."""
    chosen = np.argsort(-scores, kind="stable")[:_UNITS_EMBEDDED]
    near = np.zeros(len(candidates), dtype=np.float32)
    near[chosen] = nearness(question, [candidates[index].unit.text for index in chosen])
    return near


def _chosen(
    asked: Question,
    candidates: Sequence[_Candidate],
    scores: Vector,
    weights: dict[str, float],
    most: int,
) -> list[Quote]:
    """Return the best that do not repeat one another, in the order of the source."""
    order = np.argsort(-scores, kind="stable")
    best = float(scores[order[0]])
    kept: list[tuple[_Candidate, float]] = []
    said: frozenset[str] = frozenset()
    for index in order:
        one, score = candidates[index], float(scores[index])
        if len(kept) == most or score < best * _LEAST_OF_BEST:
            break
        margin = _margin(asked, kept[0][0], one, _share(weights, said)) if kept else 0.0
        if score < best * margin and _share(weights, one.own - said) < _LEAST_GAIN:
            continue
        if any(_repeats(one, other) for other, _ in kept):
            continue
        kept.append((one, score))
        said |= one.own
    kept.sort(key=lambda pair: (pair[0].hit, pair[0].place))
    return [
        Quote(one.unit.text, one.hit, score, is_line=one.unit.kind in ("row", "item"))
        for one, score in kept
    ]


def _margin(asked: Question, best: _Candidate, further: _Candidate, said: float) -> float:
    """Return the share of the best's score below which a further one must add words of its own.

    Args:
        asked: The question.
        best: The best.
        further: One that may be quoted too.
        said: Share of the question's weight that is quoted already.
    """
    if further.unit.kind == "row" and best.unit.kind != "row":
        return _ROW_NEAR
    if _HAN.search(asked.text):
        return 0.0  # pairs of letters are shared by chance too often to say "all is said"
    is_answered = said >= _FULL and asked.is_answerable_by(best.unit.text)
    return _NEAR_BEST if is_answered else 0.0


def _repeats(one: _Candidate, other: _Candidate) -> bool:
    smaller = min(len(one.terms), len(other.terms))
    return smaller > 0 and len(one.terms & other.terms) >= _SAME * smaller
