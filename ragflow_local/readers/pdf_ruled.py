"""Ruled tables of a PDF page: drawn rules to a grid, words to its cells."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ragflow_local.readers.pdf_lines import Box, Line, Lines, Word, around
from ragflow_local.readers.pdf_plain import Piece, join, rows_of

# A page whose drawing needs more than this is a map or a plot; its lines are no rules.
_MOST_CONTENT_BYTES = 4_000_000
_MOST_RULES = 1_500
_THIN_POINTS = 3.0
_SHORTEST_POINTS = 5.0
_SNAP_POINTS = 2.5


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
    for drawing in page.get_cdrawings():
        stroked = "s" in drawing["type"] and drawing.get("stroke_opacity", 1) != 0
        for item in drawing["items"]:
            boxes = list(_edges(item, stroked))
            curves += not boxes
            for edge in boxes:
                box = lines.turned(edge)
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
        column = min(bisect_right(self.xs, x), len(self.xs) - 1) - 1
        return self.whole[row, column]


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
    found = [grid for grid in grids if grid is not None and len(set(grid.whole.values())) > 1]
    return sorted(found, key=lambda grid: (grid.box.top, grid.box.x0))


def _grid(across: Sequence[Box], down: Sequence[Box]) -> Grid | None:
    ys = _snapped((rule.top + rule.bottom) / 2 for rule in across)
    xs = _snapped((post.x0 + post.x1) / 2 for post in down)
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


def _unite(
    whole: dict[tuple[int, int], tuple[int, int]], one: tuple[int, int], other: tuple[int, int]
) -> None:
    whole[max(one, other)] = min(one, other)


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
    inside: dict[tuple[int, int], list[str]] = defaultdict(list)
    boxes: list[Box] = []
    rest: list[Line] = []
    for row in rows_of(lines):
        for line in row:
            outside: list[Word] = []
            taken: dict[tuple[int, int], list[str]] = defaultdict(list)
            for word in line.words:
                box = word.box
                cell = grid.cell_at((box.x0 + box.x1) / 2, (box.top + box.bottom) / 2)
                if cell is None:
                    outside.append(word)
                else:
                    taken[cell].append(word.text)
                    boxes.append(box)
            for cell, texts in taken.items():
                inside[cell].append(" ".join(texts))
            if outside:
                rest.append(Line(tuple(outside), line.size, line.bold))
    if len(inside) < 2:
        return None, list(lines)
    columns = range(len(grid.xs) - 1)
    cells = [
        [join(inside.get((r, c), ()), words) for c in columns] for r in range(len(grid.ys) - 1)
    ]
    rows = tuple(tuple(row) for row in cells if any(row))
    used = [c for c in columns if any(row[c] for row in rows)]
    rows = tuple(tuple(row[c] for c in used) for row in rows)
    return table(rows, around([*boxes])), rest


def table(rows: tuple[tuple[str, ...], ...], box: Box) -> Piece:
    """Return a table piece of ``rows``."""
    return Piece("table", "\n".join("\t".join(row) for row in rows), box, rows=rows)
