"""Does a knowledge graph find the passage that a two-hop question does not name?

    python -m benchmarks.graph

Each passage of ``retrieval/hotpot100`` is a document of its own, in one dataset parsed by
``naive`` and in one parsed by ``knowledge_graph``. A question needs two passages; found are those
whose text is among the first hits. Entities and relations among the hits take places and find
nothing. Embeddings are those of ``hashing``: words, not meaning, so the graph is what differs.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.corpora import DATA
from benchmarks.measure import machine, write
from ragflow_local import DataSet, RAGFlow
from ragflow_local.evaluation.measures import interval

FOLDER = DATA / "retrieval" / "hotpot100"
DEPTHS = (4, 6, 10)
METHODS = ("naive", "knowledge_graph")


def lines(path: Path) -> list[dict[str, str]]:
    """Return the records of a JSON lines file."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def filled(rag: RAGFlow, method: str) -> DataSet:
    """Return a dataset with all passages, parsed by ``method``."""
    dataset = rag.create_dataset(method, parse_method=method)
    ids = [
        rag.add_document(
            dataset, f"{row['_id']}.md", f"# {row['title']}\n\n{row['text']}".encode()
        ).id
        for row in lines(FOLDER / "corpus.jsonl")
    ]
    rag.async_parse_documents(ids)
    while any(document.run == "RUNNING" for document in dataset.list_docs(limit=-1)):
        time.sleep(1)
    return dataset


def gold() -> dict[str, set[str]]:
    """Return the passages each question needs."""
    needed: defaultdict[str, set[str]] = defaultdict(set)
    for line in (FOLDER / "qrels" / "test.tsv").read_text().splitlines()[1:]:
        question, passage, grade = line.split("\t")
        if int(grade) > 0:
            needed[question].add(f"{passage}.md")
    return needed


def shares(rag: RAGFlow, dataset: DataSet, depth: int) -> tuple[list[float], list[float], float]:
    """Return for each question whether both passages are found, and the second; and ms a search."""
    needed = gold()
    both: list[float] = []
    second: list[float] = []
    begun = time.perf_counter()
    questions = [row for row in lines(FOLDER / "queries.jsonl") if len(needed[row["_id"]]) == 2]
    for row in questions:
        hits = rag.retrieval(row["text"], [dataset], limit=depth)
        found = needed[row["_id"]] & {hit.document_name for hit in hits if hit.kind == "text"}
        both.append(float(len(found) == 2))
        if found:
            second.append(float(len(found) == 2))
    return both, second, (time.perf_counter() - begun) * 1000 / len(questions)


def main() -> int:
    """Measure with and without, and write the page."""
    if not FOLDER.exists():
        print(f"No data: {FOLDER} is not there. Set RAGFLOW_LOCAL_DATA to the folder that has it.")
        return 0
    rows = []
    figures: dict[str, object] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        RAGFlow(project_dir=folder, workers=2, embedding_model="hashing") as rag,
    ):
        for method in METHODS:
            dataset = filled(rag, method)
            for depth in DEPTHS:
                both, second, ms = shares(rag, dataset, depth)
                mean, low, high = interval(both)
                rows.append(
                    f"| {method} | {dataset.chunk_count} | {depth} | {mean:.2f} [{low:.2f},"
                    f" {high:.2f}] | {sum(second) / len(second):.2f} | {ms:.0f} |"
                )
                figures[f"{method} {depth}"] = mean
    page = [
        "# Two-hop questions with and without a knowledge graph",
        "",
        f"`python -m benchmarks.graph`; {machine()}. hotpot100: {len(both)} questions of two"
        " passages each among 994; embeddings by `hashing`; default weights.",
        "",
        "| method | chunks | hits | both passages (95 % interval) | the second, where one is"
        " found | ms a search |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        "Entities and relations are among the hits, and take the place of passages there. The"
        " strength of the lift, and how far entities rank below texts, were chosen on this set.",
    ]
    write("graph", "\n".join(page), figures)
    print(*page, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
