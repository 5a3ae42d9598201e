"""What single calls cost as a project grows: chunks one by one, waits for the disk, many datasets.

``python -m benchmarks.growth`` writes ``results/growth.md``. Waits are counted by ``strace`` where
it is installed, for one call each in a process of its own.
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.measure import machine, write
from ragflow_local import RAGFlow

WORDS = [f"word{number}" for number in range(3000)]
WAITS = "fsync,fdatasync,msync,sync_file_range"
ONE = """
import os, sys
from ragflow_local import RAGFlow
with RAGFlow(project_dir=sys.argv[1], embedding_model="hashing", workers=1) as rag:
    [dataset] = rag.list_datasets()
    document = rag.get_document(name="a.txt")
    document.add_chunk("warm")
    chunk = document.list_chunks()[0]
    chunk.content = "changed"
    calls = {
        "nothing": lambda: None,
        "add_chunk": lambda: document.add_chunk("one more"),
        "save": chunk.save,
        "delete": chunk.delete,
        "add_chunks": lambda: document.add_chunks(["one"] * 1000),
        "create_document": lambda: rag.create_document(dataset, "b.txt", b"b"),
    }
    os.stat("/begin")
    calls[sys.argv[2]]()
    os.stat("/end")
""".replace('os.stat("/', 'os.path.exists("/')


def engine(folder: Path, *, durable: bool = True) -> RAGFlow:
    """Open a project with the model that needs no weights."""
    return RAGFlow(project_dir=folder, embedding_model="hashing", workers=1, durable=durable)


def seconds(work: Callable[[], object]) -> float:
    """Return how long it took."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def one_by_one(count: int) -> dict[str, float]:
    """Return what chunks cost one by one, in a list, and documents beside them, in one run."""
    with tempfile.TemporaryDirectory() as name, engine(Path(name) / "p") as rag:
        dataset = rag.create_dataset("kb")
        document = rag.add_document(dataset, "a.txt", b"a")
        document.add_chunk("warm")
        rag.create_document(dataset, "warm.txt", b"warm")
        chunks, documents = [], []
        for number in range(count):  # in turn: both meet the same disk
            text = f"chunk {number} of pump {number * 7} in cellar {number % 13}"
            chunks.append(seconds(lambda text=text: document.add_chunk(text)))  # type: ignore[misc]
            made = (dataset, f"{number}.txt", text.encode())
            documents.append(seconds(lambda made=made: rag.create_document(*made)))  # type: ignore[misc]
        texts = [f"listed {number} of pump {number * 7}" for number in range(count)]
        listed = seconds(lambda: document.add_chunks(texts))
    return {
        "add_chunk, ms (median)": statistics.median(chunks) * 1000,
        "create_document, ms (median)": statistics.median(documents) * 1000,
        "add_chunk / create_document": statistics.median(chunks) / statistics.median(documents),
        f"{count} chunks one by one, s": sum(chunks),
        f"{count} chunks in one list, s": listed,
    }


def waits(call: str) -> float:
    """Return how often one call waits for the disk; NaN without ``strace``."""
    if shutil.which("strace") is None:
        return float("nan")
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name) / "p", Path(name) / "log"
        with engine(folder) as rag:
            rag.add_document(rag.create_dataset("kb"), "a.txt", b"a")
        command = ["strace", "-f", "-o", str(log), "-e", f"trace={WAITS},stat,newfstatat"]
        subprocess.run([*command, sys.executable, "-c", ONE, str(folder), call], check=True)
        text = log.read_text()
        between = text.partition('"/begin"')[2].partition('"/end"')[0]
        return float(
            sum(f"{wait}(" in line for line in between.splitlines() for wait in WAITS.split(","))
        )


def many(folder: Path, count: int, questions: int = 9) -> dict[str, float]:
    """Return what one question to ``count`` datasets of 100 chunks takes, made where not kept."""
    chance = random.Random(count)
    is_filled = folder.exists()
    with engine(folder, durable=False) as rag:
        for number in range(0 if is_filled else count):
            document = rag.add_document(rag.create_dataset(f"kb{number}"), "a.txt", b"a")
            document.add_chunks([" ".join(chance.choices(WORDS, k=30)) for _ in range(100)])
    with engine(folder) as rag:
        pages = (rag.list_datasets(page=page, page_size=100) for page in itertools.count(1))
        datasets = [dataset for page in itertools.takewhile(len, pages) for dataset in page]
        assert len(datasets) == count, "a kept folder has others"
        first = seconds(lambda: rag.retrieval("word7 word19 word98", datasets))
        found = {"first, ms": first * 1000}
        for what, weight in (("words", 0.0), ("hybrid", 0.3), ("meaning", 1.0)):
            times, spent = [], []
            for number in range(questions):
                begun = time.process_time()
                question = f"word{number} word{number * 7} word99"
                asked = partial(rag.retrieval, question, datasets, vector_similarity_weight=weight)
                times.append(seconds(asked))
                spent.append(time.process_time() - begun)
            found[f"{what}, ms (median)"] = statistics.median(times) * 1000
            found[f"{what}, CPU ms"] = statistics.median(spent) * 1000
    return found


def main() -> None:
    """Measure, and write the page."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--datasets", type=int, nargs="*", default=[10, 100, 1000])
    arguments.add_argument("--kept", type=Path, help="folder in which the datasets stay")
    given = arguments.parse_args()
    figures: dict[str, dict[str, float]] = {"one by one": one_by_one(1000)}
    calls = ("nothing", "add_chunk", "save", "delete", "add_chunks", "create_document")
    figures["waits"] = {call: waits(call) for call in calls}
    for count in given.datasets:
        with tempfile.TemporaryDirectory() as name:
            folder = (given.kept or Path(name)) / str(count)
            figures[f"{count} datasets"] = many(folder, count)
    write("growth", page(figures), figures)


def page(figures: dict[str, dict[str, float]]) -> str:
    """Return the page of results."""
    lines = [
        "# What single calls cost as a project grows",
        "",
        f"{machine()}. `python -m benchmarks.growth`. The hashing embedder, one worker, a disk that"
        " is waited for. Chunks and documents in turn in one run, so that both meet the same load.",
        "",
        "| chunks beside documents | |",
        "|---|---|",
        *(f"| {name} | {value:.2f} |" for name, value in figures["one by one"].items()),
        "",
        "| one call | waits for the disk (`strace`) |",
        "|---|---|",
        *(f"| {name} | {value:.0f} |" for name, value in figures["waits"].items()),
        "",
    ]
    asked = {name: found for name, found in figures.items() if name.endswith(" datasets")}
    columns = list(next(iter(asked.values()), {}))
    lines += [
        "Datasets of 100 chunks, all of them asked at once; a question of three words. CPU: of the"
        " whole process.",
        "",
        "| | " + " | ".join(columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name, found in asked.items():
        lines.append(f"| {name} | " + " | ".join(f"{found[one]:.1f}" for one in columns) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
