"""Gathers candidates from both indexes, and scores each by both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ragflow_local.retrieve.labels import LabelsKept
from ragflow_local.retrieve.query import Query
from ragflow_local.retrieve.similarity import BM25Parts, term_similarity
from ragflow_local.retrieve.spelling import Vocabularies
from ragflow_local.stores.catalog import Catalog, Connection
from ragflow_local.stores.catalog.postings_kept import ListsKept
from ragflow_local.stores.catalog.postings_scores import Lists, numbers_in
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
        lists: Lists of postings that were read.
    """

    catalog: Catalog
    vectors: Vectors
    mend: Callable[[str], None] | None = None
    vocabularies: Vocabularies = field(default_factory=Vocabularies)
    labels: LabelsKept = field(default_factory=LabelsKept)
    lists: ListsKept = field(default_factory=ListsKept)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Chunks with both similarities, each in [0, 1].

    Attributes:
        parts: (n,) which project of several each is in; 0 where there is one.
        numbers: (n,) of the chunks, ascending within a project.
        vector: (n,) similarities of meaning.
        term: (n,) similarities of words.
    """

    parts: Numbers
    numbers: Numbers
    vector: Scores
    term: Scores

    def __len__(self) -> int:
        return len(self.numbers)

    def at(self, places: NDArray[np.integer]) -> Candidates:
        """Return the candidates at some places."""
        return Candidates(
            self.parts[places], self.numbers[places], self.vector[places], self.term[places]
        )


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


def matched_of(lists: Lists, numbers: Numbers, query: Query | None = None) -> BM25Parts:
    """Return the parts of the BM25 score of each chunk, with the doubts of a query of guesses."""
    parts, lengths = lists.parts(numbers)
    statistics = lists.statistics
    doubts = None
    if query is not None and query.guessed:
        doubts = np.array(query.guessed) * np.maximum(0.0, statistics.idf(0) - lists.idf)
    return BM25Parts(parts, lengths, lists.idf, statistics.idf(1), doubts)


def terms_of_all(lists: Lists, query: Query, numbers: Numbers) -> Scores:
    """Return the exact term similarity of each chunk."""
    if not query.terms:
        return np.zeros(len(numbers))
    return term_similarity(matched_of(lists, numbers, query), np.array(query.weights), query.length)
