"""What only a whole document shows: running heads and feet, and how deep its headings are."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ragflow_local.records import Block
from ragflow_local.text.headers import is_like, parts_of

_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")
_LAST_NUMBER = re.compile(r"(?<!\d)(\d{1,5})\W*$")
# Running lines are short, stand first or last on their page, and come back at the same height.
_RUNNING_LETTERS = 250
_FIRST, _LAST = 3, 3
_SAME_HEIGHT_POINTS = 8.0
_MIN_PAGES = 3
_SAME_WIDTH_POINTS = 6.0
_DEEPEST = 6


def join_pages(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks of all pages with running lines named and headings levelled.

    The first of each distinct running line stays a paragraph, so no text is lost with the rest.
    """
    running = _running(blocks)
    seen: set[str] = set()
    settled: list[Block] = []
    for index, block in enumerate(blocks):
        if index in running:
            masked = _mask(block.text)
            kind = "running" if masked in seen else "paragraph"
            seen.add(masked)
            settled.append(replace(block, kind=kind, level=0))  # type: ignore[arg-type]  # both are kinds
        else:
            settled.append(block)
    return _levelled(_with_heads(settled, running))


def _with_heads(blocks: Sequence[Block], running: set[int]) -> list[Block]:
    """Return blocks with the header of a table repeated where the table goes on over a page.

    It goes on where nothing but ``running`` lines parts it from the one before, as wide and of as
    many columns, and its first row is of the kind of the rows before, not of their header's.
    """
    result: list[Block] = []
    before: Block | None = None
    for index, block in enumerate(blocks):
        if block.kind == "table" and block.rows and before is not None and _goes_on(before, block):
            head = parts_of(before.rows).header
            if block.rows[: len(head)] != head:
                rows = (*head, *block.rows)
                text = "\n".join("\t".join(row) for row in rows)
                block = replace(block, text=text, rows=rows)
        result.append(block)
        if index not in running:
            before = block if block.kind == "table" and block.rows else None
    return result


def _goes_on(before: Block, block: Block) -> bool:
    if before.place is None or block.place is None or block.place.page != before.place.page + 1:
        return False
    width = len(before.rows[0])
    if len(before.rows) < 2 or any(len(row) != width for row in block.rows[:1]):
        return False
    parts = parts_of(before.rows)
    if not parts.header or not parts.body:
        return False
    near = _SAME_WIDTH_POINTS
    is_as_wide = (
        abs(before.place.x0 - block.place.x0) <= near
        and abs(before.place.x1 - block.place.x1) <= 4 * near
    )
    return is_as_wide and is_like(block.rows[0], parts.body)


def _mask(text: str) -> str:
    """Return ``text`` with its numbers, and Roman ones alone, made equal."""
    return _DIGITS.sub("#", text.casefold()).strip()


def _running(blocks: Sequence[Block]) -> set[int]:
    """Return the indices of running lines."""
    pages: dict[int, list[int]] = defaultdict(list)
    for index, block in enumerate(blocks):
        if block.place is not None:
            pages[block.place.page].append(index)
    running_blocks = {index for index, block in enumerate(blocks) if block.kind == "running"}
    running_blocks |= _counting(blocks)
    spots: dict[str, list[tuple[int, float, int]]] = defaultdict(list)
    for page, indices in pages.items():
        upright = sorted(indices, key=lambda i: _top(blocks[i]))
        for index in {*upright[:_FIRST], *upright[-_LAST:]}:
            block = blocks[index]
            if len(block.text) <= _RUNNING_LETTERS and block.kind not in ("table", "figure"):
                spots[_mask(block.text)].append((page, _top(block), index))
    for same in spots.values():
        heights = Counter(round(top / _SAME_HEIGHT_POINTS) for _, top, _ in same)
        for page, top, index in same:
            near = round(top / _SAME_HEIGHT_POINTS)
            count = sum(heights[near + step] for step in (-1, 0, 1))
            if count >= _MIN_PAGES and page in pages:
                running_blocks.add(index)
    return running_blocks


def _counting(blocks: Sequence[Block]) -> set[int]:
    """Return the indices of lines that count the pages, wherever on a page they stand.

    A page printed from the web has its foot where the text before it ends.
    """
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index, block in enumerate(blocks):
        if block.place is None or len(block.text) > _RUNNING_LETTERS or block.rows:
            continue
        number = _LAST_NUMBER.search(block.text)
        if number is not None:
            offset = block.place.page - int(number[1])
            groups[_mask(block.text), offset].append(index)
    return {
        index
        for indices in groups.values()
        if len({_page(blocks[index]) for index in indices}) == len(indices) >= _MIN_PAGES
        for index in indices
    }


def _page(block: Block) -> int:
    return block.place.page if block.place is not None else 0


def _top(block: Block) -> float:
    return block.place.top if block.place is not None else 0.0


def _levelled(blocks: Sequence[Block]) -> list[Block]:
    """Return blocks with the ranks of headings made levels from 1, without gaps."""
    ranks = sorted({block.level for block in blocks if block.kind == "heading" and block.place})
    levels: dict[int, int] = {}
    level, last = 0, None
    for rank in ranks:
        # Type sizes half a point apart are one size that was rounded.
        if last is None or rank - last > 4 or rank % 2 != last % 2:
            level += 1
        levels[rank] = min(level, _DEEPEST)
        last = rank
    return [
        replace(block, level=levels[block.level])
        if block.kind == "heading" and block.place  # of an embedded file they are levels already
        else block
        for block in blocks
    ]
