"""Laws: articles under their chapter headings, each a chunk.

For statutes, rules and contracts, in English (Article 1, Section 2, § 3; also 1., 2., 3A. under
Parts or above 1.1), Chinese (第一编, 第一章, 第一节, 第一条, 第十条之一), Japanese (第三条の二) and
Korean (제1조의2), and for standards with clauses such as 11.5.14.1. An article is cut only where it
is larger than the model's window; its later parts name it in their heading path. What stands
before, between and after articles is packed like any text, and so is all of a text without such
numbering, with a notice. Leaves out running heads and feet.
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
from ragflow_local.settings import ParserSettings

_CN = "零〇○一二三四五六七八九十百千两0-9０-９"
_SUFFIX_CN = rf"(?:[之の][{_CN}]+)*"
_EN = r"(?:\d+[A-Za-z]?(?:[.\-–]\d+[A-Za-z]?)*|[IVXLC]+|[A-Z])\b"
_NO_PROSE = r"(?!\s+(?-i:[a-z]{2}))"  # "Article 6 applies" begins a sentence
_BEGIN = r"\s*(?:[#*]+\s*)?"
# Chapters and what is above them, with their levels; one that is no more than a line.
_CHAPTERS = (
    (re.compile(rf"第[{_CN}]+(?:编|部分|部|卷)(?!的)"), 2),
    (re.compile(rf"第[{_CN}]+分编"), 3),
    (re.compile(rf"第[{_CN}]+章(?!的|规定)"), 4),
    (re.compile(rf"第[{_CN}]+节(?!的|规定)"), 5),
    (re.compile(rf"第[{_CN}]+目(?:\s|　|$)"), 6),
    (re.compile(r"제\s*\d+\s*편"), 2),
    (re.compile(r"제\s*\d+\s*장"), 4),
    (re.compile(r"제\s*\d+\s*절"), 5),
    (re.compile(rf"(?:book|buch|livre|libro)\s+{_EN}", re.I), 1),
    (re.compile(rf"(?:title|titre|t[íi]tulo|part|teil|division|schedule)\s+{_EN}", re.I), 2),
    (re.compile(rf"(?:annex|appendix)\s+{_EN}", re.I), 2),
    (re.compile(rf"(?:chapter|kapitel|chapitre|cap[íi]tulo)\s+{_EN}", re.I), 4),
    (re.compile(rf"(?:sub-?chapter|abschnitt)\s+{_EN}", re.I), 5),
)
_SUPPLEMENT = re.compile(r"附\s*[则則]")  # a heading where the text has no headings of its own
_BARE_PART = re.compile(rf"[a-z]+\s+{_EN}\s*[.:—–-]?", re.I)  # its title stands on the next line
_LONGEST_TITLE = 80
_UNNUMBERED = 2  # the level of a heading below the title that has no such number
_TITLE_CHARACTERS = 150
# Kinds of articles, the first that a text has is its unit. Of the English, what is written in
# the text decides which stands above the other: a constitution has sections under articles.
_ARTICLE_CN = re.compile(rf"{_BEGIN}(第[{_CN}]+条{_SUFFIX_CN})(?=[\s　:：（(【]|\*\*|$)")
_ARTICLE_CN_CLOSE = re.compile(
    rf"{_BEGIN}(第[{_CN}]+条{_SUFFIX_CN})(?![{_CN}第规規所的のはがにを、至和及或款项項，,中])"
)
_ARTICLE_KO = re.compile(rf"{_BEGIN}(제\s*\d+\s*조(?:의\s*\d+)?)(?=[\s(（]|$)")
_ARTICLE_EN = re.compile(
    rf"{_BEGIN}((?:article|art\.|artikel|art[íi]culo|articolo|artigo|rule|regulation)\s+{_EN})"
    rf"{_NO_PROSE}",
    re.I,
)
_SECTION_EN = re.compile(rf"{_BEGIN}((?:section|sec\.)\s*{_EN}|§+\s*{_EN}){_NO_PROSE}", re.I)
# Acts of Parliaments number their sections so, under Parts; each number follows the one before.
_PLAIN_EN = re.compile(r"\s*((\d{1,4})([A-Z]{0,2})\.)\s+\S")
_CLAUSE = re.compile(r"\s*1\.1\.?\s+\S")  # contracts have clauses under theirs
_LARGEST_STEP = 5  # what was repealed leaves gaps
# Standards number their clauses 11.5.14.1; behind such a number, of, 的 or 规定 refer to it.
_DECIMAL = re.compile(
    rf"{_BEGIN}(\d{{1,3}}(?:\.\d{{1,3}}){{1,6}})\.?(?=\s+\S|[^\W\d_a-z]){_NO_PROSE}"
    r"(?!\s*(?:的|所|中|之|规定|規定|要求|条|條|款|项|項|节|節|章|和|与|及|或|至|～|~|-|–|、|，|,|;|；|\)|）|を|に|の|は|が))"
)
_BELOW_CHAPTERS = 7
_LARGEST_STEP_ABOVE = 2  # of a number above the last one: a reference leads further
# Japanese statutes put what an article is about on the line above it.
_CAPTION = re.compile(r"\s*[（(][^（）()]{2,40}[）)]\s*")
_ITEM_CN = re.compile(rf"{_BEGIN}([一二三四五六七八九十百]+)、")


@dataclass(frozen=True, slots=True)
class _Numbering:
    """How the articles of a text are numbered, and what numbers stand above them."""

    article: re.Pattern[str]
    above: re.Pattern[str] | None = None

    def label(self, text: str, last: str) -> str:
        """Return the number that an article begins with, "" for any other text.

        Args:
            text: A line.
            last: The number of the article before, "" below a new chapter.
        """
        match = self.article.match(text)
        if match is None:
            return ""
        if self.article is _DECIMAL and last and not _follows(match[1], last):
            return ""
        if self.article is _PLAIN_EN and (before := _PLAIN_EN.match(f"{last} x")):
            step = int(match[2]) - int(before[2])
            # Else a list within an article.
            if not (0 < step <= _LARGEST_STEP or (step == 0 and match[3] > before[3])):
                return ""
        return match[1].strip()


def _follows(number: str, last: str) -> bool:
    """Return whether a clause may stand behind another: its part, its next, or one above's next."""
    new, old = ([int(part) for part in text.split(".")] for text in (number, last))
    common = next((at for at, (a, b) in enumerate(zip(new, old, strict=False)) if a != b), None)
    if common is None:
        return len(new) > len(old) and new[len(old)] <= _LARGEST_STEP
    most = _LARGEST_STEP if common == len(old) - 1 else _LARGEST_STEP_ABOVE
    is_begun = all(part <= _LARGEST_STEP for part in new[common + 1 :])
    return 0 < new[common] - old[common] <= most and is_begun


