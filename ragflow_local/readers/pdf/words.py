"""Words of a PDF page as they are meant: printed twice for bold, spaced out, or set downwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from ragflow_local.readers.pdf.math_fonts import Found

# A word printed again this near to itself, in heights of its line, is bold; but for thin letters.
_OVERPRINT, _LEAST_POINTS = 0.2, 0.8
# A heading is spaced out where so many single letters follow one another.
_LEAST_LETTERS = 4
# Gaps between its words are wider than those between its letters by this factor.
_WORD_GAP = 1.6
# Letters this far apart, in heights, are columns of a table.
_WIDEST_GAP = 1.2
# A column of signs has at least so many; they touch, in heights.
_LEAST_SIGNS, _TOUCHING = 3, 0.6

Styles = dict[tuple[int, int], tuple[float, bool, int]]


def once(words: Sequence[Found]) -> list[Found]:
    """Return ``words`` without those that are printed over themselves to look bold."""
    kept: list[Found] = []
    spots: dict[str, list[Found]] = defaultdict(list)
    for word in words:
        height = min(word[3] - word[1], word[2] - word[0])  # of a line that may run upwards
        near = max(_OVERPRINT * height, _LEAST_POINTS)
        if any(
            abs(word[0] - other[0]) <= near and abs(word[1] - other[1]) <= near
            for other in spots[word[4]]
        ):
            continue
        spots[word[4]].append(word)
        kept.append(word)
    return kept


def unspaced(words: Sequence[Found]) -> list[Found]:
    """Return ``words`` with spaced-out headings (``A N N U A L``) made words again."""
    result: list[Found] = []
    run: list[Found] = []
    for word in words:
        if run and not _goes_on(run, word):
            result += _joined(run)
            run = []
        if len(word[4]) == 1 and word[4].isalpha() and not _is_cjk(word[4]):
            run.append(word)
        else:
            result += _joined(run)
            run = []
            result.append(word)
    return result + _joined(run)


def _goes_on(run: Sequence[Found], word: Found) -> bool:
    last = run[-1]
    height = max(last[3] - last[1], 1.0)
    gap = word[0] - last[2]
    is_beside = word[5] == last[5] and abs(word[3] - last[3]) < 0.2 * height
    is_near = -0.1 * height <= gap <= 2.5 * _WIDEST_GAP * height
    return len(word[4]) == 1 and is_beside and is_near


def _joined(run: Sequence[Found]) -> list[Found]:
    """Return a run of single letters as words, cut at its wide gaps; unchanged where short."""
    if len(run) < _LEAST_LETTERS:
        return list(run)
    gaps = [after[0] - before[2] for before, after in pairwise(run)]
    usual = max(median(gaps), 0.1)
    if usual > _WIDEST_GAP * (run[0][3] - run[0][1]):
        return list(run)
    parts: list[list[Found]] = [[run[0]]]
    for gap, word in zip(gaps, run[1:], strict=True):
        if gap > _WORD_GAP * usual:
            parts.append([])
        parts[-1].append(word)
    # Letters that name choices (A B C D) run through the alphabet, and are no word.
    letters = [word[4].casefold() for word in run]
    is_list = all(ord(after) - ord(before) == 1 for before, after in pairwise(letters))
    if is_list or max(len(part) for part in parts) < _LEAST_LETTERS - 1:
        return list(run)
    return [_one(part, "".join(word[4] for word in part)) for part in parts]


def _one(words: Sequence[Found], text: str) -> Found:
    boxes = [word[:4] for word in words]
    x0, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    x1, bottom = max(b[2] for b in boxes), max(b[3] for b in boxes)
    return (x0, top, x1, bottom, text, *run_key(words[0]), words[0][7])


def run_key(word: Found) -> tuple[int, int]:
    """Return the numbers of block and line of a word."""
    return word[5], word[6]


def set_downwards(words: Sequence[Found], styles: Styles) -> list[Found]:
    """Return ``words`` with columns of Chinese signs that run downwards made one word each.

    Their lines get the direction 90 in ``styles``, as a line that is turned has: the page is then
    read with its right column first.
    """
    columns: list[list[Found]] = []
    for word in words:
        is_sign = len(word[4]) == 1 and _is_cjk(word[4])
        last = columns[-1][-1] if columns and columns[-1] else None
        if is_sign and last is not None and _is_under(last, word):
            columns[-1].append(word)
        else:
            columns.append([word] if is_sign else [])
    columns_by_id = {id(column[0]): column for column in columns if len(column) >= _LEAST_SIGNS}
    inside = {id(word) for column in columns_by_id.values() for word in column}
    if len(inside) < 0.5 * sum(_is_cjk(word[4][:1]) for word in words) or len(columns_by_id) < 1:
        return list(words)
    result: list[Found] = []
    for word in words:
        if id(word) in columns_by_id:
            column = columns_by_id[id(word)]
            size, bold, _ = styles.get(run_key(word), (word[3] - word[1], False, 0))
            styles[run_key(word)] = (size, bold, 90)
            result.append(_one(column, "".join(sign[4] for sign in column)))
        elif id(word) not in inside:
            result.append(word)
    return result


def _is_under(above: Found, below: Found) -> bool:
    height = max(above[3] - above[1], 1.0)
    shared = min(above[2], below[2]) - max(above[0], below[0])
    is_next = run_key(above) != run_key(below)
    return (
        is_next
        and shared > 0.6 * (above[2] - above[0])
        and (-0.4 * height < below[1] - above[3] < _TOUCHING * height)
    )


def _is_cjk(text: str) -> bool:
    return bool(text) and ("\u3000" <= text[0] <= "\u9fff" or "\uff00" <= text[0] <= "\uffef")
