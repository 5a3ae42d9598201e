"""Index: its bytes and the processor time of making it, of this version beside another.

    python -m benchmarks.index_size OTHER_TREE

OTHER_TREE is a folder with another version's source. Both parse the texts of three sets in turns,
each in a process of its own, with words hashed into vectors, so that no model's time is counted.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import tempfile
import time
from pathlib import Path

from benchmarks.corpora import DATA, retrieval_set
from benchmarks.measure import RESULTS, machine, measured_in
from ragflow_local import RAGFlow

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
            figures[name].append(measured_in(tree, "benchmarks.index_size"))
            print(name, figures[name][-1], flush=True)
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


def measured() -> dict[str, float]:
    """Return what the version that is imported takes."""
    texts = [text for name in SETS for text in retrieval_set(DATA / "retrieval" / name).documents]
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
    return {
        "chunks": chunks,
        "bytes": size / chunks,
        "engine": 1e3 * engine / chunks,
        "workers": 1e3 * workers / chunks,
    }


if __name__ == "__main__":
    main()
