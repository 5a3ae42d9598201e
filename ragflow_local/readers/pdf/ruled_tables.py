"""Ruled tables of a PDF page: drawn rules to a grid, words to its cells."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.lines import Box, Line, Lines, Word, around
from ragflow_local.readers.pdf.plain import Piece, join, rows_of

_NUMERIC = re.compile(r"^[\s$€£¥%().,+\-–—−*~<>=≤≥△▲\d:/]*[\d—–\-][\s%().,\d:/*a-zA-Z$€£¥]{0,6}$")
# A page whose drawing needs more than this is a map or a plot; its lines are no rules.
_MOST_CONTENT_BYTES = 4_000_000
_MOST_RULES = 1_500
_THIN_POINTS = 3.0
_SHORTEST_POINTS = 5.0
_SNAP_POINTS = 2.5
# A table without a frame: rules run on so far beyond the last that they cross.
_OPEN_POINTS = 8.0


_Texts: TypeAlias = dict[int, list[str]]


@dataclass(frozen=True, slots=True)
class Rules:
    """What is drawn straight on a page: rules, and the edges of filled rows.

    Attributes:
        across: Horizontal rules.
        down: Vertical rules.
        fills: Filled rectangles that are no rules.
        curves: How many curved or slanted strokes there are.
    """

    across: tuple[Box, ...] = ()
    down: tuple[Box, ...] = ()
    fills: tuple[Box, ...] = ()
    curves: int = 0


def rules_of(page: Any, lines: Lines) -> Rules:
    """Return the rules drawn on ``page``; none where it is drawn too densely to have any."""
    if len(page.read_contents()) > _MOST_CONTENT_BYTES:
        return Rules(curves=_MOST_RULES)
    across: list[Box] = []
    down: list[Box] = []
    fills: list[Box] = []
    curves = 0
    matrix = page.rotation_matrix
    for drawing in page.get_cdrawings():
        stroked = "s" in drawing["type"] and drawing.get("stroke_opacity", 1) != 0
        for item in drawing["items"]:
            boxes = list(_edges(item, stroked))
            curves += not boxes
            for edge in boxes:
                shown = mupdf.Rect(edge.x0, edge.top, edge.x1, edge.bottom) * matrix
                box = lines.turned(Box(shown.x0, shown.y0, shown.x1, shown.y1))
                if box.height <= _THIN_POINTS and box.width >= _SHORTEST_POINTS:
                    across.append(box)
                elif box.width <= _THIN_POINTS and box.height >= _SHORTEST_POINTS:
                    down.append(box)
                elif box.width > _THIN_POINTS and box.height > _THIN_POINTS:
                    fills.append(box)
    if len(across) + len(down) > 4 * _MOST_RULES:
        return Rules(curves=curves + _MOST_RULES)
    return Rules(tuple(_joined(across)), tuple(_joined_down(down)), tuple(fills), curves)


def _edges(item: tuple[Any, ...], stroked: bool) -> Iterable[Box]:
    """Yield the straight parts of one drawn item."""
    if item[0] == "l":
        (x0, y0), (x1, y1) = item[1], item[2]
        if abs(x0 - x1) <= _THIN_POINTS or abs(y0 - y1) <= _THIN_POINTS:
            yield Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    elif item[0] == "re":
        x0, y0, x1, y1 = item[1][:4]
        yield from _frame(Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), stroked)
    elif item[0] == "qu":
        points = item[1]
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        yield from _frame(Box(min(xs), min(ys), max(xs), max(ys)), stroked)


def _frame(box: Box, stroked: bool) -> Iterable[Box]:
    yield box
    if stroked and box.width > _THIN_POINTS and box.height > _THIN_POINTS:
        yield Box(box.x0, box.top, box.x1, box.top)
        yield Box(box.x0, box.bottom, box.x1, box.bottom)
        yield Box(box.x0, box.top, box.x0, box.bottom)
        yield Box(box.x1, box.top, box.x1, box.bottom)


def _joined(edges: Sequence[Box]) -> list[Box]:
    """Return horizontal rules with pieces of one rule joined."""
    joined: list[Box] = []
    middle = {id(e): round((e.top + e.bottom) / 2 / _SNAP_POINTS * 2) for e in edges}
    for edge in sorted(edges, key=lambda e: (middle[id(e)], e.x0)):
        last = joined[-1] if joined else None
        if (
            last is not None
            and abs((last.top + last.bottom) - (edge.top + edge.bottom)) <= 2 * _SNAP_POINTS
            and edge.x0 <= last.x1 + _SNAP_POINTS
        ):
            joined[-1] = Box(last.x0, last.top, max(last.x1, edge.x1), last.bottom)
        else:
            joined.append(edge)
    return joined


def _joined_down(edges: Sequence[Box]) -> list[Box]:
    across = _joined([Box(e.top, e.x0, e.bottom, e.x1) for e in edges])
    return [Box(e.top, e.x0, e.bottom, e.x1) for e in across]


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled grid: where its columns and rows end, and which cells are one."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    whole: dict[tuple[int, int], tuple[int, int]]

    @property
    def box(self) -> Box:
        """Return its outline."""
        return Box(self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Return row and column of the cell at a point, of joined cells the first."""
        if not self.box.has(x, y):
            return None
        row = min(bisect_right(self.ys, y), len(self.ys) - 1) - 1
        return self.whole[row, self.column_at(x)]

    def column_at(self, x: float) -> int:
        """Return the column at a point, joined cells told apart."""
        return max(min(bisect_right(self.xs, x), len(self.xs) - 1), 1) - 1


