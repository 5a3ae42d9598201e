"""Laws: articles under their chapter headings, each a chunk.

For statutes and rules, in English (Article 1, Section 2, § 3) and Chinese (第一编, 第一章,
第一节, 第一条, 第十条之一). An article is cut only where it is larger than the model's window; its
later parts name it in their heading path. What stands before, between and after articles is packed
like any text, and so is all of a text without such numbers, with a notice. Leaves out running heads
and feet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ragflow_local.chunkers.compose import compose, whole
from ragflow_local.chunkers.merge import Cutter
from ragflow_local.chunkers.outline import Path, contents_span, visible
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft, Notice
from ragflow_local.settings import ParserConfig

_CN = "零〇○一二三四五六七八九十百千两0-9０-９"
_EN = r"(?:\d+[A-Za-z]?(?:[.\-–]\d+[A-Za-z]?)*|[IVXLC]+|[A-Z])\b"
_BEGIN = r"\s*(?:[#*]+\s*)?"
# Chapters and what is above them, with their levels; one that is no more than a line.
_CHAPTERS = (
    (re.compile(rf"第[{_CN}]+(?:编|部分|部|卷)(?!的)"), 2),
    (re.compile(rf"第[{_CN}]+分编"), 3),
    (re.compile(rf"第[{_CN}]+章(?!的|规定)"), 4),
    (re.compile(rf"第[{_CN}]+节(?!的|规定)"), 5),
    (re.compile(rf"第[{_CN}]+目(?:\s|　|$)"), 6),
    (re.compile(rf"book\s+{_EN}", re.I), 1),
    (re.compile(rf"(?:title|part|division|schedule|annex|appendix)\s+{_EN}", re.I), 2),
    (re.compile(rf"chapter\s+{_EN}", re.I), 4),
    (re.compile(rf"sub-?chapter\s+{_EN}", re.I), 5),
)
_UNNUMBERED = 2  # the level of a heading below the title that has no such number
_TITLE_CHARACTERS = 150
# Kinds of articles, the first that a text has is its unit. Of the English, what is written in
# the text decides which stands above the other: a constitution has sections under articles.
_ARTICLE_CN = re.compile(rf"{_BEGIN}(第[{_CN}]+条(?:之[{_CN}]+)?)(?=[\s　:：（(【]|\*\*|$)")
_ARTICLE_CN_CLOSE = re.compile(
    rf"{_BEGIN}(第[{_CN}]+条(?:之[{_CN}]+)?)(?![{_CN}第规所的、至和及或款项，,中])"
)
_ARTICLE_EN = re.compile(rf"{_BEGIN}((?:article|art\.|rule|regulation)\s+{_EN})", re.I)
_SECTION_EN = re.compile(rf"{_BEGIN}((?:section|sec\.)\s*{_EN}|§+\s*{_EN})", re.I)
_ITEM_CN = re.compile(rf"{_BEGIN}([一二三四五六七八九十百]+)、")


@dataclass(frozen=True, slots=True)
class _Numbering:
    """How the articles of a text are numbered, and what numbers stand above them."""

    article: re.Pattern[str]
    above: re.Pattern[str] | None = None


def chunk(blocks: Sequence[Block], config: ParserConfig, tools: Tools) -> Iterator[Draft | Notice]:
    """Yield a draft for each article, and drafts of what stands between them."""
    cutter = Cutter.of(config, tools)
    seen = visible(blocks)
    lines = list(_lines(seen))
    numbering = _numbering(lines)
    if numbering is None:
        yield from compose(seen, cutter)
        if seen:
            yield Notice(
                "No numbered articles were found (Article 1, Section 1, § 1, 第一条): the text was"
                " cut as by the method naive. Choose the method that suits it."
            )
        return
    _, end = contents_span(lines)
    yield from compose(lines[:end], cutter)
    yield from _articles(lines[end:], numbering, cutter, _widest(config, tools))


def _widest(config: ParserConfig, tools: Tools) -> Cutter:
    return Cutter(config.delimiter, tools.max_tokens, tools)


def _lines(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        if block.kind in ("table", "figure") or "\n" not in block.text:
            yield block
        else:
            yield from (replace(block, text=t) for t in block.text.split("\n") if t.strip())


def _numbering(lines: Sequence[Block]) -> _Numbering | None:
    for pattern, least in ((_ARTICLE_CN, 1), (_ARTICLE_CN_CLOSE, 2)):
        if _count(lines, pattern) >= least:
            return _Numbering(pattern)
    articles, sections = _count(lines, _ARTICLE_EN), _count(lines, _SECTION_EN)
    if articles and sections:
        kinds = [
            "a" if _ARTICLE_EN.match(b.text) else "s"
            for b in lines
            if _ARTICLE_EN.match(b.text) or _SECTION_EN.match(b.text)
        ]
        if kinds[0] == "a" and sections >= articles:
            return _Numbering(_SECTION_EN, _ARTICLE_EN)
        return _Numbering(_ARTICLE_EN, _SECTION_EN)
    if articles or sections:
        return _Numbering(_ARTICLE_EN if articles else _SECTION_EN)
    return _Numbering(_ITEM_CN) if _count(lines, _ITEM_CN) >= 2 else None


def _count(lines: Sequence[Block], pattern: re.Pattern[str]) -> int:
    return sum(bool(pattern.match(block.text)) for block in lines if block.kind != "table")


def _articles(
    lines: Sequence[Block], numbering: _Numbering, cutter: Cutter, widest: Cutter
) -> Iterator[Draft]:
    path = Path()
    label = ""
    waiting: list[Block] = []  # chapter headings that nothing follows yet
    held: list[Block] = []
    here: tuple[str, ...] = ()
    beside = 0  # the level that the source gives a heading without a number which is open
    for block in lines:
        level = _chapter_level(block, numbering)
        match = None if level or block.kind == "table" else numbering.article.match(block.text)
        if level or match:
            yield from _drafts(held, label, here, cutter if not label else widest)
            held, label = [], ""
        if level:
            # A preamble is no part: the first chapter, beside it in the source, ends it.
            if beside and level > _UNNUMBERED and block.level <= beside:
                path.close(_UNNUMBERED)
            beside = block.level if level == _UNNUMBERED and not _is_numbered(block) else 0
            here = path.enter(replace(block, level=level))
            waiting.append(block)
            continue
        held.extend([*waiting, block])
        waiting = []
        if match:
            label = match[1].strip()
    yield from _drafts([*held, *waiting], label, here, cutter if not label else widest)


def _drafts(
    held: Sequence[Block], label: str, path: tuple[str, ...], cutter: Cutter
) -> Iterator[Draft]:
    if not label:
        for draft in compose(held, cutter):
            yield replace(draft, headings=path or draft.headings)
        return
    for number, draft in enumerate(whole(held, cutter, path)):
        yield draft if number == 0 else replace(draft, headings=(*path, label))


def _chapter_level(block: Block, numbering: _Numbering) -> int:
    """Return the level of a heading above articles; 0 for everything else."""
    text = block.text.strip()
    if block.kind == "table" or len(text) > _TITLE_CHARACTERS or numbering.article.match(text):
        return 0
    if block.kind == "heading":
        above = 7 if numbering.above and numbering.above.match(text) else 0
        return _numbered_level(text) or above or (1 if block.level <= 1 else _UNNUMBERED)
    if text.endswith(("。", ".", "；", ";", "，", ",")) and len(text) > 40:
        return 0
    return _numbered_level(text) or (7 if numbering.above and numbering.above.match(text) else 0)


def _is_numbered(block: Block) -> bool:
    return bool(_numbered_level(block.text.strip()))


def _numbered_level(text: str) -> int:
    return next((level for pattern, level in _CHAPTERS if pattern.match(text)), 0)
