"""Letters of PDF fonts that do not say which letters they are: read from the font file, or told.

A font without a ToUnicode table gives glyph numbers, which read as other letters: ``7KH`` for
``The``. An embedded font file often still has its own table from letters to glyphs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.math_fonts import Found, spans_of

_UNKNOWN = "\ufffd"
_SUBSET = re.compile(r"^[A-Z]{6}\+")
# Encodings that say all letters of a font by themselves.
_PLAIN = frozenset({"WinAnsiEncoding", "MacRomanEncoding", "StandardEncoding"})
# A page with a larger share of unknown letters has no text that can be read.
UNREADABLE_SHARE = 0.3
# The flags of MuPDF without its numbers for unknown letters.
_WITHOUT_NUMBERS = ~mupdf.TEXT_CID_FOR_UNKNOWN_UNICODE


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter, where it stands, whether it is known, and whether its font file told it."""

    text: str
    box: tuple[float, float, float, float]
    is_known: bool
    is_decoded: bool = False


def decoded(page: Any, textpage: Any, flags: int, words: list[Found]) -> tuple[list[Found], float]:
    """Return words with unknown letters read from their font files, and the share not known.

    Args:
        page: The page.
        textpage: What ``words`` are from.
        flags: What ``textpage`` was made with.
        words: Box, text, numbers of block, line and word. Where most letters of a page are not
            known, words without a known letter are left out; else they stay as numbers.
    """
    fonts = {_SUBSET.sub("", font[3]): font[0] for font in page.get_fonts() if _is_mute(page, font)}
    if not fonts:
        return words, 0.0
    lines: dict[tuple[int, int], list[_Letter]] = defaultdict(list)
    for key, letter in _letters(page, textpage, flags, fonts):
        lines[key].append(letter)
    letters = [letter for line in lines.values() for letter in line if letter.text.strip()]
    share = sum(not letter.is_known for letter in letters) / max(len(letters), 1)
    is_mute = share >= UNREADABLE_SHARE
    touched = {
        key
        for key, line in lines.items()
        if any(letter.is_decoded or (is_mute and not letter.is_known) for letter in line)
    }
    if not touched:
        return words, share
    result = [word for word in words if (word[5], word[6]) not in touched]
    for key in sorted(touched):
        result.extend(_words(lines[key], key, keep_unknown=not is_mute))
    return result, share


def _letters(
    page: Any, textpage: Any, flags: int, fonts: Mapping[str, int]
) -> Iterator[tuple[tuple[int, int], _Letter]]:
    """Yield each letter of the page, read from its font file where MuPDF does not know it."""
    honest = page.get_textpage(clip=mupdf.INFINITE_RECT(), flags=flags & _WITHOUT_NUMBERS)
    tables: dict[str, Mapping[int, str]] = {}
    for (block, line, numbered), (*_, plain) in zip(
        spans_of(page.get_text("rawdict", textpage=textpage)),
        spans_of(page.get_text("rawdict", textpage=honest)),
        strict=False,
    ):
        font = _SUBSET.sub("", numbered["font"])
        if font in fonts and font not in tables:
            tables[font] = _letters_of(page.parent, fonts[font])
        for char, same in zip(numbered["chars"], plain["chars"], strict=False):
            if same["c"] != _UNKNOWN:
                yield (block, line), _Letter(char["c"], char["bbox"], is_known=True)
                continue
            text = tables.get(font, {}).get(ord(char["c"]))
            yield (
                (block, line),
                _Letter(text or char["c"], char["bbox"], text is not None, text is not None),
            )


def _is_mute(page: Any, font: Any) -> bool:
    """Return whether a font may leave letters unknown: no ToUnicode, and codes of its own."""
    xref, _, kind, _, _, encoding = font[:6]
    if not xref or encoding in _PLAIN:
        return False
    return kind in ("Type0", "Type3") and page.parent.xref_get_key(xref, "ToUnicode")[0] == "null"


def _letters_of(document: Any, xref: int) -> Mapping[int, str]:
    """Return the letter of each glyph number, as the embedded font file tells."""
    try:
        buffer = document.extract_font(xref)[3]
        font = mupdf.Font(fontbuffer=buffer) if buffer else None
    except (RuntimeError, ValueError):
        return {}
    if font is None:
        return {}
    letters: dict[int, str] = {}
    for code in font.valid_codepoints():
        glyph = font.has_glyph(code)
        if glyph and not 0xE000 <= code <= 0xF8FF:
            letters.setdefault(glyph, chr(code))
    return letters


def _words(line: Sequence[_Letter], key: tuple[int, int], *, keep_unknown: bool) -> Iterator[Found]:
    """Yield the words of a line; those without a known letter only where they are to be kept."""
    run: list[_Letter] = []
    number = 0
    for letter in [*line, _Letter(" ", (0.0, 0.0, 0.0, 0.0), is_known=True)]:
        if letter.text.strip() and letter.text >= " ":
            run.append(letter)
            continue
        if run and (keep_unknown or any(each.is_known for each in run)):
            x0, top = min(each.box[0] for each in run), min(each.box[1] for each in run)
            x1, bottom = max(each.box[2] for each in run), max(each.box[3] for each in run)
            yield (x0, top, x1, bottom, "".join(each.text for each in run), *key, number)
            number += 1
        run = []
