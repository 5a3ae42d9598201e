"""Writes numbers of several words as digits: twenty-five, vingt-cinq, двадцать пять.

Single words are left: ``figures.py`` knows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from ragflow_local.text.figure_words import FIGURE_WORDS
from ragflow_local.text.folding import fold

_ONE = {"en": "one", "de": "ein", "fr": "un", "es": "uno", "it": "uno", "pt": "um", "nl": "een"}
_ONE |= {"ru": "один", "pl": "jeden"}
# Between tens and ones, where they are not one after the other alone.
_JOINED = {"fr": ("-", " ", "-et-", " et "), "es": (" y ",), "pt": (" e ",), "it": ("",)}
_ONES_FIRST = {"de": ("und",), "nl": ("en", "ën", "enen")}
_HUNDREDS = {"en": (" ", "hundred"), "de": ("", "hundert"), "nl": ("", "honderd")}
_HUNDREDS |= {"fr": (" ", "cents?"), "it": ("", "cento")}


def with_digits(text: str, language: str) -> str:
    """Return a text with the numbers of several words in digits."""
    words, pattern = _compounds(language)
    if pattern is None:
        return text
    text = pattern.sub(lambda match: str(words[_key(match[0])]), text)
    return _hundreds(text, language)


def _key(words: str) -> str:
    return re.sub(r"[\s-]+", " ", fold(words))


@cache
def _compounds(language: str) -> tuple[Mapping[str, int], re.Pattern[str] | None]:
    spelled = dict(_named(language))
    if not spelled:
        return {}, None
    longest = sorted(spelled, key=len, reverse=True)
    either = "|".join(re.sub(r"[ -]+", r"[\\s-]+", word) for word in longest)
    keys = {_key(word): number for word, number in spelled.items()}
    return keys, re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)


def _named(language: str) -> Iterator[tuple[str, int]]:
    """Yield the numbers from 21 to 99 as they are said, with the words for their places."""
    words = _words(language)
    for tens in range(20, 100, 10):
        for ones in range(1, 20 if language == "fr" and tens in (60, 80) else 10):
            for ten, one in _pairs(words.get(tens, []), words.get(ones, []), language):
                yield from ((form, tens + ones) for form in _forms(ten, one, language))
    if language == "fr":
        yield from (("quatre-vingt", 80), ("quatre-vingts", 80))
        yield from ((_words("fr")[number][0], number) for number in (17, 18, 19))


def _words(language: str) -> dict[int, list[str]]:
    """Return the words of each number, that which counts first."""
    words = {1: [_ONE[language]] if language in _ONE else []}
    for entry in FIGURE_WORDS.get(language, "").split(";") if language in _ONE else ():
        value, *said = entry.split()
        if value.isdigit():
            words[int(value)] = said
    if language == "fr":
        words |= {80: ["quatre-vingt"], 1: ["un", "unième"]}
        words |= {17: ["dix-sept"], 18: ["dix-huit"], 19: ["dix-neuf"]}
    return words


def _pairs(tens: list[str], ones: list[str], language: str) -> Iterator[tuple[str, str]]:
    """Yield the words for tens and ones; the last of them may say a place: the twenty-fifth."""
    if not tens or not ones:
        return
    if language in _ONES_FIRST:
        yield from ((ten, ones[0]) for ten in tens)
    else:
        yield from ((tens[0], one) for one in ones)


def _forms(ten: str, one: str, language: str) -> Iterator[str]:
    if language in _ONES_FIRST:
        for joint in _ONES_FIRST[language]:
            yield f"{one}{joint}{ten}"
            if language == "de" and ten.endswith("ste"):
                yield from (f"{one}{joint}{ten}{end}" for end in "nrsm")
        return
    for joint in _JOINED.get(language, (" ",)):
        yield f"{ten}{joint}{one}"
    if language == "ru" and one.endswith(("ый", "ой")):
        yield from (
            f"{ten} {one[:-2]}{end}" for end in ("ого", "ому", "ом", "ым", "ая", "ую", "ое")
        )
    if language == "it":
        yield f"{ten[:-1]}{one}"
    if language == "es" and ten == "veinte":
        yield f"veinti{one}"


def _hundreds(text: str, language: str) -> str:
    if language not in _HUNDREDS:
        return text
    words, smaller, pattern = _hundred_words(language)

    def value(match: re.Match[str]) -> str:
        more = match[2] or "0"
        return str(words[match[1].casefold()] * 100 + int(smaller.get(_key(more), more)))

    return pattern.sub(value, text)


@cache
def _hundred_words(language: str) -> tuple[Mapping[str, int], Mapping[str, int], re.Pattern[str]]:
    """Return the words before a hundred, those after it, and the pattern of all together."""
    words = {word: number for number in range(1, 10) for word in _words(language)[number][:1]}
    smaller = {_key(word): number for number, said in _words(language).items() for word in said}
    joint, hundred = _HUNDREDS[language]
    rest = "|".join([r"\d{1,2}", *map(re.escape, smaller)])
    pattern = rf"(?<!\w)({'|'.join(words)}){joint}{hundred}(?:(?:[\s-]|and|und|en)*({rest}))?(?!\w)"
    return words, smaller, re.compile(pattern, re.IGNORECASE)
