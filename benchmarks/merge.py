"""Simulates the merge of very many shards' answers: time, bytes, and the slowest of many.

    python -m benchmarks.merge [--json FILE]

No shard runs: each answer is made up, of the size and form that a shard sends, and goes through the
frames and the merge of ``ragflow_local``. The slowest of many is drawn from the times at a million
chunks in ``results/search.json``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ragflow_local.retrieve.parts import Asked, Proposed, merged
from ragflow_local.retrieve.query import Query
from ragflow_local.scale import shard_frames as frames

SHARDS = (4, 16, 100, 1000)
TOP_K = (64, 1024)
TIMES = 20
_SEARCH = Path(__file__).parent / "results" / "search.json"
_MILLION = "1,000,000 after"
# The fastest and the slowest question beside p10 and p95: assumed, 200 questions do not say.
_FASTEST, _SLOWEST = 0.9, 1.5


def answers(shards: int, top_k: int) -> list[bytes]:
    """Return an answer of each shard: its best by words, its nearest, a tenth of them both."""
    chance = np.random.default_rng(shards)
    frames_of_all = []
    for _ in range(shards):
        size = int(top_k * 1.9)
        numbers = np.sort(chance.choice(10_000_000, size, replace=False)).astype("<i8")
        values = chance.random((2, size))
        chosen = chance.random((2, size))
        chosen[0, chance.choice(size, size - top_k, replace=False)] = np.nan
        chosen[1, chance.choice(size, size - top_k, replace=False)] = np.nan
        every = (part.astype("<f8").tobytes() for part in (*values, *chosen))
        frames_of_all.append(frames.encode(frames.Candidates(numbers.tobytes(), *every)))
    return frames_of_all


def merging(shards: int, top_k: int) -> dict[str, float]:
    """Return what reading and merging the answers of so many shards costs."""
    packed = answers(shards, top_k)
    asked = Asked(Query((("pump",),), (1.0,), 1), None, 0.0, top_k, top_k)
    spent = []
    for _ in range(TIMES):
        began = time.process_time()
        proposals = []
        for frame in packed:
            reply = frames.reply_of(frame)
            assert isinstance(reply, frames.Candidates)
            values = (reply.vector, reply.term, reply.cosines, reply.scores)
            proposals.append(
                Proposed(np.frombuffer(reply.numbers, "<i8"), *map(frames.floats, values))
            )
        best = merged(proposals, asked)
        np.argsort(-(0.3 * best.vector + 0.7 * best.term), kind="stable")
        spent.append(time.process_time() - began)
    return {
        "shards": shards,
        "top_k": top_k,
        "cpu_ms": round(1000 * float(np.median(spent)), 2),
        "megabytes": round(sum(map(len, packed)) / 1e6, 2),
    }


def slowest(milliseconds: Sequence[float], shards: int) -> dict[str, float]:
    """Return the median and the 95th of a hundred of the slowest of so many, times drawn anew."""
    chance = np.random.default_rng(0)
    drawn = chance.choice(np.array(milliseconds), (4000, shards)).max(axis=1)
    return {
        "shards": shards,
        "p50_ms": round(float(np.percentile(drawn, 50)), 1),
        "p95_ms": round(float(np.percentile(drawn, 95)), 1),
    }


def million() -> list[float]:
    """Return times of a search among a million chunks, drawn from the quantiles measured there."""
    figures = json.loads(_SEARCH.read_text())["figures"][_MILLION]
    p10, p50, p95 = (figures[f"hybrid p{part} ms"] for part in (10, 50, 95))
    chances = np.random.default_rng(1).random(5000)
    ends = (_FASTEST * p10, p10, p50, p95, _SLOWEST * p95)  # between them a straight line
    times: list[float] = np.interp(chances, (0, 0.1, 0.5, 0.95, 1), ends).tolist()
    return times


def main() -> None:
    """Print what is simulated as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = [merging(shards, top_k) for top_k in TOP_K for shards in SHARDS]
    times = million()
    tails = [slowest(times, shards) for shards in (1, *SHARDS)]
    for row in (*rows, *tails):
        print(json.dumps(row))
    if given.json:
        given.json.write_text(json.dumps({"merge": rows, "slowest": tails}, indent=1) + "\n")


if __name__ == "__main__":
    main()
