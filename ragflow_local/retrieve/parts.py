"""What a search asks of the projects it searches, as if they were one.

A project that is searched alone is the only part. Of several, each tells what it has of a
question's words; the sums of it are what all of them score by (``Collection``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ragflow_local.records import ChunkRow, Vector
from ragflow_local.retrieve import nearest
from ragflow_local.retrieve.candidates import (
    Candidates,
    Numbers,
    Scope,
    Scores,
    Sources,
    by_words,
    matched_of,
    terms_of_all,
)
from ragflow_local.retrieve.graph import GraphOf, GraphRows
from ragflow_local.retrieve.labels import Labels, NameCounts, labelled, said_of_all
from ragflow_local.retrieve.query import Query, commonest, query_of
from ragflow_local.retrieve.similarity import calibrate, weighed
from ragflow_local.retrieve.spelling import (
    Vocabulary,
    guessed,
    is_compounding,
    with_compounds,
)
from ragflow_local.stores.catalog import Connection, chunks, postings_scores, postings_words
from ragflow_local.stores.catalog.chunks import Outline
from ragflow_local.stores.catalog.postings_scores import Lists
from ragflow_local.stores.catalog.postings_statistics import Statistics

Guesses = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """What a part scores by that is of all parts together.

    Attributes:
        statistics: Of the query's terms.
        languages: Of the texts, the commonest first.
        names: How common the words of documents' names are.
    """

    statistics: Statistics
    languages: tuple[str, ...]
    names: NameCounts


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as every part is asked it.

    Attributes:
        query: Its terms.
        vector: (dim,) of it; None for words alone.
        floor: Cosine of what has nothing in common with it.
        top_k: Candidates by meaning.
        words_top_k: Candidates by words.
        collection: What it is scored by; None where there is one part.
    """

    query: Query
    vector: Vector | None
    floor: float
    top_k: int
    words_top_k: int
    collection: Collection | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """Candidates of one part.

    Attributes:
        numbers: (n,) of the chunks, ascending.
        vector: (n,) similarities of meaning, in [0, 1].
        term: (n,) similarities of words, in [0, 1].
        cosines: (n,) by which the nearest are chosen; NaN for those only words propose.
        scores: (n,) by which the best by words are chosen; NaN for those only meaning proposes.
    """

    numbers: Numbers
    vector: Scores
    term: Scores
    cosines: Scores = field(default_factory=lambda: np.empty(0))
    scores: Scores = field(default_factory=lambda: np.empty(0))


class Parts(Protocol):
    """One project or several, each in one snapshot."""

    @property
    def graph(self) -> GraphRows:
        """The knowledge graph of all parts."""
        ...

    def languages(self) -> Mapping[str, int]:
        """Return how many chunks are in which language."""
        ...

    def statistics(self, terms: Sequence[tuple[str, ...]]) -> Statistics:
        """Return the statistics of terms in all parts together."""
        ...

    def vocabulary(self) -> Vocabulary:
        """Return the words of all parts; none where they are too many."""
        ...

    def candidates(self, request: Asked) -> Candidates:
        """Return the best of all parts together."""
        ...

    def rows(self, wanted: Candidates) -> dict[int, ChunkRow]:
        """Return the chunks that there are, each by its place in ``wanted``."""
        ...

    def outlines(self, wanted: Candidates) -> dict[int, Outline]:
        """Return the outlines of the chunks that there are, each by its place in ``wanted``."""
        ...

    def has_graph(self) -> bool:
        """Return whether there are entities or relations."""
        ...


def query_for(parts: Parts, question: str) -> tuple[Query, Statistics, Guesses]:
    """Return a question as the parts' chunks put it, its statistics, and which words are guessed.

    Args:
        parts: What is searched.
        question: As it was asked; none for meaning alone.
    """
    languages = parts.languages()
    query = query_of(question, commonest(languages))
    if is_compounding(languages):
        query = with_compounds(query, parts.vocabulary())
    statistics = parts.statistics(query.terms)
    missing = [at for at, having in enumerate(statistics.having) if not having]
    if not missing or not statistics.chunks:
        return query, statistics, ()
    terms = query.terms
    query, guesses = guessed(query, missing, parts.vocabulary())
    if query.terms != terms:
        statistics = parts.statistics(query.terms)
    return query, statistics, guesses


