"""Tables of a PDF page without rules: rows whose cells stand under one another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ragflow_local.readers.pdf.lines import Box, Line, Word, around
from ragflow_local.readers.pdf.plain import Piece, join
from ragflow_local.readers.pdf.ruled_tables import Rules, is_number, table

_BEFORE = re.compile(r"(US|CA?|A|NT|R)?[($€£¥#~<+\-−–]{1,2}")
_AFTER = re.compile(r"\)|%|\)%|%\)|\)\.|\*{1,2}|†|pts|bps|x|°C")
_MARK = re.compile(r"^([•◦▪■□●○➢✓☐☒‣·*\-–—o]|\(?[0-9a-zA-Z]{1,4}[.)]|\([0-9a-z]{1,3}\))$")
_YEAR = re.compile(r"^(19|20)\d\d$")
# Rows of one table stand no farther apart than this, in type sizes.
_ROW_GAP = 3.2
_TEXT_LINES, _TEXT_LETTERS = 5, 40


@dataclass(frozen=True)
class Row:
    """Cells side by side."""

    cells: tuple[Line, ...]

    @property
    def box(self) -> Box:
        """Return the box around its cells."""
        return around(cell.box for cell in self.cells)

    @property
    def numbers(self) -> int:
        """Return how many of its cells are numbers."""
        return sum(is_number(cell.text) for cell in self.cells)


def row_of(lines: Sequence[Line]) -> Row:
    """Return lines side by side as cells: a sign and its number are one, a bullet its text's."""
    cells: list[Line] = []
    pending: list[Word] = []
    for index, line in enumerate(lines):
        text = line.text
        is_last = index == len(lines) - 1
        if (_BEFORE.fullmatch(text) and not is_last) or (
            index == 0 and not is_last and _MARK.match(text) and not is_number(lines[1].text)
        ):
            pending.extend(line.words)
            continue
        near = cells and line.box.x0 - cells[-1].box.x1 < 3 * max(line.size, 4)
        if _AFTER.fullmatch(text) and cells and not pending and near:
            cells[-1] = Line(cells[-1].words + line.words, cells[-1].size, cells[-1].bold)
            continue
        cells.append(Line((*pending, *line.words), line.size, line.bold) if pending else line)
        pending = []
    return Row(tuple(cells))


def tables_of(
    rows: Sequence[Sequence[Line]], rules: Rules, words: set[str]
) -> list[tuple[int, int, Piece]]:
    """Return the tables among ``rows``: first row, row after the last, and the table."""
    merged = [row_of(row) for row in rows]
    pieces: list[tuple[int, int, Piece]] = []
    start = 0
    while start < len(merged):
        end = _run(merged, start)
        if end - start >= 2:
            piece = _as_table(merged[start:end], rules, words)
            if piece is not None:
                pieces.append((start, end, piece))
                start = end
                continue
        start += 1
    return pieces


def _run(rows: Sequence[Row], start: int) -> int:
    """Return where the table that begins at ``start`` ends; ``start`` where none does."""
    first = rows[start]
    if len(first.cells) < 2 and not _heads(rows, start):
        return start
    end, last_full = start + 1, start
    second = _second(rows, start)
    if len(first.cells) < 2:
        last_full = start + 1
    while end < len(rows):
        row, above = rows[end], rows[end - 1]
        size = max(cell.size for cell in row.cells)
        if row.box.top - above.box.bottom > _ROW_GAP * max(size, 4.0):
            break
        if len(row.cells) >= 2:
            if _is_prose(row):
                break
            last_full = end
        elif not (row.box.x1 <= second or row.box.x0 >= second - 2 * size) or end - last_full > 3:
            break
        end += 1
    return _with_tail(rows, last_full + 1, end)


def _second(rows: Sequence[Row], start: int) -> float:
    """Return where the second column begins, as the rows from ``start`` on show it."""
    lefts = [
        row.cells[1].box.x0
        for row in rows[start : start + 12]
        if len(row.cells) > 1 and not is_number(row.cells[0].text)
    ]
    if not lefts:
        lefts = [row.cells[1].box.x0 for row in rows[start : start + 12] if len(row.cells) > 1]
    return min(lefts) if lefts else 0.0


def _heads(rows: Sequence[Row], start: int) -> bool:
    """Return whether a lone cell stands over the number columns of the row below it."""
    if start + 1 >= len(rows):
        return False
    row, below = rows[start], rows[start + 1]
    size = max(row.cells[0].size, 4.0)
    if len(below.cells) < 2 or below.box.top - row.box.bottom > 1.5 * size:
        return False
    left = below.cells[0] if not below.numbers or is_number(below.cells[0].text) else None
    first = below.cells[1].box.x0 if left is None else left.box.x0
    return row.box.x0 > first - 8 * size and row.box.x0 > rows[start + 1].cells[0].box.x0 + size


def _is_prose(row: Row) -> bool:
    """Return whether cells are long enough to be lines of columns of text."""
    long = sum(len(cell.text) > 45 for cell in row.cells)
    return row.numbers == 0 and long >= 2


def _with_tail(rows: Sequence[Row], end: int, limit: int) -> int:
    """Return the end with the rest of a label that runs over, in small letters."""
    while end < limit and rows[end].cells[0].text[:1].islower() and len(rows[end].cells) == 1:
        end += 1
    return end


