"""Answers without a chat model, by quoting the units of the hits that answer the question.

Units of another subject, time or row than the one asked for are no candidates. The rest are scored
(``scorer``); the best is quoted, and a further one only where the best is not sure, says only a
part of what is asked (``parts``), leads on to what is asked (``steps``), or is contradicted. Where
nothing is near enough there is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np

from ragflow_local.answer import reading
from ragflow_local.answer.attribution import Saying, of_whom_is_asked, saying_of
from ragflow_local.answer.candidates import (
    Asked,
    Candidate,
    asks_the_same,
)
from ragflow_local.answer.columns import says, truth_asked_for
from ragflow_local.answer.completing import (
    completed,
    heading_that_answers,
    without_item_mark,
)
from ragflow_local.answer.focus import Focus
from ragflow_local.answer.lists import Beside, asked_whole, is_step_asked_for
from ragflow_local.answer.mismatch import of_what_is_asked
from ragflow_local.answer.parts import Search, Trail, best_trail, continued, has_parts
from ragflow_local.answer.picking import (
    BY_READER,
    BY_WORDS,
    MOST_SENTENCES,
    Stopping,
    chances_of,
    picked,
)
from ragflow_local.answer.reading import Read, judged
from ragflow_local.answer.scorer import Nearness
from ragflow_local.answer.statements import (
    best_of_each_kind,
    of_the_time,
)
from ragflow_local.answer.steps import second_step
from ragflow_local.answer.weighing import Weighed, weigh
from ragflow_local.records import Hit, Vector
from ragflow_local.text.content import content_terms

NAME = "extractive"
_STAYS = 2.0  # what it is worth to stand beside what the last answer quoted


@dataclass(frozen=True, slots=True)
class Quote:
    """A quoted unit.

    Attributes:
        text: As it stands in the chunk; of a table's row with the names of its columns.
        source: The hit it is from: one of those given, or found by another quote.
        score: The chance that it holds the answer, among what was found.
        is_line: Whether it is a line of its own: a row or an item of a list.
        is_disputed: Whether another quote says otherwise; the newest comes first.
    """

    text: str
    source: Hit
    score: float
    is_line: bool = False
    is_disputed: bool = False


def extract(  # noqa: PLR0913  # what helps to find a quote; each can be left out
    question: str,
    hits: Sequence[Hit],
    nearness: Nearness | None = None,
    others: Sequence[Hit] = (),
    search: Search | None = None,
    read: Read | None = None,
    focus: Focus | None = None,
    beside: Beside | None = None,
) -> list[Quote]:
    """Return the units that answer, in document order; empty if none does.

    Of a question of several steps they stand in the order of the steps.

    Args:
        question: A question that stands alone.
        hits: What was found for it, best first.
        nearness: Compares meanings; None scores by words alone.
        others: What was not: nothing is quoted of them, but they show how near passages come
            that do not answer.
        search: Finds passages for a text: for what is quoted, where a question has several steps.
        read: A small reader, which ranks the candidates and tells whether one answers; None
            leaves both to the scorer.
        focus: What the last answer of the conversation quoted.
        beside: Returns the chunks around a hit: a list that is quoted whole may go on there.
    """
    weighed = weigh(question, hits, nearness, others)
    if weighed is None:
        return []
    verdict = _verdict_on(weighed, read)
    asked, chosen, weights = weighed.asked, weighed.chosen, weighed.weights
    known = [candidate for candidate in chosen if candidate.hit < len(hits)]
    saying = saying_of(asked, weighed.candidates)
    named = _named(weighed, known, saying)
    if not verdict.is_found and not named and not _has_asked_row(weighed):
        return [] if saying else _in_steps(weighed, verdict.best, verdict, read, search)
    near = (focus or Focus()).near(asked, chosen, weighed.hits)
    scores = verdict.scores + _STAYS * near
    fitting = _fitting(asked, named or known, weights, chosen, near)
    order = sorted(fitting, key=lambda at: -scores[at])
    chances = chances_of(scores, order)
    has_steps = has_parts(asked, chosen[order[0]], weights, is_sure=verdict.is_alone)
    ranked = [chosen[at] for at in order]
    kept = of_what_is_asked(asked, ranked, weighed.candidates, weighed.hits, has_steps=has_steps)
    kept = of_whom_is_asked(saying, ranked, kept)
    if not kept:
        return []
    ranked, chances = [ranked[at] for at in kept], [chances[at] for at in kept]

    def whole_of(units: Sequence[Candidate]) -> list[tuple[Candidate, Hit]]:
        return asked_whole(asked, units, ranked, weighed.candidates, weighed.hits, beside)

    picks = picked(asked, ranked, chances, weights, verdict.stopping)
    is_disputed = any(disputed for *_, disputed in picks)
    whole = [] if is_disputed else whole_of([unit for unit, *_ in picks])
    more = partial(continued, nearness=nearness, search=search, most=MOST_SENTENCES)
    if not (is_disputed or whole or saying):
        helps = (read, search, more if has_steps else None)
        if quotes := _in_steps(weighed, ranked[0], verdict, *helps):
            return quotes
    if has_steps:
        trail = Trail(asked, (), tuple(hits))
        firsts = [(chosen[order[at]], float(scores[order[at]])) for at in kept]
        trail = best_trail(trail, firsts, nearness, search, MOST_SENTENCES)
        return _of_trail(trail, weighed, whole_of, chances[0])
    if not is_disputed:
        picks = sorted(picks, key=lambda pick: (pick[0].hit, pick[0].place))
    return _listed(asked, whole, chances[0]) if whole else _quotes_of(picks, weighed)


def _in_steps(
    weighed: Weighed,
    first: Candidate | None,
    verdict: _Verdict,
    read: Read | None,
    search: Search | None,
    more: Callable[[Trail], Trail] | None = None,
) -> list[Quote]:
    """Return the quotes of a question in two steps, in their order; empty of any other.

    Args:
        weighed: The candidates of the question.
        first: The best of them.
        verdict: What the reader thinks of them.
        read: The reader.
        search: Finds passages for a text.
        more: Goes on from the second step, where the question may have further ones.
    """
    if first is None or verdict.best is None or read is None or search is None:
        return []
    every = weighed.candidates, weighed.hits
    if not verdict.is_found and not of_what_is_asked(weighed.asked, [first], *every):
        return []
    step = second_step(weighed, first, read, search, is_found=verdict.is_found)
    if step is None:
        return []
    trail = Trail(weighed.asked, (first, step.unit), tuple(step.weighed.hits))
    trail = trail if more is None else more(trail)
    picks = [(unit, step.chance, False) for unit in trail.kept]
    return _quotes_of(picks, replace(step.weighed, hits=trail.hits))


def _quotes_of(picked: Sequence[tuple[Candidate, float, bool]], weighed: Weighed) -> list[Quote]:
    """Return the quotes of the picked units, each with the neighbours that it needs."""
    chosen = [unit for unit, *_ in picked]
    texts = [
        completed(weighed.asked, weighed.weights, unit, chosen, weighed.candidates)
        for unit in chosen
    ]
    quotes = [_quote(pick, weighed.hits, text) for pick, text in zip(picked, texts, strict=True)]
    for at, ((before, *_), (unit, *_)) in enumerate(pairwise(picked), start=1):
        if unit.unit.speaker and (unit.paragraph, unit.place) == (
            before.paragraph,
            before.place + 1,
        ):
            quotes[at] = replace(quotes[at], text=unit.unit.text)  # the speaker is just named
    headings = [heading_that_answers(weighed.asked, unit) for unit, *_ in picked]
    return [
        _under(heading, quote) if heading != above else quote
        for quote, heading, above in zip(quotes, headings, ["", *headings], strict=False)
    ]


def _under(heading: str, quote: Quote) -> Quote:
    """Return a quote after the heading it stands under."""
    return replace(quote, text=f"{heading}: {without_item_mark(quote.text)}")


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Says whether there is an answer, what the units are worth, and how many are quoted.

    Attributes:
        is_found: Whether there is an answer.
        scores: (chosen,) the units'.
        stopping: When enough are quoted.
        best: The unit that a reader thinks best, answer or not; None where none was asked.
        is_alone: Whether it answers by itself.
    """

    is_found: bool
    scores: Vector
    stopping: Stopping
    best: Candidate | None = None
    is_alone: bool = False


