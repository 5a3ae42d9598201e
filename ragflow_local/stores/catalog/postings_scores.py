"""Scores chunks by BM25 from packed postings, exactly."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ragflow_local.stores.catalog.postings_kept import ListsKept
from ragflow_local.stores.catalog.postings_list import K1, Scores, TermList
from ragflow_local.stores.catalog.postings_places import Places
from ragflow_local.stores.catalog.postings_reading import pieces_of
from ragflow_local.stores.catalog.postings_segments import Numbers
from ragflow_local.stores.catalog.postings_statistics import Statistics


@dataclass(frozen=True, slots=True)
class Lists:
    """The postings of a question's terms, ready to score.

    Attributes:
        statistics: What the terms are weighed by.
    """

    statistics: Statistics
    _lists: tuple[TermList, ...]
    _places: Places

    @property
    def idf(self) -> Scores:
        """(n_terms,) how rare each is."""
        return np.array([postings_list.idf for postings_list in self._lists])

    def missing(self) -> list[int]:
        """Return the indices of terms that no chunk has."""
        return [index for index, having in enumerate(self.statistics.having) if not having]

    def weighed_by(self, statistics: Statistics) -> Lists:
        """Return the same postings as a part of a larger collection, whose statistics are given."""
        lists = tuple(
            TermList(postings_list.pieces, statistics, having)
            for postings_list, having in zip(self._lists, statistics.having, strict=True)
        )
        return Lists(statistics, lists, self._places)

    def best(self, weights: Scores, top_k: int, allowed: Numbers | None = None) -> Numbers:
        """Return the numbers of the ``top_k`` chunks with the largest scores, in no order.

        Args:
            weights: (n_terms,) what a term's score is multiplied with.
            top_k: At most so many; of equal ones those that were added first.
            allowed: Chunk numbers to choose among; None for all.
        """
        if allowed is None:
            best_places, values = self._leading(weights, top_k)
        else:
            places = self._places.of_numbers(np.unique(allowed))
            best_places = np.sort(places[places >= 0])
            values = self.scores(weights)[best_places]
            best_places, values = best_places[values > 0], values[values > 0]
        if len(best_places) > top_k:
            least = np.partition(values, -top_k)[-top_k]
            above = best_places[values > least]
            best_places = np.concatenate(
                [above, best_places[values == least][: top_k - len(above)]]
            )
        return self._places.numbers_at(best_places)

    def _leading(self, weights: Scores, top_k: int) -> tuple[Numbers, Scores]:
        """Return places and scores of the ``top_k`` best chunks, and maybe some more.

        Lists are taken by what they can add at most, the largest first. Before one that is longer
        than all before it together: where what it and the rest can add does not reach the score
        that ``top_k`` chunks have already, only chunks that come near it are looked up in them.

        Source: MaxScore; Turtle & Flood, "Query evaluation: strategies and optimizations", 1995,
        https://doi.org/10.1016/0306-4573(95)00020-H
        """
        used = [
            (weight * postings_list.idf * (K1 + 1), float(weight), postings_list)
            for postings_list, weight in zip(self._lists, weights, strict=True)
            if weight > 0 and postings_list.size
        ]
        used.sort(key=lambda item: -item[0])
        taken: list[TermList] = []
        waiting: list[tuple[float, TermList]] = []
        scores: Scores | None = None
        rest = sum(bound for bound, _, _ in used)
        length = 0
        for number, (bound, weight, postings_list) in enumerate(used):
            if top_k <= length < postings_list.size:
                scores = self._sum(waiting, scores)
                waiting.clear()
                least = _at_least(scores, taken, top_k)
                if least > rest:
                    places = np.flatnonzero(scores > least - rest)
                    values = scores[places]
                    for _, more, other in used[number:]:
                        here, parts, _ = other.at(places)
                        values[here] += more * parts
                    return places, values
            taken.append(postings_list)
            waiting.append((weight, postings_list))
            length += postings_list.size
            rest -= bound
        scores = self._sum(waiting, scores)
        least = _at_least(scores, taken, top_k)
        places = np.flatnonzero(scores >= least if least > 0 else scores)
        return places, scores[places]

    def scores(self, weights: Scores) -> Scores:
        """Return (places,) the BM25 score of every chunk, 0 for one without a common term."""
        used = [
            (float(weight), postings_list)
            for postings_list, weight in zip(self._lists, weights, strict=True)
            if weight > 0 and postings_list.size
        ]
        return self._sum(used)

    def _sum(self, used: Sequence[tuple[float, TermList]], scores: Scores | None = None) -> Scores:
        """Return (places,) the sums of what lists add, to ``scores`` where they are given."""
        if scores is None:
            scores = np.zeros(self._places.size)
        for weight, postings_list in used:
            postings_list.add_to(scores, weight)
        return scores

    def parts(self, numbers: Numbers) -> tuple[Scores, Scores]:
        """Return what each term adds to the score of each chunk, and the chunks' lengths.

        Args:
            numbers: Chunk numbers; one that is not in the dataset has 0 everywhere.

        Returns:
            (n_terms, n_numbers), and (n_numbers,) in terms, 0 for one without a common term.
        """
        places = self._places.of_numbers(numbers)
        order = np.argsort(places)
        order = order[np.searchsorted(places[order], 0) :]
        places = places[order]
        parts = np.zeros((len(self._lists), len(numbers)))
        lengths = np.zeros(len(numbers))
        for row, postings_list in zip(parts, self._lists, strict=True):
            if postings_list.size:
                here, values, lengths_here = postings_list.at(places)
                row[order[here]] = values
                lengths[order[here]] = lengths_here
        return parts, lengths


def read(
    connection: sqlite3.Connection,
    datasets: Sequence[int],
    terms: Sequence[str | tuple[str, ...]],
    held: ListsKept | None = None,
) -> Lists | None:
    """Return the postings of ``terms`` in some datasets, as if they were one; None for no chunk.

    Args:
        connection: Inside one snapshot: statistics and lists belong together.
        datasets: Their numbers.
        terms: Each once. Several forms of one word are one term: a chunk has it that has any of
            them, as often as all together.
        held: What was read before.
    """
    lists_kept = held or ListsKept()
    shape = lists_kept.shape(connection, datasets)
    if shape is None:
        return None
    forms = [(term,) if isinstance(term, str) else term for term in terms]
    own = Statistics(shape.chunks, shape.length)
    pieces = pieces_of(connection, shape.runs, forms, lists_kept)
    lists = tuple(TermList(some, own) for some in pieces)
    having = tuple(postings_list.size for postings_list in lists)
    return Lists(replace(own, having=having), lists, shape.places)


def numbers_in(connection: sqlite3.Connection, documents: Sequence[int]) -> Numbers:
    """Return the numbers of all chunks of some documents, which are given by number."""
    rows = connection.execute(
        "SELECT chunks.number FROM json_each(?) CROSS JOIN documents ON documents.number = value"
        " CROSS JOIN chunks ON chunks.document_id = documents.id",
        (json.dumps(list(documents)),),
    )
    return np.array([row[0] for row in rows], np.int64)


def _at_least(scores: Scores, lists: Sequence[TermList], top_k: int) -> float:
    """Return a score that ``top_k`` chunks have or surpass, so that none of them is below it.

    It is that of the shortest list which is long enough: what only a long list proposes is then
    passed over without being put in order.
    """
    long = [postings_list for postings_list in lists if postings_list.size >= top_k]
    if not long:
        return 0.0
    values = min(long, key=lambda postings_list: postings_list.size).values_at(scores)
    return float(np.partition(values, -top_k)[-top_k])
