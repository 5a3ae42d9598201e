"""The main job on real input: eight quarterly reports as PDF, questions answered by a number.

    python -m benchmarks.filings

Adds every filing to one dataset with default settings, through the public API, and asks the
questions about one company that rest on one chunk. A question counts where one of the first ten
chunks is of the right company's filings and holds a number of the answer.
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

# A number as filings write it: with thousands separators or decimals, not a year or a day.
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\d+(?=\s*(?:%|million|billion))")
COMPANIES = ("AAPL", "NVDA")


def questions() -> Iterator[tuple[str, str, set[str]]]:
    """Yield company, question and the numbers of its answer."""
    path = DATA / "filings" / "questions.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            company = next((name for name in COMPANIES if name in row["Source Docs"]), "")
            if not company or "Single-Doc Single-Chunk" not in row["Question Type"]:
                continue
            answer = row["Answer"].split("SOURCE")[0]
            numbers = set(_NUMBER.findall(answer))
            if numbers:
                yield company, row["Question"], numbers


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


def main() -> None:
    if not (DATA / "filings").is_dir():
        sys.exit(f"There are no filings in {DATA}; set RAGFLOW_LOCAL_DATA to the folder of data.")
    directory = Path(tempfile.mkdtemp(prefix="filings-"))
    try:
        with RAGFlow(project_dir=directory) as rag:
            started = time.perf_counter()
            dataset = load(rag)
            seconds = time.perf_counter() - started
            asked = found = 0
            missed = []
            for company, question, numbers in questions():
                hits = rag.retrieval(question, [dataset], limit=10)
                right = [hit.content for hit in hits if company in hit.document_name]
                asked += 1
                if any(number in text for number in numbers for text in right):
                    found += 1
                else:
                    missed.append(question)
            lines = [
                "# Filings",
                "",
                f"{machine()}. `python -m benchmarks.filings`",
                "",
                f"- {found} of {asked} questions ({found / asked:.1%}) find, among the first ten"
                " chunks, one of the right company's filings with a number of the answer.",
                f"- Eight filings, {dataset.chunk_count} chunks, parsed in {seconds:.0f} s.",
                *(f"- not found: {question}" for question in missed),
            ]
            (RESULTS / "filings.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
            print("\n".join(lines))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
