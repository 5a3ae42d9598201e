"""Searches for the chunks most similar to a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ragflow_local.embedders import Embedder, Reranker
from ragflow_local.records import ChunkRow, Hit, Vector
from ragflow_local.retrieve import graph, nearest
from ragflow_local.retrieve.candidates import (
    Candidates,
    Numbers,
    Scope,
    Scores,
    Sources,
    asked_of,
    by_words,
    terms_of_all,
)
from ragflow_local.retrieve.labels import labelled, said_of_all
from ragflow_local.retrieve.similarity import blend, calibrate
from ragflow_local.settings import check_number, check_whole
from ragflow_local.stores.catalog import Connection, chunks

__all__ = ["Scope", "SearchOptions", "Sources", "search"]

_READ_AS = "No text has the word “{}”: it was read as “{}”."
_MOST = 2**31
_BY_WORDS = "Found by its words alone: the model {!r} cannot read the script of the question."
Scored = tuple[Numbers, NDArray[np.floating], Scores, Scores]

# Candidates a reranker reads: one takes it milliseconds, so not all of a thousand.
_RERANKED = 64


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """Which hits are wanted.

    Attributes:
        top_k: Candidates from each index, of all datasets together.
        threshold: Least similarity, in [0, 1].
        vector_weight: Of the vector similarity in the blend, in [0, 1]; with 0 no vector is
            read, with 1 no word, and the similarity that is not used is 0.
        offset: Hits passed over.
        limit: Most hits.
        words_top_k: Candidates from the index of words, where these are not ``top_k`` too.
    """

    top_k: int = 1024
    threshold: float = 0.1
    vector_weight: float = 0.3
    offset: int = 0
    limit: int = 6
    words_top_k: int | None = None

    def __post_init__(self) -> None:
        """Check every value."""
        for most in (self.top_k, self.words_top_k):
            check_whole("top_k", self.top_k if most is None else most, 1, _MOST)
        check_number("similarity_threshold", self.threshold, 0, 1)
        check_number("vector_similarity_weight", self.vector_weight, 0, 1)
        check_whole("offset", self.offset, 0, _MOST)
        check_whole("limit", self.limit, 0, _MOST)


def search(
    question: str,
    scopes: Sequence[Scope],
    sources: Sources,
    embedder: Callable[[], Embedder],
    wanted: SearchOptions,
    reranker: Reranker | None = None,
) -> list[Hit]:
    """Return the hits for a question, the most similar first; equal ones by chunk id.

    Args:
        question: As it was asked.
        scopes: The datasets to search in, all of one embedding model.
        sources: What is read.
        embedder: Gives that model; not called where no vector is needed.
        wanted: Which hits.
        reranker: Reads the best together with the question; its scores take the place of the
            vector similarity, and what it has not read is no hit.
    """
    if not question.strip() or not scopes or wanted.limit == 0:
        return []
    vector = None
    remarks: tuple[str, ...] = ()
    if wanted.vector_weight > 0:
        model = embedder()
        if wanted.vector_weight == 1 or model.knows(question):
            vector = model.embed_query(question)
            rise = model.floor_of(question) - model.floor
            scopes = [
                replace(scope, floor=rise + (model.floor if scope.floor is None else scope.floor))
                for scope in scopes
            ]
        elif reranker is None:
            wanted = replace(wanted, vector_weight=0.0)
            remarks = (_BY_WORDS.format(model.name),)
    worded = question if wanted.vector_weight < 1 else ""
    with sources.catalog.read() as connection:
        candidates, guesses = _candidates(connection, sources, scopes, (worded, vector), wanted)
        remarks += tuple(_READ_AS.format(*guess) for guess in guesses)
        if reranker is not None and wanted.vector_weight > 0:
            candidates = _reranked(connection, candidates, (question, reranker), wanted)
        has_graph = chunks.has_graph(connection, [scope.id for scope in scopes])
        hits = _hits(connection, candidates, wanted, has_graph)
    return [replace(hit, remarks=remarks) for hit in hits] if remarks else hits


def _candidates(
    connection: Connection,
    sources: Sources,
    scopes: Sequence[Scope],
    asked: tuple[str, Vector | None],
    wanted: SearchOptions,
) -> tuple[Candidates, tuple[tuple[str, str], ...]]:
    """Return what either index proposes, with both similarities, and which words are guessed.

    Words weigh by how rare they are in all the datasets together, so that chunks of different
    ones are compared by one measure.
    """
    question, vector = asked
    datasets = [scope.number for scope in scopes]
    query, lists, guesses = asked_of(connection, sources.vocabularies, datasets, question)
    if lists is None:
        nothing = np.empty(0)
        return Candidates(np.empty(0, np.int64), nothing, nothing), ()
    most = wanted.words_top_k or wanted.top_k
    worded = by_words(connection, lists, query, scopes[0].documents, most)
    if vector is None:
        numbers = np.sort(worded)
        near_to = np.zeros(len(numbers))
    else:
        near = nearest.find(connection, sources, scopes, vector, wanted.top_k)
        numbers = np.union1d(near.numbers, worded)
        floor = next((scope.floor for scope in scopes if scope.floor is not None), 0.0)
        cosines = near.cosines(connection, numbers)
        near_to = calibrate(cosines, floor).astype(np.float64)
    term = terms_of_all(lists, query, numbers)
    if query.terms:
        names = sources.labels.of(connection, datasets)
        term = labelled(term, said_of_all(connection, names, query, numbers))
    return Candidates(numbers, near_to, term), guesses


def _reranked(
    connection: Connection,
    candidates: Candidates,
    asked: tuple[str, Reranker],
    wanted: SearchOptions,
) -> Candidates:
    """Return the best candidates, the reranker's scores in place of their cosines."""
    question, reranker = asked
    # In whole steps, so that the pages of one step follow one another.
    depth = _RERANKED * -(-(wanted.offset + wanted.limit) // _RERANKED)
    order = np.argsort(
        -blend(candidates.vector, candidates.term, wanted.vector_weight), kind="stable"
    )
    rows = chunks.by_numbers(connection, candidates.numbers[order[:depth]].tolist())
    kept = np.array([at for at in order[:depth] if candidates.numbers[at] in rows], np.intp)
    passages = [
        "\n".join((*row.headings, row.content))
        for row in (rows[number] for number in candidates.numbers[kept].tolist())
    ]
    scores = reranker.scores(question, passages).astype(np.float64)
    return Candidates(candidates.numbers[kept], scores, candidates.term[kept])


def _hits(
    connection: Connection, candidates: Candidates, wanted: SearchOptions, has_graph: bool
) -> list[Hit]:
    """Return one page of all candidates, ranked."""
    numbers, vector, term = candidates.numbers, candidates.vector, candidates.term
    similarity = blend(vector, term, wanted.vector_weight)
    scored = numbers, similarity, vector, term
    order = np.argsort(-similarity, kind="stable")
    if has_graph:
        # It changes the order: all that was found takes part.
        every = _made(chunks.by_numbers(connection, numbers.tolist()), order, scored)
        hits = [h for h in graph.joined(connection, every) if h.similarity >= wanted.threshold]
        return graph.with_sources(connection, hits[wanted.offset : wanted.offset + wanted.limit])
    order = order[similarity[order] >= wanted.threshold]
    end = wanted.offset + wanted.limit
    if len(order) > end:
        # Rows are read of the page alone, and of those equal to its last: their ids decide.
        order = order[similarity[order] >= similarity[order[end - 1]]]
    rows = chunks.by_numbers(connection, numbers[order].tolist())
    return _made(rows, order, scored)[wanted.offset : end]


def _made(rows: Mapping[int, ChunkRow], order: Numbers, scored: Scored) -> list[Hit]:
    """Return the hits of those in ``order`` that have a row, the most similar first."""
    numbers, similarity, vector, term = scored
    hits = [
        Hit(rows[number], float(similarity[at]), float(vector[at]), float(term[at]))
        for at, number in zip(order.tolist(), numbers[order].tolist(), strict=True)
        if number in rows
    ]
    hits.sort(key=lambda hit: (-hit.similarity, hit.chunk.id))
    return hits