def _verdict_on(weighed: Weighed, read: Read | None) -> _Verdict:
    """Return the verdict of the reader, or of the scorer where it is not asked."""
    asked, best = weighed.asked, weighed.chosen[weighed.best]
    is_found = weighed.is_found()
    verdict = _Verdict(is_found, weighed.scores, BY_WORDS)
    if read is None or (asked.is_yes_or_no and is_found and not best.unit.question):
        return verdict
    by_reader = judged(weighed, read)
    # It was not trained on questions for yes or no: of those it finds what words cannot.
    if asked.is_yes_or_no and not by_reader.is_for_all:
        return verdict
    # Of a question of several steps no sentence says all.
    has_more = has_parts(asked, best, weighed.weights)
    is_found = by_reader.is_found or (has_more and is_found)
    scores = by_reader.scores if is_found else weighed.scores
    best = weighed.chosen[int(np.argmax(by_reader.scores))]
    return _Verdict(is_found, scores, BY_READER, best, by_reader.alone >= reading.SURE_ALONE)


def _named(weighed: Weighed, known: Sequence[Candidate], saying: Saying | None) -> list[Candidate]:
    """Return the units that are asked for by name, whatever a scorer or reader makes of them.

    They are the steps that the question counts, or what stands under the same question in the text.
    """
    asked = weighed.asked
    steps = [
        one for one in known if is_step_asked_for(asked, one, weighed.candidates, weighed.hits)
    ]
    said = [one for one in known if saying is not None and saying.is_exactly(one)]
    if said:
        return said
    same = {one.under for one in known if asks_the_same(asked, one)}
    return steps or [one for one in known if one.under in same]


