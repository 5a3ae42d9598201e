"""How well the quoting answerer answers and refuses, and the weights of its scorer.

    python -m benchmarks.quoting fit CACHE
    python -m benchmarks.quoting report CACHE [SET ...] [--model NAME] [--step N]

Sets are parsed and searched with all default settings (``benchmarks/quoting_sets.py``; projects,
hits and embeddings are kept in CACHE). ``fit`` prints the constants of ``answer/scorer.py``: which
unit answers by a softmax over the units of a question, whether there is an answer by a logistic
regression of own questions against those of another set. It reads ``FIT`` only; ``report`` reads
sets that no constant was fitted on.
"""

from __future__ import annotations

import argparse
import pickle
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize  # type: ignore[import-untyped]  # it brings no types

from benchmarks.quoting_sets import TOP_N, Case, answer_set, hits_of, holds
from ragflow_local.answer import quoting, scorer
from ragflow_local.answer.candidates import Asked, Candidate, candidates_of, weights_of
from ragflow_local.answer.context import without_duplicates
from ragflow_local.answer.statements import of_the_subject
from ragflow_local.embedders import Embedder, open_embedder
from ragflow_local.records import Hit, Matrix, Vector
from ragflow_local.retrieve.similarity import calibrate

# Which unit answers; pairs (questions, texts) for whether there is an answer.
FIT = {
    "meaning": ("tydiqa_goldp:en", "fairytaleqa", "qed_dev", "lihua_half"),
    "words": ("cmrc2018_trial", "jsquad_test", "drcd_test", "tydiqa_goldp:ko", "tydiqa_goldp:ar"),
}
FIT_OWN = {
    "meaning": ("tydiqa_goldp:en", "fairytaleqa", "qed_dev"),
    "words": ("cmrc2018_trial", "drcd_test"),
}
FEW = (1, 3)
FIT_FOREIGN = {
    "meaning": (
        ("tydiqa_goldp:en", "fairytaleqa"),
        ("fairytaleqa", "tydiqa_goldp:en"),
        ("qed_dev", "fairytaleqa"),
    ),
    "words": (("cmrc2018_trial", "drcd_test"), ("drcd_test", "cmrc2018_trial")),
}
REPORT = (
    "squad2_part",
    "hotpot100",
    "xquad_de_part",
    "xquad_zh_part",
    "xquad_ru_part",
    "xquad_ar_part",
)
REPORT_FOREIGN = (
    ("hotpot100", "squad2_part"),
    ("squad2_part", "hotpot100"),
    ("xquad_zh_part", "cmrc2018_trial"),
    ("cmrc2018_trial", "xquad_zh_part"),
    ("mlqa_de_dev", "xquad_de_part"),
)


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


def rows_of(cases: Sequence[Case], found: Sequence[list[Hit]], near: Near) -> Iterator[Row]:
    """Yield the questions that have terms and hits, as ``extract`` sees them."""
    for case, hits in zip(cases, found, strict=True):
        asked, hits = Asked.of(case.text), without_duplicates(hits)
        candidates = candidates_of(hits, asked.language)
        if not candidates or not asked.terms:
            continue
        weights = weights_of(asked.terms, candidates)
        chosen = quoting._best_by_words(of_the_subject(asked, candidates), weights, hits)
        cosines = near(case.text, [scorer.text_of(one) for one in chosen])
        answers = [
            holds(one.unit.text, case.golds)
            and (not case.source or hits[one.hit].chunk.document_name == case.source)
            for one in chosen
        ]
        features = scorer.features(asked, chosen, weights, hits, cosines)
        yield Row(features, np.array(answers), chosen, candidates, weights, bool(case.golds))


def fitted(rows: Sequence[Row], columns: Sequence[int]) -> Vector:
    """Return weights that make the softmax of the units that answer largest."""
    rows = [row for row in rows if row.answers.any()]
    features = np.vstack([row.features[:, columns] for row in rows]).astype(float)
    answers = np.concatenate([row.answers for row in rows])
    starts = np.cumsum([0, *(len(row.answers) for row in rows[:-1])])
    group = np.repeat(np.arange(len(rows)), [len(row.answers) for row in rows])

    def loss(weights: Vector) -> tuple[float, Vector]:
        scores = features @ weights
        powers = np.exp(scores - np.maximum.reduceat(scores, starts)[group])
        every, right = (np.add.reduceat(part, starts) for part in (powers, powers * answers))
        gradient = features.T @ (powers / every[group] - powers * answers / right[group])
        value = float(np.log(every).sum() - np.log(right).sum() + 0.5 * weights @ weights)
        return value, gradient + weights

    found = minimize(loss, np.zeros(len(columns)), jac=True, method="L-BFGS-B").x
    whole = np.zeros(len(scorer.FEATURES), np.float32)
    whole[list(columns)] = found
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


