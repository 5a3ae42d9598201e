"""Scores chunks by BM25 from packed postings, exactly."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragflow_local.stores.catalog import checksums
from ragflow_local.stores.catalog import postings_segments as segments
from ragflow_local.stores.catalog.postings_places import Places
from ragflow_local.stores.catalog.postings_segments import (
    FORMATS,
    SEGMENT_BITS,
    TERM_BITS,
    Numbers,
    Segment,
)
from ragflow_local.stores.catalog.postings_statistics import Statistics

Scores = NDArray[np.float64]
Counts = NDArray[np.integer[Any]]
_Postings: TypeAlias = tuple[Numbers, Counts, Counts]  # places, counts and lengths

K1 = 1.2
B = 0.75

# Postings of a list that is unpacked whatever is asked of it: then pieces would cost more.
_SHORT = 8192


class _Piece(NamedTuple):
    """What a segment has of a list, removed chunks left out."""

    offset: int  # of the segment's first place among all
    end: int
    packed: NDArray[np.void]  # in one of FORMATS


class _List:
    """One term's postings in all datasets that are searched, as they are packed.

    It is unpacked where all of it is scored. A long list is mostly asked about some chunks alone,
    which are looked up piece by piece.
    """

    def __init__(
        self, pieces: Sequence[_Piece], statistics: Statistics, having: int | None = None
    ) -> None:
        self.pieces = pieces
        self._average = statistics.average
        self._all: tuple[Numbers, Scores, Counts] | None = None
        self.size = sum(len(piece.packed) for piece in pieces)
        self.idf = statistics.idf(self.size if having is None else having)

    def all(self) -> tuple[Numbers, Scores, Counts]:
        """Return places, ascending, what the term adds to their scores, and their lengths."""
        if self._all is None:
            places, counts, lengths = _unpacked(self.pieces)
            self._all = places, self._parts(counts, lengths), lengths
        return self._all

    def at(self, places: Numbers) -> tuple[Numbers, Scores, Counts]:
        """Return which of ``places`` have the term, what it adds to their scores, and lengths.

        Args:
            places: Ascending ones of live chunks.
        """
        if self._all is not None or self.size <= _SHORT:
            every, parts, lengths = self.all()
            here, at = _common(places, every)
            return here, parts[at], lengths[at]
        at_pieces = []
        starts = np.searchsorted(places, [piece.offset for piece in self.pieces])
        ends = np.searchsorted(places, [piece.end for piece in self.pieces])
        for piece, start, end in zip(self.pieces, starts, ends, strict=True):
            if start < end:
                # In the list's own 16 bits, which fit a core's cache.
                wanted = (places[start:end] - piece.offset).astype(np.uint16)
                here, at = _common(wanted, piece.packed["place"])
                rows = piece.packed[at]
                at_pieces.append((here + start, rows["count"], rows["length"]))
        here, counts, lengths = _together(at_pieces)
        return here, self._parts(counts, lengths), lengths

    def _parts(self, counts: Counts, lengths: Counts) -> Scores:
        """Return what the term adds to the score of each chunk that has it.

            idf * count * (k1 + 1) / (count + k1 * (1 - b + b * length / average))

        In place: for long lists, new memory costs more than the arithmetic.
        """
        weighed = np.multiply(lengths, K1 * B / self._average, dtype=np.float64)
        weighed += K1 * (1 - B)
        weighed += counts
        return np.divide(
            np.multiply(counts, self.idf * (K1 + 1), dtype=np.float64), weighed, out=weighed
        )


@dataclass(frozen=True, slots=True)
class Lists:
    """The postings of a question's terms, ready to score.

    Attributes:
        statistics: What the terms are weighed by.
    """

    statistics: Statistics
    _lists: tuple[_List, ...]
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
            _List(postings_list.pieces, statistics, having)
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
        taken: list[_List] = []
        waiting: list[tuple[float, _List]] = []
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

    def _sum(self, used: Sequence[tuple[float, _List]], scores: Scores | None = None) -> Scores:
        """Return (places,) the sums of what lists add, to ``scores`` where they are given."""
        if scores is not None:
            for weight, postings_list in used:
                places, parts, _ = postings_list.all()
                scores[places] += weight * parts
            return scores
        size = self._places.size
        if not used:
            return np.zeros(size)
        every = [(postings_list.all(), weight) for weight, postings_list in used]
        weighted = [part if weight == 1.0 else weight * part for (_, part, _), weight in every]
        # One pass over all lists: adding them one by one would read and write the scores twice.
        places = np.concatenate([places for (places, _, _), _ in every])
        return np.bincount(places, np.concatenate(weighted), size).astype(np.float64, copy=False)

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
    connection: sqlite3.Connection, datasets: Sequence[int], terms: Sequence[str | tuple[str, ...]]
) -> Lists | None:
    """Return the postings of ``terms`` in some datasets, as if they were one; None for no chunk.

    Args:
        connection: Inside one snapshot: statistics and lists belong together.
        datasets: Their numbers.
        terms: Each once. Several forms of one word are one term: a chunk has it that has any of
            them, as often as all together.
    """
    rows = connection.execute(
        "SELECT space, chunks, length FROM json_each(?)"
        " CROSS JOIN postings_datasets ON dataset = json_each.value WHERE chunks > 0",
        (json.dumps(list(datasets)),),
    ).fetchall()
    if not rows:
        return None
    spaces, counts, lengths = zip(*rows, strict=True)
    kept = tuple(segments.segments_of(connection, *spaces))
    places = Places.of(kept)
    forms = [(term,) if isinstance(term, str) else term for term in terms]
    known = _term_numbers(connection, spaces, forms)
    data = _read_data(connection, kept, known)
    own = Statistics(sum(counts), sum(lengths))
    pieces = (_pieces(kept, places.offsets, data.get(at, {})) for at in range(len(forms)))
    lists = tuple(_List(some, own) for some in pieces)
    having = tuple(postings_list.size for postings_list in lists)
    return Lists(replace(own, having=having), lists, places)


def numbers_in(connection: sqlite3.Connection, documents: Sequence[int]) -> Numbers:
    """Return the numbers of all chunks of some documents, which are given by number."""
    rows = connection.execute(
        "SELECT chunks.number FROM json_each(?) CROSS JOIN documents ON documents.number = value"
        " CROSS JOIN chunks ON chunks.document_id = documents.id",
        (json.dumps(list(documents)),),
    )
    return np.array([row[0] for row in rows], np.int64)


def _term_numbers(
    connection: sqlite3.Connection, spaces: Sequence[int], terms: Sequence[Sequence[str]]
) -> dict[int, list[tuple[int, int]]]:
    """Return a term's index and number of each form that is there, by the dataset's space."""
    forms = [(form, at) for at, some in enumerate(terms) for form in some]
    rows = connection.execute(
        "SELECT spaces.value, forms.key, number FROM json_each(?) AS spaces"
        " CROSS JOIN json_each(?) AS forms CROSS JOIN postings_terms"
        " ON space = spaces.value AND term = forms.value",
        (json.dumps(spaces), json.dumps([form for form, _ in forms])),
    )
    term_numbers: dict[int, list[tuple[int, int]]] = {}
    for space, at, number in rows:
        term_numbers.setdefault(space, []).append((forms[at][1], number))
    return term_numbers


def _read_data(
    connection: sqlite3.Connection,
    kept: Sequence[Segment],
    known: Mapping[int, Sequence[tuple[int, int]]],
) -> dict[int, dict[int, list[memoryview]]]:
    """Return packed lists of forms by index of the term and index of the segment."""
    wanted: dict[int, list[tuple[int, int]]] = {}
    for index, segment in enumerate(kept):
        for at, number in known.get(segment.key >> SEGMENT_BITS, ()):
            wanted.setdefault((segment.key << TERM_BITS) + number, []).append((at, index))
    data: dict[int, dict[int, list[memoryview]]] = {}
    for key, packed in connection.execute(
        "SELECT postings_lists.key, data FROM json_each(?)"
        " CROSS JOIN postings_lists ON postings_lists.key = json_each.value",
        (json.dumps(list(wanted)),),
    ):
        part = checksums.opened(packed, key, "postings_lists")
        for at, index in wanted[key]:
            data.setdefault(at, {}).setdefault(index, []).append(part)
    return data


def _at_least(scores: Scores, lists: Sequence[_List], top_k: int) -> float:
    """Return a score that ``top_k`` chunks have or surpass, so that none of them is below it.

    It is that of the shortest list which is long enough: what only a long list proposes is then
    passed over without being put in order.
    """
    long = [postings_list for postings_list in lists if postings_list.size >= top_k]
    if not long:
        return 0.0
    places, _, _ = min(long, key=lambda postings_list: postings_list.size).all()
    return float(np.partition(scores[places], -top_k)[-top_k])


def _pieces(
    kept: Sequence[Segment], offsets: Numbers, data: Mapping[int, Sequence[memoryview]]
) -> list[_Piece]:
    """Return a term's list, given its packed forms by the index of the segment."""
    pieces = []
    for index in sorted(data):
        segment, offset = kept[index], int(offsets[index])
        lists = [np.frombuffer(packed, FORMATS[segment.format]) for packed in data[index]]
        packed = lists[0] if len(lists) == 1 else _united(lists)
        if len(segment.removed):
            alive = np.ones(segment.size, np.bool_)
            alive[segment.removed] = False
            packed = packed[alive[packed["place"]]]
        if len(packed):
            pieces.append(_Piece(offset, offset + segment.size, packed))
    return pieces


