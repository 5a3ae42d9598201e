"""Candidates: what either index proposes for a question, and what both say about each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragflow_local.errors import StoreError
from ragflow_local.records import Vector
from ragflow_local.retrieve.query import Query
from ragflow_local.retrieve.similarity import Matched, calibrate, term_similarity
from ragflow_local.stores.catalog import Catalog, Connection, chunks
from ragflow_local.stores.catalog.postings_scores import K1, Lists, numbers_in, read
from ragflow_local.stores.vector_memory import Memory
from ragflow_local.stores.vectors import Vectors

Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]

_log = logging.getLogger("ragflow_local.retrieve")
_NO_NUMBERS: Numbers = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Scope:
    """A dataset to search in.

    Attributes:
        number: Its number in the catalog.
        id: Its id, which names its vector table.
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
        vectors: The copy of the vectors for search.
        mend: Writes a dataset's vector table anew, by its id; None where nothing may be written.
    """

    catalog: Catalog
    vectors: Vectors
    mend: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """Chunks of one dataset with both similarities, each in [0, 1]."""

    numbers: Numbers
    vector: Scores
    term: Scores


def nearest(sources: Sources, scope: Scope, vector: Vector, top_k: int) -> tuple[Numbers, Vector]:
    """Return numbers and cosines of the chunks nearest in meaning, garbage of old parses included.

    A vector table that is torn or lost is mended on the way.
    """
    try:
        found = sources.vectors.search(scope.id, vector, top_k, scope.documents)
        if len(found[0]) or scope.documents is not None or _is_empty(sources, scope):
            return found
        _log.warning("The vector table of dataset %s is empty", scope.id)
    except StoreError as error:
        _log.warning("The vector table of dataset %s cannot be used: %s", scope.id, error)
    if sources.mend is not None:
        try:
            sources.mend(scope.id)
            return sources.vectors.search(scope.id, vector, top_k, scope.documents)
        except StoreError as error:  # A full disk is no reason not to answer.
            _log.warning("The vector table of dataset %s was not mended: %s", scope.id, error)
    return _scanned(sources, scope, vector, top_k)


def _is_empty(sources: Sources, scope: Scope) -> bool:
    with sources.catalog.read() as connection:
        lists = read(connection, scope.number, ())
    return lists is None


def _scanned(sources: Sources, scope: Scope, vector: Vector, top_k: int) -> tuple[Numbers, Vector]:
    """Return the nearest by reading every embedding in the catalog: slow, but never wrong."""
    memory = Memory()
    documents = None if scope.documents is None else np.array(scope.documents, np.int64)
    with sources.catalog.read() as connection:
        for batch in chunks.all_embeddings(connection, scope.id, scope.dim):
            numbers, in_documents, _, matrix = batch
            memory = memory.added(np.array(numbers), np.array(in_documents), matrix)
    return memory.search(vector, top_k, documents)


def by_words(
    connection: Connection, lists: Lists, query: Query, scope: Scope, top_k: int
) -> Numbers:
    """Return the numbers of the best chunks by BM25."""
    if not query.terms:
        return _NO_NUMBERS
    allowed = None
    if scope.documents is not None:
        allowed = numbers_in(connection, scope.documents)
    return lists.best(np.array(query.weights), top_k, allowed)


def terms_of_all(lists: Lists, query: Query, numbers: Numbers) -> Scores:
    """Return the exact term similarity of each chunk."""
    if not query.terms:
        return np.zeros(len(numbers))
    parts, lengths = lists.parts(numbers)
    matched = Matched(parts, lengths, lists.idf, K1)
    return term_similarity(matched, np.array(query.weights), query.length)


def nearness_of_all(
    connection: Connection, sources: Sources, scope: Scope, vector: Vector, numbers: Numbers
) -> Scores:
    """Return the exact calibrated cosine of question and chunk for each, in [0, 1]."""
    cosines = sources.vectors.cosines(scope.id, vector, numbers).astype(np.float64)
    missing = np.isnan(cosines)
    if missing.any():
        matrix = chunks.embeddings_of(connection, numbers[missing].tolist(), scope.dim)
        memory = Memory().added(numbers[missing], numbers[missing], matrix)
        cosines[missing] = memory.cosines(vector, numbers[missing])
    return calibrate(cosines, scope.floor or 0.0).astype(np.float64)
