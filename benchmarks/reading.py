"""Fit what the reader's scores are worth, when they find an answer, and how much is quoted.

    python -m benchmarks.reading CACHE [--most N] [--model NAME ...]

CACHE is that of ``benchmarks.quoting``, whose sets, hits and embeddings are used; see
``benchmarks/reading_seen.py``. One run after a training fits anew: its lines are the constants of
``answer/reading.py``. ``benchmarks/answer.py`` reports on other sets.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.quoting import MODELS, regression, softmax
from benchmarks.reading_seen import FAQ, HALF, REWORDED, Place, Remembering, Seen, gathered
from ragflow_local.answer import picking, reading
from ragflow_local.embedders import open_embedder
from ragflow_local.embedders.carried import NAME as DEFAULT
from ragflow_local.embedders.reader import open_reader
from ragflow_local.records import Matrix, Vector

SURE = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
LEAST = (0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3)
WORTH = 10  # a further unit is quoted where it holds the answer once in so many times
# Of the answerable: of written questions half of which only look so, and of those of all sets.
REFUSED_ALIKE = 0.08
REFUSED = {"meaning": 0.03, "words": 0.05}  # by words alone no paraphrase is lost
REFUSED_OF_HALVES = 0.05  # in other languages than English, of which no other pairs are
ANSWERED_OF_OTHERS = 0.008  # of the questions of one set put to another's texts


def scores_worth(seen: Sequence[Seen]) -> Vector:
    """Return what the reader's and the scorer's scores are worth."""
    rows, answers = [], []
    for one in with_golds(seen):
        known = np.isfinite(one.weighed.scores)
        rows.append(reading.both(one.weighed.scores, one.reading)[known])
        answers.append(one.answers[known])
    return softmax(rows, answers)


def signals(seen: Sequence[Seen]) -> Matrix:
    """Return (seen, signs) what speaks for an answer."""
    return np.array([reading.signs(one.weighed, one.reading) for one in seen])


def with_golds(seen: Sequence[Seen]) -> list[Seen]:
    """Return the questions that are answered and whose answers are known by the letter.

    Of a written question only the sentence is known that answers it.
    """
    others = ("written", REWORDED, FAQ, HALF)
    return [one for one in seen if one.kind == "own" and not one.name.startswith(others)]


def alike(seen: Sequence[Seen]) -> tuple[Vector, float]:
    """Return what the first signs are worth, and the least of them that is an answer.

    Fitted to questions of which one half only looks as if the text answered it.
    """
    written = [one for one in seen if one.name.startswith("written")]
    signs = signals(written)[:, : len(reading.ANSWERED)]
    is_own = np.array([one.kind == "own" for one in written])
    is_alike = np.array([one.kind == "alike" for one in written])
    weights = regression(signs[is_own], signs[is_alike])[:-1]
    return weights, float(np.quantile(signs[is_own] @ weights, REFUSED_ALIKE))


@dataclass(frozen=True)
class Finding:
    """How an answer is told from none: weights and bias, the least chance, and what it does."""

    weights: Vector
    least: float
    refused: dict[str, float]


def finding(seen: Sequence[Seen], columns: Sequence[int]) -> Finding:
    """Return the fit to questions of one's own and of others' texts, with some of the signs."""
    signs = signals(seen)
    is_own = np.array([one.kind == "own" for one in seen])
    is_foreign = np.array([one.kind == "foreign" for one in seen])
    weights, chances = fitted(signs, is_own, is_foreign, columns)
    least = float(np.quantile(chances[is_own], REFUSED[seen[0].weighed.mode]))
    kinds = np.array([one.kind for one in seen])
    answered = signs[:, : len(reading.ANSWERED)] @ np.array(reading.ANSWERED)
    is_none = (chances < least) | (answered < reading.LEAST_ANSWERED)
    refused = {kind: float(is_none[kinds == kind].mean()) for kind in sorted({*kinds})}
    return Finding(weights, least, refused)


def elsewhere(seen: Sequence[Seen], weights: Vector) -> Finding:
    """Return the fit with the least chance of halves, for other languages than English."""
    chances = chances_of(signals(seen), weights)
    kinds = np.array([one.kind for one in seen])
    least = float(np.quantile(chances[kinds == "own"], REFUSED_OF_HALVES))
    refused = {kind: float((chances < least)[kinds == kind].mean()) for kind in sorted({*kinds})}
    return Finding(weights, least, refused)


def fitted(
    signs: Matrix, is_right: NDArray[np.bool_], is_wrong: NDArray[np.bool_], columns: Sequence[int]
) -> tuple[Vector, Vector]:
    """Return a regression's weights, 0 for the other columns and the bias last, and its chances."""
    weights = np.zeros(signs.shape[1] + 1)
    told = regression(signs[is_right][:, columns], signs[is_wrong][:, columns])
    weights[[*columns, -1]] = told
    return weights, chances_of(signs, weights)


