"""Splits a chunk into units that can be quoted, each with the headings above it.

Units are sentences, list items, rows with the names of their columns, and records: lines of
``name: value`` that belong together. A unit stands under the nearest heading above it, and under no
other; a record under its first value, a row under its first cell.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from typing import Literal

from ragflow_local.text.questions import is_question
from ragflow_local.text.sentences import sentence_spans

UnitKind = Literal["sentence", "item", "row", "line", "question"]

_CLOSED = r"[\"'”’」』）)\]*_]*$"
_STOP = re.compile(rf"[.!?。！？…:：]{_CLOSED}")
_SENTENCE_END = re.compile(rf"[.!?。！？…]{_CLOSED}")
_INTRODUCES = re.compile(r"[:：][*_\s]*$")
_ITEM = re.compile(
    r"^\s*(?:(?:[-*•·▪◦‣–●○□☐☑✓✔]|\(?\d{1,3}[.)]|\(?[^\W\d_][.)])\s+"
    r"|[（(][一二三四五六七八九十\d]{1,3}[)）]|(?:\d{1,3}|[一二三四五六七八九十]{1,3})[、．]|[①-⑳●○□])"
)
_MARKDOWN_ROW = re.compile(r"^\s*\|(.+)\|\s*$")
_MARKDOWN_RULE = re.compile(r"^[\s|:\-]+$")
_CITED = ">"
_LONGEST = 600  # letters of a unit; longer runs without a full stop are cut at lesser marks
_LONGEST_HEADING, _LONGEST_UNSPACED_HEADING = 100, 20
_UNSPACED_MARK = re.compile(r"[，、；;,]")
_LESSER_END = re.compile(r"[;；,，、\s]")
_NAMED = re.compile(r"[:：]\s*\S")  # a name and its value, as forms have
_FIELD = re.compile(
    r"^\s*(?:[-*•]\s+)?([^\W\d][^:：=|]{0,39}?)\s*(?:[:：](?=\s)|[：]|\s=\s)\s*(\S.*)$"
)
_LONGEST_VALUE = 80  # letters; what is longer, or a sentence, is text with a word before it
_MOST_FIELDS, _LONGEST_RECORD = 8, 240  # a larger record is quoted by its fields
# A line that numbers a section: "7.1 Storm petrels", "## Boiler", "Chapter 2", "第二章 总则".
_SECTION = re.compile(
    r"^\s*(?:#{1,6}\s+\S|\d{1,2}(?:\.\d{1,3}){0,4}\.?\s+[A-Z\u3400-\u9fff]"
    r"|(?i:chapter|section|part|appendix|annex|article)\s+[\dIVXA-Z]+\b"
    r"|第[一二三四五六七八九十百\d]+[章节節编編篇部])"
)
_NUMBERED = re.compile(r"^\s*\d{1,2}\.?\s")  # with one number: an item as well as a section


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, row or item that can be quoted by itself.

    Attributes:
        text: As it is quoted: of a row, each cell after its column's name.
        kind: What it is; a ``line`` is short and says little: of a form, a page's foot; a
            ``question`` is one that nothing in its chunk answers.
        heads: The headings it stands under, the outermost first; those of the chunk included.
        label: Of a row or record, its first cell: what it is about.
        names: Of a row or record, the names of its columns.
        cells: Of a row or record, its cells without the names.
        paragraph: Number of its paragraph in the chunk: one ends with a blank line, or a line with
            a sentence.
        question: That of the text which it stands under: of a page of frequent questions, a chat.
        begins_answer: Whether it comes next to that question, which is quoted with it.
        speaker: What its paragraph begins with before a colon, if another sentence does: who speaks
            in a transcript, what a note is on.
    """

    text: str
    kind: UnitKind = "sentence"
    heads: tuple[str, ...] = ()
    label: str = ""
    names: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    paragraph: int = 0
    question: str = ""
    begins_answer: bool = False
    speaker: str = ""

    @property
    def paragraph_key(self) -> tuple[tuple[str, ...], int]:
        """The key of its paragraph in the chunk: headings and number."""
        return self.heads, self.paragraph

    @property
    def said(self) -> str:
        """Its text, after who says it."""
        return f"{self.speaker}: {self.text}" if self.speaker else self.text

    @property
    def quoted(self) -> str:
        """Its text as it is quoted: after the question that it answers, and who says it."""
        text = f"{self.speaker}: … {self.text}" if self.speaker else self.text
        return f"{self.question} {text}" if self.begins_answer else text


def units_of(content: str, headings: Sequence[str] = ()) -> list[Unit]:
    """Return the units of a chunk in their order.

    Args:
        content: Its text.
        headings: Those it stands under; a line that is one of them is a heading.
    """
    units: list[Unit] = []
    heads, above = tuple(headings), list[str]()
    for piece in _pieces(content, frozenset(map(_folded, headings))):
        if isinstance(piece, str):
            above.append(piece)
            continue
        if above:
            heads, above = _under(heads, above, headings), []
        units.append(replace(piece, heads=heads))
    # Headings over nothing are all there is to say.
    return units or [Unit(line, "line", heads) for line in above]


