"""Rows of tables and lines of forms, as units with the names of their columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from ragflow_local.answer.unit import STOP, Unit
from ragflow_local.text.items import ITEM
from ragflow_local.text.questions import is_question
from ragflow_local.text.sentences import sentence_spans

_MARKDOWN_ROW = re.compile(r"^\s*\|(.+)\|\s*$")
_MARKDOWN_RULE = re.compile(r"^[\s|:\-]+$")
_FIELD = re.compile(
    r"^\s*(?:[-*•]\s+)?([^\W\d][^:：=|]{0,39}?)\s*(?:[:：](?=\s)|[：]|\s=\s)\s*(\S.*)$"
)
_LONGEST_VALUE = 80  # letters; what is longer, or a sentence, is text with a word before it
_MOST_FIELDS, _LONGEST_RECORD = 8, 240  # a larger record is quoted by its fields


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


def field_of(line: str) -> tuple[str, str] | None:
    """Return the name and the value of a line of a form."""
    match = _FIELD.match(line)
    if match is None or len(match[2]) > _LONGEST_VALUE or len(match[1].split()) > 5:
        return None
    if STOP.search(match[2]) or is_question(match[2]) or len(sentence_spans(match[2])) > 1:
        return None
    return match[1].strip(), match[2].strip()


def records_of(fields: list[tuple[str, str, str]]) -> Iterator[Unit]:
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
    lines = [ITEM.sub("", line) for line, _, _ in fields]
    is_listed = any(ITEM.match(line) for line, _, _ in fields)  # items have their head above
    label = "" if is_listed or len(fields) == 1 else fields[0][2]
    whole = "; ".join(lines)
    words = [word for name in names for word in set(name.casefold().split())]
    is_one = len(set(words)) == len(words)  # "Ann's phone", "Bob's phone" are of two
    if is_one and len(fields) <= _MOST_FIELDS and len(whole) <= _LONGEST_RECORD:
        yield Unit(whole, "row", (), label, names, tuple(value for _, _, value in fields))
        return
    for line, name, value in zip(lines, names, (value for _, _, value in fields), strict=True):
        yield Unit(line, "row", (), label if is_one else "", (name,), (value,))


def cells_of(line: str) -> list[str]:
    """Return the cells of a table's line; one for a line of text."""
    if "\t" in line:
        return [cell.strip() for cell in line.split("\t")]
    row = _MARKDOWN_ROW.match(line)
    if row and "|" in row[1]:
        return [cell.strip() for cell in row[1].split("|")]
    return [line]


def rows_of(table: list[list[str]]) -> Iterator[Unit]:
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
