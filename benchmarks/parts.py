"""Fit how the units of a question of several steps are chosen: the weights of ``answer/parts.py``.

    python -m benchmarks.parts CACHE [--model NAME]

A softmax over the units that may come next, of the even questions of hotpot100 whose best unit does
not hold the answer; the odd ones are for ``python -m benchmarks.answer CACHE hotpot100 --start 1
--step 2``. CACHE is that of ``benchmarks/answer.py``.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.quoting import softmax
from benchmarks.quoting_sets import TOP_N, answer_set, holds, open_set
from ragflow_local.answer import parts
from ragflow_local.answer.candidates import Asked, candidates_of
from ragflow_local.answer.quoting import extract
from ragflow_local.records import Hit
from ragflow_local.retrieve.filters import DocumentFilter
from ragflow_local.retrieve.search import SearchOptions
from ragflow_local.retrieve.similarity import nearness

SET = "hotpot100"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--model", default="")
    given = parser.parse_args()
    folder = given.cache / (given.model or "default")
    rows, answers = [], []
    with open_set(answer_set(SET), folder, given.model) as rag:
        row = rag.list_datasets(name="texts")[0]._row
        near = partial(nearness, rag.project.embedder_of(row))
        options = SearchOptions(threshold=0.0, vector_weight=0.3, limit=TOP_N)

        def search(text: str) -> list[Hit]:
            return rag.project.search(text, [row], DocumentFilter(), options)

        for case in answer_set(SET).cases[::2]:
            hits, asked = search(case.text), Asked.of(case.text)
            first = extract(case.text, hits, near)[:1]
            if not first or holds(first[0].text, case.golds):
                continue
            unit = next(
                one for one in candidates_of(hits, asked.language) if one.unit.text == first[0].text
            )
            trail = parts.Trail(asked, (unit,), tuple(hits)).with_search(search)
            features, candidates = parts.features(trail, near)
            held = np.array([holds(one.unit.text, case.golds) for one in candidates])
            if held.any():
                rows.append(features)
                answers.append(held)
    print("FITTED", ", ".join(f"{weight:.2f}" for weight in softmax(rows, answers)))


if __name__ == "__main__":
    main()