def _has_asked_row(weighed: Weighed) -> bool:
    return any(_is_asked_for(weighed.asked, one, weighed.candidates) for one in weighed.chosen)


def _of_trail(
    trail: Trail,
    weighed: Weighed,
    whole_of: Callable[[Sequence[Candidate]], list[tuple[Candidate, Hit]]],
    chance: float,
) -> list[Quote]:
    """Return the quotes of a question of several steps: of a list that says all, the list."""
    known = {(weighed.hits[one.hit].chunk.id, one.place): one for one in weighed.candidates}
    kept = [known.get((trail.hits[one.hit].chunk.id, one.place)) for one in trail.kept]
    units = [unit for unit in kept if unit is not None]
    if len(units) == len(kept):
        items = whole_of(units)
        if all(any(unit is item for item, _ in items) for unit in units):
            return _listed(weighed.asked, items, chance)
    return [_quote((unit, chance, False), trail.hits) for unit in trail.kept]


def _is_asked_for(asked: Asked, row: Candidate, candidates: Sequence[Candidate]) -> bool:
    """Return whether the question says a whole cell of a row that not all rows have.

    Or what it wants stands in a column of yes and no.
    """
    if truth_asked_for(asked, row, candidates) > 0:
        return True
    said = (cell for cell in row.unit.cells if says(asked, cell))
    named = [cell for text in said if (cell := frozenset(content_terms(text, asked.language)))]
    others = [candidate.cells for candidate in candidates if candidate.unit.names == row.unit.names]
    return any(not all(cell <= other for other in others) for cell in named)


def _fitting(
    asked: Asked,
    known: Sequence[Candidate],
    weights: dict[str, float],
    chosen: Sequence[Candidate],
    near: Vector,
) -> list[int]:
    """Return the indices of the candidates that no similar one fits better."""
    numbers = {id(candidate): at for at, candidate in enumerate(chosen)}
    known = of_the_time(asked, known)
    known = [one for one in known if truth_asked_for(asked, one, known) >= 0] or known
    nearness = [float(near[numbers[id(candidate)]]) for candidate in known]
    fitting = best_of_each_kind(asked, known, weights, nearness)
    return [numbers[id(candidate)] for candidate in fitting]


def _listed(asked: Asked, items: Sequence[tuple[Candidate, Hit]], chance: float) -> list[Quote]:
    """Return the quotes of a list, each on a line of its own."""
    quotes = [Quote(unit.unit.quoted, hit, chance, is_line=True) for unit, hit in items]
    is_sentence = items[0][0].unit.kind == "sentence"
    if heading := heading_that_answers(asked, items[0][0]):
        quotes[0] = replace(quotes[0], text=f"{heading}:\n{quotes[0].text}")
    return [replace(quotes[0], is_line=not is_sentence), *quotes[1:]]


def _quote(pick: tuple[Candidate, float, bool], hits: Sequence[Hit], text: str = "") -> Quote:
    candidate, chance, is_disputed = pick
    is_line = is_disputed or candidate.unit.kind in ("row", "item")
    text = text or candidate.unit.quoted
    return Quote(text, hits[candidate.hit], chance, is_line, is_disputed)