def grids_of(rules: Rules) -> list[Grid]:
    """Return the grids that crossing rules make, each of two cells or more."""
    across, down = rules.across[:_MOST_RULES], rules.down[:_MOST_RULES]
    parent = list(range(len(across) + len(down)))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for i, rule in enumerate(across):
        for j, post in enumerate(down):
            if (
                rule.x0 - _SNAP_POINTS <= post.x1
                and post.x0 <= rule.x1 + _SNAP_POINTS
                and post.top - _SNAP_POINTS <= rule.bottom
                and rule.top <= post.bottom + _SNAP_POINTS
            ):
                parent[root(i)] = root(len(across) + j)
    groups: dict[int, tuple[list[Box], list[Box]]] = defaultdict(lambda: ([], []))
    for i, rule in enumerate(across):
        groups[root(i)][0].append(rule)
    for j, post in enumerate(down):
        groups[root(len(across) + j)][1].append(post)
    grids = [_grid(*group) for group in groups.values()]
    whole_grids = [grid for grid in grids if grid is not None and len(set(grid.whole.values())) > 1]
    return sorted(whole_grids, key=lambda grid: (grid.box.top, grid.box.x0))


def _grid(across: Sequence[Box], down: Sequence[Box]) -> Grid | None:
    ys = _snapped((rule.top + rule.bottom) / 2 for rule in across)
    xs = _snapped((post.x0 + post.x1) / 2 for post in down)
    if ys and xs:
        xs = _opened(xs, [(rule.x0, rule.x1) for rule in across])
        ys = _opened(ys, [(post.top, post.bottom) for post in down])
    if len(ys) < 2 or len(xs) < 2 or len(xs) * len(ys) > 20_000:
        return None
    whole = {(r, c): (r, c) for r in range(len(ys) - 1) for c in range(len(xs) - 1)}

    def root(cell: tuple[int, int]) -> tuple[int, int]:
        while whole[cell] != cell:
            cell = whole[cell]
        return cell

    for r, c in list(whole):
        x, y = (xs[c] + xs[c + 1]) / 2, (ys[r] + ys[r + 1]) / 2
        if c + 2 < len(xs) and not _has_rule(down, xs[c + 1], y, upright=True):
            _unite(whole, root((r, c)), root((r, c + 1)))
        if r + 2 < len(ys) and not _has_rule(across, x, ys[r + 1], upright=False):
            _unite(whole, root((r, c)), root((r + 1, c)))
    return Grid(tuple(xs), tuple(ys), {cell: root(cell) for cell in whole})