def chunk(
    blocks: Sequence[Block], config: ParserSettings, tools: Tools
) -> Iterator[Draft | Notice]:
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
    if numbering.article is _DECIMAL:
        lines = lines[:end] + _with_parents(lines[end:])
    yield from _articles(lines[end:], numbering, cutter, _widest(config, tools))


def _widest(config: ParserSettings, tools: Tools) -> Cutter:
    return Cutter(config.delimiter, tools.max_tokens, tools)


def _lines(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        if block.kind in ("table", "figure") or "\n" not in block.text:
            yield block
        else:
            yield from (replace(block, text=t) for t in block.text.split("\n") if t.strip())


def _numbering(lines: Sequence[Block]) -> _Numbering | None:
    for pattern, least in ((_ARTICLE_CN, 1), (_ARTICLE_CN_CLOSE, 2), (_ARTICLE_KO, 1)):
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
    numbers = [match for b in lines if (match := _PLAIN_EN.match(b.text)) and b.kind != "table"]
    is_parted = any(_numbered_level(b.text.strip()) or _CLAUSE.match(b.text) for b in lines)
    if len(numbers) >= 2 and is_parted:
        return _Numbering(_PLAIN_EN)
    return next((_Numbering(p) for p in (_DECIMAL, _ITEM_CN) if _count(lines, p) >= 2), None)


def _with_parents(lines: Sequence[Block]) -> list[Block]:
    """Return the lines, clauses that have nothing but clauses under them made headings."""
    result = []
    for at, block in enumerate(lines):
        match = _DECIMAL.match(block.text) if block.kind != "table" else None
        after = _DECIMAL.match(lines[at + 1].text) if at + 1 < len(lines) else None
        if match is None:
            result.append(block)
        elif after is not None and after[1].startswith(f"{match[1]}."):
            level = _BELOW_CHAPTERS + match[1].count(".")
            result.append(replace(block, kind="heading", level=level))
        else:
            result.append(replace(block, kind="paragraph", level=0))
    return result


def _count(lines: Sequence[Block], pattern: re.Pattern[str]) -> int:
    return sum(bool(pattern.match(block.text)) for block in lines if block.kind != "table")


def _articles(
    lines: Sequence[Block], numbering: _Numbering, cutter: Cutter, widest: Cutter
) -> Iterator[Draft]:
    path = Path()
    label = last = ""
    waiting: list[Block] = []  # headings and captions that no article follows yet
    held: list[Block] = []
    here: tuple[str, ...] = ()
    beside = 0  # the level that the source gives a heading without a number which is open
    for block, part in _titled(lines):
        if part is not None:
            joined = replace(part, text=f"{part.text} {block.text}")
            here = path.enter(replace(joined, level=_chapter_level(part, numbering)))
            waiting.append(block)
            continue
        level = _chapter_level(block, numbering)
        if numbering.article is _DECIMAL and level and (match := _DECIMAL.match(block.text)):
            last = match[1]
        new_label = "" if level or block.kind == "table" else numbering.label(block.text, last)
        if level or new_label:
            yield from _drafts(held, label, here, cutter if not label else widest)
            held, label = [], ""
        if level:
            # A preamble is no part: the first chapter, beside it in the source, ends it.
            if beside and level > _UNNUMBERED and block.level <= beside:
                path.close(_UNNUMBERED)
            beside = block.level if level == _UNNUMBERED and not _is_numbered(block) else 0
            here = path.enter(replace(block, level=level))
            last = "" if _restarts(block) else last
        if level or (not new_label and _CAPTION.fullmatch(block.text)):
            waiting.append(block)
            continue
        held.extend([*waiting, block])
        waiting = []
        if new_label:
            label = last = new_label
            if numbering.article is _DECIMAL:
                path.close(_BELOW_CHAPTERS + new_label.count("."))
                here = path.now
    yield from _drafts([*held, *waiting], label, here, cutter if not label else widest)


def _restarts(block: Block) -> bool:
    """Return whether numbers begin anew below a heading: those of a schedule do."""
    return bool(re.match(r"\s*(?:schedule|annex|appendix)\b", block.text, re.I))


def _titled(lines: Sequence[Block]) -> Iterator[tuple[Block, Block | None]]:
    """Yield the lines, each that has the title of a part with the line that has its number."""
    part: Block | None = None
    for block in lines:
        text = block.text.strip()
        is_title = (
            part is not None
            and block.kind == part.kind
            and len(text) <= _LONGEST_TITLE
            and not re.search(r"[.;:,。；：，]$|^\W*\d", text)
            and not _numbered_level(text)
            and not _ARTICLE_EN.match(text)
            and not _SECTION_EN.match(text)
        )
        yield block, part if is_title else None
        is_part = _BARE_PART.fullmatch(text) and _numbered_level(text)
        part = block if is_part else None


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
    if numbering.article is _DECIMAL and block.level > _BELOW_CHAPTERS:
        return block.level
    if block.kind == "table" or len(text) > _TITLE_CHARACTERS or numbering.article.match(text):
        return 0
    if block.kind == "heading":
        above = 7 if numbering.above and numbering.above.match(text) else 0
        return _numbered_level(text) or above or (1 if block.level <= 1 else _UNNUMBERED)
    if text.endswith(("。", ".", "；", ";", "，", ",")) and len(text) > 40:
        return 0
    if _SUPPLEMENT.fullmatch(text):
        return _UNNUMBERED
    return _numbered_level(text) or (7 if numbering.above and numbering.above.match(text) else 0)


def _is_numbered(block: Block) -> bool:
    return bool(_numbered_level(block.text.strip()))


def _numbered_level(text: str) -> int:
    return next((level for pattern, level in _CHAPTERS if pattern.match(text)), 0)
