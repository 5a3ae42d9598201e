"""Remembers what the last answer of a conversation quoted, so that the next one stays there.

"When does the coach leave?", asked after the trip of one class, means that trip's coach, though the
question names no class. A question that names another subject leaves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ragflow_local.answer.units import Unit, units_of
from ragflow_local.records import Hit

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
        units = ((hit, units_of(hit.chunk.content, hit.chunk.headings)) for hit in hits)
        return cls(
            tuple((hit, unit) for hit, every in units for unit in every if unit.text in answer)
        )

    @property
    def hits(self) -> list[Hit]:
        """The chunks that were quoted, each once."""
        return list({hit.chunk.id: hit for hit, _ in self.quoted}.values())

    def nearness(self, hit: Hit, unit: Unit) -> float:
        """Return how near a unit is to what was quoted, in [0, 1]."""
        return max((_nearness(hit, unit, *place) for place in self.quoted), default=0.0)


def _nearness(hit: Hit, unit: Unit, other_hit: Hit, other: Unit) -> float:
    if hit.chunk.document_id != other_hit.chunk.document_id:
        return 0.0
    if unit.names or other.names:
        is_same = bool(unit.label) and unit.label == other.label and unit.names == other.names
        return _PARAGRAPH if is_same or unit.text == other.text else 0.0
    if hit.chunk.id == other_hit.chunk.id and unit.heads == other.heads:
        return _PARAGRAPH if unit.paragraph == other.paragraph else _DOCUMENT
    return _SECTION if unit.heads == other.heads else _DOCUMENT
