"""Tells where a text answers for another time or number than the one a question names.

Asked for 2020, or for room 216, the best sentence is often one of 2019, or of room 214. It is no
answer where its document does not name what is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ragflow_local.answer.candidates import Asked, Candidate
from ragflow_local.records import Hit
from ragflow_local.text.asking import VERSION
from ragflow_local.text.dates import Time, times_of
from ragflow_local.text.identifiers import (
    NUMBER,
    Identifier,
    identifiers_of,
    leading_number,
    places_in,
    step_of,
)
from ragflow_local.text.measures import is_measure
from ragflow_local.text.periods import asks_beside_a_time, may_hold_in

_ASIDE = re.compile(r"[(（\[][^)）\]]*[)）\]]")  # when someone was born, say
_NUMBER = re.compile(NUMBER)
_VERSION = re.compile(VERSION, re.IGNORECASE)
_SECTION = re.compile(
    r"(?:\b(?:in|of|for|version|release|versione|versión|versão|versie|wersj\w|верси\w|section"
    r"|clause|article|artikel|abschnitt|punkt|sürüm|v)\s*|§\s*|版本\s*|バージョン\s*|버전\s*|第)"
    r"(\d+(?:\.\d+)+)(?![\w%])\s*([^\W\d_]*)",
    re.IGNORECASE,
)
_DISTINCTIVE = re.compile(r"\d{3}|\d\.\d")  # a number that is hardly there by chance


def of_what_is_asked(
    asked: Asked,
    ranked: Sequence[Candidate],
    candidates: Sequence[Candidate],
    hits: Sequence[Hit],
    *,
    has_steps: bool = False,
) -> list[int]:
    """Return which ranked units are about the time and number that the question asks for.

    None where the best is of another and no further one names what is asked for.

    Args:
        asked: The question.
        ranked: What may be quoted, best first.
        candidates: All units.
        hits: What they are from.
        has_steps: Whether several documents may answer it together: then any may name it, and
            others are steps on the way.
    """
    wanted = identifiers_of(asked.text, asked.language)
    beside_section = _beside_section(asked, ranked)
    if not wanted and not asked.times and not beside_section:
        return list(range(len(ranked)))
    named = [_named(unit, asked.language) for unit in ranked]
    exact = wanted & frozenset().union(*named)
    documents = [hits[unit.hit].chunk.document_id for unit in candidates]

    def is_of_another(unit: Candidate) -> bool:
        chunk = hits[unit.hit].chunk
        beside = [
            one
            for one, document in zip(candidates, documents, strict=True)
            if has_steps or document == chunk.document_id
        ]
        name = chunk.document_name.rsplit(".", 1)[0]
        return is_of_another_time(asked, unit, beside, name) or is_of_another_number(
            asked, wanted, unit, beside
        )

    kept = [
        at
        for at, (unit, own) in enumerate(zip(ranked, named, strict=True))
        if at not in beside_section and not _is_beside(exact, own) and not is_of_another(unit)
    ]
    is_beside_best = 0 in beside_section and bool(kept)
    if 0 not in kept and not is_beside_best and not any(exact & named[at] for at in kept):
        return []
    return [*range(len(ranked))] if has_steps else kept


def _beside_section(asked: Asked, ranked: Sequence[Candidate]) -> set[int]:
    """Return which units stand under another version or clause than a heading that is asked for."""
    named = _SECTION.findall(asked.text)
    numbers = frozenset(number for number, after in named if not is_measure(after))
    if len(numbers) != 1 or asked.is_yes_or_no or _VERSION.search(asked.text):
        return set()  # it is not of that section, but since, with or before it
    above = [
        frozenset(number for head in unit.unit.heads if (number := leading_number(head)))
        for unit in ranked
    ]
    asked_for = numbers & frozenset().union(*above)
    return {
        at
        for at, mine in enumerate(above)
        if asked_for and mine and not any(_is_part(a, b) for a in mine for b in asked_for)
    }


def names_what_is_asked(asked: Asked, unit: Candidate) -> bool:
    """Return whether a unit names a number or a time that the question names.

    Args:
        asked: The question.
        unit: The unit.
    """
    if any(wanted.agrees(time) for wanted in asked.times for time in unit.times):
        return True
    wanted = identifiers_of(asked.text, asked.language)
    return bool(wanted and wanted & _named(unit, asked.language))


def _is_beside(exact: frozenset[Identifier], own: frozenset[Identifier]) -> bool:
    """Return whether a unit names a sibling of what a further unit names as asked for."""
    labels = {label for label, _ in own}
    return any(label in labels and (label, number) not in own for label, number in exact)


def is_of_another_time(
    asked: Asked, unit: Candidate, beside: Sequence[Candidate], name: str
) -> bool:
    """Return whether a unit is of another time, and its document names none that is asked for.

    Args:
        asked: The question.
        unit: The unit.
        beside: All units of its document.
        name: Of the document.
    """
    wanted = asked.times
    if not wanted or asked.is_yes_or_no or asks_beside_a_time(asked.text):
        return False
    if "time" in asked.kinds and not any(one.month or one.quarter for one in wanted):
        return False  # when it was, and of what year
    text = _ASIDE.sub(" ", unit.unit.text)
    times = times_of(text) or (unit.times if not times_of(unit.unit.text) else ())
    if not times or any(_may_be(time, one) for one in wanted for time in times):
        return False
    texts = (name, *(text for one in beside for text in _texts(one)))
    if any(_covers(time, one) for text in texts for time in times_of(text) for one in wanted):
        return False
    first = min(time.year or 0 for time in times)
    return not any(may_hold_in(text, one.year or 0, first, asked.text) for one in wanted)


def _may_be(time: Time, wanted: Time) -> bool:
    """Return whether two times do not contradict each other."""
    return wanted.agrees(time) or not _comparable(time, wanted)


def _comparable(time: Time, wanted: Time) -> bool:
    return any(
        mine and theirs
        for mine, theirs in (
            (time.year, wanted.year),
            (time.month or time.quarter, wanted.month or wanted.quarter),
        )
    )


def _covers(time: Time, wanted: Time) -> bool:
    """Return whether a time agrees with the one asked for and is at least as precise."""
    parts = (
        (time.month, wanted.month),
        (time.day, wanted.day),
        (time.quarter or time.month, wanted.quarter),
    )
    return all(mine or not theirs for mine, theirs in parts) and wanted.agrees(time)


def is_of_another_number(
    asked: Asked, wanted: frozenset[Identifier], unit: Candidate, beside: Sequence[Candidate]
) -> bool:
    """Return whether a unit names another thing by its number than the question does.

    Args:
        asked: The question.
        wanted: What it names so.
        unit: The unit.
        beside: All units of its document.
    """
    if not wanted:
        return False
    own = _named(unit, asked.language)
    missing = [
        (label, number)
        for label, number in wanted - own
        if any(label == other for other, _ in own)
        and not any(_says(one, label, number, asked.language) for one in beside)
    ]
    if not missing:
        missing_step = _lacks_step(wanted, unit, beside, asked.language)
        return missing_step or _is_under_another(wanted - own, unit, beside)
    return not asked.is_yes_or_no or any(
        _is_row(asked, label, unit, beside) for label, _ in missing
    )


def _lacks_step(
    wanted: frozenset[Identifier], unit: Candidate, beside: Sequence[Candidate], language: str
) -> bool:
    """Return whether a unit stands in a section whose numbered steps do not include the wanted."""
    steps = frozenset[Identifier]().union(
        *(
            step_of(one.unit.text, language)
            for one in beside
            if one.unit.kind == "item" and one.unit.heads == unit.unit.heads
        )
    )
    labels = {label for label, _ in steps}
    return any(label in labels and (label, number) not in steps for label, number in wanted)


def _is_row(asked: Asked, label: str, unit: Candidate, beside: Sequence[Candidate]) -> bool:
    """Return whether a document says the same of several things with numbers.

    "Is his office in room 216?" is answered by another number, "Has house 5 a lift?" is not.
    """
    said = unit.own.intersection(asked.terms) - {label}
    alike = [one for one in beside if not said or 2 * len(said & one.own) > len(said)]
    numbers = {
        number for one in alike for other, number in _named(one, asked.language) if other == label
    }
    return len(numbers) > 1


def _is_under_another(
    missing: frozenset[Identifier], unit: Candidate, beside: Sequence[Candidate]
) -> bool:
    """Return whether a unit stands under the number of another version or clause."""
    numbers = {number for text in _texts(unit) if (number := leading_number(text))}
    if not numbers:
        return False
    texts = [text for one in beside for text in _texts(one)]
    return any(
        "." in number
        and not any(_is_part(number, other) for other in numbers)
        and not any(number in _NUMBER.findall(text) for text in texts)
        for _, number in missing
    )


def _is_part(number: str, other: str) -> bool:
    """Return whether one of two numbers of several places begins with the other: 3.2, 3.2.1."""
    shorter, longer = sorted((number, other), key=len)
    return f"{longer}.".startswith(f"{shorter}.")


def _named(unit: Candidate, language: str) -> frozenset[Identifier]:
    texts = (*_texts(unit), unit.unit.label)
    own = step_of(unit.unit.text, language) if unit.unit.kind == "item" else frozenset()
    return own.union(*(identifiers_of(text, language) for text in texts))


def _texts(unit: Candidate) -> tuple[str, ...]:
    """Return the text of a unit, the question it answers, and its headings."""
    asked = (unit.unit.question,) if unit.unit.question else ()
    return unit.unit.text, *asked, *unit.unit.heads


def _says(unit: Candidate, label: str, number: str, language: str) -> bool:
    """Return whether a unit mentions a numbered thing, also in a list or as an ordinal."""
    if (label, number) in _named(unit, language):
        return True
    for text in _texts(unit):
        if any(label == other for other, _ in identifiers_of(text, language)) and (
            number in places_in(text, language)
            or (_DISTINCTIVE.match(number) and number in _NUMBER.findall(text.casefold()))
        ):
            return True
    return False
