"""A chunk to the units that can be quoted: sentences, list items, rows with their column names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ragflow_local.text.sentences import sentence_spans

UnitKind = Literal["sentence", "item", "row", "heading"]

_STOP = re.compile(r"[.!?。！？…:：][\"'”’」』）)\]]*$")
_ITEM = re.compile(r"^\s*(?:[-*•·▪◦‣–]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+")
_MARKDOWN_ROW = re.compile(r"^\s*\|(.+)\|\s*$")
_MARKDOWN_RULE = re.compile(r"^[\s|:\-]+$")
_LONGEST = 600  # letters of a unit; longer runs without a full stop are cut at lesser marks
_LONGEST_HEADING = 100
_LESSER_END = re.compile(r"[;；,，、\s]")


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that can be quoted by itself.

    Attributes:
        text: As it is quoted: of a row, each cell after its column's name.
        kind: What it is.
        names: Of a row, the names of its columns and its first cell, which say what it is about.
        label: Of a row, its first cell.
    """

    text: str
    kind: UnitKind = "sentence"
    names: str = ""
    label: str = ""


def units_of(content: str) -> list[Unit]:
    """Return the units of a chunk in their order."""
    units: list[Unit] = []
    paragraph: list[str] = []
    table: list[list[str]] = []
    for line in [*content.splitlines(), ""]:
        cells = _cells_of(line)
        if len(cells) > 1:
            units.extend(_sentences_of(paragraph))
            paragraph = []
            table.append(cells)
            continue
        units.extend(_rows_of(table))
        table = []
        if not line.strip() or _ITEM.match(line) or _is_short(line):
            units.extend(_sentences_of(paragraph))
            paragraph = []
        if line.strip():
            paragraph.append(line.strip())
            if _ITEM.match(line) or _is_short(line):
                units.extend(_sentences_of(paragraph))
                paragraph = []
    units.extend(_sentences_of(paragraph))
    return units


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
            yield Unit("; ".join(said), "row", " ".join([*header, row[0]]), row[0])


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
                kind: UnitKind = "heading" if _is_heading(sentence) else "sentence"
                yield Unit(sentence, "item" if is_item else kind)


def _is_heading(sentence: str) -> bool:
    """Say whether it names something and says nothing: a heading, a page's foot."""
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
