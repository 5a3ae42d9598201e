"""Ranking measures: recall, nDCG and reciprocal rank, in [0, 1], larger is better.

Users' evaluations and the benchmarks count by these same functions.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

_SAMPLES = 1000


def ndcg(ranked: Sequence[Hashable], relevant: Mapping[Any, float], depth: int = 10) -> float:
    """Return the normalised discounted cumulative gain of the first ``depth``.

        sum of gain / log2(rank + 1), divided by that of the best order

    Args:
        ranked: What was found, the best first.
        relevant: The gain of each thing that should be.
        depth: How many of them count.

    Source: Järvelin & Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", 2002,
    https://doi.org/10.1145/582415.582418
    """
    gains = [relevant.get(key, 0) / math.log2(rank + 2) for rank, key in enumerate(ranked)]
    best = sorted(relevant.values(), reverse=True)[:depth]
    ideal = sum(gain / math.log2(rank + 2) for rank, gain in enumerate(best))
    return sum(gains[:depth]) / ideal


def recall(ranked: Sequence[Hashable], relevant: Mapping[Any, float], depth: int) -> float:
    """Return the share of what is relevant among the first ``depth``."""
    return len(relevant.keys() & set(ranked[:depth])) / len(relevant)


def reciprocal_rank(ranked: Sequence[Hashable], relevant: Mapping[Any, float]) -> float:
    """Return 1 / rank of the first that is relevant; 0 where none is."""
    return next((1 / rank for rank, key in enumerate(ranked, start=1) if key in relevant), 0.0)


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """Return the mean of ``values`` and its 95 % interval by 1,000 bootstrap samples."""
    given = np.asarray(values)
    means = np.random.default_rng(seed).choice(given, (_SAMPLES, len(given))).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(given.mean()), float(low), float(high)
