"""Holds what a reader is given, sentences in sections, and what it makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ragflow_local.records import Vector


@dataclass(frozen=True, slots=True)
class Section:
    """Sentences of one text in their order, and the heading they stand under."""

    sentences: tuple[str, ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read.

    Attributes:
        scores: (sentences,) of all sections in their order; -inf for those without room.
        none: The score of none of them.
    """

    scores: Vector
    none: float

    @property
    def lead(self) -> float:
        """How far the best sentence is above none; -inf where there is none."""
        return float(self.scores.max(initial=-np.inf)) - self.none


class Reader(Protocol):
    """What reads a question and candidate sentences together; safe to call from several threads.

    Attributes:
        name: ``reader``.
    """

    name: str

    def read(
        self, question: str, sections: Sequence[Section], worth: Sequence[float] = ()
    ) -> Reading:
        """Return a score for each sentence and one for none.

        Args:
            question: As it was asked.
            sections: Sentences, in their order.
            worth: Of each sentence of all sections: where not all have room, those of most worth
                are read; without it the first.
        """
        ...

    def stated(self, claim: str, passages: Sequence[Section]) -> Vector:
        """Return (len(passages),) float32 in [0, 1]: the chance that each states the claim.

        Args:
            claim: A sentence.
            passages: Some sentences of one text each, and the heading they stand under.
        """
        ...

    def scores(self, question: str, passages: Sequence[str]) -> Vector:
        """Return (len(passages),) float32 in [0, 1]: the chance that each answers."""
        ...
