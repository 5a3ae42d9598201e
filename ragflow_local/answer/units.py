"""Splits a chunk into units that can be quoted, each with the headings above it.

Units are sentences, list items, rows with the names of their columns, and records: lines of
``name: value`` that belong together. A unit stands under the nearest heading above it, and under no
other; a record under its first value, a row under its first cell.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise, zip_longest

from ragflow_local.answer.lines import begins_anew, ends_of_paragraphs, lines_of
from ragflow_local.answer.unit import (
    STOP,
    Heading,
    Unit,
    UnitKind,
    introduces,
)
from ragflow_local.answer.unit_code import code_units
from ragflow_local.answer.unit_rows import cells_of, field_of, records_of, rows_of
from ragflow_local.records import Marked
from ragflow_local.text.items import ITEM
from ragflow_local.text.questions import is_question
from ragflow_local.text.sentences import between, sentence_spans
from ragflow_local.text.turns import Turn

_LONGEST_ABOVE = 200  # letters of a sentence that a command is quoted with
_LONGEST = 600  # letters of a unit; longer runs without a full stop are cut at lesser marks
_LONGEST_HEADING, _LONGEST_UNSPACED_HEADING = 100, 20
_UNSPACED_MARK = re.compile(r"[，、；;,]")
_LESSER_END = re.compile(r"[;；,，、\s]")
_NAMED = re.compile(r"[:：]\s*\S")  # a name and its value, as forms have
# A line that numbers a section: "7.1 Storm petrels", "## Boiler", "Chapter 2", "第二章 总则".
_SECTION = re.compile(
    r"^\s*(?:#{1,6}\s+\S|\d{1,2}(?:\.\d{1,3}){0,4}\.?\s+[A-Z\u3400-\u9fff]"
    r"|(?i:chapter|section|part|appendix|annex|article)\s+[\dIVXA-Z]+\b"
    r"|第[一二三四五六七八九十百\d]+[章节節编編篇部])"
)
_NUMBERED = re.compile(r"^\s*\d{1,2}\.?\s")  # with one number: an item as well as a section


def units_of(
    content: str, headings: Sequence[str] = (), marked: Sequence[Marked] = ()
) -> list[Unit]:
    """Return the units of a chunk in their order.

    Args:
        content: Its text.
        headings: Those it stands under; a line that is one of them is a heading.
        marked: Its lines that the document marks as headings or code. Besides, and where none are,
            a line is told to be a heading by its form.
    """
    pieces = _pieces(content, headings, marked)
    known = set(map(_folded, headings))
    # Where neither is known, a chunk may hold more headings than the one it begins with.
    is_told = bool(marked) or not any(_is_known(piece, known) for piece in pieces)
    path, below = (tuple(headings), ()) if is_told else ((), tuple(headings))
    units: list[Unit] = []
    above: list[str] = []
    for piece in pieces:
        if isinstance(piece, Heading):
            if piece.depth:
                units += [Unit(text, "line", path + below) for text in above]
                path, below, above = path[: piece.depth - 1], (), []
                if is_question(piece.text):  # the text's own: answers stand under it
                    units.append(Unit(piece.text, "sentence", path, paragraph=piece.paragraph))
                else:
                    path = (*path, piece.text)
            elif not is_told or _folded(piece.text) not in map(_folded, path):
                above.append(piece.text)
            continue
        if above:
            below, above = _under(below, above, () if is_told else headings), []
        units.append(replace(piece, heads=path + below))
    # Headings over nothing are all there is to say.
    return units or [
        Unit(piece.text, "line", path + below) for piece in pieces if isinstance(piece, Heading)
    ]


def _is_known(piece: Unit | Heading, known: set[str]) -> bool:
    return isinstance(piece, Heading) and _folded(piece.text) in known


def _under(heads: tuple[str, ...], above: list[str], chunk: Sequence[str]) -> tuple[str, ...]:
    """Return the heads of what follows headings that stand one under the other."""
    known = [_folded(heading) for heading in chunk]
    new = [_folded(heading) for heading in above]
    if known and new == known[len(known) - len(new) :]:
        return tuple(chunk)  # the chunk repeats what it stands under
    kept = [
        heading
        for heading in heads[: max(0, len(heads) - len(above))]
        if _folded(heading) not in new
    ]
    return (*kept, *above)


def _pieces(
    content: str, headings: Sequence[str], marked: Sequence[Marked]
) -> list[Unit | Heading]:
    """Return the units without their heads, and between them the headings."""
    known = frozenset(map(_folded, headings))
    whole = content.split("\n")
    lines = lines_of(whole, marked)
    ends = ends_of_paragraphs(lines)
    made: list[Unit | Heading] = []
    parts = groupby(range(len(lines)), key=lambda number: (lines[number].mark, lines[number].turn))
    for (mark, turn), run in parts:
        numbers = list(run)
        if turn is not None:
            made += _of_turn([lines[number].text for number in numbers], turn, numbers[0], ends)
        elif mark is not None:
            made += _of_mark(mark, whole, bisect_left(ends, numbers[0]))
        else:
            texts = [lines[number].text for number in numbers]
            made += _of_lines(texts, numbers[0], ends, known)
    return _with_headings(_with_code(made))


def _of_lines(
    lines: Sequence[str], first: int, ends: Sequence[int], known: frozenset[str]
) -> list[Unit | Heading]:
    """Return the pieces of lines that are not marked.

    Args:
        lines: None of them blank.
        first: Number of the first.
        ends: Numbers of the lines that paragraphs end with.
        known: Headings that the chunk stands under.
    """
    ending = set(ends)
    made: list[Unit | Heading] = []
    paragraph: list[str] = []
    table: list[list[str]] = []
    fields: list[tuple[str, str, str]] = []

    def end(last: int) -> None:
        units = (*rows_of(table), *records_of(fields), *_sentences_of(paragraph))
        made.extend(replace(unit, paragraph=bisect_left(ends, last)) for unit in units)
        paragraph.clear()
        table.clear()
        fields.clear()

    pairs = zip_longest(lines, lines[1:], fillvalue="")
    for number, (line, following) in enumerate(pairs, start=first):
        cells, field = cells_of(line), field_of(line)
        if _is_title(line, following, known):
            end(number - 1)
            made.append(Heading(line.strip()))
        elif len(cells) > 1:
            if not table:
                end(number - 1)
            table.append(cells)
        elif field is not None:
            if not fields:
                end(number - 1)
            fields.append((line.strip(), *field))
        else:
            is_alone = _is_alone(line)
            if table or fields or is_alone:
                end(number - 1)
            paragraph.append(line.strip())
            ending |= {number} if is_alone else set()
        if number in ending:
            end(number)
    end(first + len(lines) - 1)
    return made


def _of_turn(lines: Sequence[str], turn: Turn, first: int, ends: Sequence[int]) -> Iterator[Unit]:
    """Yield the sentences that somebody says, the speaker named with each.

    Args:
        lines: Of the turn; the first names the speaker.
        turn: The turn.
        first: Number of the first line.
        ends: Numbers of the lines that paragraphs end with.
    """
    if turn.is_above:
        pieces = _of_lines(lines[1:], first + 1, ends, frozenset())
        for place, piece in enumerate(pieces):
            unit = piece if isinstance(piece, Unit) else Unit(piece.text, "line")
            kind: UnitKind = "sentence" if unit.kind == "line" else unit.kind
            is_first = place == 0
            yield replace(
                unit, kind=kind, speaker=turn.speaker, begins_turn=is_first, said_by=turn.speaker
            )
        return
    paragraph = bisect_left(ends, first + len(lines) - 1)
    for place, unit in enumerate(_sentences_of([line.strip() for line in lines])):
        speaker = turn.speaker if place else ""
        yield replace(
            unit, kind="sentence", paragraph=paragraph, speaker=speaker, said_by=turn.speaker
        )


def _of_mark(mark: Marked, whole: Sequence[str], paragraph: int) -> Iterator[Unit | Heading]:
    """Yield the heading that marked lines of a chunk are, or the units of code."""
    text = "\n".join(whole[mark.first : mark.first + mark.count])
    if mark.depth:
        yield Heading(" ".join(text.split()), mark.depth, paragraph)
        return
    for piece in code_units(text):
        yield replace(piece, paragraph=paragraph) if isinstance(piece, Unit) else piece


def _with_code(made: Sequence[Unit | Heading]) -> list[Unit | Heading]:
    """Return the pieces, a command joined to the sentence right above it, which says what for."""
    joined: list[Unit | Heading] = []
    for piece, following in zip_longest(made, made[1:]):
        before = joined[-1] if joined else None
        is_alone = not isinstance(following, Unit) or following.kind != "code"
        if (
            isinstance(piece, Unit)
            and piece.kind == "code"
            and is_alone
            and isinstance(before, Unit)
            and before.kind in ("sentence", "line", "item")
            and (introduces(before.text) or len(before.text) <= _LONGEST_ABOVE)
        ):
            joined[-1] = replace(piece, text=f"{before.text}\n{piece.text}")
        elif piece is not None:
            joined.append(piece)
    return joined


def _with_headings(made: list[Unit | Heading]) -> list[Unit | Heading]:
    """Return the pieces, a line above text being a heading: what is said follows it."""
    headings = list(made)
    listed = _listed(made)
    for index in range(len(made) - 2, -1, -1):
        piece, below = headings[index], headings[index + 1]
        if not isinstance(piece, Unit) or piece.kind != "line" or _NAMED.search(piece.text):
            continue
        if index in listed:
            continue
        if _asks(piece) or (index and _asks(headings[index - 1]) and _asks(below)):
            continue  # a question, or a short answer between two
        if isinstance(below, Heading) or below.kind != "line":
            headings[index] = Heading(piece.text)
    return headings


def _listed(made: Sequence[Unit | Heading]) -> set[int]:
    """Return the indices of the lines, as of code, below a sentence that ends with a colon."""
    listed: set[int] = set()
    for index, (before, piece) in enumerate(pairwise(made), start=1):
        if isinstance(before, Unit) and isinstance(piece, Unit) and piece.kind == "line":
            is_introduced = before.kind == "sentence" and introduces(before.text)
            if is_introduced or index - 1 in listed:
                listed.add(index)
    return listed


def _asks(piece: Unit | Heading) -> bool:
    return isinstance(piece, Unit) and is_question(piece.text)


def _folded(line: str) -> str:
    return " ".join(line.lstrip("# \t").split()).casefold()


def _is_title(line: str, following: str, known: frozenset[str]) -> bool:
    """Return whether a line is a heading over what follows, whatever its length."""
    if not line.strip() or "\t" in line:
        return False
    if _folded(line) in known and not STOP.search(line):
        return True
    if len(line) > _LONGEST_HEADING or STOP.search(line) or not _SECTION.match(line):
        return False
    text = following.strip()
    if _NUMBERED.match(line):  # of items the next is one too
        return bool(text) and not _NUMBERED.match(text) and begins_anew(text)
    return not text or begins_anew(text)


def _is_alone(line: str) -> bool:
    """Return whether a line goes with no other: an item, or a short line."""
    return bool(ITEM.match(line)) or _is_short(line)


def _is_short(line: str) -> bool:
    """Return whether a line stands alone: a heading, or a line of a form."""
    line = line.strip()
    return len(line) < 40 and not STOP.search(line) and not line.endswith((",", "，", "、"))


def _sentences_of(lines: list[str]) -> Iterator[Unit]:
    if not lines:
        return
    text = lines[0]
    for line in lines[1:]:
        text += f"{between(text, line)}{line}"
    is_item = bool(ITEM.match(lines[0]))
    for first, last in sentence_spans(text):
        for start, end in _cut(text, first, last):
            if sentence := text[start:end].strip():
                kind: UnitKind = "line" if _is_line(sentence) else "sentence"
                yield Unit(sentence, "item" if is_item else kind)


def _is_line(sentence: str) -> bool:
    """Return whether it names something and says nothing: of a form, a page's foot."""
    is_latin = all(letter < "\u2e80" for letter in sentence)
    longest = _LONGEST_HEADING if is_latin else _LONGEST_UNSPACED_HEADING
    is_said = STOP.search(sentence) or (not is_latin and _UNSPACED_MARK.search(sentence))
    return len(sentence) < longest and not is_said


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _LONGEST:
        ends = [match.end() for match in _LESSER_END.finditer(text, start, start + _LONGEST)]
        cut = ends[-1] if ends else start + _LONGEST
        yield start, cut
        start = cut
    yield start, end
