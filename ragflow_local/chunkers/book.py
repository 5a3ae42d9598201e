"""Book: chapters, each packed by itself; no chunk holds parts of two.

For long texts with chapters, by their headings or by lines such as Chapter 1 and 第一章. Leaves out
contents pages, and running heads and feet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragflow_local.chunkers.compose import compose
from ragflow_local.chunkers.implicit_headings import with_headings
from ragflow_local.chunkers.merge import Cutter
from ragflow_local.chunkers.outline import (
    contents_span,
    full_sections,
    is_contents_heading,
    visible,
)
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserSettings


def chunk(blocks: Sequence[Block], config: ParserSettings, tools: Tools) -> Iterator[Draft]:
    """Yield drafts of each chapter, packed up to the token budget, tables alone."""
    cutter = Cutter.of(config, tools)
    seen = with_headings(visible(blocks))
    first, end = contents_span(seen)
    seen = seen[:first] + seen[end:]
    # An e-book may have them again at its end, as a page of its own.
    first, end = contents_span(seen)
    if end and is_contents_heading(seen[first]):
        seen = seen[:first] + seen[end:]
    deepest = _chapter_level(seen)
    held: list[Block] = []
    above: tuple[str, ...] = ()
    for section in full_sections(seen):
        if section.level <= deepest and held:
            yield from compose(held, cutter, above)
            held = []
        if not held:
            above = section.path[:-1]
        held.extend(section.blocks)
    yield from compose(held, cutter, above)


def _chapter_level(blocks: Sequence[Block]) -> int:
    """Return the topmost level that more than one heading has: that of title pages has one."""
    levels = [block.level for block in blocks if block.kind == "heading"]
    several = sorted({level for level in levels if levels.count(level) > 1})
    if len(several) > 1 and levels.count(several[1]) > 2 * levels.count(several[0]):
        return several[1] if _are_parts(levels, several) else several[0]
    return several[0] if several else 1


def _are_parts(levels: Sequence[int], several: Sequence[int]) -> bool:
    """Return whether the topmost headings are followed by the next level at once: Part, Chapter."""
    top = [at for at, level in enumerate(levels) if level == several[0]]
    nested = sum(at + 1 < len(levels) and levels[at + 1] == several[1] for at in top)
    return len(top) < 12 and nested * 2 > len(top)
