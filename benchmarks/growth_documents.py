"""What single calls cost beside a thousand, a hundred thousand and a million documents.

``python -m benchmarks.growth_documents`` writes ``results/growth_documents.md``. The documents are
rows alone, written to the catalog as ``create_document`` does; each call is measured in processor
time, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import machine, write
from ragflow_local import DataSet, RAGFlow
from ragflow_local.stores.catalog import documents, now_ms

_AT_ONCE = 20_000


def main() -> None:
    """Measure, and write the page."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--counts", type=int, nargs="*", default=[1_000, 100_000, 1_000_000])
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "p"
        with RAGFlow(
            project_dir=folder, embedding_model="hashing", workers=1, durable=False
        ) as rag:
            dataset = rag.create_dataset("kb")
            seed = rag.add_document(dataset, "seed.txt", b"the seed word")
            seed.async_parse()
            list(seed.join(interval=0.01))
            done = 0
            for count in arguments.parse_args().counts:
                grow(rag, dataset, done, count)
                done = count
                figures[f"{count:,}"] = calls(rag, dataset)
                print(count, figures[f"{count:,}"], flush=True)
    write("growth_documents", page(figures), figures)


def grow(rag: RAGFlow, dataset: DataSet, first: int, last: int) -> None:
    """Add documents until there are ``last``."""
    row = dataset._row
    while first < last:
        end = min(first + _AT_ONCE, last)
        with rag.project.catalog.write() as connection:
            for number in range(first, end):
                id = uuid.uuid4().hex
                values = {
                    "id": id,
                    "dataset_id": dataset.id,
                    "name": f"doc{number}.txt",
                    "type": "doc",
                    "kind": "text",
                    "size": 10,
                    "sha256": id * 2,
                    "source_type": "local",
                    "created_by": row.tenant_id,
                    "parse_method": "naive",
                    "parser_config": row.parser_config,
                    "meta_fields": {"year": number, "kind": "report"},
                    "create_time": now_ms(),
                    "update_time": now_ms(),
                }
                documents.insert(connection, values)
        first = end


def calls(rag: RAGFlow, dataset: DataSet) -> dict[str, float]:
    """Return milliseconds of processor time of each call, the median."""

    def empty() -> None:
        made = rag.create_dataset(f"empty_{uuid.uuid4().hex}")
        rag.delete_datasets([made.id])

    def search(**conditions: object) -> Callable[[], object]:
        return lambda: rag.retrieval("seed", [dataset], meta_fields=conditions)

    return {
        "add a new name": cost(lambda: rag.add_document(dataset, f"{uuid.uuid4().hex}.txt", b"x")),
        "add a taken name": cost(lambda: rag.add_document(dataset, "seed.txt", b"x")),
        "list_docs(limit=100)": cost(lambda: dataset.list_docs(limit=100)),
        "delete an empty dataset": cost(empty),
        "search, one document meets": cost(search(year=7)),
        "search, a range that none meets": cost(search(year={"gte": 10**9})),
    }


def cost(call: Callable[[], object], repeats: int = 9) -> float:
    """Return the median of processor milliseconds, after one call that does not count."""
    call()
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        call()
        times.append((time.process_time() - begun) * 1000)
    return statistics.median(times)


def page(figures: dict[str, dict[str, float]]) -> str:
    """Return the page of results."""
    counts = list(figures)
    lines = [
        "# What single calls cost beside many documents",
        "",
        f"{machine()}. `python -m benchmarks.growth_documents`. Milliseconds of processor time, the"
        " median of nine calls.",
        "",
        f"| call | {' | '.join(f'{count} documents' for count in counts)} |",
        "|---" * (len(counts) + 1) + "|",
    ]
    for call in figures[counts[0]]:
        cells = " | ".join(f"{figures[count][call]:.2f}" for count in counts)
        lines.append(f"| {call} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
