"""Tells on which questions the reader was not trained.

``benchmarks/reader/prepare.py`` puts passages of its files aside; sets of other files it never saw.
"""

from __future__ import annotations

from functools import lru_cache

from benchmarks.quoting_sets import DATA, AnswerSet, Case, grouped_rows
from benchmarks.reader.pack import TRAIN
from benchmarks.reader.prepare import use_of


def is_aside(kept: AnswerSet, case: Case) -> bool:
    """Return whether the reader was not trained on a question of a set."""
    file = kept.name.partition(":")[0]
    if not (DATA / "reading" / f"{file}.jsonl").exists():
        return True
    passage = kept.documents[case.source]
    return any(first in passage for first in first_sentences().get((file, case.text), ()))


@lru_cache
def first_sentences() -> dict[tuple[str, str], list[str]]:
    """Return the first sentences of the passages put aside, by file and question."""
    rows, groups = grouped_rows()
    found: dict[tuple[str, str], list[str]] = {}
    for query in rows.queries:
        if use_of(query, groups[query.passage]) != TRAIN:
            first = rows.passages[query.passage].sentences[0]
            found.setdefault((query.file, query.text), []).append(first)
    return found
