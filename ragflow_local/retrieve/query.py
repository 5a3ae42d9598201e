"""A question to the terms it is searched by, with a weight each."""

from __future__ import annotations

from dataclasses import dataclass

from ragflow_local.text.terms import STOP_WORDS, is_unspaced, iterate


@dataclass(frozen=True, slots=True)
class Query:
    """What BM25 is asked for.

    Attributes:
        terms: Each once, in the order of the question.
        weights: How much each counts beside the others, 1 for most.
    """

    terms: tuple[str, ...]
    weights: tuple[float, ...]


def query_of(question: str) -> Query:
    """Return the terms of a question that are worth searching by.

    Function words are left out where there are others; a single CJK character where it is part
    of a pair. In a question that has nothing else, they are all there is to search by.
    """
    terms = list(dict.fromkeys(iterate(question)))
    pairs = [term for term in terms if len(term) == 2 and is_unspaced(term)]
    paired = set("".join(pairs))
    kept = [term for term in terms if term not in STOP_WORDS and term not in paired]
    chosen = kept or terms
    return Query(tuple(chosen), tuple(1.0 for _ in chosen))
