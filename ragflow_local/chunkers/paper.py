"""Paper: title and authors, the abstract as a chunk of its own, then section by section.

For scientific articles. References are cut apart from the text. In a text without headings,
numbered lines and the usual names of sections are headings. Leaves out running heads and feet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ragflow_local.chunkers.compose import compose, whole
from ragflow_local.chunkers.merge import Cutter
from ragflow_local.chunkers.outline import full_sections, visible, with_headings
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserConfig

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
_COUNTED = re.compile(r"(\d{1,2})\s*[.、．]?\s+(?=[^\W\d])")  # 2 Methods
_LONGEST_LINE, _LONGEST_TITLE = 80, 200
_LEAST_SECTIONS = 2
_FRONT_BLOCKS = 60  # An abstract that begins later is not the paper's own.


def chunk(blocks: Sequence[Block], config: ParserConfig, tools: Tools) -> Iterator[Draft]:
    """Yield the front, the abstract whole, the sections, and the references apart."""
    cutter = Cutter.of(config, tools)
    seen = with_headings(_with_sections(visible(blocks)))
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


def _with_sections(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks with the lines that head sections made headings, if there are none yet."""
    if any(block.kind == "heading" for block in blocks):
        return list(blocks)
    lines = [
        replace(block, text=line)
        for block in blocks
        for line in (block.text.split("\n") if block.kind == "paragraph" else [block.text])
        if line.strip()
    ]
    levels = [0] * len(lines)
    count = 0
    for at, line in enumerate(lines):
        text = line.text.strip()
        if line.kind in ("table", "figure") or len(text) > _LONGEST_LINE:
            continue
        counted = _COUNTED.match(text)
        is_next = counted is not None and int(counted[1]) == count + 1
        if is_next and _heads(text, lines[at + 1 : at + 2]):
            levels[at], count = 2, count + 1
        elif _NAMED.fullmatch(text) or _ROMAN.fullmatch(text):
            levels[at] = 2
        elif (parted := _PARTED.match(text)) and count and _heads(text, lines[at + 1 : at + 2]):
            levels[at] = 2 + parted[1].count(".")
        elif _LETTERED.match(text) and 2 in levels and _heads(text, lines[at + 1 : at + 2]):
            levels[at] = 3
    if levels.count(2) < _LEAST_SECTIONS:
        return list(blocks)
    return list(_regrouped(blocks, lines, levels))


def _heads(text: str, following: Sequence[Block]) -> bool:
    """Tell whether a line is no sentence and no item of a list, whose next item would follow."""
    next_text = following[0].text.strip() if following else ""
    is_list = bool(_COUNTED.match(next_text) and _COUNTED.match(text))
    return bool(next_text) and not is_list and not re.search(r"[.。,，;；:：!！?？]$", text)


def _regrouped(
    blocks: Sequence[Block], lines: Sequence[Block], levels: Sequence[int]
) -> Iterator[Block]:
    """Yield headings alone, and other lines together as they stood in their blocks."""
    at = 0
    for number, block in enumerate(blocks):
        held: list[str] = []
        for line in block.text.split("\n") if block.kind == "paragraph" else [block.text]:
            if not line.strip():
                continue
            level = levels[at]
            if not number and not at and len(line) <= _LONGEST_TITLE and not level:
                level = 1
            begins = level or _ABSTRACT.match(line.strip()) or _AFTER.match(line.strip())
            if begins and held:
                yield replace(block, text="\n".join(held))
                held = []
            if level:
                yield replace(block, kind="heading", level=level, text=line.strip())
            else:
                held.append(line)
            at += 1
        if held:
            yield replace(block, text="\n".join(held))
