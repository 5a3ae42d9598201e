"""Does the reader rank search results better? nDCG@10 with and without it, set by set.

    python -m benchmarks.reranking [--model NAME] [--questions N] [SET …]

Each document is one chunk. The reader reads the best 32 hits, and its chance that each answers
takes the place of the vector similarity. Of each set, questions at equal distances are asked.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.corpora import CHINESE, DATA, ENGLISH, RetrievalSet, retrieval_set
from benchmarks.measure import machine, write
from benchmarks.projects import MODEL, Project
from benchmarks.quality import ANSWERED, CACHE, DEFAULT, Known, embedded
from ragflow_local.embedders import open_embedder
from ragflow_local.embedders.reader import Reader, open_reader
from ragflow_local.evaluation.measures import ndcg
from ragflow_local.retrieve.search import SearchOptions, search

_DEPTH = 10


def measure(one: RetrievalSet, model: str, reader: Reader, most: int) -> dict[str, float]:
    """Return nDCG@10 without and with the reader, their difference, and what a question takes."""
    embedder = open_embedder(model, None, cache_dir=CACHE / "models")
    matrix = embedded(embedder, one.documents, questions=False)
    asked = embedded(embedder, one.questions, questions=True)
    known = Known(embedder, dict(zip(one.questions, asked, strict=True)))
    figures: dict[str, list[float]] = {"without": [], "with": [], "seconds": []}
    chosen = range(0, len(one.questions), max(1, len(one.questions) // most))
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), matrix.shape[1])
        project.scope = replace(project.scope, floor=embedder.floor)
        project.fill(one.documents, iter([matrix]), batch=len(one.documents))
        for at in list(chosen)[:most]:
            for name, ranker in (("without", None), ("with", reader)):
                start = time.process_time()
                hits = search(
                    one.questions[at],
                    [project.scope],
                    project.sources,
                    lambda: known,
                    SearchOptions(threshold=0.0, vector_weight=DEFAULT, limit=_DEPTH),
                    ranker,
                )
                spent = time.process_time() - start
                figures[name].append(ndcg([hit.chunk.number - 1 for hit in hits], one.relevant[at]))
                if ranker is not None:
                    figures["seconds"].append(spent)
        project.close()
    gain = np.array(figures["with"]) - np.array(figures["without"])
    return {
        "questions": float(len(gain)),
        "without": float(np.mean(figures["without"])),
        "with": float(np.mean(figures["with"])),
        "gain": float(gain.mean()),
        "error": float(gain.std() / np.sqrt(len(gain))),
        "seconds": float(np.mean(figures["seconds"])),
    }


def page(figures: dict[str, dict[str, float]], model: str) -> str:
    """Return the page of results."""
    lines = [
        "# The reader as a reranker",
        "",
        f"{machine()} `python -m benchmarks.reranking --model {model}`, at the default weight"
        f" {DEFAULT}: the best 32 hits are read. The error is one standard error of the gain;"
        " seconds are the processor's, of a whole search.",
        "",
        "| set | questions | nDCG@10 without | with the reader | gain | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for name, told in figures.items():
        lines.append(
            f"| {name} | {told['questions']:.0f} | {told['without']:.3f} | {told['with']:.3f}"
            f" | {told['gain']:+.3f} ± {told['error']:.3f} | {told['seconds']:.1f} |"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure the sets named, or all that are there."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", default=MODEL)
    arguments.add_argument("--questions", type=int, default=40)
    arguments.add_argument("sets", nargs="*", default=[*ENGLISH, *CHINESE, *ANSWERED])
    given = arguments.parse_args()
    reader = open_reader()
    if reader is None:
        raise SystemExit("No reader: pip install ragflow-local[multilingual].")
    figures: dict[str, dict[str, float]] = {}
    for name in given.sets:
        folder = DATA / "retrieval" / name
        if not folder.exists():
            raise SystemExit(f"No {name} in {DATA / 'retrieval'}: set RAGFLOW_LOCAL_DATA.")
        figures[name] = measure(retrieval_set(folder), given.model, reader, given.questions)
        print(name, figures[name], flush=True)
    write("reranking", page(figures, given.model), figures)


if __name__ == "__main__":
    main()
