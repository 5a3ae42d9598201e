"""The lines of a chunk that units are made of: which end a paragraph, and who says them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ragflow_local.answer.unit import SENTENCE_END
from ragflow_local.records import Marked
from ragflow_local.text.code import indent
from ragflow_local.text.items import ITEM
from ragflow_local.text.turns import WROTE, Turn, turns_in

_CITED = ">"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chunk.

    Attributes:
        text: With its indentation.
        mark: What it is marked as.
        is_last: Whether it ends a paragraph: a blank one follows.
        turn: Which somebody says it in; each has an object of its own.
    """

    text: str
    mark: Marked | None
    is_last: bool = False
    turn: Turn | None = None


def lines_of(whole: Sequence[str], marked: Sequence[Marked]) -> list[Line]:
    """Return the lines of a chunk that are not blank.

    Args:
        whole: All its lines.
        marked: Its lines that the document marks as headings or code.
    """
    return _with_turns(_plain_lines(whole, marked))


def _plain_lines(whole: Sequence[str], marked: Sequence[Marked]) -> list[Line]:
    """Return the lines that are not blank; of an item, those that are set in further go with it."""
    by_number = {
        at: one for one in marked for at in range(one.first, min(one.first + one.count, len(whole)))
    }
    lines: list[Line] = []
    item = -1  # how far in the item begins that the next line may go on with; -1: none
    for number, row in enumerate(whole):
        mark = by_number.get(number)
        for text in row.splitlines() or [""]:
            line = text.expandtabs() if item >= 0 else text
            if not line.strip():
                if lines:
                    lines[-1] = replace(lines[-1], is_last=True)
                item = -1
            elif item >= 0 and mark is None and indent(line) > item and not ITEM.match(line):
                lines[-1] = replace(lines[-1], text=f"{lines[-1].text} {line.strip()}")
            else:
                lines.append(Line(text, mark))
                item = indent(text.expandtabs()) if mark is None and ITEM.match(text) else -1
    return lines


def _with_turns(lines: Sequence[Line]) -> list[Line]:
    """Return the lines with the turns they are said in.

    A turn goes on to the line that ends with a sentence; below a line that only names the speaker,
    to the next turn.
    """
    starts = turns_in(["" if line.mark is not None else line.text for line in lines])
    made: list[Line] = []
    now: Turn | None = None
    for line, start in zip(lines, starts, strict=True):
        if start is not None and made:
            made[-1] = replace(made[-1], is_last=True)
        now = start or (None if line.mark is not None else now)
        made.append(replace(line, turn=now))
        is_done = line.is_last or SENTENCE_END.search(line.text) is not None
        if now is not None and is_done and not now.is_above:
            now = None  # blank lines are not kept: what comes next may be anybody's
    return made


def ends_of_paragraphs(lines: Sequence[Line]) -> list[int]:
    """Return the numbers of the lines that paragraphs end with.

    A blank line follows, or it ends a sentence and the next one begins another, or one of the two
    is cited in a mail, or is marked, or says who wrote what is cited.
    """
    ends = {number for number, line in enumerate(lines) if line.is_last}
    for number, (line, following) in enumerate(pairwise(lines)):
        is_said = SENTENCE_END.search(line.text) and "\t" not in line.text
        is_cited = line.text.startswith(_CITED) != following.text.startswith(_CITED)
        is_marked = line.mark is not following.mark
        is_over_citation = line.text.startswith(_CITED) and WROTE.search(line.text)
        if (
            is_cited
            or is_marked
            or is_over_citation
            or (is_said and begins_anew(following.text.strip()))
        ):
            ends.add(number)
    return sorted(ends)


def begins_anew(text: str) -> bool:
    """Return whether a line begins a sentence rather than goes on with the one before."""
    return not text[0].islower()