class Part:
    """One project in one snapshot.

    Args:
        connection: Of its catalog, inside the snapshot.
        sources: What else is read.
        scopes: Its datasets, all of one embedding model, and the documents to search in.
    """

    def __init__(self, connection: Connection, sources: Sources, scopes: Sequence[Scope]) -> None:
        self._connection = connection
        self._sources = sources
        self._scopes = scopes
        self._datasets = [scope.number for scope in scopes]
        self._terms: tuple[tuple[str, ...], ...] | None = None
        self._languages: Counter[str] | None = None
        self.lists: Lists | None = None

    @property
    def graph(self) -> GraphRows:
        """Its knowledge graph."""
        return GraphOf(self._connection)

    def languages(self) -> Counter[str]:
        """Return how many chunks are in which language."""
        if self._languages is None:
            self._languages = postings_words.languages_of(self._connection, self._datasets)
        return self._languages

    def statistics(self, terms: Sequence[tuple[str, ...]]) -> Statistics:
        """Return its statistics of terms, whose postings are read for it."""
        if self._terms != tuple(terms):
            self._terms = tuple(terms)
            held = self._sources.lists
            self.lists = postings_scores.read(self._connection, self._datasets, terms, held)
        if self.lists is None:
            return Statistics(0, 0, (0,) * len(terms))
        return self.lists.statistics

    def vocabulary(self) -> Vocabulary:
        """Return its words; none where they are too many."""
        return self._sources.vocabularies.of(self._connection, self._datasets)

    def terms(self) -> list[str]:
        """Return every term that is there, or was, in order."""
        sizes = postings_words.sizes_of_vocabularies(self._connection, self._datasets)
        return postings_words.vocabulary(self._connection, [space for space, _ in sizes])

    def names(self, languages: Sequence[str]) -> NameCounts:
        """Return how common the words of its documents' names are; the same until they change."""
        labels = self._sources.labels
        return labels.names(self._connection, self._datasets, languages).counts

    def candidates(self, request: Asked) -> Candidates:
        """Return its best."""
        proposed = self.propose(request)
        parts = np.zeros(len(proposed.numbers), np.int64)
        return Candidates(parts, proposed.numbers, proposed.vector, proposed.term)

    def propose(self, request: Asked) -> Proposed:
        """Return what either index proposes, with both similarities."""
        query, whole = request.query, request.collection
        self.statistics(query.terms)
        lists = self.lists
        if lists is None:
            nothing = np.empty(0)
            return Proposed(np.empty(0, np.int64), nothing, nothing, nothing, nothing)
        if whole is not None:
            lists = lists.weighed_by(whole.statistics)
        worded = by_words(
            self._connection, lists, query, self._scopes[0].documents, request.words_top_k
        )
        if request.vector is None:
            numbers = np.sort(worded)
            near_numbers, cosines = np.empty(0, np.int64), np.zeros(len(numbers))
            vector = np.zeros(len(numbers))
        else:
            near = nearest.find(
                self._connection, self._sources, self._scopes, request.vector, request.top_k
            )
            near_numbers, numbers = near.numbers, np.union1d(near.numbers, worded)
            exact = near.cosines(self._connection, numbers)
            cosines = exact.astype(np.float64)
            vector = calibrate(exact, request.floor).astype(np.float64)
        term = terms_of_all(lists, query, numbers)
        if query.terms:
            label = said_of_all(self._connection, self._labels(whole), query, numbers)
            term = labelled(term, label)
        if whole is None:
            return Proposed(numbers, vector, term)
        scores = weighed(np.array(query.weights), matched_of(lists, numbers).parts)
        return Proposed(
            numbers,
            vector,
            term,
            np.where(np.isin(numbers, near_numbers), cosines, np.nan),
            np.where(np.isin(numbers, worded), scores, np.nan),
        )

    def _labels(self, whole: Collection | None) -> Labels:
        languages = commonest(self.languages()) if whole is None else whole.languages
        names = None if whole is None else whole.names
        return self._sources.labels.of(self._connection, self._datasets, languages, names)

    def rows(self, wanted: Candidates) -> dict[int, ChunkRow]:
        """Return the chunks that there are, each by its place in ``wanted``."""
        numbers = wanted.numbers.tolist()
        rows = self.by_numbers(numbers)
        return {at: rows[number] for at, number in enumerate(numbers) if number in rows}

    def outlines(self, wanted: Candidates) -> dict[int, Outline]:
        """Return the outlines of the chunks that there are, each by its place in ``wanted``."""
        numbers = wanted.numbers.tolist()
        known = chunks.outlines(self._connection, numbers)
        return {at: known[number] for at, number in enumerate(numbers) if number in known}

    def by_numbers(self, numbers: Sequence[int]) -> dict[int, ChunkRow]:
        """Return the chunks that there are, by their number."""
        return chunks.by_numbers(self._connection, numbers)

    def has_graph(self) -> bool:
        """Return whether it has entities or relations."""
        return chunks.has_graph(self._connection, [scope.id for scope in self._scopes])


def merged(proposals: Sequence[Proposed], request: Asked) -> Candidates:
    """Return the best of all parts' candidates, as many as one part would have proposed.

    Of equal ones those of the earlier part, and there those that were added first.
    """
    numbers, vector, term, cosines, scores = (
        np.concatenate([getattr(some, name) for some in proposals])
        for name in ("numbers", "vector", "term", "cosines", "scores")
    )
    parts = np.repeat(np.arange(len(proposals)), [len(some.numbers) for some in proposals])
    chosen = np.zeros(len(numbers), np.bool_)
    chosen[_largest(cosines, request.top_k)] = True
    chosen[_largest(scores, request.words_top_k)] = True
    return Candidates(parts, numbers, vector, term).at(np.flatnonzero(chosen))


def _largest(values: Scores, count: int) -> Numbers:
    """Return the places of the largest values, the first of equal ones; NaN is none."""
    places = np.flatnonzero(~np.isnan(values))
    order = np.argsort(-values[places], kind="stable")[:count]
    chosen: Numbers = places[order]
    return chosen