def chances_of(signs: Matrix, weights: Vector) -> Vector:
    """Return (len(signs),) the chances that a logistic regression gives; its bias comes last."""
    chances: Vector = 1 / (1 + np.exp(-(signs @ weights[:-1] + weights[-1])))
    return chances


def reworded(seen: Sequence[Seen]) -> Finding:
    """Return the fit to questions that share no word with the best sentence.

    A best sentence that is the wrong one is no answer either.
    """
    put = [one for one in seen if ">" in one.name]
    rows = [one for one in seen if one.weighed.mode == "meaning"]
    rows = [one for one in rows if not one.name.startswith((FAQ, HALF))]
    rows = [one for one in rows if reading.is_reworded(reading.signs(one.weighed, one.reading))]
    signs = signals(rows)
    kinds = np.array([one.kind for one in rows])
    is_right = np.array([one.kind == "own" and one.answers[_best(one)] for one in rows])
    columns = [reading.SIGNS.index(sign) for sign in ("lead", "support", "gap", "near")]
    weights, chances = fitted(signs, is_right, ~is_right, columns)
    is_put = np.array([">" in one.name for one in rows])
    least = float(np.sort(chances[is_put])[-1 - int(ANSWERED_OF_OTHERS * len(put))])
    return Finding(weights, least, _refused(chances < least, kinds, is_right))


def to_questions(seen: Sequence[Seen]) -> Finding:
    """Return the fit to questions whose best sentence stands under a question of the text.

    What the question shares with that one tells little. The least chance is where most are found
    of those that are right, and fewest of those that nothing answers.
    """
    rows = [one for one in seen if one.name.startswith(FAQ) and one.weighed.mode == "meaning"]
    rows = [one for one in rows if one.weighed.chosen[_best(one)].unit.question]
    signs = signals(rows)
    kinds = np.array([one.kind for one in rows])
    is_right = np.array([one.kind == "own" and one.answers[_best(one)] for one in rows])
    columns = [reading.SIGNS.index(sign) for sign in ("lead", "near")]
    weights, chances = fitted(signs, is_right, ~is_right, columns)

    def gain(least: float) -> float:
        wrong = (chances >= least)[kinds == "alike"].mean()
        return float((chances >= least)[is_right].mean() - wrong)

    least = max(np.linspace(0.05, 0.95, 91).tolist(), key=gain)
    return Finding(weights, least, _refused(chances < least, kinds, is_right))


def _refused(
    is_refused: NDArray[np.bool_], kinds: NDArray[np.str_], is_right: NDArray[np.bool_]
) -> dict[str, float]:
    """Return which share is refused of right and wrong best sentences, and of other questions."""
    named = {"right": is_right, "wrong": (kinds == "own") & ~is_right}
    named |= {kind: kinds == kind for kind in ("alike", "foreign")}
    return {name: float(is_refused[which].mean()) for name, which in named.items()}


def _best(one: Seen) -> int:
    return int(np.argmax(reading.ranking(one.weighed, one.reading)))


