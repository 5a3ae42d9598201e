"""Columns of a PDF page: lines to groups in reading order, by where nothing stands between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ragflow_local.readers.pdf.lines import Line, around

# A column has at least so many lines, and its lines are at least so long, in letters.
_MIN_LINES = 4
_MIN_LETTERS = 14
_MAX_CROSSING = 0.2
# A paragraph across the page ends with a short line; so far below it, in heights of a line.
_SAME_PARAGRAPH = 0.8


@dataclass(frozen=True, slots=True)
class _Gutter:
    """A gap that runs down the page at ``x`` between two heights."""

    x: float
    top: float
    bottom: float


def columns_of(lines: Sequence[Line]) -> list[list[Line]]:
    """Return lines as groups that are read one after the other; one group for one column."""
    gutter = _gutter(lines)
    if gutter is None:
        return [list(lines)]
    above: list[Line] = []
    within: list[Line] = []
    below: list[Line] = []
    for line in lines:
        middle = (line.box.top + line.box.bottom) / 2
        part = above if middle < gutter.top else below if middle > gutter.bottom else within
        part.append(line)
    if len(within) < 2 * _MIN_LINES:
        return [list(lines)]
    groups = _split(within, gutter.x)
    return [*(columns_of(above) if above else []), *groups, *(columns_of(below) if below else [])]


def _split(lines: Sequence[Line], x: float) -> list[list[Line]]:
    """Return the columns left and right of ``x``; lines across it part what is above and below."""
    crossing = sorted(
        (line for line in lines if line.box.x0 < x - 1 and line.box.x1 > x + 1),
        key=lambda line: line.box.top,
    )
    across = {id(line) for line in crossing}
    groups: list[list[Line]] = []
    last = float("-inf")
    for line in [*crossing, None]:
        height = line.box.top if line is not None else float("inf")
        between = [
            other for other in lines if id(other) not in across and last <= other.box.top < height
        ]
        for side in (
            [other for other in between if other.box.x1 <= x + 1],
            [other for other in between if other.box.x1 > x + 1],
        ):
            if side:
                groups.extend(columns_of(side))
        if line is not None:
            if groups and id(groups[-1][-1]) in across and not between:
                groups[-1].append(line)
            else:
                groups.append([line])
            last = height
    return groups


def _gutter(lines: Sequence[Line]) -> _Gutter | None:
    """Return the gap between two columns of text with most lines on both sides, if any."""
    edges: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        edges[round(line.box.x0 / 3)].append(line)
    best: tuple[int, _Gutter] | None = None
    for key, starting in edges.items():
        near = starting + edges.get(key + 1, [])
        if len(near) < _MIN_LINES:
            continue
        gutter = _reach(lines, min(line.box.x0 for line in near) - 1.5, near)
        inside = [
            line
            for line in lines
            if gutter.top <= (line.box.top + line.box.bottom) / 2 <= gutter.bottom
        ]
        n_left = sum(line.box.x1 <= gutter.x + 1 for line in inside)
        n_right = sum(line.box.x0 >= gutter.x - 1 for line in inside)
        if n_left + n_right < (1 - _MAX_CROSSING) * len(inside) - 2:
            continue
        if _are_columns(_neighbours(near, inside, gutter.x), near):
            score = min(n_left, n_right)
            if best is None or score > best[0]:
                best = (score, gutter)
    return best[1] if best else None


def _reach(lines: Sequence[Line], x: float, near: Sequence[Line]) -> _Gutter:
    """Return the gap at ``x`` as far up and down as no line crosses it."""
    top = min(line.box.top for line in near)
    bottom = max(line.box.bottom for line in near)
    crossing = [line.box for line in lines if line.box.x0 < x - 1 and line.box.x1 > x + 1]
    over = max((box.bottom for box in crossing if box.bottom <= top + 2), default=float("-inf"))
    under = min((box.top for box in crossing if box.top >= bottom - 2), default=float("inf"))
    # The short last line of a paragraph across the page is not yet a column.
    for line in sorted(lines, key=lambda item: item.box.top):
        gap = line.box.top - over
        if -2 < gap < _SAME_PARAGRAPH * line.box.height and line.box.bottom <= top:
            over = line.box.bottom
    return _Gutter(x, over, under)


def _neighbours(near: Sequence[Line], lines: Sequence[Line], x: float) -> list[Line]:
    """Return the lines next to ``near`` on the left side of ``x``."""
    left = [line for line in lines if line.box.x1 <= x + 1]
    neighbours: dict[int, Line] = {}
    for line in near:
        beside = [
            other
            for other in left
            if other.box.overlap_y(line.box) > 0.3 * min(other.box.height, line.box.height)
        ]
        if beside:
            neighbour = max(beside, key=lambda other: other.box.x1)
            neighbours[id(neighbour)] = neighbour
    return list(neighbours.values())


def _are_columns(left: Sequence[Line], right: Sequence[Line]) -> bool:
    """Return whether lines are long and full enough to be text in columns, not cells."""
    for side in (left, right):
        if len(side) < _MIN_LINES:
            return False
        if median(len(line.text) for line in side) < _MIN_LETTERS:
            return False
        if median(line.box.width for line in side) < 0.45 * around(x.box for x in side).width:
            return False
    return True
