"""Compares units: which repeat, which contradict, and which are about another subject."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from ragflow_local.answer.candidates import Asked, Candidate
from ragflow_local.text.content import content_terms
from ragflow_local.text.dates import times_of
from ragflow_local.text.figures import figures_of
from ragflow_local.text.negation import is_negated
from ragflow_local.text.terms import is_unspaced

_SAME = 0.8  # share of the terms of the shorter that the longer has
_ALIKE = 0.6  # of the longer: but for figures and names they say the same
_NAMED = 0.5  # share of a head's terms that the question says: it means what stands under it
_NEARER = 1e-3  # less than any term is worth
_NUMERAL = re.compile(r"[\d零〇一二两兩三四五六七八九十百千万萬亿億]")
_NAME = re.compile(r"[A-ZÀ-ÞА-Я\d][\w’'.-]*")


def of_the_subject(asked: Asked, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that do not stand under another heading than the one asked for.

    A head is asked for where the question says most of it; a unit that names itself what it lacks
    above it stays. Heads are compared within a document: names of documents decide nothing here.
    """
    terms = frozenset(asked.terms)
    heads_of: dict[tuple[object, ...], set[frozenset[str]]] = {}
    for candidate in candidates:
        heads_of.setdefault(_group(candidate), set()).add(candidate.heads)
    wanted: dict[tuple[object, ...], frozenset[str]] = {}
    for group, heads in heads_of.items():
        common = frozenset.intersection(*heads)
        named = [head & terms - common for head in heads if _is_named(head - common, terms)]
        wanted[group] = frozenset().union(*named)
    return [
        candidate
        for candidate in candidates
        if not wanted[_group(candidate)]
        or (candidate.heads | candidate.own | candidate.carried) & wanted[_group(candidate)]
    ]


def _group(candidate: Candidate) -> tuple[object, ...]:
    """Return the group within which the headings of units are compared: document, table, text."""
    return candidate.title, candidate.unit.names


def _is_named(head: frozenset[str], terms: frozenset[str]) -> bool:
    return bool(head) and len(head & terms) >= _NAMED * len(head)


def of_the_time(asked: Asked, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that are not of another time than the one asked for.

    Only where some are of that time, and only where the question does not itself ask for a time.
    """
    if not asked.times or "time" in asked.kinds:
        return list(candidates)
    agreeing = [candidate for candidate in candidates if _agrees(asked, candidate)]
    if not agreeing:
        return list(candidates)
    return [
        candidate
        for candidate in candidates
        if not candidate.times
        or _agrees(asked, candidate)
        or not any(alike(candidate, other) for other in agreeing)
    ]


def _agrees(asked: Asked, candidate: Candidate) -> bool:
    return any(wanted.agrees(time) for wanted in asked.times for time in candidate.times)


def best_of_each_kind(
    asked: Asked,
    candidates: Sequence[Candidate],
    weights: Mapping[str, float],
    nearness: Sequence[float] = (),
) -> list[Candidate]:
    """Return the candidates without those that a similar one fits better.

    Of statements that are alike but for figures and names, the asked name, year or version decides;
    of rows, the asked cell, whatever its column. Where the question leaves it open, what is nearer
    to the last answer of the conversation does.

    Args:
        asked: The question.
        candidates: The units.
        weights: Of its terms.
        nearness: (len(candidates),) how near each is to the last answer; none: there is none.
    """
    matched = {
        id(candidate): _matched(asked, candidate, weights) + _NEARER * near
        for candidate, near in zip_longest(candidates, nearness, fillvalue=0.0)
    }
    best: list[Candidate] = []
    for candidate in candidates:
        rivals = (
            other for other in candidates if other is not candidate and alike(candidate, other)
        )
        mine = matched[id(candidate)]
        if not any(matched[id(other)] > mine + 1e-6 for other in rivals):
            best.append(candidate)
    return best


def _matched(asked: Asked, candidate: Candidate, weights: Mapping[str, float]) -> float:
    terms = (
        candidate.cells | candidate.heads
        if candidate.unit.cells
        else candidate.own | candidate.heads
    )
    terms = terms | candidate.carried
    own = sum(weights[term] for term in weights.keys() & terms)
    above = (candidate.title | candidate.opening) - terms
    title = sum(weights[term] for term in weights.keys() & above)
    time = bool(asked.times) and _agrees(asked, candidate)
    return own + 0.5 * title + (1.0 if time else 0.0)


def alike(candidate: Candidate, other: Candidate) -> bool:
    """Return whether two units say the same but for figures and names."""
    if candidate.unit.names or other.unit.names:
        return candidate.unit.names == other.unit.names
    common = candidate.own & other.own
    if not common:
        return False
    if len(common) >= _ALIKE * max(len(candidate.own), len(other.own)):
        return True
    names = " ".join(
        (*_NAME.findall(candidate.unit.text), *_NAME.findall(other.unit.text))
    ).casefold()
    differing = candidate.own ^ other.own
    return len(common) >= 2 and all(term in names for term in differing)


def repeats(candidate: Candidate, other: Candidate) -> bool:
    """Return whether two units say the same, figures, names and negation included."""
    if candidate.unit.names or other.unit.names:
        return candidate.unit.text == other.unit.text
    shorter, longer = sorted((candidate, other), key=lambda unit: len(unit.own))
    if len(shorter.own & longer.own) < _SAME * len(shorter.own):
        return False
    if shorter.unit.heads != longer.unit.heads and shorter.hit == longer.hit:
        return False
    new = shorter.own - longer.own
    return not _differ(shorter, longer) and not any(_is_name(term, shorter) for term in new)


def contradict(candidate: Candidate, other: Candidate) -> bool:
    """Return whether two units state different facts about the same thing."""
    if candidate.unit.names or other.unit.names or candidate.heads != other.heads:
        return False
    if (
        candidate.times != other.times
        and candidate.unit.text != other.unit.text
        and _own_times(candidate, other)
    ):
        return False
    common = candidate.own & other.own
    numbers = _number_terms(candidate) | _number_terms(other)
    mine, theirs = candidate.own - other.own - numbers, other.own - candidate.own - numbers
    if mine and theirs:  # "A service costs 80", "a wash costs 12": each is of its own thing
        return False
    rest = mine | theirs
    return len(common) >= 2 and len(rest) <= 0.5 * len(common) and _differ(candidate, other)


def _own_times(candidate: Candidate, other: Candidate) -> bool:
    """Return whether both name a time themselves: each is true of its own."""
    return bool(times_of(candidate.unit.text)) and bool(times_of(other.unit.text))


def _figures(candidate: Candidate) -> frozenset[str]:
    return figures_of(candidate.unit.text)


def _number_terms(candidate: Candidate) -> frozenset[str]:
    """Return the terms of the words that are numbers, of scripts without spaces of the signs."""
    words = (word for word in candidate.unit.text.split() if figures_of(word))
    terms = (term for word in words for term in content_terms(word))
    spaced = frozenset(term for term in terms if not is_unspaced(term))
    return spaced | frozenset(term for term in candidate.own if _NUMERAL.search(term))


def _differ(candidate: Candidate, other: Candidate) -> bool:
    if is_negated(candidate.unit.text) != is_negated(other.unit.text):
        return True
    mine, theirs = _figures(candidate), _figures(other)
    return mine != theirs and not (mine <= theirs or theirs <= mine)


def _is_name(term: str, candidate: Candidate) -> bool:
    return any(name.casefold().startswith(term) for name in _NAME.findall(candidate.unit.text)[1:])
