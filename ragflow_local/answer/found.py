"""Decides which hits are relevant, and merges the hits of two forms of a question.

The threshold is compared with the similarity, a blend of words and meaning, so that a paraphrase
without a common word hardly passes it. A hit counts as found as well where its meaning alone is
clearly relevant: nearer than passages that have nothing to do with a question come by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from ragflow_local.records import Hit

# Calibrated cosines. Of questions put to another set's 129 to 994 texts, the best hit reaches
# _NEAR for at most 4 %, and the other two together likewise; see benchmarks/results/answer.md.
_NEAR = 0.45
_RATHER_NEAR, _LEAD = 0.35, 0.25

# Of the threshold: so much is enough to be looked at for a quote, which has to pass a scorer.
QUOTED_BELOW = 0.25
# A reader looks in the first few hits that are at least so near: of questions that share no word
# with their answer, 94 % have it there (benchmarks/kinds/reworded.jsonl).
_READ, _MOST_READ = 0.1, 5


def relevant(hits: Sequence[Hit], threshold: float) -> list[Hit]:
    """Return the hits that pass the threshold or are clearly relevant by meaning, in order.

    Args:
        hits: Best first, those below the threshold among them.
        threshold: Least similarity.
    """
    middle = median(hit.vector_similarity for hit in hits) if hits else 0.0
    return [
        hit
        for hit in hits
        if hit.similarity >= threshold or _is_relevant(hit.vector_similarity, middle)
    ]


def readable(hits: Sequence[Hit], threshold: float) -> list[Hit]:
    """Return the relevant hits and the first few near ones, in order, for a reader to look in.

    Args:
        hits: Best first, those below the threshold among them.
        threshold: Least similarity of a relevant one.
    """
    right = {hit.chunk.id for hit in relevant(hits, threshold)}
    near = (hit.chunk.id for hit in hits[:_MOST_READ] if hit.vector_similarity >= _READ)
    wanted = right.union(near)
    return [hit for hit in hits if hit.chunk.id in wanted]


def stands_out(hit: Hit, hits: Sequence[Hit]) -> bool:
    """Return whether a hit is clearly relevant by meaning, and far nearer than the others.

    Args:
        hit: One of them.
        hits: All that were looked at, those that were not found among them.
    """
    lead = hit.vector_similarity - median(hit.vector_similarity for hit in hits)
    return hit.vector_similarity >= _RATHER_NEAR and lead >= _LEAD


def _is_relevant(nearness: float, middle: float) -> bool:
    """Return whether a passage is near, or rather near and far nearer than the others."""
    return nearness >= _NEAR or (nearness >= _RATHER_NEAR and nearness - middle >= _LEAD)


def joined(whole: Sequence[Hit], asked: Sequence[Hit], share: float, most: int) -> list[Hit]:
    """Return the hits of both forms of a question, each with its better similarity, best first.

    Args:
        whole: Of the completed question.
        asked: Of the question as asked.
        share: What the similarity of the latter is worth: of how much of what is meant it is.
        most: Most hits.
    """
    best: dict[str, Hit] = {hit.chunk.id: hit for hit in whole}
    for hit in asked:
        first = replace(
            hit,
            similarity=hit.similarity * share,
            vector_similarity=hit.vector_similarity * share,
            term_similarity=hit.term_similarity * share,
        )
        other = best.get(hit.chunk.id)
        if other is None or other.similarity < first.similarity:
            best[hit.chunk.id] = first
    ranked = sorted(best.values(), key=lambda hit: (-hit.similarity, hit.chunk.id))
    return ranked[:most]
