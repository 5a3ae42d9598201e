"""Has a small reader score the candidates of a question, and say whether one of them answers.

The reader reads what a scorer by words and meaning thinks best, with the headings above it, in
document order. What its scores are worth beside the scorer's is fitted by
``benchmarks/reading.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ragflow_local.answer import scorer
from ragflow_local.answer.candidates import Asked, Candidate
from ragflow_local.answer.mismatch import names_what_is_asked
from ragflow_local.answer.weighing import Weighed
from ragflow_local.embedders import Reading, Section
from ragflow_local.records import Hit, Matrix, Vector
from ragflow_local.text.negation import is_negated

# Question, sections, and how much each of their sentences is worth reading.
Read = Callable[[str, Sequence[Section], Sequence[float]], Reading]

NAME = "extractive+reader"
# What the reader's and the scorer's scores are worth; their sum's softmax is a chance.
WORTH = (0.57, 0.45)
# Of the scorer's signs the others earn nothing beside the reader's.
_SCORERS = 4
SIGNS = ("lead", "denied", *scorer.SIGNS[:_SCORERS], "near")
# What a question has that a text answers, rather than one that is only like it: the first signs.
ANSWERED = (0.39, -0.78)
LEAST_ANSWERED = -0.86
FOUND = {
    "meaning": (0.47, 0.00, 1.23, 1.51, 3.36, 4.87, 0.00, -3.37),
    "words": (0.67, 0.00, 0.84, 2.84, 0.00, 0.00, 0.00, -0.92),
    "reworded": (0.24, 0.00, 0.00, -2.18, 0.00, 2.77, 5.65, -1.03),
    "answer": (0.43, 0.00, 0.00, 0.00, 0.00, 0.00, 6.31, -1.29),
}
# Nothing is found below this chance either: the texts are of something else.
LEAST_FOUND = {"meaning": 0.26, "words": 0.55, "reworded": 0.65, "answer": 0.49}
# In other languages than English texts that answer and those that do not lie nearer together. A
# number or a time of the question that the best sentence names tells them apart.
LEAST_ELSEWHERE = 0.38
# Where the best sentence shares no word with the question, nearness counts so much beside both
# scores, and it is judged as one that says the same in other words.
WORTH_OF_NEARNESS = 4.0
# Chance with which what is quoted holds the answer; less asks for a further unit, of such a chance.
SURE, LEAST_CHANCE = 0.7, 0.08
# Chance with which the best sentence answers alone, unless it leaves much of the question unsaid.
SURE_ALONE = 0.5
_MOST_LEAD = 8.0
_BETWEEN = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Judged:
    """Holds the reader's verdict on the candidates of a question.

    Attributes:
        scores: (candidates,) its and the scorer's together; -inf for what must not be quoted.
        is_found: Whether one of them answers.
        is_for_all: Whether that holds for questions for yes or no as well: it is found in other
            words than the question's, or the best stands under a question of the text.
        alone: Chance that the best answers by itself, of all that were read and none.
    """

    scores: Vector
    is_found: bool
    is_for_all: bool = False
    alone: float = 0.0


def judged(weighed: Weighed, read: Read) -> Judged:
    """Return what the reader makes of the candidates of a question.

    Args:
        weighed: The candidates. Where not all have room, those with the highest scores are read.
        read: The reader.
    """
    sections = sections_of(weighed.chosen, weighed.hits, weighed.asked)
    reading = read(weighed.asked.text, sections, weighed.scores.tolist())
    scores = ranking(weighed, reading)
    signals = signs(weighed, reading)
    asked, best = weighed.asked, weighed.chosen[int(np.argmax(scores))]
    if best.unit.question and weighed.mode == "meaning":
        found = _passes(signals, "answer", LEAST_FOUND["answer"])
        return Judged(scores, found, True, alone(scores, reading))
    reworded = is_found_reworded(signals, weighed.mode)
    is_elsewhere = asked.language != "en" and not names_what_is_asked(asked, best)
    found = is_found(signals, weighed.mode, is_elsewhere=is_elsewhere)
    return Judged(scores, found, reworded, alone(scores, reading))


def is_found(signals: Vector, mode: str, *, is_elsewhere: bool = False) -> bool:
    """Return whether the signs say that there is an answer.

    Args:
        signals: (len(SIGNS),) the signs.
        mode: Whether the model reads the question: ``meaning``, else ``words``.
        is_elsewhere: Whether the question is in another language than English, and the best
            sentence names no number or time of it.
    """
    least = LEAST_ELSEWHERE if is_elsewhere and mode == "meaning" else LEAST_FOUND[mode]
    is_answered = answered(signals) >= LEAST_ANSWERED and _passes(signals, mode, least)
    return is_answered or is_found_reworded(signals, mode)


def is_found_reworded(signals: Vector, mode: str) -> bool:
    """Return whether the signs say that there is an answer in other words than the question's."""
    return (
        mode == "meaning"
        and is_reworded(signals)
        and _passes(signals, "reworded", LEAST_FOUND["reworded"])
    )


