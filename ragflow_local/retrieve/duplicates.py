"""Moves near-duplicate hits behind the others.

Two texts that differ in a figure are none, however alike: one may be the newer rule, or the quarter
that was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ragflow_local.records import Hit, Matrix
from ragflow_local.stores.catalog import Connection, embeddings
from ragflow_local.text.figures import figures_of

# Cosine of two chunks above which the second says nothing new: standing text of reports, copies.
_SAME = 0.95

# So many times the hits that are wanted are looked through for others to take their places.
DEPTH = 3


def behind(connection: Connection, hits: Sequence[Hit], dim: int, limit: int) -> list[Hit]:
    """Return the first ``limit`` hits, those last that are nearly the same as a better one.

    Args:
        connection: Inside one snapshot.
        hits: The best first.
        dim: Length of their vectors; a chunk without one is like no other.
        limit: Most hits.
    """
    return ordered(
        hits, embeddings.of_chunks(connection, [h.chunk.number for h in hits], dim), limit
    )


def ordered(hits: Sequence[Hit], matrix: Matrix, limit: int) -> list[Hit]:
    """Order hits as ``behind`` does, given the vector of each."""
    alike = np.argwhere(np.tril(matrix @ matrix.T, -1) > _SAME).tolist()
    figures = {at: figures_of(hits[at].chunk.content) for pair in alike for at in pair}
    later = {worse for worse, better in alike if figures[worse] == figures[better]}
    first = [hit for at, hit in enumerate(hits) if at not in later]
    return [*first, *(hit for at, hit in enumerate(hits) if at in later)][:limit]
