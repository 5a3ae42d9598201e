"""One page of a PDF by geometry alone: ruled tables, columns, aligned tables, text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ragflow_local.readers.pdf import aligned_tables
from ragflow_local.readers.pdf.columns import columns_of
from ragflow_local.readers.pdf.lines import Box, Line, Lines, Word
from ragflow_local.readers.pdf.plain import Piece, pieces_of, rows_of
from ragflow_local.readers.pdf.ruled_tables import Grid, Rules, fill, grids_of, is_number


@dataclass(frozen=True, slots=True)
class Reading:
    """What geometry makes of a page, and what it could not be sure of.

    Attributes:
        pieces: The blocks in reading order.
        n_columns: Groups of lines read one after the other; more than one for columns.
        n_loose: Rows of cells side by side that are in no table.
        n_worded: Rows of tables that were found without rules and hold no numbers.
    """

    pieces: list[Piece] = field(default_factory=list)
    n_columns: int = 1
    n_loose: int = 0
    n_worded: int = 0


def vocabulary(lines: Sequence[Line]) -> set[str]:
    """Return the words of a page in lower case, without what stands around them."""
    return {word.text.lower().strip(".,;:()“”\"'") for line in lines for word in line.words}


def ruled_tables(
    lines: Sequence[Line], rules: Rules, words: set[str]
) -> tuple[list[Piece], list[Line]]:
    """Return the tables that drawn rules make, and the lines outside of them."""
    rest = list(lines)
    tables: list[Piece] = []
    for grid in grids_of(rules):
        within, without = inside(rest, grid.box)
        if len(grid.xs) == 2 and _stand_beside(grid.box, without):
            continue
        piece, rest = fill(grid, rest, words)
        if piece is not None:
            tables.append(_told_by_geometry(grid, within, words) or piece)
    return tables, rest


def _stand_beside(box: Box, lines: Sequence[Line]) -> bool:
    """Return whether lines stand beside a box: it frames some cells of a larger table."""
    return any(box.top <= line.box.middle[1] <= box.bottom for line in lines)


def _told_by_geometry(grid: Grid, lines: Sequence[Line], words: set[str]) -> Piece | None:
    """Return the table that cells under one another make where rules part too little.

    A boxed head over an open body, or a rule under every second row, leaves several cells in one
    box: side by side, or numbers over one another.
    """
    rows = rows_of(lines)
    boxes: dict[tuple[int, int], list[list[Line]]] = defaultdict(list)
    for row in rows:
        taken: dict[tuple[int, int], list[Line]] = defaultdict(list)
        for line in row:
            cell = grid.cell_at(*line.box.middle)
            if cell is not None:
                taken[cell].append(line)
        for cell, boxes_of_cell in taken.items():
            boxes[cell].append(boxes_of_cell)
    beside = {cell[0] for cell, lines in boxes.items() if any(len(row) > 1 for row in lines)}
    over = {cell[0] for cell, lines in boxes.items() if sum(map(_has_number, lines)) > 1}
    high = {cell[0] for cell, lines in boxes.items() if len(lines) > 1}
    n_rows = len({cell[0] for cell in boxes})
    if len(beside) < max(2, 0.5 * n_rows) and len(over) < max(1, 0.6 * len(high)):
        return None
    tables = aligned_tables.tables_of(rows, Rules(), words)
    if len(tables) != 1 or tables[0][1] - tables[0][0] < len(rows):
        return None
    return tables[0][2]


def _has_number(row: Sequence[Line]) -> bool:
    return any(is_number(line.text) and len(line.text) > 1 for line in row)


def read_lines(page: Lines, rules: Rules) -> Reading:
    """Return what geometry makes of a page."""
    words = vocabulary(page.lines)
    ruled, lines = ruled_tables(page.lines, rules, words)
    # A table takes part in finding the order as one line as large as itself.
    standing = [Line((Word("", piece.box),), 0.0, False) for piece in ruled]
    groups = columns_of([*lines, *standing])
    pieces: list[Piece] = []
    loose = worded = 0
    for group in groups:
        for run in _runs(group):
            if not run[0].text:
                pieces.append(ruled[standing.index(run[0])])
                continue
            for piece, n_loose, n_worded in _text(run, rules, page.body_size, words):
                pieces.append(piece)
                loose += n_loose
                worded += n_worded
    return Reading(pieces, len(groups), loose, worded)


def _runs(group: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield lines between ruled tables, and each table alone."""
    run: list[Line] = []
    for line in sorted(group, key=lambda item: item.box.top):
        if not line.text:  # a table, which has taken its words
            if run:
                yield run
            yield [line]
            run = []
        else:
            run.append(line)
    if run:
        yield run


def _text(
    lines: Sequence[Line], rules: Rules, body_size: float, words: set[str]
) -> Iterator[tuple[Piece, int, int]]:
    """Yield pieces, each with its rows in no table and rows of a table without numbers."""
    rows = rows_of(lines)
    tables = aligned_tables.tables_of(rows, rules, words)
    after = 0
    for start, end, table in [*tables, (len(rows), len(rows), None)]:
        part = rows[after:start]
        loose = sum(len(aligned_tables.row_of(row).cells) > 1 for row in part)
        for piece in pieces_of(part, body_size, words):
            yield piece, loose, 0
            loose = 0
        if table is not None:
            yield table, 0, 0 if _has_numbers(table) else end - start
        after = end


def _has_numbers(table: Piece) -> bool:
    cells = [cell for row in table.rows for cell in row[1:] if cell]
    return sum(is_number(cell) for cell in cells) >= 0.5 * len(cells)


def inside(lines: Sequence[Line], box: Box) -> tuple[list[Line], list[Line]]:
    """Return the parts of lines whose words lie in ``box``, and the parts that do not."""
    within: list[Line] = []
    without: list[Line] = []
    for line in lines:
        parts: tuple[list[Word], list[Word]] = ([], [])
        for word in line.words:
            b = word.box
            parts[not box.has((b.x0 + b.x1) / 2, (b.top + b.bottom) / 2)].append(word)
        if parts[0]:
            within.append(Line(tuple(parts[0]), line.size, line.bold))
        if parts[1]:
            without.append(Line(tuple(parts[1]), line.size, line.bold))
    return within, without
