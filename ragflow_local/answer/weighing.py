"""Scores the sentences of the hits, and says whether one of them answers the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ragflow_local.answer import scorer
from ragflow_local.answer.candidates import Asked, Candidate, candidates_of, share, weights_of
from ragflow_local.answer.found import stands_out
from ragflow_local.answer.scorer import Nearness, text_of
from ragflow_local.answer.statements import of_the_subject
from ragflow_local.records import Hit, Matrix, Vector
from ragflow_local.text.questions import is_about_questions

_SCORED = 20  # the best by words; to embed one costs milliseconds
_AROUND, _HIT = 0.35, 0.3  # what the surroundings and the hit are worth for that


@dataclass(frozen=True, slots=True)
class Weighed:
    """Holds the candidates of a question with their scores and weights.

    Attributes:
        asked: The question.
        hits: What was found for it, and what was not.
        candidates: All units.
        chosen: Those that are scored, in document order.
        weights: Of the question's terms.
        near: (len(chosen),) how near each is in meaning; 0 where nobody looked.
        features: (len(chosen), features) the scorer's.
        scores: (len(chosen),) the scorer's; -inf for what must not be quoted.
    """

    asked: Asked
    hits: Sequence[Hit]
    candidates: Sequence[Candidate]
    chosen: Sequence[Candidate]
    weights: dict[str, float]
    near: Vector
    features: Matrix
    scores: Vector

    @property
    def best(self) -> int:
        """Index of the best of the chosen, by the scorer."""
        return int(np.argmax(self.scores))

    @property
    def mode(self) -> str:
        """Whether the model reads the question: ``meaning``, else ``words``."""
        return scorer.mode_of(self.near)

    def signs(self, best: int) -> Vector:
        """Return the scorer's signs of whether there is an answer, if that unit is the best."""
        return scorer.signs(self.chosen, self.candidates, self.weights, self.near, best)

    def is_found(self) -> bool:
        """Return whether the scorer finds an answer."""
        top = self.hits[self.chosen[self.best].hit]
        return stands_out(top, self.hits) or scorer.is_found(self.signs(self.best), self.near)


def weigh(
    question: str, hits: Sequence[Hit], nearness: Nearness | None, others: Sequence[Hit] = ()
) -> Weighed | None:
    """Return the units of the hits, weighed; None where none may be quoted.

    Args:
        question: A question that stands alone.
        hits: What was found for it, best first.
        nearness: Compares meanings; None goes by words alone.
        others: What was not found: nothing is quoted of it.
    """
    asked = Asked.of(question)
    every = [*hits, *others]
    candidates = candidates_of(every, asked.language, asked.terms)
    if not is_about_questions(question):
        candidates = [one for one in candidates if one.unit.kind != "question"]
    if not hits or not candidates or not asked.terms:
        return None
    weights = weights_of(asked.terms, candidates)
    chosen = _best_by_words(of_the_subject(asked, candidates), weights, every)
    near = _near(question, chosen, nearness)
    features = scorer.features(asked, chosen, weights, every, near)
    is_known = np.array([candidate.hit < len(hits) for candidate in chosen])
    if not is_known.any():
        return None
    scores = np.where(is_known, scorer.scores(features, near), -np.inf).astype(np.float32)
    return Weighed(asked, every, candidates, chosen, weights, near, features, scores)


def _best_by_words(
    candidates: Sequence[Candidate], weights: dict[str, float], hits: Sequence[Hit]
) -> list[Candidate]:
    most = hits[0].similarity or 1.0

    def worth(candidate: Candidate) -> float:
        others = (candidate.heads | candidate.title | candidate.around) - candidate.own
        words = share(weights, candidate.own) + _AROUND * share(weights, others)
        return words + _HIT * hits[candidate.hit].similarity / most

    best = sorted(candidates, key=worth, reverse=True)[:_SCORED]
    return sorted(best, key=lambda candidate: (candidate.hit, candidate.place))


def _near(question: str, chosen: Sequence[Candidate], nearness: Nearness | None) -> Vector:
    if nearness is None:
        return np.zeros(len(chosen), np.float32)
    return nearness(question, [text_of(candidate) for candidate in chosen])
