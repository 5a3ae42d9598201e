"""Finds the answer to each question that stands in a text, and keeps the two together.

On a page of frequent questions, in an interview or a chat, whoever asks what the text asks wants
what comes after it, and the question tells what that is about. A question which nothing follows
says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ragflow_local.answer.speakers import with_speakers
from ragflow_local.answer.unit import Unit
from ragflow_local.answer.unit_rows import row_of
from ragflow_local.answer.units import units_of
from ragflow_local.records import ChunkRow
from ragflow_local.text.questions import begins_answer, begins_choices, is_question

_REACH, _REACH_INSIDE = 8, 3  # units that stand under a question, and under one amid a paragraph
_SHORT = 20  # letters of "Yes." and its like, which say little alone; half as many but of Latin
_MOST_BEFORE, _LONGEST = 2, 240  # sentences a question begins with, and letters of them and it


def units_of_chunk(chunk: ChunkRow) -> list[Unit]:
    """Return the units of a chunk in their order; of a table's row that row alone."""
    row = row_of(chunk.content, chunk.headings, chunk.data)
    if row is not None:
        return [row]
    return with_answers(units_of(chunk.content, chunk.headings, chunk.marked))


def with_answers(units: Sequence[Unit]) -> list[Unit]:
    """Return the units of a chunk without its answered questions, which their answers keep.

    Questions that nothing answers stay, as units of kind ``question``.

    Args:
        units: In their order.
    """
    made: list[Unit] = []
    asked: list[Unit] = []  # of one paragraph, without an answer yet
    known: _Question | None = None
    has_asked = False
    for piece in with_speakers(units):
        unit = _without_question_above(piece) if has_asked or _asks(piece) else piece
        if _asks(unit):
            has_asked, known = True, None
            if asked and asked[-1].paragraph_key != unit.paragraph_key:
                made += _unanswered(asked)
                asked = []
            asked.append(unit)
        elif asked and _answers(unit, asked):
            known = _Question.of(made, asked, unit)
            del made[len(made) - known.before :]
            made.append(replace(unit, question=known.text, begins_answer=len(unit.names) < 2))
            asked = []
        else:
            made += _unanswered(asked)
            asked = []
            known = known if known and known.reaches(unit) else None
            if known and _goes_on(made[-1], unit):
                made[-1] = replace(made[-1], text=f"{made[-1].text} {unit.text}")
                continue
            made.append(replace(unit, question=known.text) if known else unit)
    return made + _unanswered(asked)


@dataclass(slots=True)
class _Question:
    """A question of the text, and how many of the units below it belong to it.

    Attributes:
        text: With the sentences it begins with.
        heads: What answers it stands under.
        before: How many sentences it begins with.
        paragraph: The only one it reaches into; -1: any.
        left: Units that it may yet reach.
    """

    text: str
    heads: tuple[str, ...]
    before: int
    paragraph: int
    left: int

    @classmethod
    def of(cls, made: Sequence[Unit], asked: Sequence[Unit], answer: Unit) -> _Question:
        """Return the question that a unit answers.

        Args:
            made: The units before it.
            asked: Its sentences that ask.
            answer: The unit after it.
        """
        place = asked[0].paragraph_key
        own = 0
        while own < len(made) and _begins(made[-1 - own]) and made[-1 - own].paragraph_key == place:
            own += 1
        said = [unit.text for unit in made[len(made) - own :]]
        text = " ".join((*said, *(unit.text for unit in asked)))
        is_whole = own <= _MOST_BEFORE and len(text) <= _LONGEST and answer.paragraph_key != place
        if own and not is_whole:
            text = " ".join(unit.text for unit in asked)
        is_inside = own > 0 and not is_whole
        return cls(
            text,
            answer.heads,
            own if is_whole else 0,
            place[1] if is_inside else -1,
            _REACH_INSIDE if is_inside else _REACH,
        )

    def reaches(self, unit: Unit) -> bool:
        """Return whether the next unit belongs to it; called once for each, in order."""
        self.left -= 1
        is_here = unit.heads == self.heads and self.paragraph in (-1, unit.paragraph)
        return is_here and self.left > 0


def _begins(unit: Unit) -> bool:
    """Return whether a sentence may lead up to a question in the same paragraph."""
    return unit.kind == "sentence" and not unit.begins_answer


def _asks(unit: Unit) -> bool:
    return not unit.names and is_question(unit.text)


def _answers(unit: Unit, asked: Sequence[Unit]) -> bool:
    """Return whether a unit answers the questions before it, and does not just go on asking."""
    question = asked[-1]
    if len(asked) > 1 and unit.paragraph_key == question.paragraph_key:
        return False
    if unit.heads[: len(question.heads)] != question.heads or begins_choices(unit.text):
        return False
    is_next_item = (
        question.kind == unit.kind == "item" and unit.paragraph_key != question.paragraph_key
    )
    return not is_next_item or begins_answer(unit.text)


def _goes_on(answer: Unit, unit: Unit) -> bool:
    """Return whether a unit completes a short answer: "Yes. On weekdays."."""
    is_short = len(answer.text) < (_SHORT if answer.text.isascii() else _SHORT // 2)
    is_beside = unit.kind == "sentence" and answer.paragraph_key == unit.paragraph_key
    return answer.begins_answer and is_short and is_beside


def _unanswered(asked: Sequence[Unit]) -> list[Unit]:
    return [replace(unit, kind="question") for unit in asked]


def _without_question_above(unit: Unit) -> Unit:
    """Return a unit without the questions at the end of its headings."""
    heads = unit.heads
    while heads and is_question(heads[-1]):
        heads = heads[:-1]
    return unit if heads == unit.heads else replace(unit, heads=heads)
