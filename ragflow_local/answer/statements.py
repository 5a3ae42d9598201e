"""Compares units: which repeat, which contradict, and which are about another subject."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise, zip_longest

from ragflow_local.answer.candidates import Asked, Candidate, is_named
from ragflow_local.answer.columns import columns_said
from ragflow_local.text.content import content_terms
from ragflow_local.text.dates import times_of
from ragflow_local.text.figures import figures_of
from ragflow_local.text.folding import fold
from ragflow_local.text.negation import is_negated
from ragflow_local.text.terms import is_unspaced

_SAME = 0.8  # share of the terms of the shorter that the longer has
_ALIKE = 0.6  # of the longer: but for figures and names they say the same
_COLUMN = 0.05  # of a row with the asked cell in the asked column
_DIGIT = re.compile(r"\d")
_EQUAL = 1e-6  # weights that differ by less are the same
_WORDS = re.compile(r"\w+")
_NUMERAL = re.compile(r"[\d零〇一二两兩三四五六七八九十百千万萬亿億]")
_NAME = re.compile(r"[A-ZÀ-ÞА-Я\d][\w’'.-]*")


def of_the_subject(asked: Asked, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that do not stand under another heading than the one asked for.

    A head is asked for where the question says most of it; where it says all of one, nothing less
    will do. A unit that names itself what it lacks above it stays. Heads are compared within a
    document.
    """
    heads_of: dict[tuple[object, ...], set[frozenset[str]]] = {}
    for candidate in candidates:
        heads_of.setdefault(_group(candidate), set()).add(candidate.heads)
    wanted = {group: _wanted(heads, asked) for group, heads in heads_of.items()}
    return [
        candidate
        for candidate in candidates
        if not (sets := wanted[_group(candidate)])
        or any(one <= candidate.heads | candidate.own | candidate.carried for one in sets)
    ]


def _wanted(heads: set[frozenset[str]], asked: Asked) -> list[frozenset[str]]:
    """Return the sets of terms of which a unit must have one; none where no head is asked for."""
    common, terms = frozenset.intersection(*heads), frozenset(asked.terms)
    named = [head - common for head in heads if is_named(head - common, asked)]
    whole = [head for head in named if head <= terms]
    if whole:
        return [head for head in whole if not any(head < other for other in whole)]
    return [frozenset((term,)) for head in named for term in head & terms]


