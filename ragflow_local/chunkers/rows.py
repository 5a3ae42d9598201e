"""Formats a table as text, with the header repeated in each part.

Cells are parted by tabs, as in ``Block.text``: a tab is no token to most models, where a bar
would be one for each cell, and the window holds more rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragflow_local.chunkers.merge import Cutter
from ragflow_local.records import Block
from ragflow_local.text.headers import parts_of

Row = Sequence[str]

_MOST_HEADER_ROWS = 6


def line_of(row: Row) -> str:
    """Return a row as one line."""
    return "\t".join(" ".join(cell.split()) for cell in row).rstrip("\t")


def table_texts(table: Block, cutter: Cutter, lead: str = "") -> Iterator[str]:
    """Yield the text of a table, in parts where it is larger than the budget.

    A row is whole in one part, as long as the model's window holds it with the header; a longer
    one is cut between cells, the names of their columns above them.

    Args:
        table: The table; its first row is its header.
        cutter: Budget and window.
        lead: Lines that stand before the table and go with its first part, such as its heading.
    """
    # A first cell may be empty: the tab after it stays.
    whole = _joined(lead, table.text.strip("\n"))
    if not table.text.strip() or cutter.count(whole) <= cutter.budget:
        if whole:
            yield whole
        return
    rows = [row for row in table.rows if any(cell.strip() for cell in row)]
    if not rows:
        yield from _plain(whole, cutter)
        return
    header = header_of(rows)
    # Repeated, a long header would leave no room for rows.
    while header and cutter.count(_lines(header)) * 2 > cutter.budget:
        header = header[:-1]
    yield from _packed(header, rows[len(header) :], cutter, lead)


def header_of(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows that are repeated above each part: titles and names of columns.

    Where no row can name the columns, the first is taken for it.
    """
    parts = parts_of(rows)
    count = len(parts.above) + len(parts.header) if parts.header else 1
    return rows[: min(count, _MOST_HEADER_ROWS, len(rows) - 1)]


def _lines(rows: Sequence[Row]) -> str:
    return _joined(*(line_of(row) for row in rows))


def _names(header: Sequence[Row]) -> Row:
    """Return one name a column, of all rows of the header."""
    width = max((len(row) for row in header), default=0)
    return [
        " ".join(row[column].strip() for row in header if column < len(row)).strip()
        for column in range(width)
    ]


def _packed(header: Sequence[Row], body: Sequence[Row], cutter: Cutter, lead: str) -> Iterator[str]:
    """Yield parts of as many rows as the budget holds."""
    head = _lines(header)
    lines: list[str] = []
    top = _joined(lead, head)
    if lead and cutter.count(top) * 2 > cutter.window:
        yield from _plain(lead, cutter)
        top = head
    start = cutter.count(top)
    tokens = start
    for row in body:
        line = line_of(row)
        size = cutter.count(line) + 1
        if lines and tokens + size > cutter.budget:
            yield _joined(top, *lines)
            top, lines = head, []
            start = tokens = cutter.count(top)
        if not lines and start + size > cutter.window:
            lines_above = top.split("\n")[: -len(header) or None]
            yield from _cells(_names(header), row, cutter, _joined(*lines_above))
            top = head
            start = tokens = cutter.count(top)
            continue
        lines.append(line)
        tokens += size
    if lines:
        yield _joined(top, *lines)


def _cells(header: Row, row: Row, cutter: Cutter, lead: str) -> Iterator[str]:
    """Yield parts of one row that the window does not hold, each with its columns' names."""
    names: list[str] = []
    cells: list[str] = []
    for number, cell in enumerate(row):
        name = header[number] if number < len(header) else ""
        if not cell.strip():
            continue
        if cells and cutter.count(_two(lead, [*names, name], [*cells, cell])) > cutter.budget:
            yield _two(lead, names, cells)
            lead, names, cells = "", [], []
        room = cutter.window - cutter.count(_two(lead, [name], [])) - 1
        if not cells and cutter.count(cell) > room:
            if room < cutter.window // 2:  # the lines above would be most of it
                yield from _plain(_two(lead, [name], []), cutter)
                lead, name, room = "", "", cutter.window
            narrow = Cutter(cutter.delimiter, min(room, cutter.budget), cutter.tools)
            for part in narrow.texts(cell):
                yield _two(lead, [name], [part])
                lead = ""
            continue
        names.append(name)
        cells.append(cell)
    if cells:
        yield _two(lead, names, cells)


def _two(lead: str, names: Row, cells: Row) -> str:
    return _joined(lead, line_of(names), line_of(cells))


def _joined(*lines: str) -> str:
    return "\n".join(line for line in lines if line.strip())


def _plain(text: str, cutter: Cutter) -> Iterator[str]:
    """Yield text that has no rows, packed."""
    yield from cutter.texts(text)