def _united(lists: Sequence[NDArray[np.void]]) -> NDArray[np.void]:
    """Return one list of all that are in any of ``lists``, their counts added up."""
    every = np.concatenate([packed.astype(FORMATS[-1]) for packed in lists])
    every = every[np.argsort(every["place"], kind="stable")]
    starts = np.flatnonzero(np.diff(every["place"].astype(np.int64), prepend=-1))
    united = every[starts]
    united["count"] = np.add.reduceat(every["count"], starts)
    return united


def _unpacked(pieces: Sequence[_Piece]) -> _Postings:
    """Return places in the dataset, counts and lengths."""
    unpacked = []
    # Neighbours of one format are unpacked together: numpy's price is by the call.
    for _, group in groupby(pieces, key=lambda piece: piece.packed.dtype):
        some = list(group)
        packed = some[0].packed
        if len(some) > 1:
            # As bytes: numpy compares the types of structured arrays anew for each of them.
            packed = np.frombuffer(b"".join(piece.packed.tobytes() for piece in some), packed.dtype)
        places = np.repeat([piece.offset for piece in some], [len(p.packed) for p in some])
        places += packed["place"]
        unpacked.append((places, packed["count"], packed["length"]))
    return _together(unpacked)


def _together(postings: Sequence[_Postings]) -> _Postings:
    if len(postings) == 1:
        return postings[0]
    if not postings:
        none = np.empty(0, np.int64)
        return none, none, none
    places, counts, lengths = zip(*postings, strict=True)
    return np.concatenate(places), np.concatenate(counts), np.concatenate(lengths)


def _common(wanted: Counts, kept: Counts) -> tuple[Numbers, Numbers]:
    """Return where ascending numbers that are in both stand: in ``wanted``, and in ``kept``."""
    at = np.minimum(np.searchsorted(kept, wanted), len(kept) - 1)
    here = np.flatnonzero(kept[at] == wanted)
    return here, at[here]