def _opened(edges: list[float], spans: Sequence[tuple[float, float]]) -> list[float]:
    """Return grid edges with a first and last where rules run on beyond the last crossing."""
    before = [low for low, _ in spans if low < edges[0] - _OPEN_POINTS]
    after = [high for _, high in spans if high > edges[-1] + _OPEN_POINTS]
    first = [min(before)] if len(before) >= 2 else []
    last = [max(after)] if len(after) >= 2 else []
    return [*first, *edges, *last]


def _unite(
    whole: dict[tuple[int, int], tuple[int, int]], cell: tuple[int, int], other: tuple[int, int]
) -> None:
    whole[max(cell, other)] = min(cell, other)


def _has_rule(rules: Sequence[Box], x: float, y: float, *, upright: bool) -> bool:
    wide, high = (_SNAP_POINTS, 0.5) if upright else (0.5, _SNAP_POINTS)
    return any(
        rule.x0 - wide <= x <= rule.x1 + wide and rule.top - high <= y <= rule.bottom + high
        for rule in rules
    )


def _snapped(values: Iterable[float]) -> list[float]:
    """Return sorted values, those closer than a rule is thick made one."""
    snapped: list[float] = []
    for value in sorted(values):
        if not snapped or value - snapped[-1] > _SNAP_POINTS * 1.5:
            snapped.append(value)
    return snapped


def fill(grid: Grid, lines: Sequence[Line], words: set[str]) -> tuple[Piece | None, list[Line]]:
    """Return the table that ``lines`` make in ``grid``, and the lines outside of it.

    None instead of a table where fewer than two cells hold text: a frame, not a table.
    """
    written: dict[int, list[tuple[dict[int, str], dict[int, str]]]] = defaultdict(list)
    boxes: list[Box] = []
    rest: list[Line] = []
    for row in rows_of(lines):
        taken: dict[int, tuple[_Texts, _Texts]] = {}
        for line in row:
            outside: list[Word] = []
            for word in line.words:
                box = word.box
                cell = grid.cell_at((box.x0 + box.x1) / 2, (box.top + box.bottom) / 2)
                if cell is None:
                    outside.append(word)
                    continue
                texts = taken.setdefault(cell[0], (defaultdict(list), defaultdict(list)))
                texts[0][cell[1]].append(word.text)
                texts[1][grid.column_at((box.x0 + box.x1) / 2)].append(word.text)
                boxes.append(box)
            if outside:
                rest.append(Line(tuple(outside), line.size, line.bold))
        for number, (whole, parted) in taken.items():
            written[number].append((_spaced(whole), _spaced(parted)))
    # Where rules part the columns only, a line is a row, and joined cells are not one.
    bands = [
        [[part] for _, part in texts] if _holds_rows(texts) else [[text for text, _ in texts]]
        for _, texts in sorted(written.items())
    ]
    parts = [part for band in bands for part in band]
    used = sorted({c for part in parts for text in part for c in text})
    if len(used) < 2 and len(parts) < 2:
        return None, list(lines)
    rows = tuple(tuple(join([t[c] for t in part if c in t], words) for c in used) for part in parts)
    return table(rows, around(boxes)), rest


def _spaced(texts: _Texts) -> dict[int, str]:
    return {column: " ".join(words) for column, words in texts.items()}


def _holds_rows(texts: Sequence[tuple[dict[int, str], dict[int, str]]]) -> bool:
    """Return whether rules part the columns only: a line is a row, not part of a longer cell."""
    if len(texts) < 3:
        return False
    counts = [sum(is_number(text) for text in parted.values()) for _, parted in texts]
    if sum(count >= 2 for count in counts) >= 0.6 * len(texts):
        return True
    columns = {column for _, parted in texts for column in parted}
    full = [p for _, p in texts if min(columns) in p and len(p) >= 0.7 * len(columns)]
    return len(columns) > 2 and len(full) >= 0.7 * len(texts) > 2


def table(rows: tuple[tuple[str, ...], ...], box: Box) -> Piece:
    """Return a table piece of ``rows``."""
    return Piece("table", "\n".join("\t".join(row) for row in rows), box, rows=rows)


def is_number(text: str) -> bool:
    """Return whether a cell's text is a number, an amount, a share, a dash."""
    return len(text) <= 32 and bool(_NUMERIC.match(text))
