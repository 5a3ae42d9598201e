"""A question of several steps to the units that answer it one after the other.

"Who directed the film in which A played?": one unit names the film, another of the film's own
document names who directed it, and hardly shares a word with the question. So what is quoted first
is searched for in its turn, and the next unit is worth what it says of the question beyond that,
and that its document is one that is named there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from ragflow_local.answer.candidates import Asked, Candidate, candidates_of, share, weights_of
from ragflow_local.answer.scorer import Nearness, text_of
from ragflow_local.answer.statements import repeats
from ragflow_local.records import Hit, Matrix
from ragflow_local.text.dates import times_of
from ragflow_local.text.figures import figures_of

Search = Callable[[str], Sequence[Hit]]

FEATURES = ("own", "gain", "near", "bridge", "time", "number")
# By benchmarks/parts.py, on the even questions of hotpot100.
FITTED = (2.32, 2.49, 1.50, 2.09, 0.69, 0.14)
MANY_TERMS = 6  # a question with more may have several parts
# Share of a question's weight that is worth a further unit; where a reader is sure of the first.
_UNSAID, _UNSAID_OF_SURE = 0.15, 0.4
_LEAST_GAIN = 0.15  # of a unit whose document nothing names
_FIRSTS = 3  # units that are followed; each costs a search or two
_COMPARED = 16  # the best without their meaning; to embed one costs milliseconds


@dataclass(frozen=True, slots=True)
class Trail:
    """What is quoted so far, and where the next unit is looked for.

    Attributes:
        asked: The question.
        kept: What is quoted, in its order.
        hits: What the units are from, those that were found by what is quoted among them.
    """

    asked: Asked
    kept: tuple[Candidate, ...]
    hits: tuple[Hit, ...]

    def with_search(self, search: Search | None) -> Trail:
        """Return the trail with the hits of what was quoted last."""
        if search is None:
            return self
        new = found_besides(self.hits, search, self.kept[-1].unit.text)
        return Trail(self.asked, self.kept, (*self.hits, *new))

    def with_unit(self, candidate: Candidate) -> Trail:
        """Return the trail with one more unit."""
        return Trail(self.asked, (*self.kept, candidate), self.hits)


def has_parts(
    asked: Asked, first: Candidate, weights: dict[str, float], *, is_sure: bool = False
) -> bool:
    """Return whether a question is so long that its best unit leaves a part of it unsaid.

    Args:
        asked: The question.
        first: Its best unit.
        weights: Of its terms.
        is_sure: Whether a reader takes the unit for the answer, and no other.
    """
    unsaid = _UNSAID_OF_SURE if is_sure else _UNSAID
    return len(asked.terms) > MANY_TERMS and share(weights, first.subject) <= 1 - unsaid


def best_trail(
    trail: Trail,
    firsts: Sequence[tuple[Candidate, float]],
    nearness: Nearness | None,
    search: Search | None,
    most: int,
) -> Trail:
    """Return the trail that answers best: a unit of the question, and those that follow from it.

    Which unit is the right one to begin with shows in what follows: each of the first is followed.

    Args:
        trail: With no units yet.
        firsts: The best units of the question with their scores, the best first.
        nearness: Compares meanings; None goes by words alone.
        search: Finds passages for a text; None looks at the hits of the trail alone.
        most: Most units.
    """
    trails = [
        _followed(trail.with_unit(first), score, nearness, search, most)
        for first, score in firsts[:_FIRSTS]
    ]
    return max(trails, key=lambda pair: pair[1])[0]


def continued(trail: Trail, nearness: Nearness | None, search: Search | None, most: int) -> Trail:
    """Return the trail with further units for what its units leave unsaid.

    Args:
        trail: With units.
        nearness: Compares meanings; None goes by words alone.
        search: Finds passages for a text; None looks at the hits of the trail alone.
        most: Most units.
    """
    return _followed(trail, 0.0, nearness, search, most)[0]


def found_besides(hits: Sequence[Hit], search: Search, text: str) -> list[Hit]:
    """Return what is found for a text and is not among the hits."""
    known = {hit.chunk.id for hit in hits}
    return [hit for hit in search(text) if hit.chunk.id not in known]


def named_share(
    title: frozenset[str], titles: Collection[frozenset[str]], said: Collection[str]
) -> float:
    """Return the share of a document's name that is said, in [0, 1]; 0 of the documents at hand.

    Args:
        title: Terms of its name.
        titles: The same of the documents at hand.
        said: Terms.
    """
    return len(title.intersection(said)) / len(title) if title and title not in titles else 0.0


def _followed(
    trail: Trail, worth: float, nearness: Nearness | None, search: Search | None, most: int
) -> tuple[Trail, float]:
    """Return the trail with the units for what the first leaves unsaid, and what all are worth."""
    while len(trail.kept) < most:
        trail = trail.with_search(search)
        rows, candidates = features(trail, nearness)
        if not candidates:
            break
        scores = rows @ np.array(FITTED)
        best = int(np.argmax(scores))
        trail, worth = trail.with_unit(candidates[best]), worth + float(scores[best])
    return trail, worth


def features(trail: Trail, nearness: Nearness | None) -> tuple[Matrix, list[Candidate]]:
    """Return the features of the n units that may come next, (n, len(FEATURES)), and the units."""
    asked, kept = trail.asked, trail.kept
    all_candidates = candidates_of(trail.hits, asked.language)
    weights = weights_of(asked.terms, all_candidates)
    subjects = frozenset().union(*(candidate.subject for candidate in kept))
    new = frozenset().union(*(candidate.own for candidate in kept)).difference(asked.terms)
    titles = {candidate.title for candidate in kept}
    candidates, rows = [], []
    for candidate in all_candidates:
        if any(repeats(candidate, other) for other in kept):
            continue
        bridge = named_share(candidate.title, titles, new)
        gain = share(weights, (candidate.subject - candidate.title) - subjects)
        if not bridge and gain < _LEAST_GAIN:
            continue
        text = candidate.unit.text
        candidates.append(candidate)
        rows.append(
            (
                share(weights, candidate.own),
                gain,
                0.0,
                bridge,
                "time" in asked.kinds and bool(set(times_of(text)) - set(asked.times)),
                "number" in asked.kinds and bool(figures_of(text) - asked.figures),
            )
        )
    matrix = np.array(rows, np.float32).reshape(len(rows), len(FEATURES))
    if nearness is None or not candidates:
        return matrix, candidates
    best = np.argsort(-(matrix @ np.array(FITTED)), kind="stable")[:_COMPARED]
    candidates, matrix = [candidates[at] for at in best], matrix[best]
    texts = [text_of(candidate) for candidate in candidates]
    matrix[:, FEATURES.index("near")] = nearness(asked.text, texts)
    return matrix, candidates
