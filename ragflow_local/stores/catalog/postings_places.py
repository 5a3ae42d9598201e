"""Maps chunk numbers to their places in the segments of a search, and back.

A place is a chunk's index among those of all segments, one segment after the other. Live chunks
whose places and numbers both follow one another are a run; there are few, whatever the size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ragflow_local.stores.catalog.postings_segments import Numbers, Segment


@dataclass(frozen=True, slots=True)
class Places:
    """The runs of live chunks.

    Attributes:
        offsets: (n_segments + 1,) the first place of each segment, and the count of all.
    """

    offsets: Numbers
    _by_place: tuple[Numbers, Numbers]  # first place and number of each run, by place
    _by_number: tuple[Numbers, Numbers, Numbers]  # number, place and size of each run, by number

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> Places:
        """Return the places of all segments, in their order."""
        offsets = np.cumsum([0, *(segment.size for segment in segments)])
        parts = [_live_runs(segment) for segment in segments]
        parts.append(np.empty((0, 3), np.int64))
        runs = np.concatenate(parts)
        runs[:, 0] += np.repeat(offsets, [len(part) for part in parts])
        order = np.argsort(runs[:, 1], kind="stable")
        by_number = (runs[order, 1], runs[order, 0], runs[order, 2])
        return cls(offsets, (runs[:, 0], runs[:, 1]), by_number)

    @property
    def size(self) -> int:
        """Return how many places there are, removed chunks' too."""
        return int(self.offsets[-1])

    def of_numbers(self, numbers: Numbers) -> Numbers:
        """Return the places of chunks; -1 for one that is not there."""
        firsts, places, sizes = self._by_number
        if not len(firsts):
            return np.full(len(numbers), -1, np.int64)
        run = np.searchsorted(firsts, numbers, side="right") - 1
        within = numbers - firsts[run]
        return np.where((run >= 0) & (within < sizes[run]), places[run] + within, -1)

    def numbers_at(self, places: Numbers) -> Numbers:
        """Return the numbers of live chunks by their places."""
        firsts, numbers = self._by_place
        run = np.searchsorted(firsts, places, side="right") - 1
        numbers_: Numbers = numbers[run] + places - firsts[run]
        return numbers_


def _live_runs(segment: Segment) -> Numbers:
    """Return (n, 3) first place, number and size of each run without removed chunks."""
    starts, ends = segment.runs[:, 0], np.append(segment.runs[1:, 0], segment.size)
    firsts = segment.runs[:, 1]
    if len(segment.removed):
        # Each removed place ends a run before it and begins one after it; empty ones go.
        cut_starts = np.sort(np.concatenate([starts, segment.removed + 1]))
        ends = np.sort(np.concatenate([ends, segment.removed]))
        kept = cut_starts < ends
        cut_starts, ends = cut_starts[kept], ends[kept]
        run = np.searchsorted(starts, cut_starts, side="right") - 1
        firsts = firsts[run] + cut_starts - starts[run]
        starts = cut_starts
    return np.stack([starts, firsts, ends - starts], axis=1)
