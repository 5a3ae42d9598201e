"""Fit the weights of the quoting answerer, and how much it quotes.

    python -m benchmarks.quoting CACHE [--most N] [--model NAME ...]

Sets are parsed and searched with each embedding model (``benchmarks/quoting_sets.py``; projects,
hits and embeddings are kept in CACHE). Which unit answers is fitted by a softmax over the units of
a question, whether there is an answer by a logistic regression of own questions against those of
another set; where the model reads the question and by words alone, each apart. A further unit is
quoted where that holds the answer at least once in ``WORTH`` times. ``benchmarks/answer.py``
reports on other sets.
"""

from __future__ import annotations

import argparse
import pickle
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize  # type: ignore[import-untyped]  # it brings no types

from benchmarks.quoting_sets import TOP_N, Case, answer_set, hits_of, holds
from ragflow_local.answer import picking, scorer
from ragflow_local.answer.candidates import Candidate
from ragflow_local.answer.context import without_duplicates
from ragflow_local.answer.weighing import Weighed, weigh
from ragflow_local.embedders import Embedder, open_embedder
from ragflow_local.records import Hit, Matrix, Vector
from ragflow_local.retrieve.similarity import calibrate

# Which unit answers.
FIT = (
    "tydiqa_goldp:en",
    "fairytaleqa",
    "qed_dev",
    "lihua_half",
    "squad_es_dist",
    "piaf",
    "mlqa_de_dev",
    "faquad",
    "cmrc2018_trial",
    "drcd_test",
    "jsquad_test",
    "tydiqa_goldp:ko",
    "tydiqa_goldp:ar",
    "tydiqa_goldp:ru",
)
# Questions of the first, texts of the second: whether there is an answer.
FOREIGN = (
    ("tydiqa_goldp:en", "fairytaleqa"),
    ("fairytaleqa", "tydiqa_goldp:en"),
    ("qed_dev", "fairytaleqa"),
    ("qed_dev", "lihua_half"),
    ("tydiqa_goldp:ru", "tydiqa_goldp:ru"),
    ("drcd_test", "cmrc2018_trial"),
    ("cmrc2018_trial", "drcd_test"),
    ("tydiqa_goldp:ko", "tydiqa_goldp:ko"),
    ("tydiqa_goldp:ar", "tydiqa_goldp:ar"),
)
FEW = (1, 3)
MODELS = ("all-MiniLM-L6-v2", "multilingual-e5-small")
WORTH = 5
REFUSED = 0.08  # of the answerable questions of these sets, at most 12 % of others
SURE = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
LEAST = (0.1, 0.15, 0.2, 0.25, 0.3)


class Near:
    """Calibrated cosines of a question and texts; vectors are kept in a file."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder, self._path = embedder, path
        self._kept: dict[tuple[str, str], Vector] = {}
        if path.exists():
            self._kept = pickle.loads(path.read_bytes())

    def __call__(self, question: str, texts: Sequence[str]) -> Vector:
        """Return (len(texts),) in [0, 1]."""
        if not texts or not self._embedder.knows(question):
            return np.zeros(len(texts), np.float32)
        new = [text for text in dict.fromkeys(texts) if ("text", text) not in self._kept]
        if new:
            vectors = self._embedder.embed(new).astype(np.float32)
            self._kept |= {("text", text): v for text, v in zip(new, vectors, strict=True)}
        if ("question", question) not in self._kept:
            vector = self._embedder.embed_query(question)
            self._kept["question", question] = vector
        matrix = np.array([self._kept["text", text] for text in texts], np.float32)
        cosines = matrix @ self._kept["question", question].astype(np.float32)
        return calibrate(cosines, self._embedder.floor_of(question)).astype(np.float32)

    def save(self) -> None:
        """Write what is kept."""
        self._path.write_bytes(pickle.dumps(self._kept))


@dataclass(frozen=True)
class Row:
    """One question, scored: features of its units, which answer, and whether there is an answer."""

    features: Matrix
    answers: np.ndarray[tuple[int], np.dtype[np.bool_]]
    chosen: list[Candidate]
    candidates: list[Candidate]
    weights: dict[str, float]
    is_answerable: bool
    mode: str


@dataclass(frozen=True)
class Source:
    """A model, where what it made is kept, and how many questions of a set are looked at."""

    embedder: Embedder
    folder: Path
    most: int


def rows_of(cases: Sequence[Case], found: Sequence[list[Hit]], near: Near) -> Iterator[Row]:
    """Yield the questions that have terms and hits, as ``extract`` sees them."""
    for case, every in zip(cases, found, strict=True):
        weighed = weigh(case.text, without_duplicates(every), near)
        if weighed is None:
            continue
        yield Row(
            weighed.features,
            answers_of(case, weighed),
            list(weighed.chosen),
            list(weighed.candidates),
            weighed.weights,
            bool(case.golds),
            "meaning" if weighed.near.any() else "words",
        )


def answers_of(case: Case, weighed: Weighed) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return (chosen,) whether each unit holds a gold answer, in the text that has it."""
    return np.array(
        [
            holds(one.unit.text, case.golds)
            and (not case.source or weighed.hits[one.hit].chunk.document_name == case.source)
            for one in weighed.chosen
        ]
    )


