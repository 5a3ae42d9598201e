"""Analyses a question and the units of its hits into what the scorer compares."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ragflow_local.answer.answered import units_of_chunk
from ragflow_local.answer.unit import Unit
from ragflow_local.records import Hit
from ragflow_local.text.asking import KINDS
from ragflow_local.text.content import asked_in_order, content_terms
from ragflow_local.text.dates import Time, times_of
from ragflow_local.text.figures import figures_of
from ragflow_local.text.folding import fold
from ragflow_local.text.languages import language_of, question_words
from ragflow_local.text.leaning import POINTING
from ragflow_local.text.questions import without_mark
from ragflow_local.text.words import is_unspaced
from ragflow_local.text.yes_or_no import asks_for_yes_or_no

_BEGINNING = 12  # letters of a unit in which a word may point back
_KINDS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """An analysed question.

    Attributes:
        text: As it was asked.
        language: It is in.
        terms: What it is about, in its order.
        kinds: What it asks for: a time, a number, a person; most questions none of them.
        figures: Numbers it names.
        times: Times it names.
        asking: Its question words.
        is_several: Whether it asks more than once.
        is_yes_or_no: Whether yes or no would answer it.
    """

    text: str
    language: str
    terms: tuple[str, ...]
    kinds: frozenset[str]
    figures: frozenset[str]
    times: tuple[Time, ...]
    asking: frozenset[str] = frozenset()
    is_several: bool = False
    is_yes_or_no: bool = False

    @classmethod
    def of(cls, question: str) -> Asked:
        """Return the analysed question."""
        kinds = frozenset(kind for kind, pattern in _KINDS.items() if pattern.search(question))
        terms = asked_in_order(question)
        language = language_of(question)
        known = question_words(language)
        words = [fold(word) for word in re.findall(r"[^\W\d_]+", question)]
        asking = [word for word in words if word in known]
        is_several = len(asking) > 1
        figures, times = figures_of(question), times_of(question)
        is_yes_or_no = asks_for_yes_or_no(question, language)
        return cls(
            question,
            language,
            terms,
            kinds,
            figures,
            times,
            frozenset(asking),
            is_several,
            is_yes_or_no,
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that may be quoted.

    Attributes:
        unit: As it is quoted.
        hit: Index of its hit.
        place: Its number among the hit's units.
        own: Terms of its text; of a row with the names of its columns.
        cells: Terms of a row's cells alone; of other units as ``own``.
        heads: Terms of the headings it stands under, and of a row's first cell.
        carried: Terms of the question of the text that it stands under, and of what it points back
            to, where it begins with such a word: of the unit before it, and of what that one points
            back to.
        opening: Terms of the unit that its paragraph begins with, and not its own.
        title: Terms of its document's name.
        around: Terms of the units beside it under the same heads.
        times: Those it names; else those of its question, its heads, or its document's name.
        dated: Those of its document's name; else ``times``.
        by: Terms of the name of who says it.
    """

    unit: Unit
    hit: int
    place: int
    own: frozenset[str]
    cells: frozenset[str]
    heads: frozenset[str]
    carried: frozenset[str]
    opening: frozenset[str]
    title: frozenset[str]
    around: frozenset[str]
    times: tuple[Time, ...]
    dated: tuple[Time, ...] = ()
    by: frozenset[str] = frozenset()

    @property
    def paragraph(self) -> tuple[int, tuple[str, ...], int]:
        """The key of its paragraph: hit, headings and number."""
        return self.hit, *self.unit.paragraph_key

    @property
    def under(self) -> tuple[int, str]:
        """The key of the question in the text above it: hit and question."""
        return self.hit, self.unit.question

    @property
    def subject(self) -> frozenset[str]:
        """All terms that tell what the unit is about."""
        return self.own | self.heads | self.carried | self.title


