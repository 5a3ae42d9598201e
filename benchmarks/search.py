"""How fast is a search? Milliseconds at 10³, 10⁴ and 10⁵ chunks; with ``--million`` at 10⁶ too.

    python -m benchmarks.search [--million] [--kept FOLDER …]

With ``--kept``, projects that ``Project.fill`` left there are searched, and none is filled.

The corpus is made up from a seed: chunks of about 100 words that follow Zipf's law, and vectors
in clusters. Questions have eight words, six of them from one chunk, so that several lists are
long. Every question is new, and embedded by the default model as part of the search.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.corpora import Zipf
from benchmarks.measure import machine, milliseconds, peak_memory_mib, write
from benchmarks.projects import MODEL, Project
from benchmarks.quality import CACHE
from ragflow_local.embedders import open_embedder
from ragflow_local.records import Matrix
from ragflow_local.retrieve.search import Wanted, search

SIZES = (1_000, 10_000, 100_000)
DIM = 384
BATCH = 2000
QUESTIONS = 200

# A process of its own: how long to open, and until the first result is there.
_FIRST = """
import sys, time
from ragflow_local import RAGFlow
begun = time.perf_counter()
rag = RAGFlow(project_dir=sys.argv[1])
opened = time.perf_counter() - begun
found = rag.retrieval(sys.argv[2], rag.list_datasets(), similarity_threshold=0.0)
print(opened, len(found), "torch" in sys.modules, "lancedb" in sys.modules, flush=True)
"""


def matrices(seed: int = 0) -> Iterator[Matrix]:
    """Yield unit vectors in clusters, as texts of a few hundred topics have them."""
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((300, DIM)).astype(np.float32)
    while True:
        near = centres[chance.integers(0, len(centres), BATCH)]
        matrix = near + chance.standard_normal((BATCH, DIM)).astype(np.float32)
        yield matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def first_search(folder: Path, question: str) -> tuple[float, float]:
    """Return the seconds to open a project, and from a process's start to its first result."""
    begun = time.perf_counter()
    command = [sys.executable, "-c", _FIRST, str(folder), question]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline().split()
        found = time.perf_counter() - begun
    assert said[1:3] == ["6", "False"], said
    return float(said[0]), found


def measure(size: int, kept: Path | None = None) -> dict[str, float]:
    """Return the figures at one size."""
    corpus = Zipf()
    texts = list(corpus.chunks(size))
    questions = [corpus.question(texts[number * 31 % size]) for number in range(QUESTIONS + 3)]
    text_bytes = sum(map(len, texts))
    with tempfile.TemporaryDirectory() as name:
        folder = kept or Path(name)
        filling = float("nan")
        if kept is None:
            project = Project(folder, DIM)
            begun = time.perf_counter()
            project.fill(texts, matrices(), BATCH)
            filling = time.perf_counter() - begun
            project.close()
        size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        # The first one of these makes what only RAGFlow keeps: the seal of the catalog.
        firsts = [first_search(folder, questions[number]) for number in range(4)][1:]
        figures = asked(folder, questions)
    return {
        **figures,
        "opening s": statistics.median(opened for opened, _ in firsts),
        "first search s": statistics.median(found for _, found in firsts),
        "filling ms a chunk": filling / size * 1000,
        "disk / (text + vectors)": size_bytes / (text_bytes + size * DIM * 4),
        "peak memory MiB": peak_memory_mib(),
    }


def asked(folder: Path, questions: Sequence[str]) -> dict[str, float]:
    """Return how long questions take, one after the other."""
    embedder = open_embedder(MODEL, None, cache_dir=CACHE / "models")
    project = Project(folder, DIM)
    figures: dict[str, float] = {}
    for what, weight in (("lexical", 0.0), ("hybrid", 0.3), ("vector", 1.0)):
        wanted = Wanted(threshold=0.0, vector_weight=weight, limit=10)

        def ask(number: int, wanted: Wanted = wanted) -> None:
            search(questions[number], [project.scope], project.sources, lambda: embedder, wanted)

        times = milliseconds(ask, QUESTIONS)
        for percent in (10, 50, 95):
            figures[f"{what} p{percent} ms"] = float(np.percentile(times, percent))
    project.close()
    return figures


def main() -> None:
    """Measure at each size, and write the page after each."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--million", action="store_true")
    arguments.add_argument("--kept", nargs="*", type=Path, default=[])
    given = arguments.parse_args()
    sizes = (*SIZES, 1_000_000) if given.million else SIZES
    runs: list[tuple[int, Path | None]]
    runs = [(size_of(folder), folder) for folder in given.kept] or [(size, None) for size in sizes]
    figures = {}
    for size, folder in runs:
        begun = os.getloadavg()[0]
        figures[size] = {**measure(size, folder), "load before": begun}
        print(size, figures[size], flush=True)
        write("search", page(figures), figures)


def size_of(folder: Path) -> int:
    """Return how many chunks a kept project has."""
    project = Project(folder, DIM)
    with project.catalog.read() as connection:
        (count,) = connection.execute("SELECT count(*) FROM chunks").fetchone()
    project.close()
    return int(count)


def page(figures: dict[int, dict[str, float]]) -> str:
    """Return the page of results."""
    names = list(next(iter(figures.values())))
    lines = [
        "# Speed of search",
        "",
        f"{machine()}. `python -m benchmarks.search`. {QUESTIONS} questions of eight words, each"
        " asked once, embedding included; filling is terms, rows, postings and vectors on the"
        " disk. Opening and first search are of a new process, from its start to the result,"
        " without torch, and without LanceDB where vectors fit in memory: median of three. Peak"
        " memory is the process's, corpus in memory included. Load: processes that wanted a core"
        " just before; above the number of cores, every time is too long. nan: with --kept, nothing"
        " is filled.",
        "",
        "| chunks | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    for size, found in figures.items():
        lines.append(f"| {size:,} | " + " | ".join(f"{found[name]:.2f}" for name in names) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