def _as_table(rows: Sequence[Row], rules: Rules, words: set[str]) -> Piece | None:
    full = [row for row in rows if len(row.cells) >= 2]
    if len(full) < 2:
        return None
    columns = columns_of(full)
    if len(columns) < 2 or not _is_table(full, len(columns)):
        return None
    cells = cells_of(rows, columns)
    if any(_is_text([texts[number] for texts in cells]) for number in range(len(columns))):
        return None
    box = around(row.box for row in rows)
    bands = _bands(rules, box, sum(bool(texts[0]) for texts in cells))
    return table(_merged(cells, rows, bands, words), box)


def _is_text(column: Sequence[Sequence[str]]) -> bool:
    """Return whether a column is lines of running text: long, and most begin in small letters."""
    texts = [" ".join(cell) for cell in column if cell]
    if len(texts) < _TEXT_LINES or median(len(text) for text in texts) <= _TEXT_LETTERS:
        return False
    return sum(text[:1].islower() for text in texts) > 0.4 * len(texts)


def _is_table(full: Sequence[Row], n_columns: int) -> bool:
    numbers = sum(row.numbers for row in full)
    others = sum(len(row.cells) - 1 for row in full)
    if numbers >= 0.5 * others:
        return True
    letters = median(len(cell.text) for row in full for cell in row.cells)
    return len(full) >= 3 and letters <= (40 if n_columns > 2 else 28)


def columns_of(rows: Sequence[Row]) -> list[Box]:
    """Return the columns: what is left between gaps that (nearly) no row's cells cross."""
    body = [row for row in rows if row.numbers >= 0.4 * (len(row.cells) - 1)] or list(rows)
    most = max(len(row.cells) for row in body)
    body = [row for row in body if len(row.cells) >= 0.5 * most] or body
    edges = sorted(
        edge for row in body for cell in row.cells for edge in ((cell.box.x0, 1), (cell.box.x1, -1))
    )
    allowed = int(0.1 * len(body)) if len(body) >= 8 else 0
    columns: list[Box] = []
    covered, begin = 0, None
    for x, step in edges:
        covered += step
        if covered > allowed and begin is None:
            begin = x
        elif covered <= allowed and begin is not None:
            columns.append(Box(begin, 0, x, 0))
            begin = None
    return columns


def cells_of(rows: Sequence[Row], columns: Sequence[Box]) -> list[list[list[str]]]:
    """Return for each row and column the texts that stand in it."""
    table_cells: list[list[list[str]]] = []
    for row in rows:
        texts: list[list[str]] = [[] for _ in columns]
        for cell in row.cells:
            texts[_column_of(cell.box, columns)].append(cell.text)
        table_cells.append(texts)
    return table_cells


def _column_of(box: Box, columns: Sequence[Box]) -> int:
    covered = [index for index, column in enumerate(columns) if box.overlap_x(column) > 0]
    if len(covered) > 1:
        wide = [i for i in covered if box.overlap_x(columns[i]) > 0.3 * columns[i].width]
        return (wide or covered)[0]
    return max(range(len(columns)), key=lambda index: box.overlap_x(columns[index]))


def _bands(rules: Rules, box: Box, n_labels: int) -> list[float]:
    """Return heights where drawn rules or filled rows part the rows; empty if too few do."""
    edges = [
        y
        for rule in (*rules.across, *rules.fills)
        for y in {rule.top, rule.bottom}
        if rule.overlap_x(box) > 0.5 * box.width and box.top - 3 < y < box.bottom + 3
    ]
    bands: list[float] = []
    for y in sorted(edges):
        if not bands or y - bands[-1] > 3:
            bands.append(y)
    return bands if len(bands) > 0.7 * n_labels else []


def _merged(
    cells: Sequence[list[list[str]]], rows: Sequence[Row], bands: Sequence[float], words: set[str]
) -> tuple[tuple[str, ...], ...]:
    """Return rows with those joined that are one row written on several lines."""
    merged: list[list[list[str]]] = []
    band_before = -1
    for row, texts in zip(rows, cells, strict=True):
        middle = (row.box.top + row.box.bottom) / 2
        band = sum(y < middle for y in bands)
        same_band = bool(bands) and band == band_before and not _is_next(merged[-1], texts)
        if merged and (same_band or (not bands and _runs_over(merged[-1], texts))):
            for column, text in enumerate(texts):
                merged[-1][column].extend(text)
        else:
            merged.append([list(text) for text in texts])
        band_before = band
    return tuple(tuple(join(text, words) for text in row) for row in merged)


def _is_next(above: Sequence[Sequence[str]], below: Sequence[Sequence[str]]) -> bool:
    """Return whether a row is one of its own though no rule parts it from the row above."""
    numbers = [any(is_number(text) for text in cell) for cell in below]
    heads = not above[0] and bool(below[0]) and any(numbers[1:]) and any(above[1:])
    return heads or any(
        number and any(is_number(text) and not _YEAR.match(text) for text in cell)
        for number, cell in zip(numbers[1:], above[1:], strict=True)
    )


def _runs_over(above: Sequence[Sequence[str]], below: Sequence[Sequence[str]]) -> bool:
    """Return whether a label goes on in small letters while one of its lines has no numbers."""
    alone = not any(above[1:]) or not any(below[1:])
    return alone and bool(above[0] and below[0]) and below[0][0][:1].islower()
