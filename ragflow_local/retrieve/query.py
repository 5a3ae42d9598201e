"""A question to the terms it is searched by, with a weight each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ragflow_local.text.terms import STOP_WORDS, groups_of, is_unspaced


@dataclass(frozen=True, slots=True)
class Query:
    """What BM25 is asked for.

    Attributes:
        terms: Each once, in the order of the question.
        weights: How often the question says each: said twice counts twice.
        length: Terms of the question, function words and repeated ones too.
    """

    terms: tuple[str, ...]
    weights: tuple[float, ...]
    length: int


def query_of(question: str) -> Query:
    """Return the terms of a question that are worth searching by.

    Function words are left out where there are others; a single CJK character where it is part
    of a pair. In a question that has nothing else, they are all there is to search by.
    """
    terms, weights = _weighed(question)
    paired = set("".join(term for term in terms if len(term) == 2 and is_unspaced(term)))
    kept = [term for term in terms if term not in STOP_WORDS and term not in paired]
    chosen = kept or list(terms)
    return Query(tuple(chosen), tuple(weights[term] for term in chosen), sum(terms.values()))


def _weighed(question: str) -> tuple[Counter[str], dict[str, float]]:
    """Return how often each term occurs, and how much it counts.

    A word counts once, into however many terms it is taken apart: a chunk with the whole of
    "10-Q" has all of its terms, and one with a 10 a part of them.
    """
    counts: Counter[str] = Counter()
    weights: dict[str, float] = {}
    for group in groups_of(question):
        counts.update(group)
        for term in group:
            share = 1.0 if is_unspaced(term) else 1.0 / len(group)
            weights[term] = weights.get(term, 0.0) + share
    return counts, weights
