"""Sets of reading/ by halves: texts of one half of the articles, questions about both.

Questions of the other half are in the language and manner of the texts, and nothing in these
answers them. Sets of pages on one matter (FaQuAD, SweQUAD, OMoS, ENELPI) are hard: their halves
have much in common.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.aside import first_sentences
from benchmarks.quoting_sets import DATA, AnswerSet, Case, holds, read_lines

HALVES = (
    "squad_es_dist",
    "piaf",
    "faquad",
    "norquad",
    "swequad_mc",
    "tydiqa_goldp:fi",
    "tydiqa_goldp:ko",
    "tydiqa_goldp:ar",
    "tydiqa_goldp:ru",
    "tydiqa_goldp:id",
    "jsquad_test",
    "drcd_test",
    "drcd_test_hans",
    "heq",
    "pquad",
    "enelpi",
    "iapp_wiki_qa",
    "omos_qa:de",
)
_OWN, _FOREIGN, _TEXTS = 50, 70, 110
_LONG = 12  # letters of an answer that stands in a text by no chance
_BEGINNING = 40  # letters by which a text is known


@dataclass(frozen=True)
class _Row:
    question: str
    text: str
    golds: tuple[str, ...]
    article: str
    is_aside: bool


def half_of(name: str) -> AnswerSet:
    """Return one half of a set, FILE or FILE:LANGUAGE; questions of the other have no golds."""
    rows = list(_rows(name))
    random.Random(7).shuffle(rows)
    rows.sort(key=lambda row: not row.is_aside)
    articles = [*dict.fromkeys(row.article for row in rows)]
    mine = set(articles[::2])
    own = [row for row in rows if row.article in mine]
    texts = [row.text for row in own]
    random.Random(3).shuffle(texts)
    about = dict.fromkeys([*(row.text for row in own[:_OWN]), *texts])
    documents = {f"text {number}.txt": text for number, text in enumerate([*about][:_TEXTS])}
    named = {text: file for file, text in documents.items()}
    begun = {text.strip()[:_BEGINNING] for text in named}
    others = [
        Case(row.question, ())
        for row in rows
        if row.article not in mine
        and row.text.strip()[:_BEGINNING] not in begun
        and not any(len(row.golds[0]) > _LONG and holds(text, row.golds) for text in named)
    ]
    cases = [Case(row.question, row.golds, named[row.text]) for row in own[:_OWN] if row.is_aside]
    return AnswerSet(f"half {name}", "", documents, [*cases, *others[:_FOREIGN]])


def _rows(name: str) -> Iterator[_Row]:
    file, _, language = name.partition(":")
    firsts = first_sentences()
    for row in read_lines(DATA / "reading" / f"{file}.jsonl"):
        if row["answerable"] and language in ("", row["language"]):
            text, golds = _text_and_golds(row)
            mine = firsts.get((file, row["question"]), ())
            is_aside = bool(mine) and ("sentences" in row or any(one in text for one in mine))
            yield _Row(row["question"], text, golds, _article(file, row["id"], text), is_aside)


def _text_and_golds(row: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    if "sentences" in row:
        right = zip(row["sentences"], row["labels"], strict=True)
        return " ".join(row["sentences"]), tuple(text for text, label in right if label)
    answers = tuple(answer["text"] for answer in row["answers"])
    return row["passage"].replace("[SEP]", "\n"), answers


def _article(file: str, key: str, text: str) -> str:
    if file.startswith("drcd"):
        return key.split("-")[0]
    return key.split("p")[0] if file == "jsquad_test" else text
