"""Reads numbers, in digits and in words, as values that can be compared.

"two" and 2, "2,4 Mio." and "2.400.000", "三十日" and "30日", "March" and "März" have one value.
Which mark parts thousands is said by the language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache

from ragflow_local.text.figure_words import FIGURE_WORDS
from ragflow_local.text.folding import fold

# English, and what writes numbers as English does: 1,234.5.
_POINT_LANGUAGES = frozenset({"en", "zh", "ja", "ko", "th", "he", "hi", "ar", ""})

_SPACE = "\u0020\u00a0\u202f\u2009"
NUMBER = re.compile(
    rf"\d{{1,3}}(?:[{_SPACE}]\d{{3}})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,'’:/]\d+)*(?:st|nd|rd|th)?(?!\d)"
)
_GROUPS = {
    mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+$") for mark in (".", ",", "'", "’")
}
_YEAR = re.compile(r"(?:1[0-9]|20|21)\d{2}$")

_SCALES_SAID = """
    thousand 1e3 tausend 1e3 mille 1e3 mil 1e3 mila 1e3 duizend 1e3 тысяч 1e3 тысячи 1e3 тыс 1e3
    million 1e6 millions 1e6 mn 1e6 mio 1e6 millionen 1e6 millón 1e6 millones 1e6 milione 1e6
    milioni 1e6 milhão 1e6 milhões 1e6 miljoen 1e6 миллион 1e6 миллиона 1e6 миллионов 1e6 млн 1e6
    bn 1e9 mrd 1e9 milliarde 1e9 milliarden 1e9 milliard 1e9 milliards 1e9 miliardo 1e9
    miliardi 1e9 miljard 1e9 миллиард 1e9 миллиарда 1e9 миллиардов 1e9 млрд 1e9
    trillion 1e12 万 1e4 萬 1e4 亿 1e8 億 1e8 만 1e4 억 1e8"""
_columns = _SCALES_SAID.split()
SCALES: Mapping[str, Decimal] = {
    fold(word): Decimal(size) for word, size in zip(_columns[::2], _columns[1::2], strict=True)
}
_BILLION = {"en": Decimal("1e9"), "pt": Decimal("1e9")}  # elsewhere a million millions

# Words beside those of ``figure_words.py``: shorter and bent ones.
_MORE_OF = {
    "en": "once=1 twice=2 thrice=3 half=0.5 double=2 triple=3 dozen=12",
    "de": "einmal=1 zweimal=2 dreimal=3 viermal=4 halb=0.5 doppelt=2 beide=2 zweites=2",
    "pt": "duas=2",
    "ru": "две=2 двух=2 трех=3 четырех=4 пяти=5 шести=6 семи=7 восьми=8 девяти=9 десяти=10",
}
# And those for none, one and many, which are figures only where texts are compared as a whole.
_MORE_SAID = """
    zero 0 none 0 no 0 null 0 zéro 0 cero 0 nul 0 ноль 0 one 1 once 1 single 1 ein 1 eins 1 eine 1
    einmal 1 un 1 une 1 uno 1 una 1 um 1 uma 1 één 1 jeden 1 один 1 одна 1 одного 1 واحد 1 twice 2
    zweimal 2 dwie 2 thrice 3 hundred 100 hundert 100 thousand 1000 tausend 1000 mille 1000 mil 1000
    duizend 1000 тысяча 1000 тысяч 1000"""
# Elsewhere number words are words of other languages: Danish "to", "fire", Hungarian "hat".
_NUMBER_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "ar")
_WORD = re.compile(r"[^\W\d_]+")
# Of a version each place counts: 2.10 comes after 2.9.
_VERSIONED = re.compile(
    r"(?:\b(?:v|ver|version|release|versión|versione|versão|versie|версия)|版本)\.?\s*$",
    re.IGNORECASE,
)
NEAR = 12  # letters before a number that may say so
_HAN = {
    **dict(zip("零一二三四五六七八九", range(10), strict=True)),
    "两": 2,
    "兩": 2,
    "〇": 0,
    "壹": 1,
}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
HAN_NUMBER = re.compile(
    "[零〇一二两兩三四五六七八九十百千]+(?:点[零〇一二三四五六七八九]+)?"
    "(?=[年月日天周岁歲次个個名位元公里米吨噸倍分秒时時小点點人家台辆輛座成只隻项項级級层層种種万萬亿億季届屆期章条條款%％、"
    "平立攝摄亩畝页頁册冊间間户戶颗顆株匹套克毫海英欧歐美兆瓦伏赫晚夜张張封份枚艘架])"
)


def value_of(number: str, language: str, before: str = "") -> str:
    """Return the one spelling of a number in digits; of a version or a code as it is.

    Args:
        number: As it stands.
        language: Says which mark parts thousands.
        before: The text up to it.
    """
    if _VERSIONED.search(before[-NEAR:]):
        return number
    text = re.sub(r"(?:st|nd|rd|th)$", "", number)
    text = re.sub(rf"[{_SPACE}]", "", text)
    point, parts = (".", ",") if language in _POINT_LANGUAGES else (",", ".")
    for mark in (parts, "'", "’"):
        whole, _, rest = text.partition(point)
        if mark in whole and _GROUPS[mark].match(whole):
            text = whole.replace(mark, "") + (point + rest if rest else "")
    if text.count(point) > 1 and _GROUPS[point].match(text):  # 1.234.567 in an English text
        text = text.replace(point, "")
    if text.count(point) == 1 and text.replace(point, "").isdigit():
        text = text.replace(point, ".")
    return plain(text)


def plain(text: str) -> str:
    """Return a number without what changes nothing: 5.50 as 5.5, 007 as 7."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    whole = value.to_integral_value()
    return str(int(whole)) if value == whole else str(value.normalize())


