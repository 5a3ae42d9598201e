"""Which units say the same, which contradict, which are of another subject than is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ragflow_local.answer.candidates import Asked, Candidate
from ragflow_local.text.content import content_terms
from ragflow_local.text.figures import figures_of, is_negated, times_of

_SAME = 0.8  # share of the terms of the shorter that the longer has
_ALIKE = 0.6  # of the longer: but for figures and names they say the same
_NAMED = 0.5  # share of a head's terms that the question says: it means what stands under it
_NAME = re.compile(r"[A-ZÀ-ÞА-Я\d][\w’'.-]*")


def of_the_subject(asked: Asked, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates without those that stand under another head than the one asked for.

    A head is asked for where the question says most of it; a unit that names itself what it lacks
    above it stays. Heads are compared within a document: names of documents decide nothing here.
    """
    terms = frozenset(asked.terms)
    heads_of: dict[tuple[object, ...], set[frozenset[str]]] = {}
    for one in candidates:
        heads_of.setdefault(_group(one), set()).add(one.heads)
    wanted: dict[tuple[object, ...], frozenset[str]] = {}
    for group, heads in heads_of.items():
        common = frozenset.intersection(*heads)
        named = [head & terms - common for head in heads if _is_named(head - common, terms)]
        wanted[group] = frozenset().union(*named)
    return [
        one
        for one in candidates
        if not wanted[_group(one)] or (one.heads | one.own | one.carried) & wanted[_group(one)]
    ]


def _group(one: Candidate) -> tuple[object, ...]:
    """Return what tells apart units whose heads are not compared: documents, tables, text."""
    return one.title, one.unit.names


def _is_named(head: frozenset[str], terms: frozenset[str]) -> bool:
    return bool(head) and len(head & terms) >= _NAMED * len(head)


def of_the_time(asked: Asked, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates without those of another time than the one asked for.

    Only where some are of that time, and only where the question does not itself ask for a time.
    """
    if not asked.times or "time" in asked.kinds:
        return list(candidates)
    agreeing = [one for one in candidates if _agrees(asked, one)]
    if not agreeing:
        return list(candidates)
    return [
        one
        for one in candidates
        if not one.times or _agrees(asked, one) or not any(alike(one, other) for other in agreeing)
    ]


def _agrees(asked: Asked, one: Candidate) -> bool:
    return any(wanted.agrees(time) for wanted in asked.times for time in one.times)


def best_of_each_kind(
    asked: Asked, candidates: Sequence[Candidate], weights: Mapping[str, float]
) -> list[Candidate]:
    """Return the candidates without those that an alike one fits better.

    Of statements that are alike but for figures and names, the asked name, year or version decides;
    of rows, the asked cell, whatever its column.
    """
    kept: list[Candidate] = []
    for one in candidates:
        rivals = (other for other in candidates if other is not one and alike(one, other))
        mine = _matched(asked, one, weights)
        if not any(_matched(asked, other, weights) > mine + 1e-6 for other in rivals):
            kept.append(one)
    return kept


def _matched(asked: Asked, one: Candidate, weights: Mapping[str, float]) -> float:
    said = one.cells | one.heads if one.unit.cells else one.own | one.heads
    own = sum(weights[term] for term in weights.keys() & said)
    title = sum(weights[term] for term in weights.keys() & (one.title - said))
    time = bool(asked.times) and _agrees(asked, one)
    return own + 0.5 * title + (1.0 if time else 0.0)


def alike(one: Candidate, other: Candidate) -> bool:
    """Return whether two units say the same of other things: but for figures and names."""
    if one.unit.names or other.unit.names:
        return one.unit.names == other.unit.names
    common = one.own & other.own
    if not common:
        return False
    if len(common) >= _ALIKE * max(len(one.own), len(other.own)):
        return True
    names = " ".join((*_NAME.findall(one.unit.text), *_NAME.findall(other.unit.text))).casefold()
    differing = one.own ^ other.own
    return len(common) >= 2 and all(term in names for term in differing)


def repeats(one: Candidate, other: Candidate) -> bool:
    """Return whether two units say the same, figures, names and negation included."""
    if one.unit.names or other.unit.names:
        return one.unit.text == other.unit.text
    shorter, longer = sorted((one, other), key=lambda unit: len(unit.own))
    if len(shorter.own & longer.own) < _SAME * len(shorter.own):
        return False
    if shorter.unit.heads != longer.unit.heads and shorter.hit == longer.hit:
        return False
    new = shorter.own - longer.own
    return not _differ(shorter, longer) and not any(_is_name(term, shorter) for term in new)


def contradict(one: Candidate, other: Candidate) -> bool:
    """Return whether two units say of the same thing that it is otherwise."""
    if one.unit.names or other.unit.names or one.heads != other.heads:
        return False
    if one.times != other.times and one.unit.text != other.unit.text and _own_times(one, other):
        return False
    common = one.own & other.own
    rest = (one.own ^ other.own) - _number_terms(one) - _number_terms(other)
    return len(common) >= 2 and len(rest) <= 0.5 * len(common) and _differ(one, other)


def _own_times(one: Candidate, other: Candidate) -> bool:
    """Return whether both name a time themselves: each is true of its own."""
    return bool(times_of(one.unit.text)) and bool(times_of(other.unit.text))


def _figures(one: Candidate) -> frozenset[str]:
    return figures_of(one.unit.text)


def _number_terms(one: Candidate) -> frozenset[str]:
    """Return the terms of the words that are numbers."""
    words = (word for word in one.unit.text.split() if figures_of(word))
    return frozenset(term for word in words for term in content_terms(word))


def _differ(one: Candidate, other: Candidate) -> bool:
    if is_negated(one.unit.text) != is_negated(other.unit.text):
        return True
    mine, theirs = _figures(one), _figures(other)
    return mine != theirs and not (mine <= theirs or theirs <= mine)


def _is_name(term: str, one: Candidate) -> bool:
    return any(name.casefold().startswith(term) for name in _NAME.findall(one.unit.text)[1:])
