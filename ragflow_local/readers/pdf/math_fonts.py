"""Signs of mathematical fonts that a PDF names by their number only: the minus of ``−0.94``.

Publishers' fonts call their glyphs ``C0``, ``C2`` … by the code of TeX's symbol font, and give no
Unicode for them. Read by their code they are control characters, and a number loses its sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_CONTROL = re.compile(r"[\u0001-\u0008\u000e-\u001f]")
_SYMBOL_FONT = re.compile(r"sy|math|mth|mtsy", re.IGNORECASE)
_DIFFERENCES = re.compile(r"/Differences\s*\[(.*?)\]", re.DOTALL)
_NAME = re.compile(r"C(\d{1,2})$")

# A sign this near to a word, against the height of the line, is a part of it.
_TOUCHING = 0.15

# TeX's symbol font (cmsy), as far as texts use it.
_SIGNS = {
    **dict(enumerate("−·×∗÷⋄±∓⊕⊖⊗⊘⊙○∘•≍≡⊆⊇≤≥≼≽∼≈⊂⊃≪≫≺≻←→↑↓↔")),
    **dict(enumerate("′∞∈∋△▽", start=48)),
}


Found = tuple[float, float, float, float, str, int, int, int]


def with_signs(page: Any, content: Any, textpage: Any, words: list[Found]) -> list[Found]:
    """Return the words of a page with the signs that MuPDF takes for spaces before them.

    Args:
        page: The page.
        content: Its ``dict``, which tells whether there are any.
        textpage: What ``content`` and ``words`` are from.
        words: Box, text, numbers of block, line and word.
    """
    if not any(_CONTROL.search(span["text"]) for *_, span in spans_of(content)):
        return words
    signs = _signs_of(page)
    result = list(words)
    for block, line, span in spans_of(page.get_text("rawdict", textpage=textpage) if signs else {}):
        for char in span["chars"]:
            if ord(char["c"]) in signs:
                _put(result, (*char["bbox"], signs[ord(char["c"])], block, line, -1))
    return result


def spans_of(content: Any) -> Iterator[tuple[int, int, Any]]:
    """Yield the spans of a ``dict`` or ``rawdict`` with the numbers of their block and line."""
    for block_number, block in enumerate(content.get("blocks", ())):
        for line_number, line in enumerate(block.get("lines", ())):
            for span in line["spans"]:
                yield block_number, line_number, span


def _put(words: list[Found], sign: Found) -> None:
    """Put a sign before the word it touches, else where it stands among those of its line."""
    x0, top, x1, bottom, text, *line = sign
    for index, word in enumerate(words):
        if [*word[5:7]] == line[:2] and word[0] > x0:
            if word[0] - x1 <= _TOUCHING * (bottom - top):
                joined = min(top, word[1]), word[2], max(bottom, word[3]), text + word[4]
                words[index] = (x0, *joined, *word[5:])
            else:
                words.insert(index, sign)
            return
    words.append(sign)


def _signs_of(page: Any) -> dict[int, str]:
    """Return what control characters stand for in the fonts of ``page``."""
    signs: dict[int, str] = {}
    for xref, _, _, name, *_ in page.get_fonts():
        if not xref or not _SYMBOL_FONT.search(name):
            continue
        for code, glyph in _named(page.parent, xref):
            number = _NAME.match(glyph)
            if code < 32 and number is not None and int(number[1]) in _SIGNS:
                signs.setdefault(code, _SIGNS[int(number[1])])
    return signs


def _named(document: Any, xref: int) -> Iterator[tuple[int, str]]:
    """Yield the codes of a font that its file names anew, with the names of their glyphs."""
    kind, value = document.xref_get_key(xref, "Encoding")
    if kind == "xref":
        value = document.xref_object(int(value.split()[0]))
    elif kind != "dict":
        return
    match = _DIFFERENCES.search(value)
    code = 0
    for item in re.findall(r"/[^\s/\[\]]+|\d+", match[1]) if match else ():
        if item.startswith("/"):
            yield code, item[1:]
            code += 1
        else:
            code = int(item)
