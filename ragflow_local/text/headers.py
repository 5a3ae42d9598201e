"""Finds the title, header rows and body of a table.

One rule for every format and method. A header may be stacked ("2023" over "Q1", "Q2"), its cells
may span columns, and years may be names; a name is then made of all its rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Row = tuple[str, ...]

_MOST_ABOVE = 10  # a header further down is a row like any other
_MOST_HEADER_ROWS = 5
_LOOKED_AT = 8  # rows of the body that tell what its columns hold
_NUMBER = re.compile(r"[-+(−–]?[$€£¥]?\s?[-+−]?\d[\d,.'\s]*(?:%|‰|[a-zA-Z°$€£¥]{1,5}\.?)?\)?")
_YEAR = re.compile(r"(?:FY\s?|CY\s?)?(?:19|20)\d\d(?:\s?[-/–]\s?(?:19|20)?\d\d)?|第?\d{4}年?")


@dataclass(frozen=True, slots=True)
class Parts:
    """A table taken apart; every row has as many cells as there are names.

    Attributes:
        above: Rows over the header, such as titles.
        header: Rows that name the columns; none where no row can.
        names: A name for each column, of all rows of the header; "" where it has none.
        body: The rows below.
        sections: Which rows of the body are titles of the rows under them.
    """

    above: tuple[Row, ...]
    header: tuple[Row, ...]
    names: Row
    body: tuple[Row, ...]
    sections: frozenset[int] = frozenset()


def parts_of(rows: Sequence[Sequence[str]]) -> Parts:
    """Return the parts of a table; a row of one cell in a wider table spans its columns."""
    width = max((len(row) for row in rows), default=0)
    even = tuple((*map(str.strip, row), *[""] * (width - len(row))) for row in rows)
    for at, row in enumerate(even[: _MOST_ABOVE + 1]):
        filled = _filled(row)
        # A lone cell over more columns is a title, unless it stands over some of them only.
        if len(filled) < 2 and (width > 2 or at + 1 < len(even)) and width > 1:
            continue
        end = _header_end(even, at)
        if end is None:
            break
        first = at
        while first and not even[first - 1][0] and _filled(even[first - 1]):
            first -= 1
        header = even[first:end]
        sections = frozenset(n for n, r in enumerate(rows[end:]) if _is_section(r, width))
        return Parts(even[:first], header, _names(header), even[end:], sections)
    return Parts((), (), ("",) * width, even)


def _is_section(row: Sequence[str], width: int) -> bool:
    """Return whether a row titles the rows under it: it spans the table, or fills its first cell.

    Of two columns the second may just be empty; only a cell that spans both is a title.
    """
    if not row or not row[0].strip() or _is_number(row[0]):
        return False
    return width > 1 and (len(row) == 1 or (width > 2 and not any(map(str.strip, row[1:]))))


def is_like(row: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Return whether ``row`` holds numbers where the rows of ``body`` do."""
    sample = body[-_LOOKED_AT:]
    columns = [
        column
        for column in range(min(len(row), min(len(other) for other in sample)))
        if _share([other[column] for other in sample]) > 0.6
    ]
    own = [row[column].strip() for column in columns if row[column].strip()]
    return not columns or 2 * sum(_is_number(cell) for cell in own) >= len(own) > 0


def _filled(row: Row) -> list[str]:
    return [cell for cell in row if cell]


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell.strip()))


def _is_name(cell: str) -> bool:
    return not _is_number(cell) or bool(_YEAR.fullmatch(cell))


def _share(cells: Sequence[str]) -> float:
    """Return the share of numbers among the filled cells, in [0, 1]."""
    filled = [cell for cell in cells if cell.strip()]
    return sum(map(_is_number, filled)) / len(filled) if filled else 0.0


def _header_end(rows: Sequence[Row], at: int) -> int | None:
    """Return where the header that begins with row ``at`` ends; None where it is none."""
    if at + 1 >= len(rows) or rows[at] == rows[at + 1]:
        return None
    filled = _filled(rows[at])
    numbers = [cell for cell in filled if _is_number(cell)]
    if len(numbers) * 2 > len(filled) and not all(_YEAR.fullmatch(cell) for cell in numbers):
        return None
    end = at + 1
    while end < min(len(rows) - 1, at + _MOST_HEADER_ROWS) and _adds(rows, at, end):
        end += 1
    is_wide = any(len(_filled(row)) * 2 > len(row) for row in rows[at:end])
    return end if is_wide else None


def _adds(rows: Sequence[Row], first: int, at: int) -> bool:
    """Return whether row ``at`` is one more row of the header that begins at ``first``."""
    row, above = rows[at], rows[at - 1]
    if not _filled(row) or not all(_is_name(cell) for cell in row if cell):
        return False
    is_stacked = not row[0] or row[0] == above[0]
    names, more = _names(rows[first:at]), _names(rows[first : at + 1])
    tells_apart = len(set(more)) > len(set(names))
    body = rows[at + 1 : at + 1 + _LOOKED_AT]
    under = [column for column in range(1, len(row)) if row[column]]
    is_over_numbers = bool(under) and all(
        _share([other[column] for other in body]) >= 0.5 for column in under
    )
    if is_stacked:
        return tells_apart or is_over_numbers
    return tells_apart and is_over_numbers and len(set(names)) < len(names)


def _names(header: Sequence[Row]) -> Row:
    """Return a name for each column; a cell over others is part of the name of each."""
    if not header:
        return ()
    spread: list[list[str]] = []
    for number, row in enumerate(header):
        cells = list(row)
        for column in range(1, len(cells)):
            is_named_below = any(other[column] for other in header[number + 1 :])
            if not cells[column] and is_named_below and number + 1 < len(header):
                cells[column] = cells[column - 1] if column > 1 or not header[0][0] else ""
        spread.append(cells)
    names = []
    for column in range(len(header[0])):
        spoken_cells = (row[column] for row in spread if row[column])
        names.append(" ".join(dict.fromkeys(" ".join(text.split()) for text in spoken_cells)))
    return tuple(names)
