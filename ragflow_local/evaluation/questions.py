"""Reads a CSV of questions and checks whether a chunk is what a question expects."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path

from ragflow_local.api.chunk import Chunk
from ragflow_local.errors import DiskError, InvalidValueError
from ragflow_local.readers.csv import find_delimiter
from ragflow_local.text.encoding import decode
from ragflow_local.text.terms import asked_terms, terms_of

# What the columns are called, by what people and other tools call them.
_COLUMNS = {
    "question": ("question", "questions", "query"),
    "answer": ("answer", "expected_answer", "expected", "ground_truth", "reference"),
    "document": ("document", "documents", "document_name", "file", "source", "source_docs"),
    "page": ("page", "pages"),
}
# A chunk holds an answer that has this share of its words: answers are seldom quoted to the letter.
_HELD = 0.8
_PAGES = re.compile(r"(\d+)(?:\s*[-–]\s*(\d+))?$")
_MOST_PAGES = 10_000
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Expected:
    """One thing that should be found: a document, or some of its pages, or a text.

    Attributes:
        document: A name, or a pattern such as ``*2023*``; "" for any.
        pages: Pages of which one is enough; empty for any.
        answer: A text that the passage must hold; "" where the document says it.
    """

    document: str = ""
    pages: frozenset[int] = frozenset()
    answer: str = ""

    def fits(self, chunk: Chunk) -> bool:
        """Return whether a chunk is what was expected."""
        if self.document and not _is_named(self.document, chunk.document_name):
            return False
        if self.pages and self.pages.isdisjoint(int(place[0]) for place in chunk.position):
            return False
        return not self.answer or holds(chunk.content, self.answer)


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what it expects.

    Attributes:
        row: Its row in the file, from 2; the first has the names of the columns.
        expected: What should be found; empty where the documents do not answer it.
        answer: What should be answered, roughly; "" where the file does not say.
    """

    row: int
    text: str
    expected: tuple[Expected, ...]
    answer: str = ""


def share_of(text: str, answer: str) -> float:
    """Return the share of an answer's words, in [0, 1], that a text has."""
    wanted = _words_of(answer)
    return len(wanted & terms_of(text).keys()) / len(wanted) if wanted else 0.0


def holds(text: str, answer: str) -> bool:
    """Return whether a text contains an answer: most of its words, and every number."""
    there = terms_of(text).keys()
    numbers = {term for term in _words_of(answer) if _NUMBER.search(term)}
    return numbers <= there and share_of(text, answer) >= _HELD


def _words_of(answer: str) -> frozenset[str]:
    return asked_terms(answer) or frozenset(terms_of(answer))


def read_questions(path: Path) -> list[Question]:
    """Return the questions of a CSV file.

    Its columns are ``question`` and, each of them optional, ``answer``, ``document`` (a name or a
    pattern; several split by ``;``) and ``page`` (``3``, ``3-5``, ``3, 7``). A question with
    neither is one that the documents do not answer.

    Raises:
        InvalidValueError: A column is missing or unknown, or a row is not as it should be.
        DiskError: The file cannot be read.
    """
    try:
        text = decode(path.read_bytes())
    except OSError as error:
        raise DiskError(path, error.errno, error.strerror or str(error)) from None
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=find_delimiter(text))
    try:
        first, *rest = list(rows) or [[]]
    except csv.Error as error:
        raise InvalidValueError(str(path), str(error), "a CSV file") from None
    places = _places_of(path, first)
    made = [
        _question(number, row, places)
        for number, row in enumerate(rest, start=2)
        if any(cell.strip() for cell in row)
    ]
    if not made:
        raise InvalidValueError(str(path), "no questions", "a row for each question")
    return made


def check_documents(questions: Iterable[Question], names: Sequence[str]) -> None:
    """Raise ``InvalidValueError`` where a document is expected that there is not."""
    known: set[str] = set()
    for question in questions:
        for expected in question.expected:
            if not expected.document or expected.document in known:
                continue
            if not any(_is_named(expected.document, name) for name in names):
                some = ", ".join(sorted(names)[:5]) or "none yet"
                where = f"document in row {question.row}"
                raise InvalidValueError(
                    where, expected.document, f"the name of a document of the dataset: {some}, …"
                )
            known.add(expected.document)


def _places_of(path: Path, first: Sequence[str]) -> dict[str, int]:
    """Return at which place each known column stands."""
    names = ["_".join(cell.strip().lower().split()) for cell in first]
    places = {
        column: names.index(spelling)
        for column, spellings in _COLUMNS.items()
        for spelling in reversed(spellings)
        if spelling in names
    }
    if "question" not in places:
        shown = ", ".join(first) or "an empty file"
        raise InvalidValueError(
            f"columns of {path.name}",
            shown,
            "a first row with question and, as far as known, answer, document and page",
        )
    return places


def _question(number: int, row: Sequence[str], places: dict[str, int]) -> Question:
    cells = {
        column: row[place].strip() if place < len(row) else "" for column, place in places.items()
    }
    if not cells["question"]:
        raise InvalidValueError(f"question in row {number}", "", "a question in each row")
    pages = _pages_of(number, cells.get("page", ""))
    names = [name.strip() for name in re.split(r"[;\n]", cells.get("document", ""))]
    documents = [name for name in names if name]
    if pages and len(documents) != 1:
        allowed = "pages only with one document"
        raise InvalidValueError(f"page in row {number}", cells["page"], allowed)
    expected = tuple(Expected(name, pages) for name in documents)
    answer = cells.get("answer", "")
    if not expected and answer:
        expected = (Expected(answer=answer),)
    return Question(number, cells["question"], expected, answer)


def _pages_of(number: int, cell: str) -> frozenset[int]:
    pages: set[int] = set()
    for part in filter(None, re.split(r"[,;]\s*", cell)):
        match = _PAGES.match(part.strip())
        first = int(match[1]) if match else 0
        last = int(match[2] or match[1]) if match else 0
        if not 1 <= first <= last < first + _MOST_PAGES:
            raise InvalidValueError(f"page in row {number}", cell, "pages like 3, 3-5 or 3, 7")
        pages.update(range(first, last + 1))
    return frozenset(pages)


def _is_named(wanted: str, name: str) -> bool:
    """Return whether a document is meant by a name or a pattern; folders may be left out."""
    pattern = re.compile(translate(wanted), re.IGNORECASE)
    return any(
        wanted.casefold() == candidate.casefold() or pattern.match(candidate)
        for candidate in (name, name.rpartition("/")[2])
    )
