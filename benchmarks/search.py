"""How fast is a search? Milliseconds at 10³, 10⁴ and 10⁵ chunks; with ``--million`` at 10⁶ too.

    python -m benchmarks.search [--million] [--kept FOLDER … [--before CHECKOUT [--rounds 2]]]

With ``--kept``, projects that ``Project.fill`` left there are searched, and none is filled. With
``--before``, a copy of each, in ``FOLDER.before``, is searched by another version of this package
too, in turns.

The corpus is made up from a seed: chunks of about 100 words that follow Zipf's law, and vectors
in clusters. Questions have eight words, six of them from one chunk, so that several lists are
long. Every question is new, and embedded by the default model as part of the search.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import Zipf
from benchmarks.measure import machine, memory_mib, milliseconds, write
from benchmarks.projects import MODEL, Project
from benchmarks.quality import CACHE
from ragflow_local.embedders import open_embedder
from ragflow_local.records import Matrix
from ragflow_local.retrieve import nearest
from ragflow_local.retrieve.search import SearchOptions, search

Numbers: TypeAlias = NDArray[np.int64]

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


def first_search(
    folder: Path, question: str, is_new: bool, checkout: Path | None = None
) -> tuple[float, float]:
    """Return the seconds to open a project, and from a process's start to its first result.

    Where the model's ONNX form ``is_new``, it may be made with torch; after that, nothing is.
    """
    begun = time.perf_counter()
    command = [sys.executable, "-c", _FIRST, str(folder), question]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=checkout) as process:
        assert process.stdout is not None
        said = process.stdout.readline().split()
        found = time.perf_counter() - begun
    assert said[1] == "6", said
    assert is_new or said[2] == "False", said
    return float(said[0]), found


def asked_about(size: int) -> tuple[list[str], int]:
    """Return questions for a corpus of that size, and the corpus's length in bytes."""
    corpus = Zipf()
    wanted = {number * 31 % size for number in range(QUESTIONS + 3)}
    kept: dict[int, str] = {}
    text_bytes = 0
    for number, text in enumerate(corpus.chunks(size)):
        text_bytes += len(text)
        if number in wanted:
            kept[number] = text
    texts = (kept[number * 31 % size] for number in range(QUESTIONS + 3))
    return [corpus.question(text) for text in texts], text_bytes


def measure(size: int, kept: Path | None = None) -> dict[str, float]:
    """Return the figures at one size."""
    questions, text_bytes = asked_about(size) if kept is None else kept_questions(kept)
    with tempfile.TemporaryDirectory() as name:
        folder = kept or Path(name)
        filling = float("nan")
        if kept is None:
            project = Project(folder, DIM)
            begun = time.perf_counter()
            project.fill(Zipf().chunks(size), matrices(), BATCH)
            filling = time.perf_counter() - begun
            project.close()
        project = Project(folder, DIM)
        begun = time.perf_counter()
        project.index()
        indexing = time.perf_counter() - begun
        project.close()
        size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        # The first one of these makes what only RAGFlow keeps: the seal of the catalog.
        firsts = [first_search(folder, questions[number], number == 0) for number in range(4)][1:]
        figures = in_a_process(folder, questions)
        recall = recall_of_vectors(folder, size)
    return {
        **figures,
        "recall@10 of vectors": recall,
        "opening s": statistics.median(opened for opened, _ in firsts),
        "first search s": statistics.median(found for _, found in firsts),
        "indexing s": indexing,
        "filling ms a chunk": filling / size * 1000,
        "disk / (text + vectors)": size_bytes / (text_bytes + size * DIM * 4),
    }


def kept_questions(folder: Path) -> tuple[list[str], int]:
    """Return questions for the texts of a kept project, and the texts' length in bytes."""
    project = Project(folder, DIM)
    with project.catalog.read() as connection:
        size, text_bytes = connection.execute(
            "SELECT count(*), sum(length(CAST(content AS BLOB))) FROM chunks"
        ).fetchone()
        texts = [
            str(row[0])
            for number in range(QUESTIONS + 3)
            for row in connection.execute(
                "SELECT content FROM chunks WHERE number = ?", [number * 31 % size + 1]
            )
        ]
    project.close()
    corpus = Zipf()
    return [corpus.question(text) for text in texts], int(text_bytes)


