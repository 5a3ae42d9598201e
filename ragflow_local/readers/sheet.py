"""A sheet's rows to blocks: its name, titles above a table, and the tables themselves."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from ragflow_local.readers.grid import table
from ragflow_local.records import Block

Row: TypeAlias = tuple[int, dict[int, str]]  # row number, texts by column number


def blocks_of_sheet(
    name: str, rows: Iterable[Row], merges: Sequence[tuple[int, ...]] = ()
) -> Iterator[Block]:
    """Yield a heading with the sheet's name, then what its rows hold; nothing for an empty one.

    Rows after a gap begin a table of their own where they are other columns, or begin with
    names; else the gap is but a pause. Rows of one cell above a table are paragraphs.

    Args:
        name: The sheet's name.
        rows: Rows that have a text, in order; empty ones may be left out.
        merges: Merged cells as first row, last row, first column, last column.
    """
    filled = [row for row in rows if any(text.strip() for text in row[1].values())]
    if not filled:
        return
    yield Block("heading", name, level=1)
    _spread_merges(filled, merges)
    spanning = _spanning(filled, merges)
    parts: list[list[Row]] = []
    last = -2
    for number, cells in filled:
        is_gap = number > last + 1
        if not parts or (is_gap and _is_beginning(cells, [row for _, row in parts[-1]])):
            parts.append([])
        parts[-1].append((number, cells))
        last = number
    for part in parts:
        # Beside tables, lines of one cell are notes; alone on a sheet, they are a list.
        if len(parts) > 1 and all(len(row) == 1 for _, row in part):
            for _, row in part:
                yield Block("paragraph", "".join(row.values()).strip())
        else:
            for side in _sides(part):
                yield from _part(side, spanning)


def _part(rows: Sequence[Row], spanning: frozenset[int]) -> Iterator[Block]:
    """Yield the titles above a table, and the table."""
    begin = 0
    while begin < len(rows) and len(rows[begin][1]) == 1 and (begin < len(rows) - 1 or begin == 0):
        begin += 1
    if begin == len(rows) or all(len(row) == 1 for _, row in rows):
        # One column: a list of things is a table; a single line is a title or a note.
        begin = 1 if len(rows) == 1 else 0
    for _, row in rows[:begin]:
        yield Block("paragraph", "".join(row.values()).strip())
    columns = sorted({column for _, row in rows[begin:] for column in row})
    if columns:
        yield from table(
            list(row.values()) if number in spanning else [row.get(c, "") for c in columns]
            for number, row in rows[begin:]
        )


def _spanning(rows: Sequence[Row], merges: Sequence[tuple[int, ...]]) -> frozenset[int]:
    """Return the numbers of rows that are one cell merged over several columns."""
    merged = {top for top, bottom, left, right in merges if top == bottom and right > left}
    return frozenset(number for number, cells in rows if number in merged and len(cells) == 1)


def _sides(rows: Sequence[Row]) -> list[list[Row]]:
    """Return tables that stand side by side, an empty column between them, apart.

    A column that is left empty within one table has numbers on its right, which belong to the
    labels on its left; another table begins with labels of its own.
    """
    used = sorted({column for _, row in rows for column in row})
    for before, after in pairwise(used):
        if after - before < 2:
            continue
        left = [(n, {c: t for c, t in row.items() if c <= before}) for n, row in rows]
        right = [(n, {c: t for c, t in row.items() if c >= after}) for n, row in rows]
        left, right = ([row for row in side if row[1]] for side in (left, right))
        if _is_table(left) and _is_table(right):
            return [left, *_sides(right)]
    return [list(rows)]


def _is_table(rows: Sequence[Row]) -> bool:
    """Return whether rows could be a table by themselves: names over labels and other columns."""
    wide = [row for _, row in rows if len(row) > 1]
    if len(wide) < 2:
        return False
    first = min(min(row) for row in wide)
    labels = [row[first] for row in wide if first in row]
    worded = sum(any(sign.isalpha() for sign in label) for label in labels)
    head = wide[0].values()
    has_names = not any(text.strip().replace(",", "").isdigit() for text in head)
    return has_names and worded > 0.5 * len(wide)


def _is_beginning(cells: dict[int, str], before: list[dict[int, str]]) -> bool:
    """Return whether a row after a gap begins another table than the one ``before``."""
    columns = {column for row in before[-3:] for column in row}
    is_elsewhere = not columns & set(cells) or max(cells) > max(columns) + 1
    has_names = not any(character.isdigit() for text in cells.values() for character in text)
    was_small = all(len(row) == 1 for row in before)
    return is_elsewhere or was_small or (has_names and len(cells) > 1) or len(cells) == 1


def _spread_merges(rows: list[Row], merges: Sequence[tuple[int, ...]]) -> None:
    """Say a merged cell's text in each row it covers; above names of columns, over each of them."""
    by_number = dict(rows)
    numbers = sorted(by_number)
    for top, bottom, left, right in merges:
        text = by_number.get(top, {}).get(left, "")
        if not text:
            continue
        for number in numbers[bisect_left(numbers, top) : bisect_right(numbers, bottom)]:
            by_number[number].setdefault(left, text)
        under = by_number.get(bottom + 1, {})
        covered = [column for column in under if left <= column <= right]
        if len(covered) > 1 and len(by_number[top]) > 1:
            for column in covered:
                by_number[top].setdefault(column, text)
