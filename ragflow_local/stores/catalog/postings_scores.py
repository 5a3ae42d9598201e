"""BM25: a question's terms and packed postings in, candidates and their exact scores out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragflow_local.stores.catalog import postings_segments as segments
from ragflow_local.stores.catalog.postings import known_terms, space_of
from ragflow_local.stores.catalog.postings_segments import FORMATS, TERM_BITS, Numbers, Segment

Scores = NDArray[np.float64]
Counts = NDArray[np.integer[Any]]

K1 = 1.2
B = 0.75

# Parameters of one statement: what the oldest SQLite in use takes.
_MOST_PARAMETERS = 900


class _List:
    """One term's postings in the whole dataset, places ascending, live chunks only."""

    def __init__(
        self, places: Numbers, counts: Counts, lengths: Counts, idf: float, average: float
    ) -> None:
        self.places = places
        self.lengths = lengths
        self.idf = idf
        self._average = average  # length of all chunks
        self._counts = counts
        self._parts: Scores | None = None

    def parts(self) -> Scores:
        """Return what the term adds to the score of each chunk that has it."""
        if self._parts is None:
            self._parts = _parts(self._counts, self.lengths, self.idf, self._average)
        return self._parts

    def parts_at(self, indices: Numbers) -> Scores:
        """Return what it adds to some of them: of a long list, that is all it is asked for."""
        if self._parts is not None:
            return self._parts[indices]
        return _parts(self._counts[indices], self.lengths[indices], self.idf, self._average)

    def find(self, places: Numbers) -> tuple[Numbers, Numbers]:
        """Return which of ``places`` have the term, and their indices in this list."""
        at = np.minimum(np.searchsorted(self.places, places), len(self.places) - 1)
        here = np.flatnonzero(self.places[at] == places)
        return here, at[here]


