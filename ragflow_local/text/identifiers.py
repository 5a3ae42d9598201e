"""Reads the numbers by which a text names things: room 214, § 5, version 2.3, B-17, 3号楼."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from ragflow_local.text.content import content_terms
from ragflow_local.text.dates import times_of
from ragflow_local.text.figure_words import FIGURE_WORDS
from ragflow_local.text.figures import SCALES, figure_words, han_value, place_of, plain
from ragflow_local.text.folding import fold, with_plain_digits
from ragflow_local.text.measures import is_measure

# What is named, as a stem, and its number.
Identifier = tuple[str, str]

NUMBER = r"\d+(?:\.\d+)*(?:[a-z](?![a-z]))?"
_LETTERS = r"A-Za-z\u00c0-\u04ff"
_END = rf"(?![{_LETTERS}\d_%]|[.,:/-]\d)"
_ROMAN = r"(?-i:[IVXLC]{1,7})"
_CODE = re.compile(
    rf"(?<![{_LETTERS}\d_.-])([{_LETTERS}]{{1,6}})[-–]?({NUMBER}){_END}", re.IGNORECASE
)
_TO = r"[-–—~〜至到]|to|through|bis|tot(?: en met)?|à|ad?|al?|até|do|по|до|إلى|から"
_AND = r"[,;&/、和及與与]|and|or|und|oder|et|ou|y|e|o|en|of|i|и|или|و"
_LABELLED = re.compile(
    r"(?<!\w)([^\W\d_]{2,}|§+|#)(?:(?<=[§#])|[\s:]+)\s*(?:(?:no|nr|num|n°|nº|№)\b\.?\s*)?"
    rf"(?:({NUMBER}(?:\s*(?:{_TO}|{_AND}|,\s*(?:{_AND}))\s*{NUMBER})*){_END}|({_ROMAN})(?!\w))"
    r"(?:\s?([^\W\d_]+|[%€$£°]))?",
    re.IGNORECASE,
)
_RANGE = re.compile(rf"({NUMBER})\s*(?:{_TO})\s*({NUMBER})", re.IGNORECASE)
_ONE = re.compile(NUMBER, re.IGNORECASE)
_MOST_OF_A_RANGE = 1000
_VERSION = re.compile(r"(?<![\w.,])v?(\d{1,4}(?:\.\d{1,5}){2,3})(?![\w%]|[.,]\d)", re.IGNORECASE)
_LEADING = re.compile(r"\W*v?(\d+(?:\.\d+)+)(?!\w)", re.IGNORECASE)
_PLACE_SIGN = re.compile(r"\.?[ºª°](?= ?[^\W\d_])")
_PLACE = re.compile(r"(?<![\w.,])(\d+)(?:st|nd|rd|th|\.|er|re|e|[èe]me|-?[йяе])\s+([^\W\d_]{2,})")
_PAIR = re.compile(r"(?<!\w)(?=([^\W\d_]+)\s+([^\W\d_]{2,}))")
_WORD = re.compile(r"[^\W\d_]+")
# Of Chinese, Japanese and Korean the word for the thing comes after the number.
_COUNTS = (
    "号號步版条條章节節期届屆层層楼樓栋棟路室线線班级級课課季集卷页頁款项項档檔番館階"
    "조장항호번동층과권편회판"
)
_COUNTED = re.compile(
    rf"(?<!\d)(?:({NUMBER})\s*[{_COUNTS}]?\s*[-–—~〜至到から]+\s*第?)?({NUMBER})\s*([{_COUNTS}])"
)
_HAN_PLACE = re.compile(
    r"第?([零〇一二两兩三四五六七八九十百千]+)((?<=第.)\w|(?<=第..)\w|[号號楼樓路室班])"
)
# What an item of a numbered list is: of "3. Plug it in" step 3.
_STEPS = "step schritt étape paso passo stap krok шаг крок adım steg trin βήμα خطوة 步"
_ITEM = re.compile(r"\W*(\d{1,3})(?:[.)、．]|\s)")
_SIGNS = "§#"
_FIRST = "first erste premier première primer primero primo primeiro eerste"
_GERMAN = re.compile("(?<=te)[mnrs]$")
_FEMALE = {"es": "o", "it": "o", "pt": "o"}
_ROMANS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


@lru_cache(maxsize=20_000)
def identifiers_of(text: str, language: str = "") -> frozenset[Identifier]:
    """Return the numbered things that a text names: room 214, the third floor.

    Args:
        text: A sentence, say.
        language: Whose stems are compared.
    """
    text = with_plain_digits(unicodedata.normalize("NFKC", _PLACE_SIGN.sub(".", text)))
    return frozenset(_found(text, language))


def leading_number(text: str) -> str:
    """Return the version or clause number that a heading begins with, such as 2.5; else ""."""
    leading = _LEADING.match(with_plain_digits(text))
    return leading[1] if leading else ""


def step_of(item: str, language: str = "") -> frozenset[Identifier]:
    """Return the step that an item of a numbered list is: step 3.

    Args:
        item: Its text, with its number.
        language: Whose stems are compared.
    """
    number = _ITEM.match(with_plain_digits(item))
    stems = (stem for word in _STEPS.split() for stem in _stem(word, language))
    return frozenset((stem, number[1]) for stem in stems) if number else frozenset()


def _found(text: str, language: str) -> Iterator[Identifier]:
    for code in _CODE.finditer(text):
        yield f"{fold(code[1])}-", code[2].casefold()
    for counted in _COUNTED.finditer(text):
        first = counted[1] or counted[2]
        yield from ((counted[3], plain(number)) for number in _between(first, counted[2]))
    for place in _HAN_PLACE.finditer(text):
        yield place[2], han_value(place[1])
    for version in _VERSION.finditer(text):
        yield ".", version[1]
    for label, number in (*_labelled(text), *_said(text, language)):
        yield from ((stem, number) for stem in _stem(label, language))


def _labelled(text: str) -> Iterator[Identifier]:
    """Yield labels with their numbers in digits: room 214, 3rd floor."""
    for named in _LABELLED.finditer(text):
        label, after = named[1], fold(named[4] or "")
        numbers = _listed(named[2].casefold()) if named[2] else [str(_value(named[3]))]
        is_measured = is_measure(after) or after in SCALES
        if not is_measured and not times_of(f"{label} {numbers[0]}"):
            yield from ((label, number) for number in numbers)
    for place in _PLACE.finditer(text):
        yield place[2], place[1]


def _said(text: str, language: str) -> Iterator[Identifier]:
    """Yield labels with their numbers in words: step three, third step."""
    said = figure_words(language)
    for pair in _PAIR.finditer(text):
        if number := _place_said(pair[1], language):
            yield pair[2], number
        elif (number := said.get(fold(pair[2]), "")).isdigit():
            yield pair[1], number


def _stem(label: str, language: str) -> tuple[str, ...]:
    stems = ("§",) if label[0] in _SIGNS else content_terms(label, language)
    return stems if len(stems) == 1 else ()


def _listed(numbers: str) -> list[str]:
    """Return the numbers of a list with all that lie in its ranges: 3, 5 to 7."""
    ranges = (_between(first, last) for first, last in _RANGE.findall(numbers))
    return [*_ONE.findall(numbers), *(number for one in ranges for number in one)]


def _between(first: str, last: str) -> list[str]:
    if first.isdigit() and last.isdigit() and 0 < int(last) - int(first) < _MOST_OF_A_RANGE:
        return [str(number) for number in range(int(first), int(last) + 1)]
    return [first, last]


def _value(roman: str) -> int:
    values = [_ROMANS[sign] for sign in roman]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def places_in(text: str, language: str = "") -> frozenset[str]:
    """Return the numbers of the words for a place in a row that a text says: first, third.

    Args:
        text: A sentence, say.
        language: It is in.
    """
    words = _WORD.findall(text)
    return frozenset(place for word in words if (place := _place_said(word, language)))


def _place_said(word: str, language: str) -> str:
    """Return the number of a word for a place in a row: third; else ""."""
    folded = _GERMAN.sub("", fold(word))
    if language in _FEMALE and folded.endswith("a"):
        folded = folded[:-1] + _FEMALE[language]
    return _ordinals(language).get(folded, "") or (place_of(folded) if language == "ru" else "")


@cache
def _ordinals(language: str) -> Mapping[str, str]:
    ordinals = {fold(word): "1" for word in _FIRST.split()}
    for entry in FIGURE_WORDS.get(language, "").split(";"):
        value, _, *words = (*entry.split(), "", "")
        ordinals |= {fold(word): value for word in words if word and value.isdigit()}
    return ordinals
