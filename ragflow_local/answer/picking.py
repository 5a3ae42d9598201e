"""Decides how many of the ranked units are quoted.

The best is; a further one only where the best is not sure, says only a part of what is asked, is a
row that is asked for as well, or is contradicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ragflow_local.answer import reading
from ragflow_local.answer.candidates import Asked, Candidate, share
from ragflow_local.answer.columns import truth_asked_for
from ragflow_local.answer.statements import contradict, repeats
from ragflow_local.records import Vector

MOST_SENTENCES = 3
_PART, _PART_OF_SEVERAL = 0.5, 0.2  # share of a question's weight that a further unit adds
_MOST_ROWS = 10


@dataclass(frozen=True, slots=True)
class Stopping:
    """Says when enough sentences are quoted.

    Attributes:
        sure: Chance with which what is quoted holds the answer; less asks for a further unit.
        least_chance: Of a further unit.
        by_words: Whether what a unit says of the question decides too: with another part of it, it
            is quoted all the same, with less than is quoted of its chunk never.
    """

    sure: float
    least_chance: float
    by_words: bool


# By benchmarks/quoting.py and benchmarks/reading.py.
BY_WORDS = Stopping(0.75, 0.12, by_words=True)
BY_READER = Stopping(reading.SURE, reading.LEAST_CHANCE, by_words=False)


def chances_of(scores: Vector, order: Sequence[int]) -> list[float]:
    """Return the chance of each that it holds the answer, if one of them does: their softmax."""
    powers = np.exp(scores[list(order)] - scores[order[0]])
    return [float(power) for power in powers / powers.sum()]


def picked(
    asked: Asked,
    ranked: Sequence[Candidate],
    chances: Sequence[float],
    weights: dict[str, float],
    stopping: Stopping,
) -> list[tuple[Candidate, float, bool]]:
    """Return what is quoted of the candidates, the best first: unit, chance, whether disputed."""
    quotes = [(ranked[0], chances[0])]
    sure = chances[0]
    for candidate, chance in list(zip(ranked, chances, strict=True))[1:]:
        if len(quotes) >= MOST_SENTENCES:
            break
        is_part = stopping.by_words and _is_part(asked, candidate, quotes, weights)
        if not is_part and (sure >= stopping.sure or chance < stopping.least_chance):
            continue
        if not any(
            repeats(candidate, other)
            or (stopping.by_words and _adds_nothing(asked, candidate, other))
            for other, _ in quotes
        ):
            quotes.append((candidate, chance))
        sure += chance
    quotes += _rows(asked, ranked, quotes)
    disputes = [
        candidate
        for candidate in ranked
        if contradict(candidate, ranked[0], asked)
        and not any(repeats(candidate, other) for other, _ in quotes)
    ]
    disputed = [
        candidate for candidate, _ in quotes if contradict(candidate, ranked[0], asked)
    ] + disputes
    if disputed:
        newest = sorted([ranked[0], *disputed], key=_age)
        return [(candidate, chances[0], True) for candidate in newest[:MOST_SENTENCES]]
    return [(candidate, chance, False) for candidate, chance in quotes]


def _is_part(
    asked: Asked,
    candidate: Candidate,
    quotes: Sequence[tuple[Candidate, float]],
    weights: dict[str, float],
) -> bool:
    """Return whether a unit says a part of the question that nothing quoted says."""
    repeated = frozenset().union(*(other.own for other, _ in quotes))
    least = _PART_OF_SEVERAL if asked.is_several else _PART
    return share(weights, candidate.own - repeated) >= least


def _adds_nothing(asked: Asked, candidate: Candidate, other: Candidate) -> bool:
    """Return whether a unit says less of the question than another of its chunk, and only that."""
    mine, theirs = (unit.own.intersection(asked.terms) for unit in (candidate, other))
    return candidate.hit == other.hit and mine < theirs


def _rows(
    asked: Asked, ranked: Sequence[Candidate], quotes: Sequence[tuple[Candidate, float]]
) -> list[tuple[Candidate, float]]:
    """Return the other rows of the best's table that the question asks for as well."""
    best = ranked[0]
    shared = best.cells.intersection(asked.terms)
    if not best.unit.names or not (shared or truth_asked_for(asked, best, ranked) > 0):
        return []
    have = {id(candidate) for candidate, _ in quotes}
    more = [
        (candidate, quotes[0][1])
        for candidate in ranked
        if candidate.unit.names == best.unit.names
        and shared <= candidate.cells | candidate.heads
        and id(candidate) not in have
        and not any(repeats(candidate, other) for other, _ in quotes)
    ]
    return more[: _MOST_ROWS - len(quotes)]


def _age(candidate: Candidate) -> tuple[int, int, int]:
    """Return a sort key that puts the newest first, by the latest time of each unit."""
    year, month, day = max((time.key() for time in candidate.dated), default=(0, 0, 0))
    return -year, -month, -day