def softmax(rows: Sequence[Matrix], answers: Sequence[np.ndarray[Any, Any]]) -> Vector:
    """Return weights that make the softmax of the units that answer largest.

    Args:
        rows: Of each question (units, features).
        answers: Of each question (units,) whether they answer; some of them do.
    """
    features, right = np.vstack(rows).astype(float), np.concatenate(answers)
    starts = np.cumsum([0, *(len(one) for one in answers[:-1])])
    group = np.repeat(np.arange(len(answers)), [len(one) for one in answers])

    def loss(weights: Vector) -> tuple[float, Vector]:
        scores = features @ weights
        powers = np.exp(scores - np.maximum.reduceat(scores, starts)[group])
        every, held = (np.add.reduceat(part, starts) for part in (powers, powers * right))
        gradient = features.T @ (powers / every[group] - powers * right / held[group])
        value = float(np.log(every).sum() - np.log(held).sum() + 0.5 * weights @ weights)
        return value, gradient + weights

    found: Vector = minimize(loss, np.zeros(features.shape[1]), jac=True, method="L-BFGS-B").x
    return found


def fitted(rows: Sequence[Row], columns: Sequence[int]) -> Vector:
    """Return the weights of all features, of which some are looked at."""
    rows = [row for row in rows if row.answers.any()]
    whole = np.zeros(len(scorer.FEATURES), np.float32)
    features = [row.features[:, columns] for row in rows]
    whole[list(columns)] = softmax(features, [row.answers for row in rows])
    return whole


def signs_of(rows: Sequence[Row], weights: Vector) -> Matrix:
    """Return (len(rows), len(SIGNS)) what speaks for an answer."""
    near = scorer.FEATURES.index("near")
    return np.array(
        [
            scorer.signs(
                row.chosen,
                row.candidates,
                row.weights,
                row.features[:, near],
                int(np.argmax(row.features @ weights)),
            )
            for row in rows
        ]
    )


def regression(own: Matrix, foreign: Matrix) -> Vector:
    """Return weights and bias that tell own from foreign; both count alike."""
    signs = np.hstack([np.vstack([own, foreign]), np.ones((len(own) + len(foreign), 1))])
    truth = np.r_[np.ones(len(own)), np.zeros(len(foreign))]
    count = np.r_[np.full(len(own), 1e3 / len(own)), np.full(len(foreign), 1e3 / len(foreign))]

    def loss(weights: Vector) -> tuple[float, Vector]:
        scores = signs @ weights
        chances = 1 / (1 + np.exp(-scores))
        value = float((count * (np.logaddexp(0, scores) - truth * scores)).sum())
        penalty = np.r_[weights[:-1], 0.0]
        gradient = signs.T @ (count * (chances - truth)) + penalty
        return value + 0.5 * float(penalty @ penalty), gradient

    found: Vector = minimize(loss, np.zeros(signs.shape[1]), jac=True, method="L-BFGS-B").x
    return found


def rightly_many(rows: Sequence[Row], weights: Vector) -> tuple[float, float]:
    """Return the chances ``_SURE`` and ``_LEAST_CHANCE`` of ``answer/quoting.py`` worth most.

    worth = share of questions whose quotes hold the answer - quotes a question / WORTH
    """
    worth: dict[tuple[float, float], float] = {}
    for sure, least in product(SURE, LEAST):
        right = count = 0
        for row in rows:
            scores = row.features @ weights
            chances = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
            order = np.argsort(-chances)
            before = np.cumsum(chances[order]) - chances[order]
            is_next = (before < sure) & (chances[order] >= least)
            most = max(1, int(np.argmin([*is_next[: picking.MOST_SENTENCES], False])))
            right += bool(row.answers[order[:most]].any())
            count += most
        worth[sure, least] = (right - count / WORTH) / len(rows)
    return max(worth, key=worth.__getitem__)


