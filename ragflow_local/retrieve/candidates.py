"""Gathers candidates from both indexes, and scores each by both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ragflow_local.retrieve.labels import LabelsKept
from ragflow_local.retrieve.query import Query, query_of
from ragflow_local.retrieve.similarity import BM25Parts, term_similarity
from ragflow_local.retrieve.spelling import Vocabularies, guessed, is_compounding, with_compounds
from ragflow_local.stores.catalog import Catalog, Connection, postings_words
from ragflow_local.stores.catalog.postings_scores import K1, Lists, numbers_in, read
from ragflow_local.stores.vectors import Vectors

Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]

_NO_NUMBERS: Numbers = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Scope:
    """A dataset to search in.

    Attributes:
        number: Its number in the catalog.
        id: Its id.
        dim: Length of its vectors.
        documents: Numbers of the documents to search in; None for all.
        floor: Of the model its vectors are from, as the dataset keeps it; None before it does.
    """

    number: int
    id: str
    dim: int
    documents: tuple[int, ...] | None = None
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """What a search reads.

    Attributes:
        catalog: Rows and postings.
        vectors: Vectors in memory, and those of large datasets on the disk.
        mend: Has a dataset's vector table written anew, by its id; None where nothing may be.
        vocabularies: What was read of the datasets' words.
        labels: What was read of their documents' names.
    """

    catalog: Catalog
    vectors: Vectors
    mend: Callable[[str], None] | None = None
    vocabularies: Vocabularies = field(default_factory=Vocabularies)
    labels: LabelsKept = field(default_factory=LabelsKept)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Chunks with both similarities, each in [0, 1]."""

    numbers: Numbers
    vector: Scores
    term: Scores


def asked_of(
    connection: Connection, vocabularies: Vocabularies, datasets: Sequence[int], question: str
) -> tuple[Query, Lists | None, tuple[tuple[str, str], ...]]:
    """Return a question as the datasets' chunks put it, their postings, and what is guessed.

    Args:
        connection: Inside one snapshot.
        vocabularies: What was read of them before.
        datasets: Their numbers.
        question: As it was asked; none for meaning alone.
    """
    languages = postings_words.languages_of(connection, datasets)
    query = query_of(
        question, sorted(languages, key=lambda language: (-languages[language], language))
    )
    if is_compounding(languages):
        query = with_compounds(query, vocabularies.of(connection, datasets))
    lists = read(connection, datasets, query.terms)
    missing = [] if lists is None else lists.missing()
    guesses: tuple[tuple[str, str], ...] = ()
    if missing:
        asked = query.terms
        query, guesses = guessed(query, missing, vocabularies.of(connection, datasets))
        if query.terms != asked:
            lists = read(connection, datasets, query.terms)
    return query, lists, guesses


def by_words(
    connection: Connection,
    lists: Lists,
    query: Query,
    documents: Sequence[int] | None,
    top_k: int,
) -> Numbers:
    """Return the numbers of the best chunks by BM25, among those of ``documents`` or all."""
    if not query.terms:
        return _NO_NUMBERS
    allowed = None if documents is None else numbers_in(connection, documents)
    return lists.best(np.array(query.weights), top_k, allowed)


def terms_of_all(lists: Lists, query: Query, numbers: Numbers) -> Scores:
    """Return the exact term similarity of each chunk."""
    if not query.terms:
        return np.zeros(len(numbers))
    parts, lengths = lists.parts(numbers)
    matched = BM25Parts(parts, lengths, lists.idf, K1)
    return term_similarity(matched, np.array(query.weights), query.length)