def enough(seen: Sequence[Seen], worth: int = WORTH) -> tuple[float, float]:
    """Return the chances ``reading.SURE`` and ``reading.LEAST_CHANCE`` worth most.

    worth = share of questions whose quotes hold the answer - quotes a question / WORTH
    """
    kept = [_ranked(one) for one in with_golds(seen)]
    values: dict[tuple[float, float], float] = {}
    for sure, least in product(SURE, LEAST):
        counts = [_count(chances, sure, least) for chances, _ in kept]
        right = [
            bool(answers[:count].any()) for (_, answers), count in zip(kept, counts, strict=True)
        ]
        values[sure, least] = float(np.mean(right) - np.mean(counts) / worth)
    return max(values, key=values.__getitem__)


def _ranked(one: Seen) -> tuple[Vector, NDArray[np.bool_]]:
    scores = reading.joined(one.weighed.scores, one.reading)
    order = np.argsort(-scores, kind="stable")
    powers = np.exp(scores[order] - scores[order[0]])
    return powers / powers.sum(), one.answers[order]


def _count(chances: Vector, sure: float, least: float) -> int:
    before = np.cumsum(chances) - chances
    is_next = (before < sure) & (chances >= least)
    return max(1, int(np.argmin([*is_next[: picking.MOST_SENTENCES], False])))


def constants(seen: Sequence[Seen], default: Sequence[Seen]) -> Iterator[str]:
    """Yield the constants of ``answer/reading.py``, each fitted with those before it.

    Args:
        seen: All questions.
        default: Those put to datasets of the default model, where the reader is: models differ
            in how near texts are that share no word.
    """
    reading.WORTH = worth = tuple(scores_worth(seen).tolist())
    yield f"WORTH {', '.join(f'{weight:.2f}' for weight in worth)}"
    weights, reading.LEAST_ANSWERED = alike(seen)
    reading.ANSWERED = tuple(weights.tolist())
    yield f"ANSWERED {', '.join(f'{weight:.2f}' for weight in weights)}"
    yield f"LEAST_ANSWERED {reading.LEAST_ANSWERED:.2f}"
    for mode in ("meaning", "words"):
        rows = [
            one
            for one in seen
            if one.weighed.mode == mode and not one.name.startswith((REWORDED, FAQ, HALF))
        ]
        if not any(one.kind == "own" for one in rows):
            continue
        unseen = {"denied", "near"} | ({"nearest", "gap"} if mode == "words" else set())
        columns = [at for at, sign in enumerate(reading.SIGNS) if sign not in unseen]
        found = finding(rows, columns)
        yield from _told(mode, found)
        halves = [one for one in seen if one.weighed.mode == mode and one.name.startswith(HALF)]
        if mode == "meaning" and halves:
            yield from _told("meaning, other languages", elsewhere(halves, found.weights))
    yield from _told("reworded", reworded(default))
    yield from _told("answer", to_questions(default))
    yield f"SURE, LEAST_CHANCE {enough(seen)}"


def _told(kind: str, found: Finding) -> Iterator[str]:
    yield f"{kind} FOUND {', '.join(f'{weight:.2f}' for weight in found.weights)}"
    refused = ", ".join(f"{name} {share:.3f}" for name, share in found.refused.items())
    yield f"{kind} LEAST_FOUND {found.least:.2f}; refused: {refused}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--model", nargs="*", default=MODELS)
    parser.add_argument("--most", type=int, default=120, help="questions of a set")
    given = parser.parse_args()
    reader = open_reader()
    if reader is None:
        raise SystemExit("the multilingual weights are not installed: the reader is off")
    seen: list[Seen] = []
    default: list[Seen] = []
    for model in given.model:
        embedder = open_embedder(model, None, cache_dir=given.cache / "models")
        folder = given.cache / model
        mine = gathered(Place(embedder, folder, given.most, Remembering(reader, folder)))
        seen += mine
        default = mine if model == DEFAULT else default
    for line in constants(seen, default):
        print(line, flush=True)


if __name__ == "__main__":
    main()
