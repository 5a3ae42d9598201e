"""Beside the engines one would pick instead: adding, searching and what is found, in one run.

    python -m benchmarks.peers [--environment FOLDER] [--rounds 3] [SET …]

txtai, chromadb with sentence-transformers, and bm25s are installed into an environment of their
own, once. Every engine gets the same texts and the same model folder, each in a process of its
own, in turns, so that what else the machine does hits all of them. The best of the rounds counts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.corpora import DATA, ENGLISH, RetrievalSet, retrieval_set
from benchmarks.measure import machine, write
from benchmarks.peer_engines import ENGINES
from benchmarks.projects import MODEL
from ragflow_local.embedders import resolve
from ragflow_local.evaluation.measures import ndcg

PACKAGES = ("txtai", "chromadb", "sentence-transformers", "bm25s", "PyStemmer")
_SCRIPT = Path(__file__).with_name("peer_engines.py")


def environment(folder: Path) -> Path:
    """Return the interpreter of an environment that has the peers, made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    # The same build of torch as ours, or one would measure two builds of torch.
    constraints = Path(__file__).parent.parent / "constraints.txt"
    install = [str(python), "-m", "pip", "install", "--quiet", "-c", str(constraints)]
    has_all = [str(python), "-c", "import bm25s, chromadb, sentence_transformers, Stemmer, txtai"]
    if subprocess.run(has_all, check=False, capture_output=True).returncode:
        subprocess.run([*install, "torch"], check=True)
        subprocess.run([*install, *PACKAGES], check=True)
    return python


def versions(python: Path) -> str:
    """Return the peers' versions, in a line."""
    code = "import sys; from importlib.metadata import version as v; "
    code += "print(', '.join(f'{name} {v(name)}' for name in sys.argv[1:]))"
    asked = [str(python), "-c", code, "txtai", "chromadb", "sentence-transformers", "bm25s"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def measured(python: Path, engine: str, one: RetrievalSet) -> dict[str, Any]:
    """Return what one engine did with one set."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus, asked = folder / "corpus.json", folder / "questions.json"
        corpus.write_text(json.dumps(one.documents), encoding="utf-8")
        asked.write_text(json.dumps(one.questions), encoding="utf-8")
        place = folder / "engine"
        place.mkdir()
        model = str(resolve(MODEL, None))
        command = [str(python), str(_SCRIPT), engine, str(corpus), str(asked), model, str(place)]
        settings = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        done = subprocess.run(command, capture_output=True, text=True, env=settings, check=False)
        if done.returncode:
            sys.exit(f"{engine} on {one.name}: {done.stderr[-2000:]}")
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    pairs = zip(told["rankings"], one.relevant, strict=True)
    return {
        "documents/s": len(one.documents) / told["seconds"],
        "search p50 ms": statistics.median(told["ms"]),
        "nDCG@10": statistics.mean(ndcg(*pair) for pair in pairs),
        "peak MiB": told["MiB"],
        "disk MiB": size / 2**20,
    }


def best(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the best of each figure: noise only ever makes an engine slower."""
    chosen = {name: min(found[name] for found in rounds) for name in rounds[0]}
    chosen["documents/s"] = max(found["documents/s"] for found in rounds)
    return chosen


def page(peers: str, figures: dict[str, dict[str, dict[str, float]]], rounds: int) -> str:
    """Return the page of results."""
    lines = [
        "# Beside other engines",
        "",
        f"{machine()}; {peers}. `python -m benchmarks.peers`: every engine has the same texts and"
        f" the same model ({MODEL}), a process of its own, and its turn in each of {rounds} rounds,"
        " the best of which counts. Documents a second: from texts to the first search's result,"
        " on the disk, libraries and weights loaded before. ragflow_local takes each text as a"
        " file, waits for the disk, has workers read and cut it while more is added, and keeps it;"
        " the others are given texts. Peak memory"
        " is of the engine's own process, without ragflow_local's workers. Without a model:"
        " ragflow_local with words hashed into vectors, which leaves its own work.",
    ]
    for name, engines in figures.items():
        own = engines["without a model"]
        columns = list(own)
        embedding = [rates["documents/s"] for who, rates in engines.items() if who in _EMBEDDING]
        share = engines["ragflow_local"]["documents/s"] / max(embedding)
        lines += ["", f"## {name}", "", "| engine | " + " | ".join(columns) + " |"]
        lines.append("|---" * (len(columns) + 1) + "|")
        for engine, found in engines.items():
            cells = (_cell(key, found[key]) for key in columns)
            lines.append(f"| {engine} | " + " | ".join(cells) + " |")
        lines += [
            "",
            f"Adding: {share:.2f} times the faster of the others that embed. Without a model,"
            f" {1000 / own['documents/s']:.2f} ms a document.",
        ]
    return "\n".join(lines)


def _cell(key: str, value: float) -> str:
    return f"{value:.3f}" if "nDCG" in key else f"{value:.1f}"


_EMBEDDING = ("txtai", "chromadb")
_PEERS = (*_EMBEDDING, "bm25s")


def main() -> None:
    """Measure set by set, and write the page after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    kept = Path(tempfile.gettempdir()) / "ragflow_local_benchmarks" / "peers"
    parser.add_argument("--environment", type=Path, default=kept)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("sets", nargs="*", default=list(ENGLISH))
    given = parser.parse_args()
    python = environment(given.environment)
    peers = versions(python)
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for name in given.sets:
        one = retrieval_set(DATA / "retrieval" / name)
        rounds: dict[str, list[dict[str, float]]] = {engine: [] for engine in ENGINES}
        for _ in range(given.rounds):
            for engine in ENGINES:
                who = python if engine in _PEERS else Path(sys.executable)
                rounds[engine].append(measured(who, engine, one))
                print(name, engine, rounds[engine][-1], flush=True)
        figures[name] = {engine: best(found) for engine, found in rounds.items()}
        write("peers", page(peers, figures, given.rounds), figures)


if __name__ == "__main__":
    main()
