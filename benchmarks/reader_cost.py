"""What the reader costs beside the scorer: processor time, memory, the first answer of a process.

    python -m benchmarks.reader_cost [--model NAME]

Answers to questions about made texts, from what search found, with and without the reader in the
same process, in turns. The first answer is that of a new process which opens a parsed project.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import machine, memory_mib, write
from benchmarks.projects import MODEL
from benchmarks.quality import CACHE
from ragflow_local import RAGFlow
from ragflow_local.answer.quoting import extract
from ragflow_local.embedders import open_embedder, open_reader
from ragflow_local.records import ChunkRow, Hit
from ragflow_local.retrieve.similarity import nearness

_QUESTIONS, _ROUNDS = 12, 4
_NAMES = ("Ada", "Bruno", "Clara", "Denis", "Emma", "Felix", "Greta", "Hugo")
_TRADES = ("miller", "printer", "glazier", "baker", "cooper", "dyer", "saddler")
_FIRST = """
import sys, time
begun = time.perf_counter(), time.process_time()
from ragflow_local import RAGFlow
with RAGFlow(project_dir=sys.argv[1]) as rag:
    session = rag.list_chats()[0].create_session("question")
    message = session.ask("Who became the miller of the town in 1801?")
    print(message.model, time.perf_counter() - begun[0], time.process_time() - begun[1])
"""


def texts() -> list[str]:
    """Return twelve chunks of eight sentences each."""
    chance = np.random.default_rng(1)
    return [
        " ".join(
            f"{chance.choice(_NAMES)} {chance.choice(('Koch', 'Berg', 'Lind'))} became the"
            f" {chance.choice(_TRADES)} of the town in {1800 + 8 * number + at} and kept the"
            f" accounts of the {chance.choice(('mill', 'bridge', 'market'))} for"
            f" {chance.integers(2, 40)} years."
            for at in range(8)
        )
        for number in range(_QUESTIONS)
    ]


def hits_of(passages: list[str]) -> list[Hit]:
    """Return eight passages as hits."""
    rows = [
        ChunkRow(at, f"c{at}", "d", "s", f"town {at}.txt", at, text, 1, 1)
        for at, text in enumerate(passages[:8])
    ]
    return [Hit(row, 0.6 - row.number / 50, 0.6, 0.6) for row in rows]


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=MODEL)
    given = parser.parse_args()
    embedder = open_embedder(given.model, None, cache_dir=CACHE / "models")
    embedder.embed_query("warm")
    before = memory_mib(), time.process_time()
    reader = open_reader(None)
    if reader is None:
        raise SystemExit("The multilingual weights are not installed: the reader is off.")
    opened = time.process_time() - before[1]
    hits = hits_of(texts())
    spent: dict[str, list[float]] = {"scorer": [], "reader": []}
    for turn in range(_ROUNDS):
        for number in range(_QUESTIONS):
            question = f"Who became the {_TRADES[number % 7]} of the town in {1800 + 5 * number}?"
            for name, read in (("scorer", None), ("reader", reader.read)):
                begun = time.process_time()
                extract(
                    question,
                    hits,
                    lambda text, passages: nearness(embedder, text, passages),
                    read=read,
                )
                if turn:  # the first warms up
                    spent[name].append(1000 * (time.process_time() - begun))
    figures = {name: float(np.median(times)) for name, times in spent.items()}
    figures |= {"opened": opened, "mib": memory_mib() - before[0]}
    first = first_answers(given.model)
    off, on = first["off"], first["on"]
    lines = [
        "# What the reader costs",
        "",
        f"{machine()}. `python -m benchmarks.reader_cost`. Dataset of {given.model}; eight chunks"
        " of eight sentences found, twenty candidates read."
        " Processor time.",
        "",
        "| | scorer alone | with the reader |",
        "|---|---|---|",
        f"| an answer, median | {figures['scorer']:.0f} ms | {figures['reader']:.0f} ms |",
        f"| opened | | {opened:.2f} s, {figures['mib']:.0f} MiB with its vocabulary |",
        f"| first answer in a new process, wall | {off[0]:.1f} s | {on[0]:.1f} s |",
        f"| the same, processor | {off[1]:.1f} s | {on[1]:.1f} s |",
    ]
    write("reader_cost", "\n".join(lines), {**figures, "first": first})
    print("\n".join(lines))


def first_answers(model: str) -> dict[str, tuple[float, float]]:
    """Return seconds to the first answer of a new process, with and without the reader."""
    found: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("off", "on"):
            project = Path(folder) / name
            with RAGFlow(project_dir=project, workers=1, embedding_model=model) as rag:
                dataset = rag.create_dataset("town")
                for number, text in enumerate(texts()):
                    rag.create_document(dataset, f"town {number}.txt", text.encode())
                dataset.parse()
                prompt = {"reader": name == "on"}
                rag.create_chat("town", knowledgebases=[dataset], prompt=prompt)
            runs = [
                subprocess.run(
                    [sys.executable, "-c", _FIRST, str(project)],
                    capture_output=True,
                    text=True,
                    check=True,
                ).stdout.split()
                for _ in range(3)
            ]
            found[name] = min((float(wall), float(spent)) for _, wall, spent in runs)
    return found


if __name__ == "__main__":
    main()
