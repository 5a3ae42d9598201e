"""The main job on real input: eight quarterly reports as PDF, questions answered by a number.

    python -m benchmarks.filings [MODEL …]

Adds every filing to one dataset with default settings, through the public API, and asks the
questions about one company that rest on one chunk; with each of two models. A question counts
where one of the first chunks is of the right company's filings and holds a number of the answer.
Which numbers count is told twice: all that the answer holds, years and days too; and figures
alone, written with a comma, a point or a percent sign, which no other figure of the chunk
contains by chance.
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
from benchmarks.projects import MODELS
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


def ask(rag: RAGFlow, dataset: DataSet, pattern: re.Pattern[str]) -> dict[str, int | None]:
    """Return the place, from 1, of the first right chunk of ten for each question with a number."""
    places: dict[str, int | None] = {}
    for company, question, answer in questions():
        numbers = set(pattern.findall(answer))
        if not numbers:
            continue
        hits = rag.retrieval(question, [dataset], limit=10)
        places[question] = next(
            (
                place
                for place, hit in enumerate(hits, 1)
                if company in hit.document_name
                and any(holds(hit.content, number) for number in numbers)
            ),
            None,
        )
    return places


def measure(model: str, missed: dict[str, list[str]]) -> Iterator[str]:
    """Yield the rows of a model, and note the questions whose figure was not found."""
    directory = Path(tempfile.mkdtemp(prefix="filings-"))
    try:
        with RAGFlow(project_dir=directory, embedding_model=model) as rag:
            started = time.perf_counter()
            dataset = load(rag)
            seconds = time.perf_counter() - started
            for label, pattern in (("any in the answer", _ANY), ("figures alone", _FIGURE)):
                places = ask(rag, dataset, pattern)
                cells = [sum(at is not None and at <= n for at in places.values()) for n in (5, 10)]
                yield (
                    f"| {model} | {dataset.chunk_count} | {seconds:.0f} | {label} | {len(places)}"
                    f" | {cells[0]} | {cells[1]} |"
                )
                missed[model] = [question for question, at in places.items() if at is None]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main() -> None:
    if not (DATA / "filings").is_dir():
        sys.exit(f"There are no filings in {DATA}; set RAGFLOW_LOCAL_DATA to the folder of data.")
    head = (
        "| model | chunks | parsed in, s | numbers that count | questions | found among the first"
    )
    lines = ["# Filings", "", f"{machine()}. `python -m benchmarks.filings`. Eight filings.", ""]
    lines += [f"{head} five chunks | ten |", "|---" * 7 + "|"]
    missed: dict[str, list[str]] = {}
    for model in sys.argv[1:] or MODELS:
        lines += measure(model, missed)
        print("\n".join(lines[-2:]), flush=True)
    for model, asked in missed.items():
        lines += ["", f"Figures alone, not found with {model}:", ""]
        lines += [f"- {question}" for question in asked]
    (RESULTS / "filings.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
