"""Fit which unit is the second step of a question, and whether there is one: ``answer/steps.py``.

    python -m benchmarks.steps CACHE

A logistic regression over the units that may be the second step. It is right where the first unit
does not hold what is wanted and both together do: of the seen halves of the kinds ``steps`` and
``gathered`` and the even questions of hotpot100. That nothing must be added is learned from
these, from the seen halves of other kinds, and from sets of ``reading/`` that the reader was not
trained on. The limit is the chance that the best unit of at most ``WRONG`` of the questions reaches
whose first unit is right. CACHE is that of ``benchmarks/answer.py``; what was read is kept there.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.kinds.__main__ import cases, filled, holds
from benchmarks.quoting import regression
from benchmarks.quoting_sets import TOP_N, answer_set, open_set
from benchmarks.quoting_sets import holds as holds_gold
from benchmarks.reading import chances_of
from ragflow_local import DataSet, RAGFlow
from ragflow_local.answer import reading, steps
from ragflow_local.answer.found import QUOTED_BELOW, readable
from ragflow_local.answer.weighing import weigh
from ragflow_local.records import Hit, Matrix, Vector
from ragflow_local.retrieve.filters import DocumentFilter
from ragflow_local.retrieve.search import SearchOptions
from ragflow_local.retrieve.similarity import nearness
from ragflow_local.settings import PromptSettings

KINDS = {"steps": 1, "gathered": 1, "subject": 1, "technical": 2, "named": 3, "spoken": 3}
SETS = {"hotpot100": 50, "tydiqa_goldp:en": 40, "fairytaleqa": 40, "written:en": 80, "piaf": 40}
WRONG = 0.1
READS = "multilingual-e5-small"  # the default where the reader is
THRESHOLD = QUOTED_BELOW * PromptSettings().similarity_threshold
NAMES = (*steps.SIGNS, "bias")
OPTIONS = SearchOptions(threshold=0.0, vector_weight=0.3, limit=TOP_N)


@dataclass(frozen=True)
class Seen:
    """A question, and the units that may be its second step.

    Attributes:
        source: Its kind or set.
        text: The question.
        has_answer: Whether the texts answer it.
        is_found: Whether the first unit is taken for an answer.
        is_first_right: Whether that holds all that is wanted.
        signs: (units, len(steps.SIGNS)).
        is_right: (units,) whether with the first they hold all that is wanted.
        texts: The first unit and the others.
    """

    source: str
    text: str
    has_answer: bool
    is_found: bool
    is_first_right: bool
    signs: Matrix
    is_right: np.ndarray[tuple[int], np.dtype[np.bool_]]
    texts: tuple[str, ...]

    @property
    def answers(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """(units,) whether they are the second step."""
        return self.is_right & (not self.is_first_right)


def seen_in(
    rag: RAGFlow, dataset: DataSet, source: str, text: str, is_right: Callable[[str], bool] | None
) -> Seen | None:
    """Return what may be the second step of a question; None where nothing may.

    Args:
        rag: The project.
        dataset: Of the texts.
        source: The kind or set.
        text: The question.
        is_right: Whether a text holds all that is wanted; None: there is no answer.
    """
    row = dataset._row
    near = partial(nearness, rag.project.embedder_of(row))
    reader = rag.project.models.reader()
    assert reader is not None

    def search(wanted: str) -> list[Hit]:
        return rag.project.search(wanted, [row], DocumentFilter(), OPTIONS)

    hits = search(text)
    right = readable(hits, THRESHOLD)
    weighed = weigh(text, right, near, [hit for hit in hits if hit not in right])
    if weighed is None:
        return None
    judged = reading.judged(weighed, reader.read)
    first = weighed.chosen[int(np.argmax(judged.scores))]
    found = steps.seconds(weighed, first, reader.read, search)
    if found is None:
        return None
    one = first.unit.quoted
    both = [f"{one}\n{unit.unit.quoted}" for unit in found.units]
    rights = np.array([is_right is not None and is_right(other) for other in both])
    is_first = is_right is not None and is_right(one)
    texts = (one, *(unit.unit.quoted for unit in found.units))
    has = is_right is not None
    return Seen(source, text, has, judged.is_found, is_first, found.signs, rights, texts)


def of_kind(kind: str, step: int) -> Iterator[Seen | None]:
    """Yield the questions of the seen half of a kind, of each so-many-th dataset."""
    with RAGFlow.temporary() as rag:
        for number, case in enumerate([one for one in cases(kind) if one["half"] == "seen"]):
            if number % step:
                continue
            filled(rag, case, f"{kind}{number}")
            dataset = rag.list_datasets(name=f"{kind}{number}")[0]
            for question in case["questions"]:
                want = question["want"]

                def is_right(text: str, want: list[list[str]] = want) -> bool:
                    return all(any(holds(text, one) for one in group) for group in want)

                wanted = is_right if want else None
                yield seen_in(rag, dataset, kind, question["question"], wanted)
            rag.delete_datasets([dataset.id])


def of_set(name: str, most: int, cache: Path) -> Iterator[Seen | None]:
    """Yield the even questions of a set."""
    kept = answer_set(name)
    with open_set(kept, cache / READS, READS) as rag:
        dataset = rag.list_datasets(name="texts")[0]
        for case in kept.cases[::2][:most]:
            wanted = partial(holds_gold, golds=case.golds) if case.golds else None
            yield seen_in(rag, dataset, name, case.text, wanted)


def gathered(cache: Path) -> list[Seen]:
    """Return all questions, from the cache where they are in it."""
    found: list[Seen] = []
    for name in (*KINDS, *SETS):
        path = cache / "steps" / f"{name.replace(':', '_')}.pickle"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            told = of_kind(name, KINDS[name]) if name in KINDS else of_set(name, SETS[name], cache)
            path.write_bytes(pickle.dumps([one for one in told if one is not None]))
        found += pickle.loads(path.read_bytes())
        print(name, len(found), flush=True)
    return found


def fitted(seen: Sequence[Seen]) -> Vector:
    """Return weights and bias that tell second steps from other units."""
    right = [one.signs[one.answers] for one in seen]
    wrong = [one.signs[~one.answers] for one in seen]
    return regression(np.vstack(right), np.vstack(wrong))


def best_of(one: Seen, weights: Vector) -> tuple[float, bool]:
    """Return the best chance of a question's units, and whether that unit is the second step."""
    chances = chances_of(one.signs, weights)
    if not one.is_found:
        chances = np.where(steps.is_linked(one.signs), chances, 0.0)
    best = int(np.argmax(chances))
    return float(chances[best]), bool(one.answers[best])


