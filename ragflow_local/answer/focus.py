"""Remembers what the last answer of a conversation quoted, so that the next one stays there.

"When does the coach leave?", asked after the trip of one class, means that trip's coach, though the
question names no class. A question that names another subject leaves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from ragflow_local.answer.answered import units_of_chunk
from ragflow_local.answer.candidates import Asked, Candidate
from ragflow_local.answer.unit import Unit
from ragflow_local.records import Hit, Vector

# How near a unit is to what was quoted: of its paragraph or row, its section, its document.
_PARAGRAPH, _SECTION, _DOCUMENT = 1.0, 0.6, 0.3


@dataclass(frozen=True, slots=True)
class Focus:
    """The units that the last answer quoted, with their hits."""

    quoted: tuple[tuple[Hit, Unit], ...] = ()

    @classmethod
    def of(cls, answer: str, hits: Sequence[Hit]) -> Focus:
        """Return what an answer quoted of its hits; of a written answer nothing.

        Args:
            answer: Its text without marks.
            hits: The chunks it was given.
        """
        units = ((hit, unit) for hit in hits for unit in units_of_chunk(hit.chunk))
        return cls(tuple((hit, unit) for hit, unit in units if _is_quoted(unit, answer)))

    @property
    def hits(self) -> list[Hit]:
        """The chunks that were quoted, each once."""
        return list({hit.chunk.id: hit for hit, _ in self.quoted}.values())

    def nearness(self, hit: Hit, unit: Unit) -> float:
        """Return how near a unit is to what was quoted, in [0, 1]."""
        return max((_nearness(hit, unit, *place) for place in self.quoted), default=0.0)

    def near(self, asked: Asked, candidates: Sequence[Candidate], hits: Sequence[Hit]) -> Vector:
        """Return (len(candidates),) how near each is to what was quoted, in [0, 1].

        A question that says what other units stand under, and the quoted ones do not, has left the
        focus: then those units are near.
        """
        places = ((hits[candidate.hit], candidate.unit) for candidate in candidates)
        near = np.array([self.nearness(*place) for place in places], np.float32)
        if not near.any():
            return near
        terms = frozenset(asked.terms)
        above = [terms & (one.heads | one.carried | one.opening | one.title) for one in candidates]
        is_nearest = (near == near.max()).tolist()
        nearest = (one.subject | one.opening for one in compress(candidates, is_nearest))
        known = frozenset[str]().union(*nearest)
        new = frozenset[str]().union(*above) - known
        return np.array([bool(one & new) for one in above], np.float32) if new else near


def _is_quoted(unit: Unit, answer: str) -> bool:
    """Return whether an answer quotes a unit, with or without its speaker."""
    return (unit.quoted if unit.begins_answer else unit.text) in answer


def _nearness(hit: Hit, unit: Unit, other_hit: Hit, other: Unit) -> float:
    if hit.chunk.document_id != other_hit.chunk.document_id:
        return 0.0
    if unit.names or other.names:
        is_same = bool(unit.label) and unit.label == other.label and unit.names == other.names
        return _PARAGRAPH if is_same or unit.text == other.text else 0.0
    if hit.chunk.id == other_hit.chunk.id and unit.heads == other.heads:
        return _PARAGRAPH if unit.paragraph == other.paragraph else _DOCUMENT
    return _SECTION if unit.heads == other.heads else _DOCUMENT