def in_a_process(
    folder: Path, questions: Sequence[str], checkout: Path | None = None
) -> dict[str, float]:
    """Return what ``asked`` says in a process of its own, whose memory is the engine's alone."""
    code = "import sys, json; from pathlib import Path; from benchmarks.search import asked;"
    code += "print(json.dumps(asked(Path(sys.argv[1]), json.load(sys.stdin))))"
    command = [sys.executable, "-c", code, str(folder)]
    told = json.dumps(list(questions))
    done = subprocess.run(
        command, input=told, capture_output=True, text=True, check=True, cwd=checkout
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


_INDEX = """
import sys
from pathlib import Path
from benchmarks.projects import Project
project = Project(Path(sys.argv[1]), int(sys.argv[2]))
project.index()
project.close()
"""

_MEANT = """
import sys
from pathlib import Path
from benchmarks.projects import MODEL, Project
from benchmarks.quality import CACHE
from ragflow_local.embedders import open_embedder
from ragflow_local.retrieve.search import SearchOptions, search
embedder = open_embedder(MODEL, None, cache_dir=CACHE / "models")
project = Project(Path(sys.argv[1]), int(sys.argv[2]))
wanted = SearchOptions(threshold=0.0, vector_weight=1.0, limit=10)
hits = search(sys.argv[3], [project.scope], project.sources, lambda: embedder, wanted)
project.close()
sys.exit(len(hits) < 10)
"""


def compared(folder: Path, checkout: Path, rounds: int = 2) -> dict[str, dict[str, float]]:
    """Return the figures of another version and of this one, asked in turns: the best of each."""
    other = folder.with_name(f"{folder.name}.before")
    if not other.exists():
        shutil.copytree(folder, other, ignore=shutil.ignore_patterns("vectors"))
        with sqlite3.connect(other / "catalog.sqlite3") as connection:
            connection.execute("UPDATE vector_states SET moved = 0")
    command = [sys.executable, "-c", _INDEX, str(other), str(DIM)]
    subprocess.run(command, check=True, cwd=checkout)
    questions, text_bytes = kept_questions(folder)
    size = size_of(folder)
    versions = {"before": (other, checkout), "after": (folder, None)}
    found: dict[str, dict[str, float]] = {}
    for place, there in versions.values():  # one that finds nothing would be the fastest
        meant = [sys.executable, "-c", _MEANT, str(place), str(DIM), questions[0]]
        subprocess.run(meant, check=True, cwd=there)
    for _ in range(rounds):
        for version, (place, there) in versions.items():
            figures = in_a_process(place, questions, there)
            best = found.setdefault(version, figures)
            found[version] = {name: min(best[name], figures[name]) for name in figures}
    for version, (place, there) in versions.items():
        firsts = [first_search(place, questions[at], at == 0, there) for at in range(4)][1:]
        size_bytes = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        found[version] |= {
            "opening s": statistics.median(opened for opened, _ in firsts),
            "first search s": statistics.median(seconds for _, seconds in firsts),
            "disk / (text + vectors)": size_bytes / (text_bytes + size * DIM * 4),
        }
    found["after"]["recall@10 of vectors"] = recall_of_vectors(folder, size)
    return found


def recall_of_vectors(folder: Path, size: int, count: int = 100) -> float:
    """Return the share of the ten nearest chunks that a search by vector alone finds.

    Questions are vectors of chunks with noise: close to something, and not the thing itself.
    """
    chance = np.random.default_rng(7)
    wanted = np.sort(chance.choice(size, min(count, size), replace=False))
    near = np.concatenate([part[rows] for part, rows in batches_with(size, wanted)])
    asked = near + chance.standard_normal(near.shape).astype(np.float32) / DIM**0.5
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    best = np.full((len(asked), 10), -np.inf, np.float32)
    exact = np.zeros((len(asked), 10), np.int64)
    for start, part in batches(size):
        scores = np.concatenate([best, asked @ part.T], axis=1)
        numbers = np.broadcast_to(
            np.arange(start + 1, start + 1 + len(part)), (len(asked), len(part))
        )
        numbers = np.concatenate([exact, numbers], axis=1)
        order = np.argpartition(-scores, 10, axis=1)[:, :10]
        best = np.take_along_axis(scores, order, axis=1)
        exact = np.take_along_axis(numbers, order, axis=1)
    project = Project(folder, DIM)
    shares = []
    for question, right in zip(asked, exact, strict=True):
        with project.catalog.read() as reading:
            found = nearest.find(reading, project.sources, [project.scope], question, 10).numbers
        shares.append(len(set(found.tolist()) & set(right.tolist())) / 10)
    project.close()
    return statistics.mean(shares)


def batches(size: int) -> Iterator[tuple[int, Matrix]]:
    """Yield the corpus's vectors, with the index of the first of each batch."""
    made = matrices()
    for start in range(0, size, BATCH):
        yield start, next(made)[: size - start]


def batches_with(
    size: int, wanted: NDArray[np.int64]
) -> Iterator[tuple[Matrix, NDArray[np.int64]]]:
    """Yield the vectors' batches that have some of ``wanted``, and at which rows."""
    for start, part in batches(size):
        rows = wanted[(wanted >= start) & (wanted < start + len(part))] - start
        if len(rows):
            yield part, rows


def asked(folder: Path, questions: Sequence[str]) -> dict[str, float]:
    """Return how long questions take, one after the other."""
    embedder = open_embedder(MODEL, None, cache_dir=CACHE / "models")
    project = Project(folder, DIM)
    figures: dict[str, float] = {}
    for what, weight in (("lexical", 0.0), ("hybrid", 0.3), ("vector", 1.0)):
        wanted = SearchOptions(threshold=0.0, vector_weight=weight, limit=10)

        spent: list[float] = []

        def ask(number: int, wanted: SearchOptions = wanted, spent: list[float] = spent) -> None:
            begun = time.process_time()
            search(questions[number], [project.scope], project.sources, lambda: embedder, wanted)
            spent.append((time.process_time() - begun) * 1000)

        times = milliseconds(ask, QUESTIONS)
        for percent in (10, 50, 95):
            figures[f"{what} p{percent} ms"] = float(np.percentile(times, percent))
        figures[f"{what} CPU p50 ms"] = float(np.percentile(spent, 50))
    figures["memory MiB"] = memory_mib()
    project.close()
    return figures


def main() -> None:
    """Measure at each size, and write the page after each."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--million", action="store_true")
    arguments.add_argument("--kept", nargs="*", type=Path, default=[])
    arguments.add_argument("--before", type=Path)
    arguments.add_argument("--rounds", type=int, default=2)
    given = arguments.parse_args()
    if given.before:
        compare(given.kept, given.before, given.rounds)
        return
    sizes = (*SIZES, 1_000_000) if given.million else SIZES
    runs: list[tuple[int, Path | None]]
    runs = [(size_of(folder), folder) for folder in given.kept] or [(size, None) for size in sizes]
    figures: dict[str, dict[str, float]] = {}
    for size, folder in runs:
        begun = os.getloadavg()[0]
        figures[f"{size:,}"] = {**measure(size, folder), "load before": begun}
        print(size, figures[f"{size:,}"], flush=True)
        write("search", page(figures), figures)


def compare(kept: Sequence[Path], checkout: Path, rounds: int) -> None:
    """Compare two versions at each size, and write the page after each."""
    figures: dict[str, dict[str, float]] = {}
    for folder in kept:
        for version, found in compared(folder, checkout, rounds).items():
            figures[f"{size_of(folder):,} {version}"] = {**found, "load": os.getloadavg()[0]}
        write("search", page(figures), figures)
        print(figures, flush=True)


def size_of(folder: Path) -> int:
    """Return how many chunks a kept project has."""
    project = Project(folder, DIM)
    with project.catalog.read() as connection:
        (count,) = connection.execute("SELECT count(*) FROM chunks").fetchone()
    project.close()
    return int(count)


def page(figures: Mapping[str, Mapping[str, float]]) -> str:
    """Return the page of results."""
    names = list(dict.fromkeys(name for found in figures.values() for name in found))
    lines = [
        "# Speed of search",
        "",
        f"{machine()}. `python -m benchmarks.search`. {QUESTIONS} questions of eight words, each"
        " asked once, embedding included; filling is terms, rows, postings and vectors on the"
        " disk. Opening and first search are of a new process, from its start to the result,"
        " without torch, and without LanceDB where vectors fit in memory: median of three."
        " Memory is resident after the questions, in a process that does nothing else. Recall is of"
        " the ten nearest, by exact search over all vectors. Before and"
        " after: two versions, asked in turns, the best of each one's rounds."
        " CPU: processor time of the whole process. Load: processes that"
        " wanted a core"
        " just before; above the number of cores, every time is too long. nan: with --kept, nothing"
        " is filled.",
        "",
        "| chunks | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    for size, found in figures.items():
        values = (f"{found[name]:.2f}" if name in found else "" for name in names)
        lines.append(f"| {size} | " + " | ".join(values) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
