"""Rows: the files of questions, passages and claims, as they lie, in one form."""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.reader.twins import WRITTEN, edited, read_units
from ragflow_local.text.sentences import sentence_spans

LONGEST = 600  # letters of a sentence, as the answerer cuts them
_LESSER_END = re.compile(r"[;；,，、\s።၊]")
_TITLE = re.compile(r"^(.{1,80}?) \[SEP\] ")
_MOST_SENTENCES = 80  # of a passage of sentences
# Of the pairs for entailment so many a file; premises that go together into one passage.
_MOST_PAIRS, _TOGETHER = 2000, 6


@dataclass(frozen=True)
class Passage:
    """Sentences in their order, the heading over them, and what its other versions have too."""

    sentences: tuple[str, ...]
    heading: str = ""
    twin: str = ""


@dataclass
class Query:
    """What is asked of a passage.

    Attributes:
        text: The question or claim.
        passage: Number of its passage.
        kind: "span", "sentences" or "claim".
        language: It is in.
        file: It is from.
        right: Numbers of the passage's sentences that answer.
        golds: Answers, letter for letter.
        span: Sentence, first and last letter of one of them in it.
        is_altered: Whether it was altered so that nothing answers it.
        is_written: Whether it is one of the questions that lie beside this module.
        is_twin: Whether it is asked of two versions of its passage, one of which answers.
    """

    text: str
    passage: int
    kind: str
    language: str
    file: str
    right: tuple[int, ...] = ()
    golds: tuple[str, ...] = ()
    span: tuple[int, int, int] | None = None
    is_altered: bool = False
    is_written: bool = False
    is_twin: bool = False


@dataclass
class Rows:
    """All passages and the queries about them."""

    passages: list[Passage] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)

    def add(self, passage: Passage) -> int:
        """Add a passage; return its number."""
        self.passages.append(passage)
        return len(self.passages) - 1


def cut(passage: str) -> list[tuple[int, int]]:
    """Return where the sentences of a passage begin and end, white space left out."""
    spans: list[tuple[int, int]] = []
    at = 0
    for line in passage.splitlines(keepends=True):
        for start, end in sentence_spans(line):
            spans += _cut_long(line, start, end, at)
        at += len(line)
    return spans


