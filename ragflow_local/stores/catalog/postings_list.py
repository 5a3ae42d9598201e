"""One term's postings in all that is searched: what it adds to the score of each chunk by BM25."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragflow_local.stores.catalog.postings_columns import PAIR_COUNTS, PAIR_LENGTHS, Columns
from ragflow_local.stores.catalog.postings_segments import Numbers
from ragflow_local.stores.catalog.postings_statistics import Statistics

Scores = NDArray[np.float64]
Counts = NDArray[np.integer[Any]]
_Postings: TypeAlias = tuple[Numbers, Counts, Counts]  # places, counts and lengths

K1 = 1.2
B = 0.75

# Postings of a list that is unpacked whatever is asked of it, and those of a mean piece: then
# pieces would cost more.
_SHORT, _SHORT_PIECE = 8192, 1024


class Piece(NamedTuple):
    """What segments that follow one another have of a list, removed chunks left out."""

    offset: int  # of their first place among all
    end: int
    columns: Columns

    @property
    def size(self) -> int:
        """How many chunks have the term."""
        return self.columns.size


class TermList:
    """One term's postings in all datasets that are searched.

    It is unpacked where all of it is scored. A long list is mostly asked about some chunks alone,
    which are looked up piece by piece.
    """

    def __init__(
        self, pieces: Sequence[Piece], statistics: Statistics, having: int | None = None
    ) -> None:
        self.pieces = pieces
        self._average = statistics.average
        self._all: tuple[Numbers, Scores, Counts] | None = None
        self._table: Scores | None = None
        self.size = sum(piece.size for piece in pieces)
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
        if not self.is_long:
            every, parts, lengths = self.all()
            here, at = _common(places, every)
            return here, parts[at], lengths[at]
        at_pieces = []
        starts = np.searchsorted(places, [piece.offset for piece in self.pieces])
        ends = np.searchsorted(places, [piece.end for piece in self.pieces])
        for piece, start, end in zip(self.pieces, starts, ends, strict=True):
            if start < end:
                columns = piece.columns
                # In the list's own bits, which fit a core's cache.
                wanted = (places[start:end] - piece.offset).astype(columns.places.dtype)
                here, at = _common(wanted, columns.places)
                at_pieces.append((here + start, columns.counts[at], columns.lengths[at]))
        here, counts, lengths = _together(at_pieces)
        return here, self._parts(counts, lengths), lengths

    @property
    def is_long(self) -> bool:
        """Whether it is taken piece by piece: no piece of it is so small that this would cost."""
        return self._all is None and self.size > max(_SHORT, _SHORT_PIECE * len(self.pieces))

    def add_to(self, scores: Scores, weight: float) -> None:
        """Add what the term adds, times ``weight``, to (places,) the scores of all chunks."""
        if not self.is_long:
            places, parts, _ = self.all()
            scores[places] += parts if weight == 1.0 else weight * parts
            return
        for piece in self.pieces:
            columns = piece.columns
            parts = self._parts_of(columns)
            scores[piece.offset : piece.end][columns.places] += (
                parts if weight == 1.0 else weight * parts
            )

    def values_at(self, scores: Scores) -> Scores:
        """Return (size,) the scores of the chunks that have the term."""
        if not self.is_long:
            return scores[self.all()[0]]
        pieces = [scores[one.offset : one.end][one.columns.places] for one in self.pieces]
        return np.concatenate(pieces)

    def _parts_of(self, columns: Columns) -> Scores:
        """Return what the term adds: looked up, where the list is longer than the table."""
        if columns.pairs is None or self.size < len(PAIR_COUNTS):
            return self._parts(columns.counts, columns.lengths)
        if self._table is None:
            self._table = self._parts(PAIR_COUNTS, PAIR_LENGTHS)
        return self._table[columns.pairs]

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


def _unpacked(pieces: Sequence[Piece]) -> _Postings:
    """Return places in all that is searched, counts and lengths."""
    return _together(
        [
            (columns.places.astype(np.int64) + offset, columns.counts, columns.lengths)
            for offset, _, columns in pieces
        ]
    )


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
