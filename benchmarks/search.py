"""How fast is a search? Milliseconds at 10³, 10⁴ and 10⁵ chunks; with ``--million`` at 10⁶ too.

    python -m benchmarks.search [--million]

The corpus is made up from a seed: chunks of about 100 words that follow Zipf's law, and vectors
in clusters. Questions have eight words, six of them from one chunk, so that several lists are
long. Every question is new. The time of embedding a question is not in here: see ``embedding``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.corpora import Zipf
from benchmarks.measure import machine, milliseconds, peak_memory_mib, write
from benchmarks.projects import Project
from benchmarks.quality import Known
from ragflow_local.records import Matrix
from ragflow_local.retrieve.search import Wanted, search

SIZES = (1_000, 10_000, 100_000)
DIM = 384
BATCH = 2000
QUESTIONS = 200


def matrices(seed: int = 0) -> Iterator[Matrix]:
    """Yield unit vectors in clusters, as texts of a few hundred topics have them."""
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((300, DIM)).astype(np.float32)
    while True:
        near = centres[chance.integers(0, len(centres), BATCH)]
        matrix = near + chance.standard_normal((BATCH, DIM)).astype(np.float32)
        yield matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def measure(size: int) -> dict[str, float]:
    """Return the figures at one size."""
    corpus = Zipf()
    texts = list(corpus.chunks(size))
    questions = [corpus.question(texts[number * 31 % size]) for number in range(QUESTIONS + 3)]
    text_bytes = sum(map(len, texts))
    rows = next(matrices(1))
    known = Known({question: rows[index] for index, question in enumerate(questions)})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = Project(folder, DIM)
        begun = time.perf_counter()
        project.fill(texts, matrices(), BATCH)
        filling = time.perf_counter() - begun
        project.close()
        size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        project = Project(folder, DIM)
        begun = time.perf_counter()
        figures: dict[str, float] = {}
        for what, weight in (("lexical", 0.0), ("hybrid", 0.3), ("vector", 1.0)):
            wanted = Wanted(threshold=0.0, vector_weight=weight, limit=10)

            def ask(number: int, wanted: Wanted = wanted, project: Project = project) -> None:
                search(questions[number], [project.scope], project.sources, lambda: known, wanted)

            times = milliseconds(ask, QUESTIONS)
            figures[f"{what} p50 ms"] = float(np.percentile(times, 50))
            figures[f"{what} p95 ms"] = float(np.percentile(times, 95))
        project.close()
    return {
        **figures,
        "filling ms a chunk": filling / size * 1000,
        "disk / (text + vectors)": size_bytes / (text_bytes + size * DIM * 4),
        "peak memory MiB": peak_memory_mib(),
    }


def main() -> None:
    """Measure at each size."""
    sizes = (*SIZES, 1_000_000) if "--million" in sys.argv else SIZES
    figures = {}
    for size in sizes:
        figures[size] = measure(size)
        print(size, figures[size], flush=True)
    names = list(figures[sizes[0]])
    lines = [
        "# Speed of search",
        "",
        f"{machine()}. `python -m benchmarks.search`. {QUESTIONS} questions of eight words, each"
        " asked once, without the time of embedding them; filling is terms, rows, postings and"
        " vectors on the disk. Peak memory is the process's, corpus in memory included.",
        "",
        "| chunks | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
        *(
            f"| {size:,} | " + " | ".join(f"{figures[size][name]:.2f}" for name in names) + " |"
            for size in sizes
        ),
    ]
    write("search", "\n".join(lines), figures)


if __name__ == "__main__":
    main()
