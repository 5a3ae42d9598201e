"""Scores how likely a unit answers a question, by logistic regression over ten features.

    chance = 1 / (1 + exp(-(bias + weights . features)))

The weights are fitted by ``benchmarks/quoting.py fit`` and stand in ``FITTED``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ragflow_local.answer.candidates import Asked, Candidate, share
from ragflow_local.records import Hit, Matrix, Vector
from ragflow_local.text.dates import times_of
from ragflow_local.text.figures import figures_of

# Question and texts to (len(texts),) in [0, 1]: how near each is in meaning.
Nearness = Callable[[str, Sequence[str]], Vector]

FEATURES = (
    "own",
    "heads",
    "around",
    "near",
    "hit",
    "time",
    "number",
    "figures",
    "new",
    "own*near",
)
SIGNS = ("own", "support", "nearest", "gap", "missing", "unknown", "many")

# By benchmarks/quoting.py fit: where the model reads the question, and by words alone.
FITTED = {
    "meaning": (3.45, 3.67, 1.59, 4.43, 5.07, 2.63, 1.85, -1.03, 1.26, -0.23),
    "words": (6.39, 4.85, 0.65, 0.00, 5.22, 2.67, 1.68, -0.89, 1.14, 0.00),
}
FOUND = {
    "meaning": (1.06, 2.81, 9.05, 3.96, 1.33, -1.63, -2.14, -1.77),
    "words": (3.13, 4.90, 0.00, 0.00, 3.94, -2.88, -1.30, -1.91),
}
# Of what is answerable in the sets it is fitted on, about 8 % is refused.
LEAST_FOUND = {"meaning": 0.6, "words": 0.33}


def text_of(candidate: Candidate) -> str:
    """Return the text of a unit that is embedded: the question or heading above, and itself."""
    unit = candidate.unit
    if unit.question:
        return f"{unit.question} {unit.said}"
    return f"{unit.heads[-1]}. {unit.said}" if unit.heads else unit.said


def features(
    asked: Asked,
    candidates: Sequence[Candidate],
    weights: dict[str, float],
    hits: Sequence[Hit],
    near: Vector,
) -> Matrix:
    """Return (len(candidates), len(FEATURES)) float32.

    Args:
        asked: The question.
        candidates: The units.
        weights: Of the question's terms.
        hits: What the units are from.
        near: (len(candidates),) how near each is in meaning; 0 where nobody looked.
    """
    best = max((hit.similarity for hit in hits), default=0.0) or 1.0
    rows = []
    for candidate, cosine in zip(candidates, near.tolist(), strict=True):
        text = candidate.unit.text
        own, figures = share(weights, candidate.own), figures_of(text)
        above = (candidate.heads | candidate.carried | candidate.title) - candidate.own
        rows.append(
            (
                own,
                share(weights, above),
                share(weights, candidate.around - candidate.own - above),
                cosine,
                hits[candidate.hit].similarity / best,
                "time" in asked.kinds and bool(set(times_of(text)) - set(asked.times)),
                "number" in asked.kinds and bool(figures - asked.figures),
                len(asked.figures - figures) / max(len(asked.figures), 1),
                min(len(candidate.own.difference(asked.terms)), 12) / 12,
                own * cosine,
            )
        )
    return np.array(rows, np.float32).reshape(len(candidates), len(FEATURES))


def scores(rows: Matrix, near: Vector) -> Vector:
    """Return (n,) scores of units by their features; their softmax are chances."""
    return (rows @ np.array(FITTED[mode_of(near)], np.float32)).astype(np.float32)


def signs(
    chosen: Sequence[Candidate],
    candidates: Sequence[Candidate],
    weights: dict[str, float],
    near: Vector,
    best: int,
) -> Vector:
    """Return (len(SIGNS),) features of whether there is an answer at all.

    Args:
        chosen: The units that were scored.
        candidates: All units.
        weights: Of the question's terms.
        near: (len(chosen),) how near each is in meaning.
        best: Index of the best of the chosen.
    """
    top = chosen[best]
    all_of_it = top.subject | top.around
    every = frozenset().union(*(unit.subject for unit in candidates))
    beside = near if len(near) > 1 else np.append(near, 0.0)  # alone, as beside an unrelated one
    missing = max((weights[term] for term in weights.keys() - all_of_it), default=0.0)
    signals = (
        share(weights, top.own),
        share(weights, all_of_it),
        float(near.max()),
        float(near.max() - np.median(beside)),
        missing / (max(weights.values()) or 1.0),
        1 - share(weights, every),
        float(np.log1p(len({unit.hit for unit in candidates}))),  # of many, one is near by chance
    )
    return np.array(signals, np.float32)


def is_found(signals: Vector, near: Vector) -> bool:
    """Return whether the chance that an answer is there is large enough to give one."""
    mode = mode_of(near)
    return chance(FOUND[mode], signals) >= LEAST_FOUND[mode]


def chance(fitted: Sequence[float], signals: Vector) -> float:
    """Return the chance that a logistic regression gives to features.

    Args:
        fitted: Its weights, and its bias last.
        signals: (len(fitted) - 1,) the features.
    """
    *weights, bias = fitted
    return float(1 / (1 + np.exp(-(bias + np.dot(weights, signals)))))


def mode_of(near: Vector) -> str:
    """Return which weights count: those with meaning, or those of words alone."""
    return "meaning" if near.any() else "words"
