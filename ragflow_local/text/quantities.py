"""Writes dates in digits, sums, units and limits as a sentence of the language would say them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from ragflow_local.text.dates import YEAR
from ragflow_local.text.figure_words import FIGURE_WORDS

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

_YEAR_FIRST = re.compile(rf"(?<![\d./-])({YEAR})([-/.])(\d\d?)\2(\d\d?)(?![\d/-]|\.\d)")
_YEAR_LAST = re.compile(rf"(?<![\d./-])(\d\d?)([./-])(\d\d?)\2({YEAR})(?![\d/-]|\.\d)")
_MONTH_BETWEEN = {"es": "de", "pt": "de"}
_SUM = re.compile(
    r"([€£$])\s?(\d[\d.,'’]*\d|\d)"
    r"(\s(?:thousand|million|billion|bn|mn|mio|mrd|millionen|milliarden|millions?|milliards?)\b\.?)?",
    re.IGNORECASE,
)
_MONEY = {"€": "euro", "£": "pound", "$": "dollar"}
_CLOCK = re.compile(r"(?<![\d:.])0(\d:[0-5]\d)(?![:\d])")
_UNITS = {
    "mm": "millimeter",
    "cm": "centimeter",
    "m": "meter",
    "km": "kilometer",
    "mg": "milligram",
    "g": "gram",
    "kg": "kilogram",
    "ml": "milliliter",
    "l": "liter",
    "t": "ton",
    "h": "hour",
    "min": "minute",
    "ha": "hectare",
}
_HAN_UNITS = {
    "mm": "毫米",
    "cm": "厘米",
    "m": "米",
    "km": "公里",
    "g": "克",
    "kg": "公斤",
    "l": "升",
    "ml": "毫升",
    "t": "吨",
    "h": "小时",
    "min": "分钟",
}
_UNIT = re.compile(rf"(?<=\d)\s?({'|'.join(_UNITS)})(?![\w²³/'’·-])")
# At least and at most, and what else says so.
_LIMITS_SAID = r"""
en | (?:no|not) (?:more|longer|later|higher|larger) than | maximum
en | at (?:the )?most|(?:a |the )?maximum of | maximum
en | (?:no|not) (?:less|fewer|shorter|earlier|lower) than|at least|(?:a |the )?minimum of | minimum
de | nicht mehr als|nicht länger als|maximal|höchstens | höchstens
de | nicht weniger als|nicht kürzer als|wenigstens|mindestens|minimal(?= \d) | mindestens
fr | pas plus de|au plus|au maximum|maximum de | maximum
fr | pas moins de|au moins|au minimum|minimum de | minimum
es | no más de|como (?:máximo|mucho)|a lo sumo|un máximo de | máximo
es | no menos de|al menos|por lo menos|como mínimo|un mínimo de | mínimo
it | non più di|al massimo | massimo
it | non meno di|almeno|come minimo | minimo
pt | não mais (?:de|que|do que)|no máximo|um máximo de | máximo
pt | não menos (?:de|que|do que)|pelo menos|no mínimo|um mínimo de | mínimo
nl | niet meer dan|hooguit|hoogstens|maximaal | maximaal
nl | niet minder dan|ten minste|minstens|minimaal | minimaal
ru | не (?:более|больше)(?: чем)?|максимум | максимум
ru | не (?:менее|меньше)(?: чем)?|как минимум|по меньшей мере|минимум | минимум
zh | 不得?(?:超过|多于|超出)|至多|最多 | 最多
zh | 不得?(?:少于|低于)|最少|至少 | 至少"""
# What costs nothing.
_FREE_SAID = r"""
en | free of charge|at no (?:charge|cost)|without charge|gratis | free
de | kostenlos|gratis|unentgeltlich|kostenfrei|gebührenfrei | frei
fr | gratuitement|gratuits?|gratuites?|sans frais | gratuit
es | gratuitamente|gratuit[oa]s?|sin coste | gratis
it | gratuitamente|gratuit[oaie] | gratis
pt | gratuitamente|gratuit[oa]s?|de graça | grátis
nl | kosteloos|gratis | gratis
zh | 不收费|不要钱|无需付费|不用付费 | 免费"""
# What has to be done; what need not be is left.
_DUTIES_SAID = r"""
en | (?<!not )(?<!n't )(?:has|have|needs?) to(?= be\b| \w+) | must
en | plans? to | planned to
en | (?<=\bis )(?:required|obliged) to|(?<=\bare )(?:required|obliged) to | must
zh | (?<=[一-龥])[之以]([内前后]) | \1
zh | 要(?=[在于把按向])|应当|应该 | 应
zh | (?<![一-龥])请(?![一-龥]?求) | """


def in_plain_quantities(text: str, language: str) -> str:
    """Return a sentence with its dates, sums, units and limits said in one way.

    Args:
        text: The sentence.
        language: Its two letters.
    """
    text = _YEAR_FIRST.sub(lambda found: _date(found, found[1], found[3], found[4], language), text)
    text = _YEAR_LAST.sub(lambda found: _day_first(found, language), text)
    for pattern, said in _rules(language):
        text = pattern.sub(said, text)
    return text


def _day_first(found: re.Match[str], language: str) -> str:
    first, mark, second, year = found.groups()
    if language == "en" and mark != ".":
        if int(second) > 12:
            first, second = second, first
        elif int(first) <= 12 and first != second:  # 3/5/2008 is one day here, another there
            return found[0]
    return _date(found, year, second, first, language)


def _date(found: re.Match[str], year: str, month: str, day: str, language: str) -> str:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return found[0]
    if language in ("zh", "ja"):
        return f"{year}年{int(month)}月{int(day)}日"
    name = _months(language).get(int(month))
    if name is None:
        return found[0]
    tie = f" {_MONTH_BETWEEN[language]} " if language in _MONTH_BETWEEN else " "
    return f"{int(day)}{'.' if language == 'de' else ''}{tie}{name}{tie}{year}"


@cache
def _months(language: str) -> dict[int, str]:
    entries = (entry.split() for entry in FIGURE_WORDS.get(language, "").split(";"))
    return {int(value[1:]): words[0] for value, *words in entries if value[0] == "m"}


@cache
def _rules(language: str) -> tuple[_Rule, ...]:
    rules: list[_Rule] = [(_CLOCK, r"\1"), (_SUM, _sum)]
    units = _HAN_UNITS if language == "zh" else _UNITS
    rules.append((_UNIT, lambda found: f" {units.get(found[1], found[1])}"))
    bound = "" if language == "zh" else r"\b"
    for line in (_LIMITS_SAID + _FREE_SAID + _DUTIES_SAID).splitlines()[1:]:
        of, pattern, plain = (
            line.split(" | ") if line.count(" | ") > 1 else (*line.rstrip(" |").split(" | "), "")
        )
        if of == language:
            rules.append((re.compile(f"{bound}(?:{pattern}){bound}", re.IGNORECASE), plain.strip()))
    return tuple(rules)


def _sum(found: re.Match[str]) -> str:
    """Return a sum with its currency behind it: €31 million is 31 million euro."""
    return f"{found[2]}{found[3] or ''} {_MONEY[found[1]]}"
