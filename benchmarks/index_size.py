"""Index: its bytes and the processor time of making it, of this version beside another.

    python -m benchmarks.index_size OTHER_TREE

OTHER_TREE is a folder with another version's source. Both parse the texts of three sets in turns,
each in a process of its own, with words hashed into vectors, so that no model's time is counted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SETS = ("hotpot100", "cisi", "cmrc2018_trial")
ROUNDS = 3
TOGETHER = 50  # texts of a document
_HERE = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path)
    given = parser.parse_args()
    trees = {"before": given.other.resolve(), "after": _HERE}
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
    for _ in range(ROUNDS):
        for name, tree in trees.items():
            figures[name].append(_measured(tree))
            print(name, figures[name][-1], flush=True)
    from benchmarks.measure import RESULTS, machine

    lines = [
        "# Size and time of the index",
        "",
        f"{machine()}. `python -m benchmarks.index_size OTHER_TREE`: {', '.join(SETS)}, least of"
        f" {ROUNDS} rounds in turns. Index: pages of the tables of postings and terms.",
        "",
        "| | chunks | index, bytes a chunk | engine, ms a chunk | workers, ms a chunk |",
        "|---|---|---|---|---|",
    ]
    for name, rounds in figures.items():
        least = {key: min(one[key] for one in rounds) for key in rounds[0]}
        lines.append(
            f"| {name} | {least['chunks']:.0f} | {least['bytes']:.0f}"
            f" | {least['engine']:.2f} | {least['workers']:.2f} |"
        )
    (RESULTS / "index_size.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _measured(tree: Path) -> dict[str, float]:
    """Return what one version takes, in a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), "--of", str(tree)]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(told.stdout.splitlines()[-1])
    return found


def _measure(tree: str) -> None:
    import ragflow_local
    from ragflow_local import RAGFlow

    assert Path(ragflow_local.__file__).is_relative_to(tree), ragflow_local.__file__
    data = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data")) / "retrieval"
    texts = []
    for name in SETS:
        for line in (data / name / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            texts.append(f"{row.get('title', '')}\n{row['text']}")
    with tempfile.TemporaryDirectory() as folder:
        rag = RAGFlow(project_dir=folder, embedding_model="hashing")
        dataset = rag.create_dataset("texts")
        for start in range(0, len(texts), TOGETHER):
            text = "\n\n".join(texts[start : start + TOGETHER])
            rag.create_document(dataset, f"{start}.txt", text.encode())
        documents = dataset.list_docs()
        begun = time.process_time()
        rag.async_parse_documents([one.id for one in documents])
        for one in documents:
            list(one.join(interval=0.05))
        engine = time.process_time() - begun
        chunks = sum(one.chunk_count for one in dataset.list_docs())
        rag.close()
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        connection = sqlite3.connect(Path(folder) / "catalog.sqlite3")
        connection.execute("VACUUM")
        (size,) = connection.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name LIKE '%postings%'"
        ).fetchone()
        connection.close()
    workers = spent.ru_utime + spent.ru_stime
    figures = {
        "chunks": chunks,
        "bytes": size / chunks,
        "engine": 1e3 * engine / chunks,
        "workers": 1e3 * workers / chunks,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--of"]:
        _measure(sys.argv[2])
    else:
        main()
