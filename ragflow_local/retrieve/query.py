"""A question to the terms it is searched by, with a weight each."""

from __future__ import annotations

from dataclasses import dataclass

from ragflow_local.text.terms import STOP_WORDS, is_unspaced, terms_of


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
    terms = terms_of(question)
    paired = set("".join(term for term in terms if len(term) == 2 and is_unspaced(term)))
    kept = [term for term in terms if term not in STOP_WORDS and term not in paired]
    chosen = kept or list(terms)
    weights = tuple(float(terms[term]) for term in chosen)
    return Query(tuple(chosen), weights, sum(terms.values()))