def row_of(content: str, headings: Sequence[str], data: str) -> Unit | None:
    """Return the row that a chunk of a table is, with all its columns; None for any other chunk.

    Args:
        content: Its text, a line a cell that is not empty, after the name of its column.
        headings: Those it stands under.
        data: The columns as JSON; "" for what is no row.
    """
    names = list(json.loads(data)) if data.startswith("{") else []
    if len(names) < 2:
        return None
    cells = dict.fromkeys(names, "")
    last = ""
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    for line in lines:
        name = next((name for name in names if line.startswith(f"{name}: ")), "")
        if name:
            cells[name], last = line[len(name) + 2 :].strip(), name
        elif last:
            cells[last] += f" {line}"
    if not last:
        return None
    values = tuple(cells.values())
    return Unit("; ".join(lines), "row", tuple(headings), values[0], tuple(names), values)


def _under(heads: tuple[str, ...], above: list[str], chunk: Sequence[str]) -> tuple[str, ...]:
    """Return the heads of what follows headings that stand one under the other."""
    known = [_folded(heading) for heading in chunk]
    new = [_folded(heading) for heading in above]
    if new == known[len(known) - len(new) :]:
        return tuple(chunk)  # the chunk repeats what it stands under
    kept = [
        heading
        for heading in heads[: max(0, len(heads) - len(above))]
        if _folded(heading) not in new
    ]
    return (*kept, *above)


def _pieces(content: str, known: frozenset[str]) -> list[Unit | str]:
    """Return the units without their heads, and between them the headings as plain texts."""
    lines = [line for line in content.splitlines() if line.strip()]
    ends = _ends_of_paragraphs(content, lines)
    ending = set(ends)
    made: list[Unit | str] = []
    paragraph: list[str] = []
    table: list[list[str]] = []
    fields: list[tuple[str, str, str]] = []

    def end(last: int) -> None:
        units = (*_rows_of(table), *_records_of(fields), *_sentences_of(paragraph))
        made.extend(replace(unit, paragraph=bisect_left(ends, last)) for unit in units)
        paragraph.clear()
        table.clear()
        fields.clear()

    for number, (line, following) in enumerate(zip_longest(lines, lines[1:], fillvalue="")):
        cells, field = _cells_of(line), _field_of(line)
        if _is_title(line, following, known):
            end(number - 1)
            made.append(line.strip())
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
    end(len(lines) - 1)
    return _with_headings(made)


def _ends_of_paragraphs(content: str, lines: Sequence[str]) -> list[int]:
    """Return the numbers of the lines, blank ones not counted, that paragraphs end with.

    A blank line follows, or it ends a sentence and the next one begins another, or one of the two
    is cited in a mail.
    """
    ends: set[int] = set()
    number = -1
    for line in content.splitlines():
        if line.strip():
            number += 1
        else:
            ends.add(number)
    for number, (line, following) in enumerate(pairwise(lines)):
        is_said = _SENTENCE_END.search(line) and "\t" not in line
        is_cited = line.startswith(_CITED) != following.startswith(_CITED)
        if is_cited or (is_said and _begins_anew(following.strip())):
            ends.add(number)
    return sorted(ends)


def _with_headings(made: list[Unit | str]) -> list[Unit | str]:
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
        if isinstance(below, str) or below.kind != "line":
            headings[index] = piece.text
    return headings


def introduces(text: str) -> bool:
    """Return whether a text ends with a colon, so that a list may follow."""
    return _INTRODUCES.search(text) is not None


def _listed(made: Sequence[Unit | str]) -> set[int]:
    """Return the indices of the lines, as of code, below a sentence that ends with a colon."""
    listed: set[int] = set()
    for index, (before, piece) in enumerate(pairwise(made), start=1):
        if isinstance(before, Unit) and isinstance(piece, Unit) and piece.kind == "line":
            is_introduced = before.kind == "sentence" and introduces(before.text)
            if is_introduced or index - 1 in listed:
                listed.add(index)
    return listed


def _asks(piece: Unit | str) -> bool:
    return isinstance(piece, Unit) and is_question(piece.text)


def _field_of(line: str) -> tuple[str, str] | None:
    """Return the name and the value of a line of a form."""
    match = _FIELD.match(line)
    if match is None or len(match[2]) > _LONGEST_VALUE or len(match[1].split()) > 5:
        return None
    if _STOP.search(match[2]) or is_question(match[2]) or len(sentence_spans(match[2])) > 1:
        return None
    return match[1].strip(), match[2].strip()


def _records_of(fields: list[tuple[str, str, str]]) -> Iterator[Unit]:
    """Yield the records of lines of a form: one begins where the first name comes again."""
    record: list[tuple[str, str, str]] = []
    for field in fields:
        if record and field[1].casefold() == record[0][1].casefold():
            yield from _record(record)
            record = []
        record.append(field)
    if record:
        yield from _record(record)