def fit(embedder: Embedder, cache: Path) -> None:
    """Print the constants."""
    for mode, names in FIT.items():
        rows = {name: list(_rows(embedder, cache, name, name)) for name in names}
        columns = list(range(len(scorer.FEATURES)))
        if mode == "words":
            columns = [at for at in columns if "near" not in scorer.FEATURES[at]]
        weights = fitted([row for known in rows.values() for row in known], columns)
        print(mode, "FITTED", ", ".join(f"{one:.2f}" for one in weights))
        own: list[Row] = []
        foreign: list[Row] = []
        for size in (TOP_N, *FEW):  # datasets are small as well as large
            for name in FIT_OWN[mode]:
                few = _rows(embedder, cache, name, name, size)
                own += [row for row in few if row.is_answerable and row.answers.any()]
            for pair in FIT_FOREIGN[mode]:
                foreign += _rows(embedder, cache, *pair, size)
        told = regression(signs_of(own, weights), signs_of(foreign, weights))
        print(mode, "FOUND", ", ".join(f"{one:.2f}" for one in told), flush=True)


def _rows(
    embedder: Embedder, cache: Path, questions: str, texts: str, size: int = TOP_N
) -> Iterator[Row]:
    """Yield the questions with the hits in the texts; of fewer than all, the best and others."""
    kept, asked = answer_set(texts), answer_set(questions)
    label = "" if questions == texts else questions.replace(":", "_")
    cases = asked.cases if not label else [Case(case.text, ()) for case in asked.cases[:400]]
    near = Near(embedder, cache / f"{texts.replace(':', '_')}.near")
    found = hits_of(kept, cache, [case.text for case in asked.cases], label)[: len(cases)]
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


def report(embedder: Embedder, cache: Path, names: Sequence[str], step: int) -> Iterator[str]:
    """Yield two tables: answers, and refusals of foreign questions."""
    yield (
        "| set | questions | gold quoted | units | letters | hold nothing | refused"
        " | unanswerable refused |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for name in names:
        kept = answer_set(name)
        near = Near(embedder, cache / f"{name.replace(':', '_')}.near")
        found = hits_of(kept, cache, [case.text for case in kept.cases])
        yield f"| {name} | {_figures(kept.cases[::step], found[::step], near)} |"
        near.save()
    yield ""
    yield "| questions of | texts of | refused |"
    yield "|---|---|---|"
    for questions, texts in REPORT_FOREIGN:
        cases = answer_set(questions).cases[:400]
        near = Near(embedder, cache / f"{texts.replace(':', '_')}.near")
        found = hits_of(
            answer_set(texts), cache, [case.text for case in answer_set(questions).cases], questions
        )
        said = [
            quoting.extract(case.text, without_duplicates(hits), near)
            for case, hits in zip(cases, found, strict=False)
        ]
        near.save()
        yield f"| {questions} | {texts} | {sum(not one for one in said) / len(said):.3f} |"


def _figures(cases: Sequence[Case], found: Sequence[list[Hit]], near: Near) -> str:
    right = units = letters = empty = refused = rightly = answered = impossible = 0
    for case, hits in zip(cases, found, strict=True):
        quotes = quoting.extract(case.text, without_duplicates(hits), near)
        if not case.golds:
            impossible += 1
            rightly += not quotes
            continue
        right += holds("\n".join(quote.text for quote in quotes), case.golds)
        refused += not quotes
        answered += bool(quotes)
        units += len(quotes)
        letters += sum(len(quote.text) for quote in quotes)
        empty += sum(not holds(quote.text, case.golds) for quote in quotes)
    count, said = answered + refused, max(answered, 1)
    return (
        f"{count} | {right / count:.3f} | {units / said:.2f} | {letters / said:.0f}"
        f" | {empty / max(units, 1):.3f} | {refused / count:.3f}"
        f" | {rightly / impossible:.3f}"
        if impossible
        else f"{count} | {right / count:.3f} | {units / said:.2f} | {letters / said:.0f}"
        f" | {empty / max(units, 1):.3f} | {refused / count:.3f} | "
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("fit", "report"))
    parser.add_argument("cache", type=Path)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    parser.add_argument("--step", type=int, default=1, help="only each so-many-th question")
    given = parser.parse_args()
    embedder = open_embedder(given.model, None, cache_dir=given.cache / "models")
    if given.what == "fit":
        fit(embedder, given.cache)
        return
    for line in report(embedder, given.cache, given.sets or REPORT, given.step):
        print(line, flush=True)


if __name__ == "__main__":
    main()
