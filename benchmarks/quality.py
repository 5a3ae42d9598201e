"""How well is what answers found? nDCG@10 and recall of words, meaning and both, set by set.

    python -m benchmarks.quality [--model NAME] [SET …]

A page a model: ``quality.md`` of the default one, ``quality_NAME.md`` of another.

Each document is one chunk, so that the ranking is measured and not the cutting. Embeddings are
kept in a folder of temporary files, by model and text.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from benchmarks.corpora import CHINESE, DATA, ENGLISH, LANGUAGES, RetrievalSet, retrieval_set
from benchmarks.measure import machine, write
from benchmarks.projects import MODEL, Project
from ragflow_local.embedders import Embedder, open_embedder
from ragflow_local.evaluation.measures import interval, ndcg, recall
from ragflow_local.records import Matrix, Vector
from ragflow_local.retrieve.search import SearchOptions, search

Interval: TypeAlias = tuple[float, float, float]  # mean, and its 95 % interval

# Sets whose questions have answers in their passages, the same ones in four languages.
ANSWERED = ("squad2_part", "xquad_de_part", "xquad_ru_part", "xquad_zh_part", "xquad_ar_part")
WEIGHTS = [step / 10 for step in range(11)]
DEFAULT = 0.3
DEPTH = 100
CACHE = Path(tempfile.gettempdir()) / "ragflow_local_benchmarks"


class Known:
    """Question vectors that were made before, and what the model says of itself."""

    def __init__(self, model: Embedder, vectors: dict[str, Vector]) -> None:
        self.vectors = vectors
        self.name, self.fingerprint = model.name, model.fingerprint
        self.dim, self.max_tokens = model.dim, model.max_tokens
        self.prompts, self.tokenizer_file = model.prompts, model.tokenizer_file
        self.floor, self.floor_of, self.knows = model.floor, model.floor_of, model.knows

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return known vectors."""
        return np.stack([self.vectors[text] for text in texts])

    def embed_query(self, question: str) -> Vector:
        """Return a known vector."""
        return self.vectors[question]


def embedded(embedder: Embedder, texts: Sequence[str], questions: bool) -> Matrix:
    """Return the embeddings, from the folder of temporary files if they are there."""
    # A vector tells the form of the model as well, which its fingerprint does not.
    form = embedder.embed_query("what is a first vector").tobytes()
    told = form + "\0".join([embedder.fingerprint, str(questions), *texts]).encode()
    path = CACHE / f"{hashlib.sha256(told).hexdigest()}.npy"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        if questions:
            matrix = np.stack([embedder.embed_query(text) for text in texts])
        else:
            matrix = embedder.embed(texts)
        np.save(path, matrix)
    found: Matrix = np.load(path)
    return found


def ranked(project: Project, known: Known, one: RetrievalSet, weight: float) -> list[list[int]]:
    """Return the documents found for each question, best first."""
    wanted = SearchOptions(threshold=0.0, vector_weight=weight, limit=DEPTH)
    return [
        [
            hit.chunk.number - 1
            for hit in search(question, [project.scope], project.sources, lambda: known, wanted)
        ]
        for question in one.questions
    ]


def measure(one: RetrievalSet, embedder: Embedder) -> dict[str, dict[str, Interval]]:
    """Return figures by weight: 0 is words alone, 1 meaning alone."""
    matrix = embedded(embedder, one.documents, questions=False)
    asked = embedded(embedder, one.questions, questions=True)
    known = Known(embedder, dict(zip(one.questions, asked, strict=True)))
    figures: dict[str, dict[str, Interval]] = {}
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), matrix.shape[1])
        project.scope = replace(project.scope, floor=embedder.floor)
        project.fill(one.documents, iter([matrix]), batch=len(one.documents))
        for weight in WEIGHTS:
            found = ranked(project, known, one, weight)
            pairs = list(zip(found, one.relevant, strict=True))
            figures[f"{weight:.1f}"] = {
                "ndcg@10": interval([ndcg(*pair) for pair in pairs]),
                "recall@10": interval([recall(*pair, depth=10) for pair in pairs]),
                "recall@100": interval([recall(*pair, depth=100) for pair in pairs]),
            }
        project.close()
    return figures


def page(figures: dict[str, dict[str, dict[str, Interval]]], model: str) -> str:
    """Return the page of results."""
    default = f"{DEFAULT:.1f}"
    lines = [
        "# Quality of retrieval",
        "",
        f"{machine()}. `python -m benchmarks.quality --model {model}`; each document one chunk;"
        " 95 % intervals by bootstrap over the questions.",
        "",
        f"Words: weight 0. Meaning: weight 1. Both: weight {DEFAULT}, the default.",
        "",
        "| set | measure | words | meaning | both | best weight |",
        "|---|---|---|---|---|---|",
    ]
    for name, by_weight in figures.items():
        for what in ("ndcg@10", "recall@10", "recall@100"):
            best = max(by_weight, key=lambda weight: by_weight[weight][what][0])
            cells = " | ".join(
                "{:.3f} ({:.3f}–{:.3f})".format(*by_weight[weight][what])
                for weight in ("0.0", "1.0", default)
            )
            lines.append(f"| {name} | {what} | {cells} | {best}: {by_weight[best][what][0]:.3f} |")
    lines += ["", "## nDCG@10 by weight", ""]
    lines.append("| set | " + " | ".join(f"{weight:.1f}" for weight in WEIGHTS) + " |")
    lines.append("|---" * (len(WEIGHTS) + 1) + "|")
    for name, by_weight in figures.items():
        cells = " | ".join(f"{by_weight[f'{weight:.1f}']['ndcg@10'][0]:.3f}" for weight in WEIGHTS)
        lines.append(f"| {name} | {cells} |")
    lines += ["", "## nDCG@10 by language, mean of its sets", ""]
    lines += ["| language | sets | words | meaning | both |", "|---|---|---|---|---|"]
    for language in dict.fromkeys(LANGUAGES.values()):
        sets = [name for name in figures if LANGUAGES.get(name) == language]
        cells = " | ".join(
            f"{np.mean([figures[name][weight]['ndcg@10'][0] for name in sets]):.3f}"
            for weight in ("0.0", "1.0", default)
        )
        lines.append(f"| {language} | {len(sets)} | {cells} |")
    lines += ["", "Forms of the term similarity that were tried: blend.md."]
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure the sets named, or all that are there."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", default=MODEL)
    arguments.add_argument("sets", nargs="*", default=[*ENGLISH, *CHINESE, *ANSWERED])
    given = arguments.parse_args()
    folders = [DATA / "retrieval" / name for name in given.sets]
    there = [folder for folder in folders if folder.exists()]
    if not there:
        sys.exit(f"No retrieval set in {DATA / 'retrieval'}: set RAGFLOW_LOCAL_DATA.")
    embedder = open_embedder(given.model, None, cache_dir=CACHE / "models")
    figures: dict[str, dict[str, dict[str, Interval]]] = {}
    for folder in there:
        figures[folder.name] = measure(retrieval_set(folder), embedder)
        print(folder.name, figures[folder.name][f"{DEFAULT:.1f}"], flush=True)
    if len(there) == len(folders):
        name = "quality" if given.model == MODEL else f"quality_{given.model}"
        write(name, page(figures, given.model), figures)


if __name__ == "__main__":
    main()
