"""How long does a search take in a crowd? Ten threads search, alone and while another writes.

    python -m benchmarks.crowd [--seconds 60] [--kept FOLDER]

One project of 10,000 made-up chunks (as in ``benchmarks.search``; with ``--kept``, a copy of a
project that was filled before). Ten threads ask one new question after the other through
``RAGFlow.retrieval``, embedding included: first with nobody writing, then while one more thread
adds a document, parses it in the background (20 chunks, embedded by the default model), and
deletes it again, over and over. No hit may be of a document whose deletion has returned.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.corpora import Zipf
from benchmarks.measure import machine, write
from benchmarks.projects import MODEL, Project
from benchmarks.search import BATCH, DIM, matrices
from ragflow_local import RAGFlow
from ragflow_local.stores.catalog import chunks

SIZE = 10_000
THREADS = 10
CHUNKS_A_DOCUMENT = 20


class Crowd:
    """Ten threads that search one dataset, and one that adds and deletes."""

    def __init__(self, rag: RAGFlow, texts: list[str], corpus: Zipf) -> None:
        self.rag, self.dataset = rag, rag.list_datasets()[0]
        self.texts, self.corpus = texts, corpus
        self.asking = threading.Lock()
        self.gone: set[str] = set()
        self.asked = self.written = 0

    def question(self) -> str:
        """Return a question that was not asked before."""
        with self.asking:  # the corpus draws its words from one generator
            self.asked += 1
            return self.corpus.question(self.texts[self.asked * 31 % len(self.texts)])

    def search(self, until: float, times: list[float]) -> None:
        """Ask one question after the other, and note how long each took."""
        while time.monotonic() < until:
            question, gone = self.question(), set(self.gone)
            begun = time.perf_counter()
            hits = self.rag.retrieval(question, [self.dataset], similarity_threshold=0.0, limit=10)
            times.append((time.perf_counter() - begun) * 1000)
            assert hits and not gone & {str(hit.document_id) for hit in hits}

    def write(self, until: float, times: list[float]) -> None:
        """Add, parse and delete one document after the other, and note how long each took."""
        while time.monotonic() < until:
            begun = time.perf_counter()
            start = self.written * 7919 % (len(self.texts) - CHUNKS_A_DOCUMENT)
            text = "\n\n".join(self.texts[start : start + CHUNKS_A_DOCUMENT])
            document = self.rag.add_document(
                self.dataset, "more.txt", f"{self.written} {text}".encode()
            )
            document.async_parse()
            for _ in document.join(interval=0.1):
                pass
            assert document.run == "DONE", document.progress_msg
            document.delete()
            self.gone.add(document.id)
            self.written += 1
            times.append((time.perf_counter() - begun) * 1000)

    def during(self, seconds: float, *, writes: bool) -> tuple[list[float], list[float]]:
        """Return the milliseconds of each search, and of each document that came and went."""
        until = time.monotonic() + seconds
        found: list[float] = []
        written: list[float] = []
        with ThreadPoolExecutor(THREADS + 1) as pool:
            ends = [pool.submit(self.search, until, found) for _ in range(THREADS)]
            if writes:
                ends.append(pool.submit(self.write, until, written))
            for end in ends:
                end.result()
        return found, written


def measure(folder: Path, seconds: float) -> dict[str, float]:
    """Return the figures of one project."""
    corpus = Zipf()
    texts = list(corpus.chunks(SIZE))
    is_filled = (folder / "catalog.sqlite3").exists()
    project = Project(folder, DIM)
    if not is_filled:
        project.fill(texts, matrices(), BATCH)
    with project.catalog.write() as connection:
        chunks.reserve_numbers(connection, SIZE)  # those that filling took
    project.close()
    with RAGFlow(project_dir=folder, workers=1, embedding_model=MODEL) as rag:
        crowd = Crowd(rag, texts, corpus)
        crowd.during(2, writes=True)  # models, tables and workers are loaded then
        quiet, _ = crowd.during(seconds, writes=False)
        loaded, documents = crowd.during(seconds, writes=True)
        quiet_again, _ = crowd.during(seconds / 2, writes=False)
    figures: dict[str, float] = {}
    for name, times in (("quiet", quiet), ("loaded", loaded), ("quiet again", quiet_again)):
        figures[f"{name} searches/s"] = THREADS * 1000 / float(np.mean(times))
        for percent in (50, 95, 99):
            figures[f"{name} p{percent} ms"] = float(np.percentile(times, percent))
    figures["documents written"] = len(documents)
    figures["ms a document"] = float(np.mean(documents))
    figures["p95 loaded / quiet"] = figures["loaded p95 ms"] / figures["quiet p95 ms"]
    return figures


def main() -> None:
    """Measure, and write the page."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--kept", type=Path)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        if given.kept:
            shutil.copytree(given.kept, folder)
        begun = os.getloadavg()[0]
        figures = {**measure(folder, given.seconds), "load before": begun}
    print(figures)
    write("crowd", page(figures), figures)


def page(figures: dict[str, float]) -> str:
    """Return the page of results."""
    lines = [
        "# Search in a crowd",
        "",
        f"{machine()}. `python -m benchmarks.crowd`. {SIZE:,} chunks; {THREADS} threads ask new"
        " questions without a pause, embedding included; loaded: one more thread adds a document"
        f" of about {CHUNKS_A_DOCUMENT} chunks, parses it, and deletes it, over and over. Load:"
        " processes that wanted a core just before; above the number of cores, every time is too"
        " long.",
        "",
        "| | searches/s | p50 ms | p95 ms | p99 ms |",
        "|---|---|---|---|---|",
    ]
    for name in ("quiet", "loaded", "quiet again"):
        values = [
            figures[f"{name} {what}"] for what in ("searches/s", "p50 ms", "p95 ms", "p99 ms")
        ]
        lines.append(f"| {name} | " + " | ".join(f"{value:.1f}" for value in values) + " |")
    lines += [
        "",
        f"p95 loaded / quiet: {figures['p95 loaded / quiet']:.2f} (aim: at most 3)."
        f" {figures['documents written']:.0f} documents came and went,"
        f" {figures['ms a document']:.0f} ms each. Load before: {figures['load before']:.2f}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