@dataclass(frozen=True, slots=True)
class Lists:
    """The postings of a question's terms, ready to score.

    Attributes:
        terms: The question's terms, each once.
        idf: (n_terms,) Lucene's: log(1 + (N - n + 0.5) / (n + 0.5)), never negative, where n live
            chunks have the term.
        chunks: Live chunks of the dataset: N.
        average_length: Terms a chunk has on average, repeated ones counted each time.
    """

    terms: tuple[str, ...]
    idf: Scores
    chunks: int
    average_length: float
    _lists: tuple[_List, ...]
    _segments: tuple[Segment, ...]
    _offsets: Numbers

    def best(self, weights: Scores, top_k: int, allowed: Numbers | None = None) -> Numbers:
        """Return the numbers of the ``top_k`` chunks with the largest scores, in no order.

        Args:
            weights: (n_terms,) what a term's score is multiplied with.
            top_k: At most so many; of equal ones those that were added first.
            allowed: Chunk numbers to choose among; None for all.
        """
        if allowed is None:
            found, values = self._leading(weights, top_k)
        else:
            places = self._places_of(np.unique(allowed))
            found = np.sort(places[places >= 0])
            values = self.scores(weights)[found]
            found, values = found[values > 0], values[values > 0]
        if len(found) > top_k:
            least = np.partition(values, -top_k)[-top_k]
            above = found[values > least]
            found = np.concatenate([above, found[values == least][: top_k - len(above)]])
        return self._numbers_at(found)

    def _leading(self, weights: Scores, top_k: int) -> tuple[Numbers, Scores]:
        """Return places and scores of the ``top_k`` best chunks, and maybe some more.

        Lists are taken by what they can add at most, the largest first. Before one that is longer
        than all before it together: where what it and the rest can add does not reach the score
        that ``top_k`` chunks have already, only chunks that come near it are looked up in them.

        Source: MaxScore; Turtle & Flood, "Query evaluation: strategies and optimizations", 1995,
        https://doi.org/10.1016/0306-4573(95)00020-H
        """
        used = [
            (weight * one.idf * (K1 + 1), weight, one)
            for one, weight in zip(self._lists, weights, strict=True)
            if weight > 0 and len(one.places)
        ]
        used.sort(key=lambda item: -item[0])
        taken: list[tuple[float, _List]] = []
        rest = sum(bound for bound, _, _ in used)
        length = 0
        for number, (bound, weight, one) in enumerate(used):
            if top_k <= length < len(one.places):
                scores = self._sum(taken)
                least = _at_least(scores, [one for _, one in taken], top_k)
                if least > rest:
                    found = np.flatnonzero(scores > least - rest)
                    values = scores[found]
                    for _, more, other in used[number:]:
                        here, indices = other.find(found)
                        values[here] += more * other.parts_at(indices)
                    return found, values
            taken.append((weight, one))
            length += len(one.places)
            rest -= bound
        scores = self._sum(taken)
        least = _at_least(scores, [one for _, one in taken], top_k)
        found = np.flatnonzero(scores >= least if least > 0 else scores)
        return found, scores[found]

    def scores(self, weights: Scores) -> Scores:
        """Return (places,) the BM25 score of every chunk, 0 for one without a common term."""
        used = [
            (float(weight), one)
            for one, weight in zip(self._lists, weights, strict=True)
            if weight > 0 and len(one.places)
        ]
        return self._sum(used)

    def _sum(self, used: Sequence[tuple[float, _List]]) -> Scores:
        size = int(self._offsets[-1])
        if not used:
            return np.zeros(size)
        places = [one.places for _, one in used]
        parts = [one.parts() for _, one in used]
        weighted = [
            part if weight == 1.0 else weight * part
            for (weight, _), part in zip(used, parts, strict=True)
        ]
        # One pass over all lists: adding them one by one would read and write the scores twice.
        scores = np.bincount(np.concatenate(places), np.concatenate(weighted), size)
        return scores.astype(np.float64, copy=False)

    def parts(self, numbers: Numbers) -> tuple[Scores, Scores]:
        """Return what each term adds to the score of each chunk, and the chunks' lengths.

        Args:
            numbers: Chunk numbers; one that is not in the dataset has 0 everywhere.

        Returns:
            (n_terms, n_numbers), and (n_numbers,) in terms, 0 for one without a common term.
        """
        places = self._places_of(numbers)
        parts = np.zeros((len(self.terms), len(numbers)))
        lengths = np.zeros(len(numbers))
        for row, one in zip(parts, self._lists, strict=True):
            if len(one.places):
                here, indices = one.find(places)
                row[here] = one.parts_at(indices)
                lengths[here] = one.lengths[indices]
        return parts, lengths

    def has(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Return (n,) whether each chunk number is live in the dataset."""
        return self._places_of(numbers) >= 0

    def _places_of(self, numbers: Numbers) -> Numbers:
        places = np.full(len(numbers), -1, np.int64)
        for segment, offset in zip(self._segments, self._offsets, strict=False):
            here = segment.places_of(numbers)
            places = np.where(here >= 0, here + offset, places)
        return places

    def _numbers_at(self, places: Numbers) -> Numbers:
        numbers = np.empty(len(places), np.int64)
        which = np.searchsorted(self._offsets, places, side="right") - 1
        for index in np.unique(which):
            here = which == index
            numbers[here] = self._segments[index].numbers_at(places[here] - self._offsets[index])
        return numbers


def read(connection: sqlite3.Connection, dataset: int, terms: Sequence[str]) -> Lists | None:
    """Return the postings of ``terms``, or None for a dataset without a chunk.

    Args:
        connection: Inside one snapshot: statistics and lists belong together.
        dataset: Its number.
        terms: Each once.
    """
    space = space_of(connection, dataset)
    if space is None:
        return None
    chunks, length = connection.execute(
        "SELECT chunks, length FROM postings_datasets WHERE space = ?", (space,)
    ).fetchone()
    if chunks == 0:
        return None
    kept = tuple(segments.segments_of(connection, space))
    offsets = np.cumsum([0, *(segment.size for segment in kept)])
    known = known_terms(connection, space, set(terms))
    data = _read_data(connection, kept, list(known.values()))
    alive = _alive(kept, offsets)
    average = length / chunks
    lists: list[_List] = []
    idf = np.zeros(len(terms))
    for index, term in enumerate(terms):
        places, counts, lengths = _unpacked(kept, offsets, data.get(known.get(term, -1), {}))
        if alive is not None:
            here = alive[places]
            places, counts, lengths = places[here], counts[here], lengths[here]
        idf[index] = np.log1p((chunks - len(places) + 0.5) / (len(places) + 0.5))
        lists.append(_List(places, counts, lengths, float(idf[index]), average))
    return Lists(
        tuple(terms),
        idf,
        chunks,
        average,
        tuple(lists),
        kept,
        offsets,
    )


def numbers_in(connection: sqlite3.Connection, documents: Sequence[int]) -> Numbers:
    """Return the numbers of all chunks of some documents, which are given by number."""
    rows = connection.execute(
        "SELECT chunks.number FROM json_each(?) CROSS JOIN documents ON documents.number = value"
        " CROSS JOIN chunks ON chunks.document_id = documents.id",
        (json.dumps(list(documents)),),
    )
    return np.array([row[0] for row in rows], np.int64)


def _read_data(
    connection: sqlite3.Connection, kept: Sequence[Segment], numbers: Sequence[int]
) -> dict[int, dict[int, bytes]]:
    """Return packed lists by term number and index of the segment."""
    keys = [(segment.key << TERM_BITS) + term for segment in kept for term in numbers]
    index_of = {segment.key: index for index, segment in enumerate(kept)}
    data: dict[int, dict[int, bytes]] = {}
    for start in range(0, len(keys), _MOST_PARAMETERS):
        part = keys[start : start + _MOST_PARAMETERS]
        marks = ",".join("?" * len(part))
        for key, packed in connection.execute(
            f"SELECT key, data FROM postings_lists WHERE key IN ({marks})", part
        ):
            segment, term = key >> TERM_BITS, key & ((1 << TERM_BITS) - 1)
            data.setdefault(term, {})[index_of[segment]] = packed
    return data


def _at_least(scores: Scores, lists: Sequence[_List], top_k: int) -> float:
    """Return a score that ``top_k`` chunks have or surpass, so that none of them is below it.

    It is that of the shortest list which is long enough: what only a long list proposes is then
    passed over without being put in order.
    """
    long = [one for one in lists if len(one.places) >= top_k]
    if not long:
        return 0.0
    shortest = min(long, key=lambda one: len(one.places))
    return float(np.partition(scores[shortest.places], -top_k)[-top_k])


def _alive(kept: Sequence[Segment], offsets: Numbers) -> NDArray[np.bool_] | None:
    removed = [segment.removed + offset for segment, offset in zip(kept, offsets, strict=False)]
    if not sum(map(len, removed)):
        return None
    alive = np.ones(int(offsets[-1]), np.bool_)
    alive[np.concatenate(removed)] = False
    return alive


def _unpacked(
    kept: Sequence[Segment], offsets: Numbers, data: dict[int, bytes]
) -> tuple[Numbers, Counts, Counts]:
    """Return places in the dataset, counts and lengths of one term's lists."""
    found: list[tuple[Numbers, Counts, Counts]] = []
    # Neighbours of one format are unpacked together: numpy's price is by the call.
    for format_, group in groupby(sorted(data), key=lambda index: kept[index].format):
        together = list(group)
        packed = np.frombuffer(b"".join(data[index] for index in together), FORMATS[format_])
        sizes = [len(data[index]) // FORMATS[format_].itemsize for index in together]
        places = np.repeat(offsets[together], sizes)
        places += packed["place"]
        found.append((places, packed["count"], packed["length"]))
    if len(found) == 1:
        return found[0]
    if not found:
        none = np.empty(0, np.int64)
        return none, none, none
    every, counts, lengths = zip(*found, strict=True)
    return np.concatenate(every), np.concatenate(counts), np.concatenate(lengths)


def _parts(counts: Counts, lengths: Counts, idf: float, average: float) -> Scores:
    """Return what a term adds to the score of each chunk that has it.

        idf * count * (k1 + 1) / (count + k1 * (1 - b + b * length / average))

    In place: for long lists, new memory costs more than the arithmetic.
    """
    weighed = np.multiply(lengths, K1 * B / average, dtype=np.float64)
    weighed += K1 * (1 - B)
    weighed += counts
    return np.divide(np.multiply(counts, idf * (K1 + 1), dtype=np.float64), weighed, out=weighed)
