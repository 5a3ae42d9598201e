"""Has a small reader score the candidates of a question, and say whether one of them answers.

The reader reads what a scorer by words and meaning thinks best, with the headings above it, in
document order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ragflow_local.answer.candidates import Asked, Candidate
from ragflow_local.embedders import Reading, Section
from ragflow_local.records import Vector

# Question, sections, and how much each of their sentences is worth reading.
Read = Callable[[str, Sequence[Section], Sequence[float]], Reading]

NAME = "extractive+reader"
# How far the best sentence may be below none. A higher one refuses own questions as well: see
# benchmarks/results/reader.md.
LEAST_LEAD = -2.0
# What the scorer's scores are worth beside the reader's.
_SCORER = 0.1


def read_scores(
    asked: Asked, candidates: Sequence[Candidate], scores: Vector, read: Read
) -> tuple[Vector, bool]:
    """Return (n,) scores of candidates, and whether the reader takes one of them for an answer.

    Args:
        asked: The question.
        candidates: In document order.
        scores: (n,) the scorer's; -inf for what must not be quoted. Where not all have room,
            the reader reads those with the highest.
        read: The reader.
    """
    reading = read(asked.text, sections_of(candidates), scores.tolist())
    own = np.where(np.isfinite(scores), reading.scores, -np.inf)
    is_found = float(own.max()) - reading.none >= LEAST_LEAD
    if not np.isfinite(own).any():
        return scores, is_found
    # Others may yet be quoted as a row or part that belongs to the best one.
    lowest = float(own[np.isfinite(own)].min())
    own = np.where(np.isfinite(own), own, np.where(np.isfinite(scores), lowest, -np.inf))
    joined = own + _SCORER * np.where(np.isfinite(scores), scores, 0.0)
    return joined.astype(np.float32), is_found


def sections_of(candidates: Sequence[Candidate]) -> list[Section]:
    """Return the candidates as sections, those of one text under one heading together."""
    sections: list[Section] = []
    last: tuple[int, str] | None = None
    for candidate in candidates:
        unit = candidate.unit
        place = candidate.hit, unit.heads[-1] if unit.heads else ""
        before = sections.pop().sentences if place == last else ()
        sections.append(Section((*before, unit.text), place[1]))
        last = place
    return sections