def is_reworded(signals: Vector) -> bool:
    """Return whether the best sentence shares no word with the question."""
    return bool(signals[SIGNS.index("own")] == 0)


def _passes(signals: Vector, kind: str, least: float) -> bool:
    return scorer.chance(FOUND[kind], signals) >= least


def answered(signals: Vector) -> float:
    """Return how sure it is, from the first signs, that the question is answered."""
    return float(np.dot(ANSWERED, signals[: len(ANSWERED)]))


def alone(scores: Vector, reading: Reading) -> float:
    """Return the chance that the candidate with the best score answers the question alone."""
    every = np.array([*reading.scores, reading.none])
    powers = np.exp(every - every.max())
    return float(powers[int(np.argmax(scores))] / powers.sum())


def both(scores: Vector, reading: Reading) -> Matrix:
    """Return (candidates, 2) the reader's and the scorer's scores.

    What had no room may yet be quoted, as a row or part that belongs to the best one: it is worth
    no more than the worst that was read.
    """
    own = np.where(np.isfinite(scores), reading.scores, -np.inf)
    lowest = float(own[np.isfinite(own)].min(initial=reading.none))
    own = np.where(np.isfinite(own), own, np.where(np.isfinite(scores), lowest, -np.inf))
    return np.stack([own, scores], axis=1).astype(np.float32)


def joined(scores: Vector, reading: Reading) -> Vector:
    """Return (candidates,) the weighted sum of both scores; -inf for what must not be quoted."""
    is_known = np.isfinite(scores)
    found = np.full(len(scores), -np.inf, np.float32)
    found[is_known] = both(scores, reading)[is_known] @ np.array(WORTH, np.float32)
    return found


def ranking(weighed: Weighed, reading: Reading) -> Vector:
    """Return (candidates,) the scores to quote by; -inf for what must not be quoted."""
    scores = joined(weighed.scores, reading)
    shared = weighed.features[int(np.argmax(scores)), scorer.FEATURES.index("own")]
    return scores if shared else scores + WORTH_OF_NEARNESS * weighed.near


def signs(weighed: Weighed, reading: Reading) -> Vector:
    """Return (len(SIGNS),) the features that tell whether there is an answer at all.

    They are how far the reader's best sentence is above none, whether the question says no and
    that sentence does not, the scorer's, and how near that sentence is in meaning.
    """
    own = np.where(np.isfinite(weighed.scores), reading.scores, -np.inf)
    lead = float(np.clip(own.max() - reading.none, -_MOST_LEAD, _MOST_LEAD))
    best = int(np.argmax(ranking(weighed, reading)))
    is_denied = is_negated(weighed.asked.text) and not is_negated(weighed.chosen[best].unit.text)
    scorers = weighed.signs(best)[:_SCORERS]
    return np.array([lead, is_denied, *scorers, weighed.near[best]], np.float32)


def sections_of(
    candidates: Sequence[Candidate], hits: Sequence[Hit], asked: Asked
) -> list[Section]:
    """Return the candidates as sections, those of one text under one heading together.

    The name of a document stands over what has no heading, if the question says a word of it that
    the text does not.
    """
    said: dict[int, frozenset[str]] = {}
    for candidate in candidates:
        said[candidate.hit] = said.get(candidate.hit, frozenset()) | candidate.own
    sections: list[Section] = []
    last: tuple[int, str] | None = None
    for candidate in candidates:
        unit = candidate.unit
        heading = unit.question or (unit.heads[-1] if unit.heads else "")
        if not heading and candidate.title.intersection(asked.terms) - said[candidate.hit]:
            name = hits[candidate.hit].chunk.document_name.rsplit(".", 1)[0]
            heading = _BETWEEN.sub(" ", name)
        place = candidate.hit, heading
        before = sections.pop().sentences if place == last else ()
        sections.append(Section((*before, unit.said), place[1]))
        last = place
    return sections
