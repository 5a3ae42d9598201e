"""Does a project slow down as it grows? Opening and listing, at a tenth of its size and at all.

python -m benchmarks.catalog
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import RESULTS, machine
from ragflow_local import RAGFlow

DATASETS, DOCUMENTS = 1_000, 10_000


def grow(rag: RAGFlow, datasets: int, documents: int) -> None:
    """Add empty documents, evenly over new datasets."""
    made = [rag.create_dataset(f"d{number}_{datasets}") for number in range(datasets)]
    for number in range(documents):
        rag.create_document(made[number % datasets], f"{number}.txt", b"the same bytes")


def best(work: Callable[[], object], repeats: int = 7) -> float:
    """Return the median milliseconds of ``work``."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return sorted(times)[repeats // 2]


def measure(directory: Path) -> dict[str, float]:
    """Return milliseconds of each step on the project as it is."""

    def reopen() -> None:
        RAGFlow(project_dir=directory, embedding_model="hashing").close()

    found = {"open and close": best(reopen)}
    with RAGFlow(project_dir=directory, embedding_model="hashing") as rag:
        dataset = rag.list_datasets(page_size=1)[0]
        name = dataset.list_docs(limit=1)[0].name
        found["list 30 datasets"] = best(lambda: rag.list_datasets(page_size=30))
        found["find a dataset by name"] = best(lambda: rag.get_dataset(dataset.name))
        found["list the documents of a dataset"] = best(dataset.list_docs)
        found["find documents by name in it"] = best(lambda: dataset.list_docs(keywords=name))
        found["add a document"] = best(lambda: rag.create_document(dataset, name, b"x"))
    return found


def main() -> None:
    directory = Path(tempfile.mkdtemp(prefix="catalog-"))
    try:
        with RAGFlow(project_dir=directory, embedding_model="hashing") as rag:
            grow(rag, DATASETS // 10, DOCUMENTS // 10)
        small = measure(directory)
        with RAGFlow(project_dir=directory, embedding_model="hashing") as rag:
            grow(rag, DATASETS - DATASETS // 10, DOCUMENTS - DOCUMENTS // 10)
        large = measure(directory)
        lines = [
            "# A project that grows",
            "",
            f"{machine()}. `python -m benchmarks.catalog`",
            "",
            f"Milliseconds, median of 7, at {DATASETS // 10} datasets with {DOCUMENTS // 10}"
            f" documents and at {DATASETS} with {DOCUMENTS}.",
            "",
            "| step | a tenth | all | ratio |",
            "|---|---|---|---|",
            *(
                f"| {step} | {small[step]:.1f} | {large[step]:.1f}"
                f" | {large[step] / small[step]:.2f} |"
                for step in small
            ),
        ]
        (RESULTS / "catalog.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print("\n".join(lines))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
