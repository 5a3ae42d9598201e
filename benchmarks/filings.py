"""The main job on real input: eight quarterly reports as PDF, questions answered by a number.

    python -m benchmarks.filings

Adds every filing to one dataset with default settings, through the public API, and asks the
questions about one company that rest on one chunk. A question counts where one of the first ten
chunks is of the right company's filings and holds a number of the answer. Which numbers count is
told twice: all that the answer holds, years and days too; and figures alone, written with a
comma, a point or a percent sign, which no other figure of the chunk contains by chance.
"""

from __future__ import annotations

import csv
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.corpora import DATA
from benchmarks.measure import RESULTS, machine
from ragflow_local import DataSet, RAGFlow

_ANY = re.compile(r"\d[\d,]*\.?\d+")
_FIGURE = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\d+(?=\s*%)")
COMPANIES = ("AAPL", "NVDA")


def questions() -> Iterator[tuple[str, str, str]]:
    """Yield company, question and answer."""
    path = DATA / "filings" / "questions.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            company = next((name for name in COMPANIES if name in row["Source Docs"]), "")
            if not company or "Single-Doc Single-Chunk" not in row["Question Type"]:
                continue
            yield company, row["Question"], row["Answer"].split("SOURCE")[0]


def holds(text: str, number: str) -> bool:
    """Return whether a text holds the number itself, not as a part of a longer one."""
    return re.search(rf"(?<![\d.,]){re.escape(number)}(?!\d|[.,]\d)", text) is not None


def load(rag: RAGFlow) -> DataSet:
    """Return a dataset of all filings, parsed."""
    dataset = rag.create_dataset("filings")
    for path in sorted((DATA / "filings").glob("*.pdf")):
        rag.create_document(dataset, path.name, path.read_bytes())
    documents = dataset.list_docs()
    rag.async_parse_documents([document.id for document in documents])
    for document in documents:
        *_, (percent, message) = document.join(interval=60)
        print(f"{percent:5.1f} %  {document.name}: {message}")
    return dataset


def ask(rag: RAGFlow, dataset: DataSet, pattern: re.Pattern[str]) -> tuple[int, list[str]]:
    """Return how many questions have such a number in their answer, and which are not found."""
    asked, missed = 0, []
    for company, question, answer in questions():
        numbers = set(pattern.findall(answer))
        if not numbers:
            continue
        asked += 1
        hits = rag.retrieval(question, [dataset], limit=10)
        right = [hit.content for hit in hits if company in hit.document_name]
        if not any(holds(text, number) for number in numbers for text in right):
            missed.append(question)
    return asked, missed


def main() -> None:
    if not (DATA / "filings").is_dir():
        sys.exit(f"There are no filings in {DATA}; set RAGFLOW_LOCAL_DATA to the folder of data.")
    directory = Path(tempfile.mkdtemp(prefix="filings-"))
    try:
        with RAGFlow(project_dir=directory) as rag:
            started = time.perf_counter()
            dataset = load(rag)
            seconds = time.perf_counter() - started
            lines = [
                "# Filings",
                "",
                f"{machine()}. `python -m benchmarks.filings`",
                "",
                f"Eight filings, {dataset.chunk_count} chunks, parsed in {seconds:.0f} s.",
                "",
                "| numbers that count | questions | found among the first ten chunks |",
                "|---|---|---|",
            ]
            missed: list[str] = []
            for label, pattern in (("any in the answer", _ANY), ("figures alone", _FIGURE)):
                asked, missed = ask(rag, dataset, pattern)
                found = asked - len(missed)
                lines.append(f"| {label} | {asked} | {found} ({found / asked:.1%}) |")
            lines += ["", "Figures alone, not found:", "", *(f"- {text}" for text in missed)]
            (RESULTS / "filings.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
            print("\n".join(lines))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
