"""Infers headings where a format marks none, from numbering, names and bold type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ragflow_local.records import Block

_CN = "零〇一二三四五六七八九十百千两0-9０-９"
_MAX_HEADING = 120  # characters of a line that may be a heading
_MAX_TITLE = 80  # of one that has no more than its place in a sequence to say so
# What a line begins with that is a heading in a text without styles, and its level.
_NUMBERED = (
    (re.compile(r"(?:part|book|volume)\s+(?:[ivxlc]+|\d+|one|two|three|four|five)\b", re.I), 1),
    (re.compile(r"(?:chapter|letter|canto)\s+(?:[ivxlc]+|\d+|[a-z]+(?:-[a-z]+)?)\b", re.I), 2),
    (re.compile(r"(?:prologue|epilogue|preface|foreword|introduction|appendix)\b", re.I), 2),
    (re.compile(rf"第[{_CN}]+[部编卷篇](?:\s|　|$|[^的])"), 1),
    (re.compile(rf"第[{_CN}]+[章回](?:\s|　|$|[^的])"), 2),
    (re.compile(rf"第[{_CN}]+节(?:\s|　|$|[^的])"), 3),
    (re.compile(r"[A-Z]\.\s+[A-Z]{2,}[^a-z]*$"), 3),  # A. PURPOSE
    (re.compile(r"\d+\.\d+\.\d+(?:\.\d+)*\.?\s+\S"), 4),
    (re.compile(r"\d+\.\d+\.?\s+\S"), 3),
)
_ENDS_LIKE_PROSE = re.compile(r"[.。,，;；:：!！?？]$")
_COUNTED = re.compile(r"(\d{1,2})\s*[.、．]?\s+(?=[^\W\d])")  # 2 Installation
_DOTTED = re.compile(r"\d+\.\d+\.?\s+\S")  # 2.1 Requirements
_ROMAN = re.compile(r"([IVXL]+)\.?")  # alone on its line
_LEAST_ROMAN = 3
# A number of a chapter without its title, which stands on the next line.
_BARE = re.compile(rf"(?:[a-z]+\s+)?(?:[ivxlc]+|\d+|第[{_CN}]+[部编卷篇章回节])\s*[.:：—–-]?", re.I)

Levels = Callable[[Sequence[Block]], list[int]]


def with_headings(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks with numbered lines made headings, where the document has no headings.

    Where it has none by numbers either, lines set bold are: Word files without styles.
    """
    levels = headed(blocks, _numbered)
    return levels if sum(b.kind == "heading" for b in levels) > 1 else _bold_ones(levels)


