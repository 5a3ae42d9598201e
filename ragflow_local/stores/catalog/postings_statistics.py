"""What of a whole collection BM25 asks for, so that a part of it is scored as the whole is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the rareness of words and the length of chunks are measured by.

    Attributes:
        chunks: How many there are; 0 for none.
        length: Of all of them together, in terms.
        having: How many of them have each term of a question, in any of its forms.
    """

    chunks: int
    length: int
    having: tuple[int, ...] = ()

    @property
    def average(self) -> float:
        """The length of a chunk."""
        return self.length / self.chunks or 1.0

    def idf(self, having: int) -> float:
        """Return how rare a term is that so many chunks have: Lucene's form, never negative."""
        return float(np.log1p((self.chunks - having + 0.5) / (having + 0.5)))


def summed(parts: Sequence[Statistics]) -> Statistics:
    """Return the statistics of all parts together, of the same terms."""
    return Statistics(
        sum(part.chunks for part in parts),
        sum(part.length for part in parts),
        tuple(map(sum, zip(*(part.having for part in parts), strict=True))),
    )