def _cut_long(line: str, start: int, end: int, at: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = end
        if end - start > LONGEST:
            ends = [one.end() for one in _LESSER_END.finditer(line, start, start + LONGEST)]
            stop = ends[-1] if ends else start + LONGEST
        text = line[start:stop]
        if text.strip():
            first = start + len(text) - len(text.lstrip())
            yield at + first, at + start + len(text.rstrip())
        start = stop


def read_all(folder: Path, most: int | None = None) -> Rows:
    """Return the rows of all files of ``folder`` and its ``entailment/``.

    Args:
        folder: With JSON lines.
        most: Most rows of a file, for a trial.
    """
    rows = Rows()
    for path in sorted(folder.glob("*.jsonl")):
        _read_file(rows, path, most)
    for path in sorted((folder / "entailment").glob("*.jsonl")):
        said = list(_lines(path))[:most]
        if path.stem == "wice":
            _read_claims(rows, said)
        else:
            _read_pairs(rows, path.stem, said)
    _read_written(rows)
    return rows


def name_of(file: str, passage: Passage) -> str:
    """Return the name of a passage in the files of written questions."""
    return f"{file}:{zlib.crc32(' '.join(passage.sentences).encode()):08x}"


def _read_written(rows: Rows) -> None:
    """Read the questions written for these passages: one half is answered, the other is not."""
    known = {name_of(one.file, rows.passages[one.passage]): one for one in rows.queries}
    for path in sorted(WRITTEN.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, numbers, text = line.split("\t")
            if name not in known:
                continue  # a trial reads a part of the passages
            one = known[name]
            right = tuple(int(number) - 1 for number in numbers.split(",") if number != "0")
            query = Query(text, one.passage, "sentences", path.stem, one.file, right)
            query.is_written = True
            rows.queries.append(query)
    _read_twins(rows, known)


def _read_twins(rows: Rows, known: dict[str, Query]) -> None:
    """Read the units of two versions: each question is asked of both, and one has its answer."""
    for language, unit in read_units(WRITTEN):
        if unit.passage not in known:
            continue
        own = known[unit.passage]
        was = rows.passages[own.passage]
        was = rows.passages[own.passage] = replace(was, twin=was.twin or unit.passage)
        other = rows.add(replace(was, sentences=edited(was.sentences, unit.edits)))
        for asked, answers, does_not in (
            (unit.asked, own.passage, other),
            (unit.asked_of_edited, other, own.passage),
        ):
            for text, number in asked:
                for passage, right in ((answers, (number,)), (does_not, ())):
                    query = Query(text, passage, "sentences", language, own.file, right)
                    query.is_written = query.is_twin = True
                    rows.queries.append(query)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


def _read_file(rows: Rows, path: Path, most: int | None) -> None:
    known: dict[str, tuple[int, list[tuple[int, int]]]] = {}
    for row in list(_lines(path))[:most]:
        if "sentences" in row:
            _read_sentences(rows, path.stem, row)
            continue
        text = row["passage"]
        if text not in known:
            title = _TITLE.match(text)
            spans = cut(text)
            if title:
                spans = [span for span in spans if span[1] > title.end()]
                spans[:1] = [(title.end(), end) for _, end in spans[:1]]
            sentences = tuple(text[start:end] for start, end in spans)
            known[text] = rows.add(Passage(sentences, title[1] if title else "")), spans
        number, spans = known[text]
        query = Query(row["question"], number, "span", row["language"], path.stem)
        _answered(query, row["answers"], spans)
        if row["answerable"] and not query.right:
            continue  # the answer is the title
        rows.queries.append(query)


def _answered(query: Query, answers: list[dict[str, Any]], spans: list[tuple[int, int]]) -> None:
    right: list[int] = []
    for answer in answers:
        first, last = answer["start"], answer["start"] + len(answer["text"])
        for number, (start, end) in enumerate(spans):
            if start < last and first < end:
                if query.span is None:
                    query.span = number, max(first, start) - start, min(last, end) - start
                right.append(number)
    query.right = tuple(dict.fromkeys(right))
    query.golds = tuple(answer["text"] for answer in answers if answer["text"].strip())


def _read_sentences(rows: Rows, file: str, row: dict[str, Any]) -> None:
    pairs = zip(row["sentences"], row["labels"], strict=True)
    kept = [(text.strip()[:LONGEST], label) for text, label in pairs if text.strip()]
    kept = kept[:_MOST_SENTENCES]
    right = tuple(number for number, (_, label) in enumerate(kept) if label)
    if not kept or (row["answerable"] and not right):
        return
    # The same questions and pages in several languages have the same number.
    found = re.search(r"\d+", row["id"])
    twin = f"{file} {found[0]}" if found else ""
    number = rows.add(Passage(tuple(text for text, _ in kept), "", twin))
    rows.queries.append(Query(row["question"], number, "sentences", row["language"], file, right))


def _read_claims(rows: Rows, said: list[dict[str, Any]]) -> None:
    for row in said:
        if row["support"] == "partially_supported":
            continue
        pairs = list(zip(row["sentences"], row["labels"], strict=True))
        pairs = [(text.strip()[:LONGEST], label) for text, label in pairs if text.strip()]
        first = next((number for number, (_, label) in enumerate(pairs) if label), 0)
        pairs = pairs[max(0, first - 10) : max(0, first - 10) + 40]
        right = tuple(number for number, (_, label) in enumerate(pairs) if label)
        supported = row["support"] == "supported"
        if supported != bool(right):
            continue
        number = rows.add(Passage(tuple(text for text, _ in pairs)))
        rows.queries.append(
            Query(row["hypothesis"], number, "claim", row["language"], "wice", right)
        )


def _read_pairs(rows: Rows, file: str, said: list[dict[str, Any]]) -> None:
    """Read premises and hypotheses: several premises make a passage, one of them may support."""
    chance = random.Random(file)
    chance.shuffle(said)
    said = said[:_MOST_PAIRS]
    for row in said:
        others = [one["premise"] for one in chance.sample(said, min(len(said), _TOGETHER))]
        others = [one for one in dict.fromkeys(others) if one != row["premise"]]
        place = chance.randrange(len(others) + 1)
        others.insert(place, row["premise"])
        number = rows.add(Passage(tuple(text[:LONGEST] for text in others)))
        right = (place,) if row["label"] == "entailment" else ()
        rows.queries.append(Query(row["hypothesis"], number, "claim", row["language"], file, right))
