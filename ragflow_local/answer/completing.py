"""Adds the neighbouring sentences that a quote needs to be understood.

"It weighs 214 grams" is about nothing, and "Two runners turned back" does not say why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ragflow_local.answer.candidates import Asked, Candidate, share
from ragflow_local.text.asking import CAUSES, VERSION, WHERE, WHY
from ragflow_local.text.dates import times_of
from ragflow_local.text.figures import figures_of
from ragflow_local.text.identifiers import leading_number
from ragflow_local.text.items import ITEM
from ragflow_local.text.leaning import points_back
from ragflow_local.text.sentences import between

_BEGINNING = 40  # letters of a sentence in which a word may point back
_FIRST = 8  # letters in which the word that points back is the first
_MOST_BEFORE, _LONGEST = 2, 300  # sentences that name what it is about, and letters of one
_NAMED = 0.5  # share of a question's weight that the sentence before says, if none points back
# A sentence that tells what happened and not why says so much of the question's weight, and little
# else: so much of its own words are the question's.
_REPEATED, _REPEATING = 0.5, 0.6
_WHY = re.compile(WHY, re.IGNORECASE)
_WHERE = re.compile(WHERE, re.IGNORECASE)
_VERSION = re.compile(VERSION, re.IGNORECASE)
_BULLET = re.compile(r"^\s*[-*•·▪◦‣–●○□]\s+")
_MOST_LETTERS = 16  # of a heading that is a date
_DOTTED = re.compile(r"\d\.\d")
_MOST_ITEM = 8  # sentences of an item
_CAUSES = re.compile(CAUSES, re.IGNORECASE)


def completed(
    asked: Asked,
    weights: Mapping[str, float],
    unit: Candidate,
    quoted: Sequence[Candidate],
    candidates: Sequence[Candidate],
) -> str:
    """Return the text that is quoted for a unit, with the neighbours that it needs.

    Args:
        asked: The question.
        weights: Of its terms.
        unit: The unit.
        quoted: All that are quoted: none of them is said twice.
        candidates: All units, in document order.
    """
    before = with_its_subject(asked, weights, unit, candidates)
    around = with_its_cause(asked, weights, unit, candidates)
    item = with_its_item(unit, candidates)
    others = {id(other) for other in quoted if other is not unit}
    units = {id(one): one for one in (*before, *around, *item) if id(one) not in others}
    first, *rest = (one.unit for one in sorted(units.values(), key=lambda one: one.place))
    text = first.quoted
    for one in rest:
        text += f"{between(text, one.text)}{one.text}"
    return text


def with_its_subject(
    asked: Asked, weights: Mapping[str, float], unit: Candidate, candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Return a sentence with the ones before it that name its subject.

    Args:
        asked: The question.
        weights: Of its terms.
        unit: The sentence; of any other unit it alone is returned.
        candidates: All units, in document order.
    """
    chosen = [unit]
    # A heading is not quoted: what begins with "it" needs the sentence that says what.
    is_bare = points_back(unit.unit.text[:_FIRST], asked.language)
    known = unit.own if is_bare else unit.own | unit.heads
    missing = all_missing = frozenset(asked.terms) - known
    points = is_bare or (_is_who_or_where(asked) and _points_back(unit, asked.language))
    if not missing and points:
        before = _beside(unit, candidates, -1)
        return [unit] if before is None else [before, unit]
    for _ in range(_MOST_BEFORE):
        before = _beside(chosen[0], candidates, -1)
        if before is None or not missing:
            break
        said = missing & before.own
        is_about = _points_back(chosen[0], asked.language) or share(weights, said) >= _NAMED
        if not is_about:
            break
        chosen.insert(0, before)
        missing -= said
        if said and not _points_back(before, asked.language):
            return chosen
    # What nothing was found for is quoted as it stands.
    return [unit] if missing == all_missing else chosen


def _is_who_or_where(asked: Asked) -> bool:
    """Return whether a word that points back may be what is asked for: "She had it drawn"."""
    return "person" in asked.kinds or _WHERE.search(asked.text) is not None


def _points_back(unit: Candidate, language: str) -> bool:
    """Return whether a sentence begins with a word for what the one before it names."""
    return points_back(unit.unit.text[:_BEGINNING], language)


def with_its_cause(
    asked: Asked, weights: Mapping[str, float], unit: Candidate, candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Return a sentence with the neighbour that gives the reason, if the question asks why.

    Args:
        asked: The question.
        weights: Of its terms.
        unit: The sentence.
        candidates: All units, in document order.
    """
    if not _WHY.search(asked.text) or _CAUSES.search(unit.unit.text):
        return [unit]
    repeated = len(unit.own.intersection(asked.terms))
    if share(weights, unit.own) < _REPEATED or repeated < _REPEATING * len(unit.own):
        return [unit]
    before, after = (_beside(unit, candidates, step) for step in (-1, 1))
    if after is not None:
        return [unit, after]
    return [before, unit] if before is not None and before.own & unit.own else [unit]


def with_its_item(unit: Candidate, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return all sentences of the list item that a unit belongs to, unless the item is long.

    Args:
        unit: The unit.
        candidates: All units, in document order.
    """
    mine = [
        one
        for one in candidates
        if one.hit == unit.hit and one.unit.kind == "item" and one.paragraph == unit.paragraph
    ]
    starts = [one.place for one in mine if ITEM.match(one.unit.text)]
    first = max((place for place in starts if place <= unit.place), default=-1)
    if first < 0 or unit.unit.kind != "item":
        return [unit]
    last = min((place for place in starts if place > unit.place), default=unit.place + _MOST_ITEM)
    item = [one for one in mine if first <= one.place < last]
    return item if sum(len(one.unit.text) for one in item) <= _LONGEST else [unit]


def heading_that_answers(asked: Asked, unit: Candidate) -> str:
    """Return the heading above a unit that says which version, number or time is asked for.

    Empty where the unit says it itself, or none does.

    Args:
        asked: The question.
        unit: The unit.
    """
    text = unit.unit.quoted
    for heading in reversed(unit.unit.heads):
        figures = figures_of(heading)
        names = bool(figures & asked.figures - figures_of(text))
        is_short = sum(map(str.isalpha, heading)) <= _MOST_LETTERS  # a date, and no title with one
        is_dated = is_short and bool(times_of(heading)) and not times_of(text)
        is_version = bool(leading_number(heading)) and not asked.figures
        asks_version = is_version and _VERSION.search(asked.text) and not _DOTTED.search(text)
        if names or asks_version or ("time" in asked.kinds and is_dated):
            return heading.rstrip(":： ")
    return ""


def without_item_mark(text: str) -> str:
    """Return a text without the mark of an item that has no number."""
    return _BULLET.sub("", text)


def _beside(unit: Candidate, candidates: Sequence[Candidate], step: int) -> Candidate | None:
    """Return the sentence before or after one in its paragraph."""
    if unit.unit.kind != "sentence":
        return None
    for other in candidates:
        if (other.hit, other.place) == (unit.hit, unit.place + step):
            is_near = other.unit.kind == "sentence" and other.paragraph == unit.paragraph
            return other if is_near and len(other.unit.text) <= _LONGEST else None
    return None
