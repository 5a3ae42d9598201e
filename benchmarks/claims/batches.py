"""Batches: pairs as tokens, those of like length together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.claims.pairs import Pair
from benchmarks.reader.pack import BEGIN, END
from ragflow_local.embedders.carried import PROMPTS
from ragflow_local.text.unigram import Unigram

Whole = NDArray[np.int32]
WIDTHS = (48, 64, 80, 104, 128, 192, 256)
CLAIM, PASSAGE = 1, 2
_MOST_CLAIM, _MOST_HEADING, _MOST_SENTENCE = 96, 24, 120


@dataclass(frozen=True, slots=True)
class Encoded:
    """A pair as tokens.

    Attributes:
        ids: Tokens of the whole vocabulary.
        part: Of each token CLAIM, PASSAGE or 0.
    """

    ids: Whole
    part: Whole


def encoded(pairs: Sequence[Pair], pieces: Path) -> list[Encoded]:
    """Return the pairs as tokens."""
    unigram = Unigram(pieces)
    return [encode(pair, unigram) for pair in pairs]


def encode(pair: Pair, unigram: Unigram) -> Encoded:
    """Return ``<s> passage: CLAIM </s> [</s> HEADING] </s> SENTENCE </s> SENTENCE …``."""

    def cut(text: str, most: int) -> list[int]:
        return unigram.encode(text, most + 2)[1:-1] if text else []

    claim = cut(PROMPTS[1] + pair.claim, _MOST_CLAIM)
    ids, part = [BEGIN, *claim, END], [0, *([CLAIM] * len(claim)), 0]
    if pair.above:
        head = cut(pair.above, _MOST_HEADING)
        ids += [END, *head]
        part += [0] * (1 + len(head))
    for sentence in pair.passage:
        text = cut(sentence, _MOST_SENTENCE)
        ids += [END, *text]
        part += [PASSAGE] * (1 + len(text))
    most = WIDTHS[-1]
    return Encoded(np.array(ids, np.int32)[:most], np.array(part, np.int32)[:most])


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