def _bold_ones(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks with short bold lines above plain text made headings."""
    level = 1 + max((block.level for block in blocks if block.kind == "heading"), default=0)
    result = []
    for at, block in enumerate(blocks):
        after = blocks[at + 1] if at + 1 < len(blocks) else None
        is_above = after is not None and after.kind != "heading"
        is_line = block.is_bold and "\n" not in block.text and len(block.text) <= _MAX_HEADING
        if is_line and is_above and not _ENDS_LIKE_PROSE.search(block.text.strip().rstrip(":：")):
            result.append(replace(block, kind="heading", level=level, is_bold=False))
        else:
            result.append(block)
    return result


def headed(
    blocks: Sequence[Block], levels_of: Levels, begins: Callable[[str], bool] = lambda line: False
) -> list[Block]:
    """Return the blocks with some of their lines made headings, if there are no headings yet.

    Args:
        blocks: A whole document.
        levels_of: From all lines to the level of each, 0 for no heading.
        begins: Tells of any other line whether it begins a block of its own.
    """
    if any(block.kind == "heading" for block in blocks):
        return list(blocks)
    levels = levels_of([replace(b, text=line) for b in blocks for line in _lines(b)])
    if not any(levels):
        return list(blocks)
    result: list[Block] = []
    at = 0
    for block in blocks:
        lines = _lines(block)
        result += _parted(block, lines, levels[at : at + len(lines)], begins)
        at += len(lines)
    return result


def label_of(text: str) -> str:
    """Return the number that a chapter's line begins with, such as ``chapter1``; "" for none."""
    for pattern, _ in _NUMBERED:
        if match := pattern.match(text.strip()):
            return re.sub(r"[\W_]+", "", match[0]).lower()
    return ""


def heads(line: Block, following: Sequence[Block]) -> bool:
    """Return whether a line is no sentence, and no item of a list, whose next item would follow."""
    text = line.text.strip()
    next_text = following[0].text.strip() if following else ""
    is_list = bool(_COUNTED.match(next_text) and _COUNTED.match(text))
    is_short = line.kind in ("paragraph", "list_item") and len(text) <= _MAX_TITLE
    return is_short and bool(next_text) and not is_list and not _ENDS_LIKE_PROSE.search(text)


def counted(lines: Sequence[Block]) -> list[int]:
    """Return the lines that begin with 1, 2, 3 … in turn and may be headings, by their index."""
    numbers: list[int] = []
    for at, line in enumerate(lines):
        match = _COUNTED.match(line.text.strip())
        if match and int(match[1]) == len(numbers) + 1 and heads(line, lines[at + 1 : at + 2]):
            numbers.append(at)
    return numbers


def _lines(block: Block) -> list[str]:
    if block.kind != "paragraph":
        return [block.text]
    return [line for line in block.text.split("\n") if line.strip()]


def _parted(
    block: Block, lines: Sequence[str], levels: Sequence[int], begins: Callable[[str], bool]
) -> Iterator[Block]:
    """Yield headings alone, and the lines between them together."""
    if not any(levels) and not any(map(begins, lines[1:])):
        yield block
        return
    if len(lines) == 2 and levels[0] and not levels[1] and _is_title(*lines):
        yield replace(block, kind="heading", level=levels[0])
        return
    held: list[str] = []
    for line, level in zip(lines, levels, strict=True):
        if held and (level or begins(line)):
            yield replace(block, text="\n".join(held))
            held = []
        if level:
            yield replace(block, kind="heading", level=level, text=line)
        else:
            held.append(line)
    if held:
        yield replace(block, text="\n".join(held))


def _is_title(number: str, line: str) -> bool:
    title = line.strip()
    return (
        bool(_BARE.fullmatch(number.strip()))
        and len(title) <= _MAX_TITLE
        and not _ENDS_LIKE_PROSE.search(title)
    )


def _numbered(lines: Sequence[Block]) -> list[int]:
    levels = [_level_of(line) for line in lines]
    if any(_DOTTED.match(line.text.strip()) for line in lines):  # 1.1 stands under 1
        for at in counted(lines):
            levels[at] = levels[at] or 2
    roman = _roman(lines)
    if len(roman) >= max(_LEAST_ROMAN, levels.count(2) + 1):
        for at in roman:
            levels[at] = 2
    return levels


def _roman(lines: Sequence[Block]) -> list[int]:
    """Return the lines that are I, II, III … in turn, by their index."""
    digits: list[int] = []
    for at, line in enumerate(lines):
        match = _ROMAN.fullmatch(line.text.strip())
        if match and match[1] == _as_roman(len(digits) + 1):
            digits.append(at)
    return digits


def _as_roman(number: int) -> str:
    tens, ones = divmod(number, 10)
    small = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[ones]
    high, low = divmod(tens, 5)
    return "L" * high + ("XL" if low == 4 else "X" * low) + small


def _level_of(line: Block) -> int:
    text = line.text.strip()
    if line.kind not in ("paragraph", "list_item") or len(text) > _MAX_HEADING or "\n" in text:
        return 0
    for pattern, level in _NUMBERED:
        match = pattern.match(text)
        if match:
            rest = text[match.end() :]
            return 0 if _ENDS_LIKE_PROSE.search(text) and len(rest) > 60 else level
    return 0
