"""Searches for the chunks most similar to a question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragflow_local.embedders import Embedder, Reranker
from ragflow_local.records import Hit
from ragflow_local.retrieve import graph
from ragflow_local.retrieve.candidates import Candidates, Scope, Sources
from ragflow_local.retrieve.parts import Asked, Part, Parts, query_for
from ragflow_local.retrieve.similarity import blend
from ragflow_local.settings import check_number, check_whole

__all__ = ["Scope", "SearchOptions", "Sources", "search", "search_parts"]

_READ_AS = "No text has the word “{}”: it was read as “{}”."
_MOST = 2**31
Values = NDArray[np.floating[Any]]
_BY_WORDS = "Found by its words alone: the model {!r} cannot read the script of the question."

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
    if not scopes:
        return []
    floor = next((scope.floor for scope in scopes if scope.floor is not None), None)

    @contextmanager
    def part() -> Iterator[Part]:
        with sources.catalog.read() as connection:
            yield Part(connection, sources, scopes)

    return search_parts(question, part, embedder, wanted, floor, reranker)


def search_parts(
    question: str,
    open_parts: Callable[[], AbstractContextManager[Parts]],
    embedder: Callable[[], Embedder],
    wanted: SearchOptions,
    floor: float | None = None,
    reranker: Reranker | None = None,
) -> list[Hit]:
    """Search one project, or several as if they were one.

    Args:
        question: As it was asked.
        open_parts: Gives the projects, each in one snapshot.
        embedder: Gives the embedding model of all of them.
        wanted: Which hits.
        floor: Of that model, as the datasets keep it; None before they do.
        reranker: As in ``search``.
    """
    if not question.strip() or wanted.limit == 0:
        return []
    vector = None
    remarks: tuple[str, ...] = ()
    rise = 0.0
    if wanted.vector_weight > 0:
        model = embedder()
        if wanted.vector_weight == 1 or model.knows(question):
            vector = model.embed_query(question)
            rise = model.floor_of(question) - model.floor
            floor = model.floor if floor is None else floor
        elif reranker is None:
            wanted = replace(wanted, vector_weight=0.0)
            remarks = (_BY_WORDS.format(model.name),)
    worded = question if wanted.vector_weight < 1 else ""
    with open_parts() as parts:
        query, statistics, guesses = query_for(parts, worded)
        if not statistics.chunks:
            return []
        remarks += tuple(_READ_AS.format(*guess) for guess in guesses)
        most = wanted.words_top_k or wanted.top_k
        request = Asked(query, vector, rise + (floor or 0.0), wanted.top_k, most)
        candidates = parts.candidates(request)
        if reranker is not None and wanted.vector_weight > 0:
            candidates = _reranked(parts, candidates, (question, reranker), wanted)
        hits = _hits(parts, candidates, wanted)
    return [replace(hit, remarks=remarks) for hit in hits] if remarks else hits


def _reranked(
    parts: Parts,
    candidates: Candidates,
    reranking: tuple[str, Reranker],
    wanted: SearchOptions,
) -> Candidates:
    """Return the best candidates, the reranker's scores in place of their cosines."""
    question, reranker = reranking
    # In whole steps, so that the pages of one step follow one another.
    depth = _RERANKED * -(-(wanted.offset + wanted.limit) // _RERANKED)
    similarity = blend(candidates.vector, candidates.term, wanted.vector_weight)
    best = candidates.at(np.argsort(-similarity, kind="stable")[:depth])
    rows = parts.rows(best)
    passages = ["\n".join((*rows[at].headings, rows[at].content)) for at in sorted(rows)]
    scores = reranker.scores(question, passages).astype(np.float64)
    return replace(best.at(np.array(sorted(rows), np.intp)), vector=scores)


def _hits(parts: Parts, candidates: Candidates, wanted: SearchOptions) -> list[Hit]:
    """Return one page of all candidates, ranked."""
    similarity = blend(candidates.vector, candidates.term, wanted.vector_weight)
    if parts.has_graph():
        return _hits_of_graph(parts, candidates, similarity, wanted)
    order = np.argsort(-similarity, kind="stable")
    order = order[similarity[order] >= wanted.threshold]
    end = wanted.offset + wanted.limit
    if len(order) > end:
        # Rows are read of the page alone, and of those equal to its last: their ids decide.
        order = order[similarity[order] >= similarity[order[end - 1]]]
    return _hits_at(parts, candidates.at(order), similarity[order])[wanted.offset : end]


def _hits_of_graph(
    parts: Parts, candidates: Candidates, similarity: Values, wanted: SearchOptions
) -> list[Hit]:
    """Return one page of all candidates, ranked anew by what the graph knows of the best.

    Rows are read of the seeds and, from the best on, until the page is full.
    """
    outlines = parts.outlines(candidates)

    def ranked(values: Mapping[int, float]) -> list[int]:
        return sorted(values, key=lambda at: (-values[at], outlines[at].id))

    similarities = {at: float(similarity[at]) for at in outlines}
    texts = {outlines[at].id: at for at in ranked(similarities) if outlines[at].is_text}
    seeds = np.array(list(texts.values())[: graph.SEEDS], np.intp)
    lifts = graph.lifts(parts.graph, _hits_at(parts, candidates.at(seeds), similarity[seeds]))
    lifted = {
        at: graph.lifted(similarities[at], outline.is_text, lifts.get(outline.id, 0.0))
        for at, outline in outlines.items()
    }
    order = [at for at in ranked(lifted) if lifted[at] >= wanted.threshold]
    end = wanted.offset + wanted.limit
    hits: list[Hit] = []
    seen: set[tuple[str, str]] = set()
    for start in range(0, len(order), end):
        some = np.array(order[start : start + end], np.intp)
        values = np.array([lifted[at] for at in some.tolist()])
        hits += graph.first_of_names(
            parts.graph, _hits_at(parts, candidates.at(some), values), seen
        )
        if len(hits) >= end:
            break
    return graph.with_sources(parts.graph, hits[wanted.offset : end])


def _hits_at(parts: Parts, ranked: Candidates, similarity: Values) -> list[Hit]:
    """Return the hits of those that have a row, the most similar first."""
    rows = parts.rows(ranked)
    hits = [
        Hit(rows[at], float(similarity[at]), float(ranked.vector[at]), float(ranked.term[at]))
        for at in sorted(rows)
    ]
    hits.sort(key=lambda hit: (-hit.similarity, hit.chunk.id))
    return hits
