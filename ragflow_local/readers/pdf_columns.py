"""Columns of a PDF page: lines to groups in reading order, by where nothing stands between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from ragflow_local.readers.pdf_lines import Line, around

# A column has at least so many lines, and its lines are at least so long, in letters.
_MIN_LINES = 4
_MIN_LETTERS = 14
_MAX_CROSSING = 0.2


def columns_of(lines: Sequence[Line]) -> list[list[Line]]:
    """Return lines as groups that are read one after the other; one group for one column."""
    x = _gutter(lines)
    if x is None:
        return [list(lines)]
    left = [line for line in lines if line.box.x1 <= x + 1]
    right = [line for line in lines if line.box.x0 >= x - 1]
    crossing = [line for line in lines if line.box.x0 < x - 1 and line.box.x1 > x + 1]
    # Lines across the gutter part the columns: what is above is read before what is below.
    heights = sorted(line.box.top for line in crossing)
    groups: list[list[Line]] = []
    for number in range(len(heights) + 1):
        above = heights[number - 1] if number else float("-inf")
        below = heights[number] if number < len(heights) else float("inf")
        if number:
            groups.append([line for line in crossing if line.box.top == above])
            if heights.count(above) > 1 and number < len(heights) and below == above:
                groups.pop()
                continue
        for side in (left, right):
            part = [line for line in side if above <= line.box.top < below]
            if part:
                groups.extend(columns_of(part))
    return _joined(groups, crossing)


def _joined(groups: list[list[Line]], crossing: Sequence[Line]) -> list[list[Line]]:
    """Return groups with lines across the gutter that follow one another joined."""
    across = {id(line) for line in crossing}
    joined: list[list[Line]] = []
    for group in groups:
        if joined and id(group[0]) in across and id(joined[-1][-1]) in across:
            joined[-1].extend(group)
        else:
            joined.append(list(group))
    return joined


def _gutter(lines: Sequence[Line]) -> float | None:
    """Return where a gap runs down between two columns of text, if one does."""
    edges: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        edges[round(line.box.x0 / 3)].append(line)
    best: tuple[int, float] | None = None
    for key, starting in edges.items():
        near = starting + edges.get(key + 1, [])
        if len(near) < _MIN_LINES:
            continue
        x = min(line.box.x0 for line in near) - 1.5
        left = [line for line in lines if line.box.x1 <= x + 1]
        right = [line for line in lines if line.box.x0 >= x - 1]
        if not _are_columns(left, right, len(lines)):
            continue
        score = min(len(left), len(right))
        if best is None or score > best[0]:
            best = (score, x)
    return best[1] if best else None


def _are_columns(left: Sequence[Line], right: Sequence[Line], total: int) -> bool:
    if min(len(left), len(right)) < _MIN_LINES:
        return False
    if total - len(left) - len(right) > _MAX_CROSSING * total + 2:
        return False
    for side in (left, right):
        if median(len(line.text) for line in side) < _MIN_LETTERS:
            return False
        if median(line.box.width for line in side) < 0.45 * around(x.box for x in side).width:
            return False
    shared = around(line.box for line in left).overlap_y(around(line.box for line in right))
    return shared > 0
