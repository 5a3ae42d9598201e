"""Has a reader look for the second step of a question, under the unit that answers the first.

"Where was the architect of the town hall born?": one sentence names the architect, and another,
which says nothing of a town hall, where he was born. What says a name that the first one brings in
is read as if it stood under that sentence, as under a heading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from ragflow_local.answer import scorer
from ragflow_local.answer.candidates import Asked, Candidate, candidates_of, share, weights_of
from ragflow_local.answer.parts import Search, found_besides, named_share
from ragflow_local.answer.reading import Read
from ragflow_local.answer.statements import alike, of_the_subject
from ragflow_local.answer.weighing import Weighed
from ragflow_local.embedders import Section
from ragflow_local.records import Matrix
from ragflow_local.text.content import content_terms

# How far the reader's score is above none; how much of the first unit's new words a unit says, and
# of another document's name the first one; how much of the question the unit says and the first
# does not; how much the first leaves unsaid.
SIGNS = ("lead", "named", "title", "unsaid", "left")
# By benchmarks/steps.py: which unit is the second step, and the least chance that it is.
FITTED = (0.67, 2.43, 2.09, 2.65, 1.70, 0.79)
LEAST = 0.95
# Where the first unit is no answer, how much the second says of what it names.
_LEAST_LINK = 0.3
_LEAST_LEFT = 0.2  # share of a question's weight that the first unit leaves unsaid
_LEAST_UNSAID = 0.15  # share that a unit says of it, which says no new word of the first one
_LEAST_NAMED = 0.5  # share of those that a unit of another subject says
_READ = 12  # units, by what their signs are worth
_WORTH = (1.0, 1.0, 0.5)
_FIRST = 100.0  # what the first unit is worth reading


@dataclass(frozen=True, slots=True)
class Step:
    """The second step of a question.

    Attributes:
        weighed: As before, with the hits and units that the first step was searched for.
        unit: The unit that answers, one of its candidates.
        chance: With which it does.
    """

    weighed: Weighed
    unit: Candidate
    chance: float


@dataclass(frozen=True, slots=True)
class Seconds:
    """The units that may be the second step.

    Attributes:
        weighed: With all hits and units.
        units: In document order.
        signs: (units, len(SIGNS)) float32.
    """

    weighed: Weighed
    units: Sequence[Candidate]
    signs: Matrix


def second_step(
    weighed: Weighed, first: Candidate, read: Read, search: Search, *, is_found: bool
) -> Step | None:
    """Return the unit that answers what the first one leads to; None where there is none.

    Args:
        weighed: The candidates of a question.
        first: The best of them.
        read: The reader.
        search: Finds passages for a text: for what the first unit says.
        is_found: Whether the first unit answers.
    """
    found = seconds(weighed, first, read, search)
    if found is None:
        return None
    chances = np.array([scorer.chance(FITTED, signs) for signs in found.signs])
    if not is_found:
        chances = np.where(is_linked(found.signs), chances, 0.0)
    best = int(np.argmax(chances))
    if chances[best] < LEAST:
        return None
    return Step(found.weighed, found.units[best], float(chances[best]))


def is_linked(signs: Matrix) -> NDArray[np.bool_]:
    """Return (units,) whether each says what the first unit names, and is no worse than none.

    Args:
        signs: (units, len(SIGNS)).
    """
    lead, named, title = (signs[:, SIGNS.index(name)] for name in ("lead", "named", "title"))
    return (lead >= 0) & (np.maximum(named, title) >= _LEAST_LINK)


def seconds(weighed: Weighed, first: Candidate, read: Read, search: Search) -> Seconds | None:
    """Return the units that may be the second step, with their signs; None if there are none.

    Args:
        weighed: The candidates of a question.
        first: The best of them.
        read: The reader.
        search: Finds passages for a text.
    """
    left = 1 - share(weighed.weights, first.subject)
    if left < _LEAST_LEFT:
        return None
    weighed = _searched(weighed, first, search)
    units, known = _linked(weighed, first)
    if not units:
        return None
    worth = known @ np.array(_WORTH, np.float32)
    best = sorted(np.argsort(-worth, kind="stable")[:_READ].tolist())
    units, known, worth = [units[at] for at in best], known[best], worth[best]
    heading = first.unit.heads[-1] if first.unit.heads else ""
    sections = [
        Section((first.unit.quoted,), heading),
        Section(tuple(unit.unit.said for unit in units), first.unit.quoted),
    ]
    reading = read(weighed.asked.text, sections, [_FIRST, *worth.tolist()])
    scores = np.array(reading.scores[1:], np.float32)
    is_read = np.isfinite(scores)
    if not is_read.any():
        return None
    lefts = np.full(len(units), left, np.float32)
    signs = np.column_stack([scores - reading.none, known, lefts])[is_read]
    return Seconds(weighed, list(compress(units, is_read.tolist())), signs)


def _linked(weighed: Weighed, first: Candidate) -> tuple[list[Candidate], Matrix]:
    """Return the units that the first one leads to, and (units, 3) how: named, title, unsaid.

    Those of another subject than the one asked for say what the first one names. One that is alike,
    such as another row of its table, says more of the question, or is the row of what it names.
    """
    asked, candidates = weighed.asked, weighed.candidates
    new = tuple(first.own.difference(asked.terms))
    news, olds = (weights_of(terms, candidates) for terms in (new, asked.terms))
    of_subject = {id(unit) for unit in of_the_subject(asked, candidates)}
    units: list[Candidate] = []
    rows: list[tuple[float, ...]] = []
    for unit in candidates:
        if unit.unit.text == first.unit.text or unit.unit.kind == "question":
            continue
        said = unit.subject.intersection(new)
        named = share(news, said)
        unsaid = share(olds, (unit.own | unit.heads) - first.subject)
        title = named_share(unit.title, {first.title}, new)
        if not said and unsaid < _LEAST_UNSAID:
            continue
        if id(unit) not in of_subject and max(named, title) < _LEAST_NAMED:
            continue
        if alike(unit, first) and unsaid < _LEAST_UNSAID and not _is_named(unit, first, asked):
            continue
        units.append(unit)
        rows.append((named, title, unsaid))
    return units, np.array(rows, np.float32).reshape(len(rows), len(_WORTH))


def _is_named(row: Candidate, first: Candidate, asked: Asked) -> bool:
    """Return whether the first unit says what a row is about."""
    label = content_terms(row.unit.label, asked.language)
    return bool(label) and first.own.issuperset(label)


def _searched(weighed: Weighed, first: Candidate, search: Search) -> Weighed:
    """Return the candidates with those of what is found for the first unit."""
    asked, hits = weighed.asked, weighed.hits
    more = found_besides(hits, search, first.unit.text)
    further = candidates_of(more, asked.language, asked.terms, first=len(hits))
    return replace(weighed, hits=[*hits, *more], candidates=[*weighed.candidates, *further])