def _group(candidate: Candidate) -> tuple[object, ...]:
    """Return the group within which the heads of units are compared: document, kind of record.

    Records are of one kind that begin with the same name; one may lack what another has.
    """
    return candidate.title, candidate.unit.names[:1]


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
    of rows, the asked cell, whatever its column. Where that leaves it open, within a document the
    wording does ("without a balcony"), and then what is nearer to the last answer.

    Args:
        asked: The question.
        candidates: The units.
        weights: Of its terms.
        nearness: (len(candidates),) how near each is to the last answer; none: there is none.
    """
    matched = {id(candidate): _matched(asked, candidate, weights) for candidate in candidates}
    worded = {id(candidate): _worded(asked, candidate) for candidate in candidates}
    near = {
        id(candidate): value
        for candidate, value in zip_longest(candidates, nearness, fillvalue=0.0)
    }

    def is_better(other: Candidate, candidate: Candidate) -> bool:
        mine, theirs = matched[id(candidate)], matched[id(other)]
        if abs(theirs - mine) > _EQUAL:
            return theirs > mine and alike(candidate, other)
        mine, theirs = worded[id(candidate)], worded[id(other)]
        if mine != theirs and candidate.title == other.title:
            return theirs > mine and (alike(candidate, other) or _is_denial(candidate, other))
        return near[id(other)] > near[id(candidate)] and alike(candidate, other)

    return [
        candidate
        for candidate in candidates
        if not any(is_better(other, candidate) for other in candidates if other is not candidate)
    ]


def _worded(asked: Asked, candidate: Candidate) -> int:
    """Return how many pairs of neighbouring words a unit has in common with the question."""
    if asked.is_yes_or_no or candidate.unit.names:
        return 0
    return len(_pairs(asked.text) & _pairs(candidate.unit.text))


@lru_cache(maxsize=1024)
def _pairs(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(pairwise(_WORDS.findall(fold(text))))


def _is_denial(candidate: Candidate, other: Candidate) -> bool:
    """Return whether one of two units on one matter denies what the other says."""
    is_one = is_negated(candidate.unit.text) != is_negated(other.unit.text)
    return is_one and len(candidate.own & other.own) >= 2


def _matched(asked: Asked, candidate: Candidate, weights: Mapping[str, float]) -> float:
    said = candidate.cells if candidate.unit.cells else candidate.own
    terms = said | candidate.heads | candidate.carried
    own = sum(weights[term] for term in weights.keys() & terms)
    above = (candidate.title | candidate.opening) - terms
    title = sum(weights[term] for term in weights.keys() & above)
    time = bool(asked.times) and _agrees(asked, candidate)
    if candidate.unit.cells:
        own += _COLUMN * columns_said(asked, candidate)
    return own + 0.5 * title + (1.0 if time else 0.0)


def alike(candidate: Candidate, other: Candidate) -> bool:
    """Return whether two units say the same but for figures and names."""
    if candidate.unit.names or other.unit.names:
        return candidate.unit.names[:1] == other.unit.names[:1]
    common = candidate.own & other.own
    if not common:
        return False
    mine, theirs = _plain(candidate), _plain(other)
    if mine and theirs and len(mine & theirs) >= _ALIKE * max(len(mine), len(theirs)):
        return True
    if candidate.times != other.times and _own_times(candidate, other):
        mine, theirs = (unit.own - _time_terms(unit) for unit in (candidate, other))
        if len(mine & theirs) >= max(2, _ALIKE * max(len(mine), len(theirs))):
            return True
    names = " ".join(
        (*_NAME.findall(candidate.unit.text), *_NAME.findall(other.unit.text))
    ).casefold()
    differing = candidate.own ^ other.own
    return all(term in names for term in differing)


def _plain(candidate: Candidate) -> frozenset[str]:
    """Return the terms of a unit's text that are no figures."""
    return frozenset(term for term in candidate.own if not _DIGIT.search(term))


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


def contradict(candidate: Candidate, other: Candidate, asked: Asked) -> bool:
    """Return whether two units state different facts about the same thing.

    Each is true of its own time, if it names one, unless the question asks for the time; in
    documents of their own, the times are those of the statements.
    """
    if candidate.unit.names or other.unit.names or _heads(candidate) != _heads(other):
        return False
    if candidate.paragraph != other.paragraph and candidate.hit == other.hit:
        mine, theirs = candidate.opening or candidate.own, other.opening or other.own
        if mine != theirs and (candidate.opening or other.opening):
            return False  # each is of its own paragraph's subject
    mine, theirs = candidate.own, other.own
    if (
        candidate.times != other.times
        and candidate.unit.text != other.unit.text
        and _own_times(candidate, other)
        and "time" not in asked.kinds
    ):
        if candidate.title == other.title or asked.times:
            return False
        mine, theirs = mine - _time_terms(candidate), theirs - _time_terms(other)
    common = mine & theirs
    numbers = _number_terms(candidate) | _number_terms(other)
    if "time" in asked.kinds:
        numbers |= _time_terms(candidate) | _time_terms(other)
    mine, theirs = mine - common - numbers, theirs - common - numbers
    if mine and theirs:  # "A service costs 80", "a wash costs 12": each is of its own thing
        return False
    rest = mine | theirs
    return len(common) >= 2 and len(rest) <= 0.5 * len(common) and _differ(candidate, other)


def _heads(candidate: Candidate) -> frozenset[str]:
    """Return the terms of the headings above a unit, without their times."""
    if not any(times_of(head) for head in candidate.unit.heads):
        return candidate.heads
    return candidate.heads - _terms_of_times(" ".join(candidate.unit.heads))


def _time_terms(candidate: Candidate) -> frozenset[str]:
    return _terms_of_times(candidate.unit.text)


@lru_cache(maxsize=1024)
def _terms_of_times(text: str) -> frozenset[str]:
    """Return the terms of the words that name a time by themselves."""
    words = (word for word in _WORDS.findall(text) if times_of(word))
    return frozenset(term for word in words for term in content_terms(word))


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