def fit(models: Sequence[str], cache: Path, most: int) -> Iterator[str]:
    """Yield the constants."""
    asked: dict[str, list[Row]] = {"meaning": [], "words": []}
    own: dict[str, list[Row]] = {"meaning": [], "words": []}
    foreign: dict[str, list[Row]] = {"meaning": [], "words": []}
    for model in models:
        embedder = open_embedder(model, None, cache_dir=cache / "models")
        source = Source(embedder, cache / model, most)
        for name in FIT:
            for row in _rows(source, name, name, TOP_N):
                asked[row.mode].append(row)
        for size, (questions, texts) in product((TOP_N, *FEW), FOREIGN):
            for row in _rows(source, questions, questions, size):
                if row.is_answerable and row.answers.any():
                    own[row.mode].append(row)
            for row in _rows(source, questions, texts, size, is_foreign=True):
                foreign[row.mode].append(row)
    for mode, rows in asked.items():
        if rows:  # else no question is read by words alone, or all are
            yield from _constants(mode, rows, own[mode], foreign[mode])


def _constants(
    mode: str, rows: list[Row], own: Sequence[Row], foreign: Sequence[Row]
) -> Iterator[str]:
    columns = list(range(len(scorer.FEATURES)))
    if mode == "words":
        columns = [at for at in columns if "near" not in scorer.FEATURES[at]]
    weights = fitted(rows, columns)
    yield f"{mode} FITTED {', '.join(f'{weight:.2f}' for weight in weights)}"
    answered = [row for row in rows if row.is_answerable]
    yield f"{mode} _SURE, _LEAST_CHANCE {rightly_many(answered, weights)}"
    signs = signs_of(own, weights), signs_of(foreign, weights)
    told = regression(*signs)
    yield f"{mode} FOUND {', '.join(f'{weight:.2f}' for weight in told)}"
    rights, wrongs = (1 / (1 + np.exp(-(part @ told[:-1] + told[-1]))) for part in signs)
    least = float(np.quantile(rights, REFUSED))
    yield f"{mode} LEAST_FOUND {least:.2f}: refuses {(wrongs < least).mean():.3f} of foreign"


def _rows(
    source: Source, questions: str, texts: str, size: int, *, is_foreign: bool = False
) -> Iterator[Row]:
    """Yield the questions with the hits in the texts; of fewer than all, the best and others."""
    embedder, folder, most = source.embedder, source.folder, source.most
    kept, asked = answer_set(texts), answer_set(questions)
    label = "" if questions == texts else questions.replace(":", "_")
    cases = asked.cases[:most]
    near = Near(embedder, folder / f"{texts.replace(':', '_')}.near")
    found = hits_of(kept, folder, [case.text for case in cases], label, embedder.name)
    if is_foreign:
        found = [
            [hit for hit in hits if not case.source or hit.chunk.document_name != case.source]
            for case, hits in zip(cases, found, strict=True)
        ]
        cases = [Case(case.text, ()) for case in cases]
    if size < TOP_N:
        chance = random.Random(size)
        found = [
            _few(case, hits, chance.choice(found), size)
            for case, hits in zip(cases, found, strict=True)
        ]
    yield from rows_of(cases, found, near)
    near.save()


def _few(case: Case, hits: Sequence[Hit], others: Sequence[Hit], size: int) -> list[Hit]:
    """Return what a dataset of ``size`` texts would give: the text asked for, and any others.

    Of a foreign question any texts are as good as the nearest of so few.
    """
    if not case.golds:
        return list(others[:size])
    right = [hit for hit in hits if hit.chunk.document_name == case.source][:1]
    return [*right, *(hit for hit in others if hit.chunk.document_name != case.source)][:size]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--model", nargs="*", default=MODELS)
    parser.add_argument("--most", type=int, default=200, help="questions of a set")
    given = parser.parse_args()
    for line in fit(given.model, given.cache, given.most):
        print(line, flush=True)


if __name__ == "__main__":
    main()