def han_value(text: str) -> str:
    """Return the value of a Chinese number of at most four places."""
    whole, _, rest = text.partition("点")
    if len(whole) > 1 and not any(sign in _HAN_UNITS for sign in whole):
        return plain("".join(str(_HAN.get(sign, 0)) for sign in whole))  # 二〇一九
    total = held = 0
    for sign in whole:
        if sign in _HAN_UNITS:
            total += (held or 1) * _HAN_UNITS[sign]
            held = 0
        else:
            held = _HAN.get(sign, 0)
    digits = "".join(str(_HAN.get(sign, 0)) for sign in rest)
    return plain(f"{total + held}.{digits}" if digits else str(total + held))


def scaled(value: str, word: str, language: str) -> str | None:
    """Return a number times what the word after it says: million, 亿; None where it says none."""
    folded = fold(word).rstrip(".")
    if folded in ("billion", "billions", "billionen", "billones", "billiones"):
        size = _BILLION.get(language, Decimal("1e12"))
    elif folded in SCALES:
        size = SCALES[folded]
    else:
        return None
    try:
        return plain(str(Decimal(value) * size))
    except InvalidOperation:
        return None


def class_of(value: str) -> str:
    """Return what kind of figure a value is: ``year``, ``month``, ``day`` or ``number``."""
    if value[:1] == "m":
        return "month"
    if value[:1] == "d":
        return "day"
    return "year" if _YEAR.match(value) else "number"


@cache
def figure_words(language: str) -> Mapping[str, str]:
    """Return the words of a language that are figures, folded, with their values."""
    spelled: dict[str, str] = {}
    for value, words in _entries(language):
        spelled.update((fold(word), value) for word in words)
    for pair in _MORE_OF.get(language, "").split():
        word, _, value = pair.partition("=")
        spelled[fold(word)] = value
    return spelled


_PLACE = re.compile("(?:ый|ий|ой|ого|ьего|ому|ьему|ом|ем|ым|им|ая|ья|ую|ью|ое|ье|ых|их|ые)$")


def place_of(word: str) -> str:
    """Return the value of a Russian word for a place in a row, however it is bent; else ""."""
    return _places().get(_PLACE.sub("", word), "") if _PLACE.search(word) else ""


@cache
def _places() -> Mapping[str, str]:
    ordinals = {fold(words[-1]): value for value, words in _entries("ru") if len(words) == 2}
    places = {_PLACE.sub("", word): value for word, value in ordinals.items() if value.isdigit()}
    return places | {"перв": "1"}


def _entries(language: str) -> Iterator[tuple[str, list[str]]]:
    for entry in FIGURE_WORDS[language].split(";") if language in FIGURE_WORDS else ():
        value, *words = entry.split()
        if words:
            yield value, words


@cache
def _cardinals() -> Mapping[str, str]:
    """Return the words for numbers of all languages; those for a place are none: a second."""
    entries = (entry for language in _NUMBER_LANGUAGES for entry in _entries(language))
    named = {fold(words[0]): value for value, words in entries if value.isdigit()}
    more = " ".join(_MORE_OF[language] for language in ("pt", "ru"))
    named |= {word: value for word, _, value in (pair.partition("=") for pair in more.split())}
    columns = _MORE_SAID.split()
    return named | {
        fold(word): value for word, value in zip(columns[::2], columns[1::2], strict=True)
    }


@lru_cache(maxsize=20_000)
def figures_of(text: str) -> frozenset[str]:
    """Return the numbers a text of any language says, those in words and in digits alike."""
    text = unicodedata.normalize("NFKC", text)
    figures = {
        value_of(match[0], "", text[max(0, match.start() - NEAR) : match.start()])
        for match in NUMBER.finditer(text)
    }
    figures |= {han_value(number) for number in HAN_NUMBER.findall(text)}
    spelled = (_cardinals().get(fold(word)) for word in _WORD.findall(text))
    return frozenset(figures | {value for value in spelled if value})
