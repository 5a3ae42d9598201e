"""Questions with the texts that answer them, put into datasets, and what search finds for them.

Sets lie under ``$RAGFLOW_LOCAL_DATA``: ``retrieval/NAME`` in BEIR's layout with answers beside the
questions, ``reading/NAME.jsonl`` with a passage beside each question; ``benchmarks/reader/written``
has questions written for those passages, half of which only look as if they were answered. Each
becomes a project of one dataset with all default settings; what search finds for its questions is
kept beside it.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.projects import MODEL
from benchmarks.reader.pack import CHOOSE, REPORT
from benchmarks.reader.prepare import passage_groups, use_of
from benchmarks.reader.rows import Rows, read_all
from ragflow_local import RAGFlow
from ragflow_local.records import Hit

DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data"))
TOP_N = 8  # a chat's
MOST_QUESTIONS = 150  # of a set of reading/
WRITTEN = {"written": CHOOSE, "reported": REPORT}
MOST_OTHERS = 400  # passages beside those that written questions are about


@dataclass(frozen=True)
class Case:
    """A question, its gold answers, and the text they stand in; no golds: it has no answer."""

    text: str
    golds: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True)
class AnswerSet:
    """Documents by name, and questions about them."""

    name: str
    language: str
    documents: dict[str, str]
    cases: list[Case]


def answer_set(name: str) -> AnswerSet:
    """Return a set by its name.

    That is a folder of retrieval/, FILE or FILE:LANGUAGE of reading/, or of written questions that
    no reader was trained on ``written:LANGUAGE``, to choose by, and ``reported:LANGUAGE``.
    """
    if (DATA / "retrieval" / name).is_dir():
        return _retrieval(name)
    file, _, language = name.partition(":")
    if file in WRITTEN:
        return _written(name, WRITTEN[file], language)
    return _reading(name, DATA / "reading" / f"{file}.jsonl", language)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file of JSON lines."""
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


def _retrieval(name: str) -> AnswerSet:
    folder = DATA / "retrieval" / name
    documents: dict[str, str] = {}
    named: dict[str, str] = {}
    for row in read_lines(folder / "corpus.jsonl"):
        title = str(row.get("title") or row["_id"]).replace("/", " ")[:200]
        file, count = f"{title}.txt", 1
        while file in documents:
            file, count = f"{title}({count}).txt", count + 1
        documents[file] = str(row["text"])
        named[str(row["_id"])] = file
    right: dict[str, str] = {}
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, document, grade = line.split("\t")
        if int(grade) > 0 and document in named:
            right.setdefault(question, named[document])
    cases = []
    for row in read_lines(folder / "queries.jsonl"):
        known = row.get("metadata") or {}
        assert isinstance(known, dict)
        golds = known.get("answers") or ([known["answer"]] if known.get("answer") else [])
        golds = [gold["text"] if isinstance(gold, dict) else gold for gold in golds]
        if "is_impossible" not in known:
            golds = [
                gold for gold in golds if gold.strip().lower().rstrip(".") not in ("yes", "no")
            ]
            if not golds:
                continue
        cases.append(Case(str(row["text"]), tuple(golds), right.get(str(row["_id"]), "")))
    return AnswerSet(name, _language(name), documents, cases)


def _language(name: str) -> str:
    for part in name.split("_"):
        if part in ("de", "zh", "ru", "ar"):
            return part
    return "zh" if name in ("cmrc2018_trial", "dureader_demo") else "en"


def _reading(name: str, path: Path, language: str) -> AnswerSet:
    rows = [row for row in read_lines(path) if not language or row["language"] == language]
    random.Random(0).shuffle(rows)
    documents: dict[str, str] = {}
    named: dict[str, str] = {}
    cases = []
    for row in rows[:MOST_QUESTIONS]:
        passage = str(row["passage"])
        if passage not in named:
            named[passage] = f"text {len(named)}.txt"
            documents[named[passage]] = passage
        answers = row["answers"]
        assert isinstance(answers, list)
        golds = tuple(answer["text"] for answer in answers)
        cases.append(Case(str(row["question"]), golds, named[passage]))
    return AnswerSet(name, language or str(rows[0]["language"])[:2], documents, cases)


@lru_cache
def grouped_rows() -> tuple[Rows, list[int]]:
    """Return the rows of reading/, and the group of each passage."""
    rows = read_all(DATA / "reading")
    return rows, passage_groups(rows)


def _written(name: str, use: int, language: str) -> AnswerSet:
    rows, groups = grouped_rows()
    asked = [
        one
        for one in rows.queries
        if one.is_written and not one.is_twin and one.language == language
    ]
    mine = [one for one in asked if use_of(one, groups[one.passage]) == use]
    random.Random(0).shuffle(mine)
    about = [*dict.fromkeys(one.passage for one in mine)]
    others = sorted({one.passage for one in asked} - set(about))
    about += random.Random(0).sample(others, min(MOST_OTHERS, len(others)))
    documents = {
        f"text {number}.txt": " ".join(rows.passages[number].sentences) for number in about
    }
    cases = [
        Case(
            one.text,
            tuple(rows.passages[one.passage].sentences[at] for at in one.right),
            f"text {one.passage}.txt",
        )
        for one in mine[:MOST_QUESTIONS]
    ]
    return AnswerSet(name, language, documents, cases)


def plain(text: str) -> str:
    """Return letters and digits only, folded, so that marks and spaces do not count."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def holds(text: str, golds: Sequence[str]) -> bool:
    """Return whether a text holds a gold answer, letter for letter."""
    said = plain(text)
    return any(plain(gold) in said for gold in golds)


def open_set(kept: AnswerSet, cache: Path, model: str = "") -> RAGFlow:
    """Return the set's project, its documents parsed; with the default embedding model, or that."""
    folder = cache / kept.name.replace(":", "_")
    rag = RAGFlow(project_dir=folder, workers=1, embedding_model=model or MODEL)
    if not rag.list_datasets(name="texts"):
        rag.create_dataset("texts")
    dataset = rag.list_datasets(name="texts")[0]
    if dataset.document_count < len(kept.documents):
        for file, text in kept.documents.items():
            rag.create_document(dataset, file, text.encode())
    dataset.parse()
    return rag


def hits_of(
    kept: AnswerSet, cache: Path, questions: list[str], label: str = "", model: str = ""
) -> list[list[Hit]]:
    """Return what search finds for each question, threshold 0, as many as a chat takes."""
    name = f"{kept.name.replace(':', '_')}{'-' + label if label else ''}-{len(questions)}.hits"
    if (cache / name).exists():
        found: list[list[Hit]] = pickle.loads((cache / name).read_bytes())
        return found
    with open_set(kept, cache, model) as rag:
        from ragflow_local.retrieve.filters import DocumentFilter
        from ragflow_local.retrieve.search import SearchOptions
        from ragflow_local.stores.catalog import datasets

        project = rag.project
        row = rag.list_datasets(name="texts")[0]

        with project.catalog.read() as reading:
            dataset = datasets.get(reading, row.id)
        assert dataset is not None
        options = SearchOptions(threshold=0.0, vector_weight=0.3, limit=TOP_N)
        found = [project.search(text, [dataset], DocumentFilter(), options) for text in questions]
    (cache / name).write_bytes(pickle.dumps(found))
    return found
