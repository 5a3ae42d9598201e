"""Accents that a PDF prints over a letter as signs of their own: ``J´an`` to ``Ján``.

TeX sets them so. Which letter an accent belongs to is told by where it stands, never by its
neighbours: an apostrophe that was typed as an accent stands between two letters.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from typing import Any

from ragflow_local.readers.pdf.math_fonts import Found, spans_of

# Spacing accents and the combining sign of each.
_COMBINING = {
    "\u00b4": "\u0301", "\u0060": "\u0300", "\u02c6": "\u0302", "\u005e": "\u0302",
    "\u00a8": "\u0308", "\u02dc": "\u0303", "\u007e": "\u0303", "\u02c7": "\u030c",
    "\u02d8": "\u0306", "\u02d9": "\u0307", "\u02da": "\u030a", "\u02dd": "\u030b",
    "\u00af": "\u0304", "\u00b8": "\u0327", "\u02db": "\u0328",
}  # fmt: skip
_DOTLESS = {"\u0131": "i", "\u0237": "j"}
# Share of the accent's width that lies over its letter.
_OVER = 0.6

Box = tuple[float, float, float, float]
Char = tuple[str, Box]


def composed(page: Any, content: Any, textpage: Any, words: list[Found]) -> list[Found]:
    """Return ``words`` with accents put on the letters that they stand over.

    Args:
        page: The page.
        content: Its ``dict``, which tells whether there are any accents.
        textpage: What ``content`` and ``words`` are from.
        words: Box, text, numbers of block, line and word.
    """
    if not any(_COMBINING.keys() & set(span["text"]) for *_, span in spans_of(content)):
        return words
    chars: dict[tuple[int, int], list[Char]] = defaultdict(list)
    for block, line, span in spans_of(page.get_text("rawdict", textpage=textpage)):
        chars[block, line].extend((char["c"], tuple(char["bbox"])) for char in span["chars"])
    return [_mended(word, chars[word[5], word[6]]) for word in words]


def _mended(word: Found, line: list[Char]) -> Found:
    if not _COMBINING.keys() & set(word[4]):
        return word
    own = [char for char in line if char[0].strip() and _is_inside(char[1], word)]
    if "".join(char for char, _ in own) != word[4]:
        return word
    texts = [char for char, _ in own]
    for index, (accent, _box) in enumerate(own):
        host = _host(index, own) if accent in _COMBINING else None
        if host is None:
            continue
        letter = _DOTLESS.get(texts[host], texts[host])
        whole = unicodedata.normalize("NFC", letter + _COMBINING[accent])
        if len(whole) == 1:
            texts[host], texts[index] = whole, ""
    return (*word[:4], "".join(texts), *word[5:])


def _host(index: int, chars: list[Char]) -> int | None:
    """Return the letter next to an accent that it stands over."""
    box = chars[index][1]
    width = max(box[2] - box[0], 0.1)
    for other in (index + 1, index - 1):
        if 0 <= other < len(chars) and chars[other][0].isalpha():
            shared = min(box[2], chars[other][1][2]) - max(box[0], chars[other][1][0])
            if shared > _OVER * width:
                return other
    return None


def _is_inside(box: Box, word: Found) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return word[0] - 0.5 <= x <= word[2] + 0.5 and word[1] - 0.5 <= y <= word[3] + 0.5
