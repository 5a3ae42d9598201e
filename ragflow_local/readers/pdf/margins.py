"""Signs beside the lines of a PDF page: large initials, and numbers that count its lines."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from ragflow_local.readers.pdf.lines import Box, Line, Lines, Word

# An initial is larger than the text beside it by this factor, and reaches over its first lines.
_LARGER, _LEAST_LINES = 1.9, 2
# Initials that are words of their own stand apart from the next, in type sizes.
_WORDS_ALONE, _APART = frozenset("AIOaioYyÀ"), 0.45
# Lines are numbered where so many numbers run on, by ones or by fives.
_FEWEST_NUMBERS = {1: 12, 5: 4}
_ALIGNED_POINTS = 3.0


def with_initials(page: Lines) -> Lines:
    """Return the lines of a page with each large initial before the rest of its word."""
    lines = list(page.lines)
    for initial in [line for line in lines if _is_letter(line)]:
        beside = [
            line
            for line in lines
            if line is not initial
            and initial.size >= _LARGER * line.size
            and -1 <= line.box.x0 - initial.box.x1 <= 2 * line.size
            and initial.box.has(initial.box.x0, line.box.middle[1])
        ]
        if len(beside) < _LEAST_LINES:
            continue
        first = min(beside, key=lambda line: line.box.top)
        gap = first.box.x0 - initial.box.x1
        space = initial.text in _WORDS_ALONE and gap > _APART * first.size
        start = initial.box.x0
        for line in beside:
            word = line.words[0]
            text = word.text
            if line is first:
                text = f"{initial.text} {text}" if space else initial.text + text
            box = Box(start, word.box.top, word.box.x1, word.box.bottom)
            lines[lines.index(line)] = replace(line, words=(Word(text, box), *line.words[1:]))
        lines.remove(initial)
    return replace(page, lines=tuple(lines))


def _is_letter(line: Line) -> bool:
    text = line.text.strip("“\"'«„")
    return len(text) == 1 and text.isalpha()


def without_line_numbers(page: Lines) -> Lines:
    """Return the lines of a page without the numbers that count them at its edge."""
    numbers = [line for line in page.lines if len(line.text) <= 4 and line.text.isdigit()]
    columns = [column for edge in ("x1", "x0") for column in _columns(numbers, edge)]
    column = max((c for c in columns if _counts_lines(c, page.lines)), key=len, default=[])
    gone = {id(line) for line in column}
    return replace(page, lines=tuple(line for line in page.lines if id(line) not in gone))


def _columns(numbers: Sequence[Line], edge: str) -> list[list[Line]]:
    """Return numbers that stand under one another."""
    columns: list[list[Line]] = []
    for line in sorted(numbers, key=lambda line: float(getattr(line.box, edge))):
        x = getattr(line.box, edge)
        if columns and abs(getattr(columns[-1][-1].box, edge) - x) <= _ALIGNED_POINTS:
            columns[-1].append(line)
        else:
            columns.append([line])
    return [sorted(column, key=lambda line: line.box.top) for column in columns]


def _counts_lines(column: Sequence[Line], lines: Sequence[Line]) -> bool:
    """Return whether numbers run on evenly beside lines of running text, and at their edge."""
    values = [int(line.text) for line in column]
    steps = {after - before for before, after in itertools.pairwise(values)}
    if len(steps) != 1 or len(column) < _FEWEST_NUMBERS.get(next(iter(steps)), len(column) + 1):
        return False
    tops = [line.box.top for line in column]
    pitches = [after - before for before, after in itertools.pairwise(tops)]
    if max(pitches) > 1.25 * min(pitches):
        return False
    own = {id(line) for line in column}
    others = [line for line in lines if id(line) not in own]
    low, high = min(tops), max(line.box.bottom for line in column)
    beside = [line for line in others if low - 2 <= line.box.middle[1] <= high + 2]
    left = max(line.box.x1 for line in column)
    right = min(line.box.x0 for line in column)
    outside = sum(line.box.x0 >= left or line.box.x1 <= right for line in beside)
    if not beside or outside < 0.95 * len(beside):
        return False
    height = max(median(line.box.height for line in beside), 1.0)
    rows = len({round(line.box.middle[1] / height) for line in beside})
    is_one_column = len(beside) <= 1.2 * rows
    return is_one_column and median(len(line.text) for line in beside) >= 30


def arranged(page: Lines) -> Lines:
    """Return the lines of a page as they are read: initials in their words, no line numbers."""
    return with_initials(without_line_numbers(page))