def candidates_of(
    hits: Sequence[Hit], language: str = "", wanted: Collection[str] = (), first: int = 0
) -> list[Candidate]:
    """Return the units of all hits, in their order.

    Args:
        hits: What was found.
        language: Of the question: its words are compared as that language has them.
        wanted: Terms of the question: a single character of a script without spaces is one of a
            unit that has it, though a text's terms are pairs.
        first: Index of the first hit, where they stand behind others.
    """
    signs = [term for term in wanted if len(term) == 1 and is_unspaced(term)]
    candidates: list[Candidate] = []
    for index, hit in enumerate(hits, first):
        chunk = hit.chunk
        units = units_of_chunk(chunk)
        owns = [
            frozenset(content_terms(unit.quoted, language)).union(
                sign for sign in signs if sign in unit.quoted
            )
            for unit in units
        ]
        name = chunk.document_name.rsplit(".", 1)[0]
        title = frozenset(content_terms(name.replace("_", " "), language))
        questions = [frozenset(content_terms(unit.question, language)) for unit in units]
        carried = [
            before | question
            for before, question in zip(_carried(units, owns), questions, strict=True)
        ]
        openings = _openings(units, owns)
        for place, unit in enumerate(units):
            above = " ".join((*unit.heads, unit.label))
            near = [at for at in (place - 2, place - 1, place + 1) if 0 <= at < len(units)]
            near = [at for at in near if units[at].heads == unit.heads and not unit.cells]
            cells = " ".join((unit.label, *unit.cells))
            candidates.append(
                Candidate(
                    unit,
                    index,
                    place,
                    owns[place],
                    frozenset(content_terms(cells, language)) if unit.cells else owns[place],
                    frozenset(content_terms(above, language)),
                    carried[place],
                    openings[place] - owns[place],
                    title,
                    frozenset().union(*(owns[at] for at in near)),
                    _times_of(unit, name),
                    times_of(name) or times_of(chunk.content),
                    frozenset(content_terms(unit.said_by, language)),
                )
            )
    return candidates


def _carried(units: Sequence[Unit], owns: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """Return for each unit the terms of what it points back to."""
    carried: list[frozenset[str]] = []
    for place in range(len(units)):
        is_back = _points_back(units, place)
        carried.append(owns[place - 1] | carried[place - 1] if is_back else frozenset())
    return carried


def _openings(units: Sequence[Unit], owns: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """Return for each unit the terms of the one its paragraph begins with; of rows none."""
    first: dict[tuple[object, ...], frozenset[str]] = {}
    return [
        first.setdefault(unit.paragraph_key, own) if not unit.names else frozenset()
        for unit, own in zip(units, owns, strict=True)
    ]


def _points_back(units: Sequence[Unit], place: int) -> bool:
    """Return whether a unit begins with a word for what the one before it, in its section, says."""
    match = POINTING.search(units[place].text[:_BEGINNING]) if place else None
    before, unit = units[place - 1], units[place]
    return match is not None and before.paragraph_key == unit.paragraph_key


def _times_of(unit: Unit, name: str) -> tuple[Time, ...]:
    for text in (unit.text, unit.question, *reversed(unit.heads), name):
        if times := times_of(text):
            return times
    return ()


def weights_of(terms: Sequence[str], candidates: Sequence[Candidate]) -> dict[str, float]:
    """Return the weight of each of the question's terms, by how rare it is among the units.

        weight = ln(1 + (n - df + 0.5) / (df + 0.5))

    Source: Lucene's idf, never negative.
    """
    frequency: Counter[str] = Counter()
    for candidate in candidates:
        frequency.update(candidate.own.intersection(terms))
    count = len(candidates)
    return {
        term: math.log(1 + (count - frequency[term] + 0.5) / (frequency[term] + 0.5))
        for term in terms
    }


def is_named(terms: frozenset[str], asked: Asked) -> bool:
    """Return whether a question says half of a name's terms or more."""
    return bool(terms) and len(terms.intersection(asked.terms)) * 2 >= len(terms)


def asks_the_same(asked: Asked, candidate: Candidate) -> bool:
    """Return whether the text asks the same question right above a unit."""
    if not candidate.unit.begins_answer:
        return False
    question = without_mark(candidate.unit.question)
    if frozenset(content_terms(question, asked.language)) != frozenset(asked.terms):
        return False
    other = Asked.of(question)
    return (other.kinds, other.asking) == (asked.kinds, asked.asking)


def share(weights: Mapping[str, float], terms: frozenset[str]) -> float:
    """Return which share of the question's weight ``terms`` hold, in [0, 1]."""
    total = sum(weights.values())
    return sum(weights[term] for term in weights.keys() & terms) / total if total else 0.0
