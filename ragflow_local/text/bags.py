"""Bags of terms as arrays: what chunks are found by, of many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bags:
    """The terms of some chunks with how often each occurs.

    Attributes:
        vocabulary: The terms, each once.
        terms: (n,) indices into ``vocabulary``, chunk after chunk, none twice within one.
        counts: (n,) how often the chunk has the term, from 1.
        sizes: (n_chunks,) how many terms each chunk has.
    """

    vocabulary: Sequence[str]
    terms: Numbers
    counts: Numbers
    sizes: Numbers

    @classmethod
    def of(cls, bags: Sequence[Mapping[str, int]]) -> Bags:
        """Return the bags of chunks that are given one by one."""
        index: dict[str, int] = {}
        terms = [index.setdefault(term, len(index)) for bag in bags for term in bag]
        counts = [count for bag in bags for count in bag.values()]
        return cls(list(index), _array(terms), _array(counts), _array(map(len, bags)))

    @classmethod
    def joined(cls, parts: Sequence[Bags]) -> Bags:
        """Return the bags of all parts, one after the other, over one vocabulary."""
        if len(parts) == 1:
            return parts[0]
        index: dict[str, int] = {}
        terms = [np.empty(0, np.int64)]
        for part in parts:
            numbers = [index.setdefault(term, len(index)) for term in part.vocabulary]
            terms.append(_array(numbers)[part.terms])
        counts, sizes = ([part.counts for part in parts], [part.sizes for part in parts])
        none = np.empty(0, np.int64)
        joined = (np.concatenate(terms), np.concatenate([none, *counts]))
        return cls(list(index), *joined, np.concatenate([none, *sizes]))

    def part(self, first: int, end: int) -> Bags:
        """Return those of the chunks ``first`` up to ``end``, over the same vocabulary."""
        if first == 0 and end >= len(self.sizes):
            return self
        bounds = np.concatenate([[0], np.cumsum(self.sizes)])[[first, min(end, len(self.sizes))]]
        within = slice(int(bounds[0]), int(bounds[1]))
        return Bags(self.vocabulary, self.terms[within], self.counts[within], self.sizes[first:end])

    def each(self) -> list[dict[str, int]]:
        """Return the bags one by one."""
        terms = [self.vocabulary[term] for term in self.terms.tolist()]
        counts, ends = self.counts.tolist(), np.cumsum(self.sizes).tolist()
        return [
            dict(zip(terms[end - size : end], counts[end - size : end], strict=True))
            for end, size in zip(ends, self.sizes.tolist(), strict=True)
        ]


def _array(numbers: Iterable[int]) -> Numbers:
    return np.fromiter(numbers, np.int64)
