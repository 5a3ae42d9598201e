"""Paper: title and authors, the abstract as a chunk of its own, then section by section.

For scientific articles. References are cut apart from the text. Leaves out running heads and feet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ragflow_local.chunkers.compose import compose, whole
from ragflow_local.chunkers.merge import Cutter
from ragflow_local.chunkers.outline import full_sections, visible, with_headings
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserConfig

_ABSTRACT = re.compile(r"(?:abstract|summary|摘\s*要|zusammenfassung|résumé)\b\W*", re.I)
_AFTER = re.compile(
    r"(?:key\s*words|index terms|关键词|關鍵詞|ccs concepts|introduction|引言|前言"
    r"|1\.?\s+introduction|i\.\s+introduction)\b",
    re.I,
)
_REFERENCES = re.compile(
    r"(?:\d+\.?\s*|[ivx]+\.\s*)?(?:references|bibliography|literature cited|works cited"
    r"|参\s*考\s*文\s*献|literatur(?:verzeichnis)?|références)\s*[:：]?",
    re.I,
)
_FRONT_BLOCKS = 60  # An abstract that begins later is not the paper's own.


def chunk(blocks: Sequence[Block], config: ParserConfig, tools: Tools) -> Iterator[Draft]:
    """Yield the front, the abstract whole, the sections, and the references apart."""
    cutter = Cutter.of(config, tools)
    seen = with_headings(visible(blocks))
    first, end = _abstract(seen)
    title = _title(seen)
    if end > first:
        yield from compose(seen[:first], cutter)
        own = seen[first].text.strip()
        path = (*title, own) if len(own) < 40 else title
        yield from whole(seen[first:end], cutter, path)
        seen = seen[end:]
    for section in full_sections(seen):
        yield from _apart(section.blocks, cutter, section.path[:-1] or _above(title, section.path))


def _above(title: tuple[str, ...], path: tuple[str, ...]) -> tuple[str, ...]:
    return title if path and path[:1] != title else ()


def _title(blocks: Sequence[Block]) -> tuple[str, ...]:
    if blocks and blocks[0].kind == "heading":
        return (" ".join(blocks[0].text.split()),)
    return ()


def _abstract(blocks: Sequence[Block]) -> tuple[int, int]:
    """Return first and end of the abstract; (0, 0) where there is none."""
    for first, block in enumerate(blocks[:_FRONT_BLOCKS]):
        match = _ABSTRACT.match(block.text.strip())
        if match is None or block.kind == "table":
            continue
        is_alone = match.end() == len(block.text.strip())
        if block.kind == "heading" and not is_alone:
            continue
        end = first + 1
        while end < len(blocks) and not _ends_abstract(blocks[end]):
            end += 1
        if end > first + 1 or not is_alone:
            return first, end
    return 0, 0


def _ends_abstract(block: Block) -> bool:
    return block.kind in ("heading", "table", "figure") or bool(_AFTER.match(block.text.strip()))


def _apart(blocks: Sequence[Block], cutter: Cutter, above: tuple[str, ...]) -> Iterator[Draft]:
    """Yield drafts of a section; references that begin inside it without a heading stand apart."""
    start = 0
    for at, block in enumerate(blocks):
        if at and block.kind != "heading" and _REFERENCES.fullmatch(block.text.strip()):
            yield from compose(blocks[:at], cutter, above)
            start = at
            break
    yield from compose(blocks[start:], cutter, above)
