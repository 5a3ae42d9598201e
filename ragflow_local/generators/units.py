"""A chunk to the units that can be quoted: sentences, list items, rows with their column names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from ragflow_local.text.sentences import sentence_spans

UnitKind = Literal["sentence", "item", "row", "line", "heading"]

_STOP = re.compile(r"[.!?。！？…:：][\"'”’」』）)\]]*$")
_ITEM = re.compile(r"^\s*(?:[-*•·▪◦‣–]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+")
_MARKDOWN_ROW = re.compile(r"^\s*\|(.+)\|\s*$")
_MARKDOWN_RULE = re.compile(r"^[\s|:\-]+$")
_LONGEST = 600  # letters of a unit; longer runs without a full stop are cut at lesser marks
_LONGEST_HEADING = 100
_LESSER_END = re.compile(r"[;；,，、\s]")
_NAMED = re.compile(r"[:：]\s*\S")  # a name and its value, as forms have
# A line that numbers a section: "7.1 Storm petrels", "## Boiler", "Chapter 2", "第二章 总则".
_SECTION = re.compile(
    r"^\s*(?:#{1,6}\s+\S|\d{1,2}(?:\.\d{1,3}){0,4}\.?\s+[A-Z\u3400-\u9fff]"
    r"|(?i:chapter|section|part|appendix|annex|article)\s+[\dIVXA-Z]+\b"
    r"|第[一二三四五六七八九十百\d]+[章节節编編篇部])"
)
_NUMBERED = re.compile(r"^\s*\d{1,2}\.?\s")  # with one number: an item as well as a section


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that can be quoted by itself.

    Attributes:
        text: As it is quoted: of a row, each cell after its column's name.
        kind: What it is; a ``line`` is short and says little: of a form, a page's foot.
        names: Of a row, the names of its columns and its first cell, which say what it is about.
        label: Of a row, its first cell.
        cells: Of a row, its cells without the names.
    """

    text: str
    kind: UnitKind = "sentence"
    names: str = ""
    label: str = ""
    cells: str = ""


def units_of(content: str, headings: Collection[str] = ()) -> list[Unit]:
    """Return the units of a chunk in their order.

    Args:
        content: Its text.
        headings: Those it stands under; a line that is one of them is a heading.
    """
    known = frozenset(_folded(heading) for heading in headings)
    lines = content.splitlines()
    units: list[Unit] = []
    paragraph: list[str] = []
    table: list[list[str]] = []

    def end() -> None:
        units.extend([*_rows_of(table), *_sentences_of(paragraph)])  # one of the two is empty
        paragraph.clear()
        table.clear()

    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        cells = _cells_of(line)
        if _is_title(line, following, known):
            end()
            units.append(Unit(line.strip(), "heading"))
        elif len(cells) > 1:
            if not table:
                end()
            table.append(cells)
        else:
            is_alone = not line.strip() or bool(_ITEM.match(line)) or _is_short(line)
            if table or is_alone:
                end()
            if line.strip():
                paragraph.append(line.strip())
            if is_alone:
                end()
    end()
    return _with_headings(units)


def _with_headings(units: list[Unit]) -> list[Unit]:
    """Return the units, a line above text being a heading: what is said follows it."""
    made = list(units)
    for index, unit in enumerate(units[:-1]):
        is_over_text = units[index + 1].kind in ("sentence", "item", "row")
        if unit.kind == "line" and is_over_text and not _NAMED.search(unit.text):
            made[index] = Unit(unit.text, "heading")
    return made


def _folded(line: str) -> str:
    return " ".join(line.lstrip("# \t").split()).casefold()


def _is_title(line: str, following: str, known: frozenset[str]) -> bool:
    """Say whether a line is a heading over what follows, whatever its length."""
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
    """Say whether a line begins a sentence rather than goes on with the one before."""
    return not text[0].islower()


def _is_short(line: str) -> bool:
    """Say whether a line stands alone: a heading, or a line of a form."""
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
        said: list[str] = []
        for index, cell in enumerate(row):
            name = header[index] if index < len(header) else ""
            if cell:
                said.append(f"{name}: {cell}" if name and name != cell else cell)
        if said:
            names = " ".join([*header, row[0]])
            yield Unit("; ".join(said), "row", names, row[0], " ".join(row))


def _is_header(row: list[str]) -> bool:
    """Say whether a first row names columns: mostly words, not figures."""
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
    """Say whether it names something and says nothing: of a form, a page's foot."""
    is_latin = all(letter < "\u2e80" for letter in sentence)
    return is_latin and len(sentence) < _LONGEST_HEADING and not _STOP.search(sentence)


def _is_unspaced(letter: str) -> bool:
    return "\u2e80" <= letter <= "\u9fff" or "\uff00" <= letter <= "\uffef"


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _LONGEST:
        ends = [match.end() for match in _LESSER_END.finditer(text, start, start + _LONGEST)]
        cut = ends[-1] if ends else start + _LONGEST
        yield start, cut
        start = cut
    yield start, end
