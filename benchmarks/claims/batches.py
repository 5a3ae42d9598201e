"""Batches: pairs as tokens, those of like length together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.claims.pairs import Pair
from ragflow_local.embedders import Section
from ragflow_local.embedders.reader import MOST_PAIR, claim_tokens, pair_of
from ragflow_local.text.unigram import Unigram

Whole = NDArray[np.int32]
WIDTHS = (48, 64, 80, 104, 128, 192, MOST_PAIR)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A pair as tokens.

    Attributes:
        ids: Tokens of the whole vocabulary.
        part: Of each token ``reader.OF_CLAIM``, ``OF_PASSAGE`` or 0.
    """

    ids: Whole
    part: Whole


def encoded(pairs: Sequence[Pair], pieces: Path) -> list[Encoded]:
    """Return the pairs as tokens."""
    unigram = Unigram(pieces)
    return [encode(pair, unigram) for pair in pairs]


def encode(pair: Pair, unigram: Unigram) -> Encoded:
    """Return a pair as the reader is given it (``reader.pair_of``)."""
    claim = claim_tokens(unigram, pair.claim)
    ids, part = pair_of(unigram, claim, Section(pair.passage, pair.above))
    return Encoded(np.array(ids, np.int32), np.array(part, np.int32))


def stream(
    sizes: Sequence[int], often: NDArray[np.float64], tokens: int, seed: int
) -> Iterator[list[int]]:
    """Yield the numbers of pairs that make a batch, without end, the same for the same seed.

    Args:
        sizes: (pairs,) tokens.
        often: (pairs,) how often each is drawn in one round.
        tokens: Of a batch, padded.
        seed: Of the order.
    """
    chance = np.random.default_rng(seed)
    waiting: dict[int, list[int]] = {width: [] for width in WIDTHS}
    while True:
        times = np.floor(often + chance.random(len(often))).astype(np.int64)
        for at in chance.permutation(np.repeat(np.arange(len(sizes)), times)):
            width = next(width for width in WIDTHS if sizes[at] <= width)
            waiting[width].append(int(at))
            if len(waiting[width]) >= max(1, tokens // width):
                yield waiting[width]
                waiting[width] = []
