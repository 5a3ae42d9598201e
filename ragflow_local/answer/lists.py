"""Quotes a whole list, procedure or small table where the question asks for all of it.

Two steps of five are worse than none. A question that names one item is answered by that item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from ragflow_local.answer.candidates import Asked, Candidate, candidates_of
from ragflow_local.answer.unit import introduces
from ragflow_local.records import ChunkRow, Hit
from ragflow_local.text.asking import HOW
from ragflow_local.text.content import content_terms
from ragflow_local.text.figures import figures_of
from ragflow_local.text.identifiers import identifiers_of, places_in, step_of

# Items of a list, and rows of a table, that is quoted whole, and letters of all.
_MOST_ITEMS, _MOST_ROWS, _MOST_LETTERS = 30, 12, 4000
_LINES = 3  # that make a list without marks
_HOW = re.compile(HOW, re.IGNORECASE)
_NUMBERED = re.compile(r"\W*(?:\d{1,3}|[①-⑳]|[一二三四五六七八九十]{1,3})(?!\w)")

# Returns the chunks around a hit in its document, in reading order.
Beside = Callable[[Hit], Sequence[ChunkRow]]


def asked_whole(
    asked: Asked,
    picked: Sequence[Candidate],
    ranked: Sequence[Candidate],
    candidates: Sequence[Candidate],
    hits: Sequence[Hit],
    beside: Beside | None = None,
) -> list[tuple[Candidate, Hit]]:
    """Return the list or table that the best unit belongs to, if the question asks for all of it.

    It comes with what introduces it. It is asked for where that is the best; or where the best is
    an item that says nothing of the question which the list does not say (or a step, and the
    question asks how), and a further one is quoted or it answers a question of the text. Empty for
    any other, and for lists that are too long.

    Args:
        asked: The question.
        picked: What would be quoted, the best first.
        ranked: What may be quoted: a table of which a row may not is not asked for.
        candidates: All units.
        hits: What they are from.
        beside: Finds the chunks that a list goes on in; None looks at the hits alone.
    """
    best = picked[0]
    units, items = _list_of(best, candidates, hits)
    if not items or (best.unit.names and not _are_in(items, ranked)):
        return []
    is_introduction = best is items[0] and _introduces(best)
    is_more = any(_are_in([unit], items) for unit in picked[1:]) or best.unit.begins_answer
    is_step = _NUMBERED.match(best.unit.text) and _HOW.search(asked.text)
    is_one = not is_step and _is_one_asked_for(asked, best, items)
    if not is_introduction and not _is_all_of_section(asked, best) and (is_one or not is_more):
        return []
    if beside is not None and (items[0] is units[0] or items[-1] is units[-1]):
        known = {hit.chunk.id for hit in hits}
        rows = [row for row in beside(hits[best.hit]) if row.id not in known]
        more = [replace(hits[best.hit], chunk=row) for row in rows]
        further = candidates_of(more, asked.language, first=len(hits))
        hits = [*hits, *more]
        units, items = _list_of(best, [*candidates, *further], hits)
    most = _MOST_ROWS if best.unit.names else _MOST_ITEMS
    is_long = sum(len(unit.unit.quoted) for unit in items) > _MOST_LETTERS
    if is_long or not 2 <= len(items) <= most:
        return []
    return [(unit, hits[unit.hit]) for unit in items]


def _list_of(
    best: Candidate, candidates: Sequence[Candidate], hits: Sequence[Hit]
) -> tuple[list[Candidate], list[Candidate]]:
    """Return the units around a unit in document order, and the list or table it belongs to."""
    units = _in_order(best, candidates, hits)
    at = next(place for place, unit in enumerate(units) if unit is best)
    return units, _rows_at(units, at) if best.unit.names else _items_at(units, at)


def _are_in(some: Sequence[Candidate], units: Sequence[Candidate]) -> bool:
    return {id(unit) for unit in some} <= {id(unit) for unit in units}


def is_step_asked_for(
    asked: Asked, unit: Candidate, candidates: Sequence[Candidate], hits: Sequence[Hit]
) -> bool:
    """Return whether a unit is the numbered step that a question asks for.

    Args:
        asked: The question.
        unit: The unit.
        candidates: All units.
        hits: What they are from.
    """
    if unit.unit.kind != "item":
        return False
    wanted = identifiers_of(asked.text, asked.language)
    named = wanted & step_of(unit.unit.text, asked.language) if wanted else wanted
    if not named:
        return False
    about = {
        term
        for term in asked.terms
        if not any(part in (term, term[-1:]) for step in named for part in step)
        and not places_in(term, asked.language)
    }
    _, items = _list_of(unit, candidates, hits)
    return about <= unit.subject | unit.around | (items[0].own if items else frozenset())


def _is_one_asked_for(asked: Asked, item: Candidate, items: Sequence[Candidate]) -> bool:
    """Return whether a question names one item rather than its list."""
    above = item.title | item.carried
    above |= frozenset(content_terms(" ".join(item.unit.heads), asked.language))
    if _introduces(items[0]):
        above |= items[0].own
    return bool(item.cells.intersection(asked.terms) - above)


def _is_all_of_section(asked: Asked, item: Candidate) -> bool:
    """Return whether a question names the number of a heading, and nothing of the item below it."""
    figures = frozenset().union(*map(figures_of, item.unit.heads))
    return bool(asked.figures & figures) and not item.own.intersection(asked.terms)


def _rows_at(units: Sequence[Candidate], at: int) -> list[Candidate]:
    """Return the rows of the table that a row belongs to."""
    row = units[at].unit
    return [one for one in units if (one.unit.names, one.unit.heads) == (row.names, row.heads)]


def _items_at(units: Sequence[Candidate], at: int) -> list[Candidate]:
    """Return the list that a unit introduces or belongs to, its introduction first."""
    first = last = at
    if _is_item(units, at):
        while _are_one_list(units, first - 1):
            first -= 1
        if _goes_on(units, first - 1) and _introduces(units[first - 1]):
            first -= 1
    elif _introduces(units[at]) and _goes_on(units, at) and _is_item(units, at + 1):
        last += 1
    else:
        return []
    while _are_one_list(units, last):
        last += 1
    return list(units[first : last + 1])


def _are_one_list(units: Sequence[Candidate], at: int) -> bool:
    """Return whether a unit and the next one are items of the same list."""
    if not _goes_on(units, at) or units[at].unit.kind != units[at + 1].unit.kind:
        return False
    return _is_item(units, at) and _is_item(units, at + 1)


def _goes_on(units: Sequence[Candidate], at: int) -> bool:
    """Return whether the next unit is in the same section, as far as its chunk tells."""
    if not 0 <= at < len(units) - 1:
        return False
    one, other = units[at], units[at + 1]
    is_unknown = one.hit != other.hit and not other.unit.heads
    return is_unknown or one.unit.heads == other.unit.heads


def _is_item(units: Sequence[Candidate], at: int) -> bool:
    """Return whether a unit is a list item: marked, in a run of lines, or below an introduction."""
    kind = units[at].unit.kind
    if kind != "line":
        return kind == "item"
    first, last = at, at + 1
    while first > 0 and units[first - 1].unit.kind == "line":
        first -= 1
    while last < len(units) and units[last].unit.kind == "line":
        last += 1
    return last - first >= _LINES or (first > 0 and _introduces(units[first - 1]))


def _introduces(unit: Candidate) -> bool:
    return not unit.unit.names and introduces(unit.unit.text)


def _in_order(
    best: Candidate, candidates: Sequence[Candidate], hits: Sequence[Hit]
) -> list[Candidate]:
    """Return the units of a unit's chunk and of the found chunks next to it, in document order."""
    chunk = hits[best.hit].chunk
    ordinals = {
        hit.chunk.ordinal: number
        for number, hit in enumerate(hits)
        if hit.chunk.document_id == chunk.document_id
    }
    first = last = chunk.ordinal
    while first - 1 in ordinals:
        first -= 1
    while last + 1 in ordinals:
        last += 1
    numbers = {ordinals[ordinal]: ordinal for ordinal in range(first, last + 1)}
    mine = [unit for unit in candidates if unit.hit in numbers]
    return sorted(mine, key=lambda unit: (numbers[unit.hit], unit.place))
