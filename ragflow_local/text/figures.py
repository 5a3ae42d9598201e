"""Extracts the numbers and dates of a text, in digits or words.

Two statements that differ in one of them do not say the same.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_MONTHS = {
    1: "january jan januar janvier enero gennaio"
    " janeiro januari stycznia styczeń январь января يناير",
    2: "february feb februar février febrero febbraio fevereiro februari lutego"
    " luty февраль февраля فبراير",
    3: "march mar märz mars marzo março maart marca marzec март марта مارس",
    4: "april apr avril abril aprile kwietnia kwiecień апрель апреля أبريل",
    5: "may mai mayo maggio maio mei maja maj май мая مايو",
    6: "june jun juni juin junio giugno junho czerwca czerwiec июнь июня يونيو",
    7: "july jul juli juillet julio luglio julho lipca lipiec июль июля يوليو",
    8: "august aug août agosto augustus sierpnia sierpień август августа أغسطس",
    9: "september sep sept septembre septiembre settembre setembro września wrzesień сентябрь"
    " сентября سبتمبر",
    10: "october oct oktober okt octobre octubre ottobre outubro października październik октябрь"
    " октября أكتوبر",
    11: "november nov novembre noviembre novembro listopada listopad ноябрь ноября نوفمبر",
    12: "december dec dezember dez décembre diciembre dicembre dezembro grudnia grudzień декабрь"
    " декабря ديسمبر",
}
_MONTH = {name: month for month, names in _MONTHS.items() for name in names.split()}
# Words that are also something else ("may", "mar") are months beside a number only.
_UNSURE = {"may", "mar", "mai", "maja", "maj", "mei", "mars", "marca"}
_BEFORE_MONTHS = {"in", "of", "since", "until", "till", "from", "last", "next", "im", "seit"}
_NUMBERS = {
    0: "zero none no null zéro cero nul ноль 零 〇",
    1: "one once single ein eins eine einmal un une uno"
    " una um uma één jeden один одна одного واحد 一",
    2: "two twice zwei zweimal deux dos due dois duas twee dwa dwie два две двух اثنان 二 两 兩",
    3: "three thrice drei trois tres tre três drie trzy три трех трёх ثلاثة 三",
    4: "four vier quatre cuatro quattro quatro cztery четыре четырех أربعة 四",
    5: "five fünf cinq cinco cinque vijf pięć пять пяти خمسة 五",
    6: "six sechs seis sei zes sześć шесть шести ستة 六",
    7: "seven sieben sept siete sette sete zeven siedem семь семи سبعة 七",
    8: "eight acht huit ocho otto oito osiem восемь восьми ثمانية 八",
    9: "nine neun neuf nueve nove negen dziewięć девять девяти تسعة 九",
    10: "ten zehn dix diez dieci dez tien dziesięć десять десяти عشرة 十",
    11: "eleven elf onze once_ undici одиннадцать",
    12: "twelve zwölf douze doce dodici doze twaalf двенадцать",
    20: "twenty zwanzig vingt veinte venti vinte twintig двадцать",
    30: "thirty dreißig trente treinta trenta trinta dertig тридцать",
    100: "hundred hundert cent cien cento cem honderd сто",
    1000: "thousand tausend mille mil duizend тысяча тысяч",
}
_SPELLED = {word.casefold(): number for number, words in _NUMBERS.items() for word in words.split()}
_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "一": 1, "二": 2, "三": 3, "四": 4}
_WORD = re.compile(r"[^\W\d_]+")
_FIGURE = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*")
_HAN_NUMBER = re.compile(
    r"[零〇一二两兩三四五六七八九十](?=[个個天日年月周次人名位元岁歲点點倍成条條只隻种種项項期级級层層])"
)
_ISO = re.compile(
    r"(?<!\d)((?:1[5-9]|20|21)\d\d)[-_./](0?[1-9]|1[0-2])(?:[-_./](0?[1-9]|[12]\d|3[01]))?(?!\d)"
)
_DOTTED = re.compile(
    r"(?<!\d)(0?[1-9]|[12]\d|3[01])[./](0?[1-9]|1[0-2])[./]((?:1[5-9]|20|21)\d\d)(?!\d)"
)
_HAN_DATE = re.compile(
    r"(?:(\d{4})\s*[年년]\s*)?(1[0-2]|0?[1-9])\s*[月월](?:\s*(\d{1,2})\s*[日号號일])?"
)
_YEAR = re.compile(r"(?<![\d.,])(?:1[5-9]|20|21)\d\d(?![\d]|[.,]\d)")
_QUARTER = re.compile(
    r"(?<![a-z])q([1-4])(?!\d)|\b(first|second|third|fourth)\s+(?:fiscal\s+)?quarter|第([一二三四])季度"
    r"|([1-4])\.\s*quartal",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|\w+n['’]t|nicht|kein\w*|nie|niemals|ohne"
    r"|ne|n|pas|jamais|sans|nunca|sin|non|mai|senza|não|nao|sem|niet|geen|nooit|zonder|nie|bez"
    r"|не|нет|никогда|без|لا|لم|لن|ليس|غير|بدون)\b"
    r"|[不没沒未无無非](?!同|仅|僅|过|過|久|断|斷|少|论|論|常|洲)|ない|ません|않|못하",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Time:
    """A year, a month, a day, a quarter, as far as they are said."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    quarter: int | None = None

    def agrees(self, other: Time) -> bool:
        """Return whether ``other`` says nothing else where both say something, and says part."""
        pairs = [
            (mine, theirs)
            for mine, theirs in zip(self._parts(), other._parts(), strict=True)
            if mine is not None and theirs is not None
        ]
        return bool(pairs) and all(mine == theirs for mine, theirs in pairs)

    def _parts(self) -> tuple[int | None, ...]:
        quarter = self.quarter or ((self.month + 2) // 3 if self.month else None)
        return self.year, self.month, self.day, quarter

    def key(self) -> tuple[int, int, int]:
        """Return what sorts times, later ones larger."""
        return self.year or 0, self.month or 3 * (self.quarter or 0), self.day or 0


@lru_cache(maxsize=20_000)
def figures_of(text: str) -> frozenset[str]:
    """Return the numbers a text says, those in words and in digits alike."""
    text = unicodedata.normalize("NFKC", text)
    figures = {re.sub(r"[^\d.]", "", figure).strip(".") for figure in _FIGURE.findall(text)}
    figures |= {str(_SPELLED[part]) for part in _HAN_NUMBER.findall(text)}
    words = (word.casefold() for word in _WORD.findall(text))
    return frozenset(figures | {str(_SPELLED[word]) for word in words if word in _SPELLED})


def is_negated(text: str) -> bool:
    """Return whether a text says that something is not so."""
    return _NEGATED.search(text) is not None


@lru_cache(maxsize=20_000)
def times_of(text: str) -> tuple[Time, ...]:
    """Return the years, months, days and quarters a text names, in no order."""
    times = [Time(*_whole(match.groups())) for match in _ISO.finditer(text)]
    times += [Time(*_whole(match.groups()[::-1])) for match in _DOTTED.finditer(text)]
    times += [Time(*_whole(match.groups())) for match in _HAN_DATE.finditer(text)]
    bare = _HAN_DATE.sub(" ", _DOTTED.sub(" ", _ISO.sub(" ", text)))
    return tuple(dict.fromkeys([*times, *_spelled_times(bare)]))


def _whole(parts: tuple[str | None, ...]) -> list[int | None]:
    return [int(part) if part else None for part in parts]


def _spelled_times(text: str) -> list[Time]:
    times = _months_in(re.findall(r"[^\W\d_]+|\d+", text))
    years: list[int | None] = [int(match[0]) for match in _YEAR.finditer(text)]
    quarters = [
        int(group) if group.isdigit() else _QUARTERS[group.lower()]
        for match in _QUARTER.finditer(text)
        for group in match.groups()
        if group
    ]
    if quarters:
        return times + [Time(y, None, None, q) for q in quarters for y in years or [None]]
    years_named = {time.year for time in times}
    return times + [Time(year) for year in years if year not in years_named]


def _months_in(tokens: list[str]) -> list[Time]:
    """Return the months that words name, with the year and the day beside them."""
    times: list[Time] = []
    for index, token in enumerate(tokens):
        month = _MONTH.get(token.casefold())
        if month is None:
            continue
        before = tokens[index - 1] if index else ""
        after = (*tokens[index + 1 : index + 3], "", "")
        year = next((word for word in (before, after[0], after[1]) if _YEAR.fullmatch(word)), None)
        day = next(
            (word for word in (before, after[0]) if word.isdigit() and 0 < int(word) < 32), None
        )
        is_sure = year or day or (before.casefold() in _BEFORE_MONTHS and token[0].isupper())
        if token.casefold() in _UNSURE and not is_sure:
            continue
        times.append(Time(int(year) if year else None, month, int(day) if day else None))
    return times