def _record(fields: list[tuple[str, str, str]]) -> Iterator[Unit]:
    names = tuple(name for _, name, _ in fields)
    lines = [_ITEM.sub("", line) for line, _, _ in fields]
    is_listed = any(_ITEM.match(line) for line, _, _ in fields)  # items have their head above
    label = "" if is_listed or len(fields) == 1 else fields[0][2]
    whole = "; ".join(lines)
    words = [word for name in names for word in set(name.casefold().split())]
    is_one = len(set(words)) == len(words)  # "Ann's phone", "Bob's phone" are of two
    if is_one and len(fields) <= _MOST_FIELDS and len(whole) <= _LONGEST_RECORD:
        yield Unit(whole, "row", (), label, names, tuple(value for _, _, value in fields))
        return
    for line, name, value in zip(lines, names, (value for _, _, value in fields), strict=True):
        yield Unit(line, "row", (), label if is_one else "", (name,), (value,))


def _folded(line: str) -> str:
    return " ".join(line.lstrip("# \t").split()).casefold()


def _is_title(line: str, following: str, known: frozenset[str]) -> bool:
    """Return whether a line is a heading over what follows, whatever its length."""
    if not line.strip() or "\t" in line:
        return False
    if _folded(line) in known and not _STOP.search(line):
        return True
    if len(line) > _LONGEST_HEADING or _STOP.search(line) or not _SECTION.match(line):
        return False
    text = following.strip()
    if _NUMBERED.match(line):  # of items the next is one too
        return bool(text) and not _NUMBERED.match(text) and _begins_anew(text)
    return not text or _begins_anew(text)


def _begins_anew(text: str) -> bool:
    """Return whether a line begins a sentence rather than goes on with the one before."""
    return not text[0].islower()


def _is_alone(line: str) -> bool:
    """Return whether a line goes with no other: an item, or a short line."""
    return bool(_ITEM.match(line)) or _is_short(line)


def _is_short(line: str) -> bool:
    """Return whether a line stands alone: a heading, or a line of a form."""
    line = line.strip()
    return len(line) < 40 and not _STOP.search(line) and not line.endswith((",", "，", "、"))


def _cells_of(line: str) -> list[str]:
    """Return the cells of a table's line; one for a line of text."""
    if "\t" in line:
        return [cell.strip() for cell in line.split("\t")]
    row = _MARKDOWN_ROW.match(line)
    if row and "|" in row[1]:
        return [cell.strip() for cell in row[1].split("|")]
    return [line]


def _rows_of(table: list[list[str]]) -> Iterator[Unit]:
    """Yield each row with the names of its columns."""
    rows = [row for row in table if not _MARKDOWN_RULE.match("|".join(row))]
    if not rows:
        return
    header = rows[0] if len(rows) > 1 and _is_header(rows[0]) else []
    for row in rows[1:] if header else rows:
        lines: list[str] = []
        for index, cell in enumerate(row):
            name = header[index] if index < len(header) else ""
            if cell:
                lines.append(f"{name}: {cell}" if name and name != cell else cell)
        if lines:
            yield Unit("; ".join(lines), "row", (), row[0], tuple(header), tuple(row))


def _is_header(row: list[str]) -> bool:
    """Return whether a first row names columns: mostly words, not figures."""
    named = [cell for cell in row[1:] if cell] or [row[0]]
    return sum(not re.fullmatch(r"[\W\d]*[\d.,%]+[\W\d]*", cell) for cell in named) * 2 > len(named)


def _sentences_of(lines: list[str]) -> Iterator[Unit]:
    if not lines:
        return
    text = lines[0]
    for line in lines[1:]:
        between = "" if _is_unspaced(text[-1]) and _is_unspaced(line[0]) else " "
        text = f"{text}{between}{line}"
    is_item = bool(_ITEM.match(lines[0]))
    for first, last in sentence_spans(text):
        for start, end in _cut(text, first, last):
            if sentence := text[start:end].strip():
                kind: UnitKind = "line" if _is_line(sentence) else "sentence"
                yield Unit(sentence, "item" if is_item else kind)


def _is_line(sentence: str) -> bool:
    """Return whether it names something and says nothing: of a form, a page's foot."""
    is_latin = all(letter < "\u2e80" for letter in sentence)
    longest = _LONGEST_HEADING if is_latin else _LONGEST_UNSPACED_HEADING
    is_said = _STOP.search(sentence) or (not is_latin and _UNSPACED_MARK.search(sentence))
    return len(sentence) < longest and not is_said


def _is_unspaced(letter: str) -> bool:
    return "\u2e80" <= letter <= "\u9fff" or "\uff00" <= letter <= "\uffef"


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _LONGEST:
        ends = [match.end() for match in _LESSER_END.finditer(text, start, start + _LONGEST)]
        cut = ends[-1] if ends else start + _LONGEST
        yield start, cut
        start = cut
    yield start, end
