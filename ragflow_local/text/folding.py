"""Folding: a word in, the form in which all its spellings are one."""

from __future__ import annotations

import re
import unicodedata

_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u0610-\u061a\u064b-\u065f\u0670]"
)
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d"})


def fold(word: str) -> str:
    """Return ``word`` without case, width, accents and vowel signs."""
    word = word.casefold()
    if word.isascii():
        return word
    word = unicodedata.normalize("NFKC", word)
    word = _MARKS.sub("", unicodedata.normalize("NFD", word)).translate(_LETTERS)
    return unicodedata.normalize("NFC", word)