def limit(seen: Sequence[Seen], weights: Vector) -> float:
    """Return the least chance of a second step."""
    first = [best_of(one, weights)[0] for one in seen if one.is_first_right and one.is_found]
    return float(np.quantile(first, 1 - WRONG))


def line_of(seen: Sequence[Seen], weights: Vector, least: float) -> str:
    """Return what becomes of the questions of a source."""

    def share(rows: Sequence[Seen], *, is_right: bool) -> str:
        told = [best_of(one, weights) for one in rows]
        passed = [
            right or not is_right
            for one, (chance, right) in zip(rows, told, strict=True)
            if chance >= least
        ]
        return f"{sum(passed)} of {len(rows)}"

    steps_of = [one for one in seen if one.answers.any()]
    first = [one for one in seen if one.is_first_right]
    none = [one for one in seen if not one.has_answer]
    return " | ".join(
        (
            share(steps_of, is_right=True),
            share(first, is_right=False),
            share([one for one in none if one.is_found], is_right=False),
            share([one for one in none if not one.is_found], is_right=False),
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    given = parser.parse_args()
    seen = gathered(given.cache)
    weights = fitted(seen)
    least = limit(seen, weights)
    told = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(NAMES, weights, strict=True))
    print(f"FITTED {told}\nLEAST {least:.2f}")
    print("| source | second step added | to one that answers | not there, found | not found |")
    print("|---|---|---|---|---|")
    for source in dict.fromkeys(one.source for one in seen):
        others = [one for one in seen if one.source != source]
        rows = [one for one in seen if one.source == source]
        apart = fitted(others)  # of a source by the others
        print(f"| {source} | {line_of(rows, apart, limit(others, apart))} |")


if __name__ == "__main__":
    main()
