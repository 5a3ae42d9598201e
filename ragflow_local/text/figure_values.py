"""Normalises numbers, dates and number words to values that can be compared.

"two" and 2, "2,4 Mio." and "2.400.000", "三十日" and "30日", "March" and "März" have one value.
Which mark parts thousands is said by the language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache

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

_TIMES = {
    "en": "once=1 twice=2 thrice=3 half=0.5 double=2 triple=3 dozen=12",
    "de": "einmal=1 zweimal=2 dreimal=3 viermal=4 halb=0.5 doppelt=2 beide=2 zweites=2",
}
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
    "(?=[年月日天周岁歲次个個名元公里米吨噸倍分秒时時小点點人家台辆輛座层層种種万萬亿億季届屆期章条條款%％、])"
)


def value_of(number: str, language: str) -> str:
    """Return the one spelling of a number in digits; of a code with several marks as it is."""
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
    for entry in FIGURE_WORDS[language].split(";") if language in FIGURE_WORDS else ():
        value, *words = entry.split()
        spelled.update((fold(word), value) for word in words)
    for pair in _TIMES.get(language, "").split():
        word, _, value = pair.partition("=")
        spelled[fold(word)] = value
    return spelled
