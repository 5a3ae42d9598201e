"""Cells that span rows and columns, spread to the rows of a table block."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ragflow_local.records import Block, Region

_SPACES = re.compile(r"\s+")
_MAX_SPAN = 1000  # columns; as the HTML standard clamps them
# Cells that spans may add to a table: more than any real one has, so that no file can name a
# number of cells that does not fit into memory.
_MAX_ADDED = 200_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as a format has it: text, and how many rows and columns it covers."""

    text: str
    rows: int = 1
    columns: int = 1
    is_header: bool = False


def table(rows: Iterable[Sequence[str]], place: Region | None = None) -> Iterator[Block]:
    """Yield the table of ``rows``, or nothing where all cells are empty.

    Empty rows, and columns that are empty in all rows, are left out; rows get equal lengths, but
    for a row given as one cell: it spans the table, as the title of a part of it does.
    """
    cells = [[_SPACES.sub(" ", cell).strip() for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    width = max((len(row) for row in cells), default=0)
    used = [column for column in range(width) if any(column < len(r) and r[column] for r in cells)]
    even = tuple(
        (r[0],)
        if len(r) == 1 < len(used)
        else tuple(r[column] if column < len(r) else "" for column in used)
        for r in cells
    )
    if even:
        yield Block("table", "\n".join("\t".join(row) for row in even), place=place, rows=even)


def spread(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """Return the texts of ``rows`` with every cell at its column.

    A cell's text is said again in the rows below that it covers, so that each row tells its
    whole story. Across columns it is said again in header rows only, where it is part of each
    column's name; in a body row it stands once.
    """
    spread_rows: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}  # column: rows still covered, text
    added, head_rows = 0, 1
    for number, row in enumerate(rows):
        texts: dict[int, str] = {}
        for column, (left, text) in list(below.items()):
            texts[column] = text
            below[column] = (left - 1, text)
            if left == 1:
                del below[column]
        column = 0
        # What the first row reaches down to is its header, whether or not the format says so.
        head_rows = max((cell.rows for cell in row), default=1) if number == 0 else head_rows
        is_head = number < head_rows or all(cell.is_header for cell in row)
        repeats = is_head and len(row) > 1  # a cell over all columns is a title, and said once
        for cell in row:
            while column in texts:
                column += 1
            # Rows cannot reach beyond the table, whatever the file says.
            height = max(1, min(cell.rows, len(rows) - number))
            width = max(1, min(cell.columns, _MAX_SPAN))
            added += height * width - 1
            if added > _MAX_ADDED:
                height = width = 1
            for offset in range(width):
                texts[column + offset] = cell.text if offset == 0 or repeats else ""
                if height > 1:
                    below[column + offset] = (height - 1, texts[column + offset])
            column += width
        end = max(texts, default=-1) + 1
        spans = len(row) == 1 < row[0].columns and number > 0 and not is_head
        spread_rows.append([texts.get(column, "") for column in range(1 if spans else end)])
    return spread_rows
