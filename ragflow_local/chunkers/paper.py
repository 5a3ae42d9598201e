"""Paper: title and authors, the abstract as a chunk of its own, then section by section.

For scientific articles. References are cut apart from the text. In a text without headings,
numbered lines and the usual names of sections are headings. Leaves out running heads and feet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ragflow_local.chunkers.compose import compose, whole
from ragflow_local.chunkers.implicit_headings import counted, headed, heads, with_headings
from ragflow_local.chunkers.merge import Cutter
from ragflow_local.chunkers.outline import full_sections, visible
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserSettings

_ABSTRACT = re.compile(
    r"(?:abstract|summary|[摘概]\s*要|要旨|抄録|zusammenfassung|résumé)(?=\W|$)\W*", re.I
)
_NUMBER = r"(?:(?:\d+|[ivx]+)\s*[.、．]?\s*)?"
_AFTER = re.compile(
    r"(?:key\s*words|index terms|关\s*键\s*词|關鍵詞|キーワード|中图分类号|ccs concepts"
    rf"|{_NUMBER}(?:introduction|引\s*言|前\s*言|绪\s*论|緒論|序論|はじめに))(?=\W|$)",
    re.I,
)
_REFERENCES = re.compile(
    rf"{_NUMBER}(?:references|bibliography|literature cited|works cited"
    r"|参\s*考\s*文\s*献|引用文献|literatur(?:verzeichnis)?|références)\s*[:：]?",
    re.I,
)
# What a line is called that heads a section in a text without headings.
_NAMED = re.compile(
    rf"{_NUMBER}(?:abstract|introduction|background|(?:related|previous) work|methods?|methodology"
    r"|materials and methods|(?:our )?approach|experiments?|evaluation|results|discussion"
    r"|results and discussion|limitations|conclusions?|future work|acknowledge?ments?|references"
    r"|bibliography|appendix(?: [a-z])?|引\s*言|前\s*言|绪\s*论|相关工作|结\s*论|结\s*语|致\s*谢"
    r"|[摘概]\s*要|参\s*考\s*文\s*献|はじめに|序論|関連研究|提案手法|実験|考察|結論|おわりに|まとめ|謝辞)"
    r"\s*[:：]?",
    re.I,
)
_ROMAN = re.compile(r"[IVX]+\.\s+[A-Z][A-Z\W]{3,}$")  # I. INTRODUCTION
_LETTERED = re.compile(r"[A-Z]\.\s+[A-Z][a-z]")  # A. Transformers
_PARTED = re.compile(r"\d+((?:\.\d+)+)\.?\s+\S")  # 2.1 Retrieval
_LONGEST_TITLE = 200
_LEAST_SECTIONS = 2
_FRONT_BLOCKS = 60  # An abstract that begins later is not the paper's own.


def chunk(blocks: Sequence[Block], config: ParserSettings, tools: Tools) -> Iterator[Draft]:
    """Yield the front, the abstract whole, the sections, and the references apart."""
    cutter = Cutter.of(config, tools)
    seen = with_headings(headed(visible(blocks), _section_levels, _begins))
    first, end = _abstract(seen)
    title = _title(seen)
    if end > first:
        yield from compose(seen[:first], cutter)
        own = seen[first].text.strip()
        path = (*title, own) if seen[first].kind == "heading" else title
        yield from whole(seen[first:end], cutter, path)
        seen = seen[end:]
    for section in full_sections(seen):
        above = title if section.path[:1] != title else ()
        yield from _apart(section.blocks, cutter, (*above, *section.path[:-1]))


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


def _section_levels(lines: Sequence[Block]) -> list[int]:
    """Return the levels of lines that head sections: by their numbers, or by what they say."""
    levels = [0] * len(lines)
    in_turn = counted(lines)
    for at, line in enumerate(lines):
        text = line.text.strip()
        if at in in_turn or _NAMED.fullmatch(text) or _ROMAN.fullmatch(text):
            levels[at] = 2
        elif heads(line, lines[at + 1 : at + 2]) and 2 in levels:
            parted = _PARTED.match(text)
            levels[at] = 2 + parted[1].count(".") if parted else 3 if _LETTERED.match(text) else 0
    if levels.count(2) < _LEAST_SECTIONS:
        return [0] * len(lines)
    if not levels[0] and len(lines[0].text) <= _LONGEST_TITLE:
        levels[0] = 1
    return levels


def _begins(line: str) -> bool:
    return bool(_ABSTRACT.match(line.strip()) or _AFTER.match(line.strip()))
