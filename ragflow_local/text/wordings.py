"""Writes what languages say in several ways in one: shares, hours, "not only", forbidden."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache

from ragflow_local.text.figure_words import FIGURE_WORDS
from ragflow_local.text.number_words import with_digits
from ragflow_local.text.quantities import in_plain_quantities

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

_NOT_ONLY_SAID = r"""
en | not (?:only|just|merely) | ,?\s*but(?: also| even)? | and
de | nicht (?:nur|allein|bloß) | ,?\s*sondern(?: auch)? | und
fr | (?:non|pas) (?:seulement|uniquement) | ,?\s*mais (?:aussi|également|encore) | et
es | no (?:solo|sólo|solamente|únicamente) | ,?\s*sino(?: también)? | y
it | non (?:solo|soltanto|solamente) | ,?\s*ma anche | e
pt | não (?:só|apenas|somente) | ,?\s*(?:mas|como) também | e
nl | niet (?:alleen|enkel) | ,?\s*maar(?: ook)? | en
ru | не только | ,?\s*но и | и
zh | 不仅仅|不仅|不但|不只|不光 | [，,]?\s*(?:而且还|而且也|而且|并且|还|也) | 和"""
# What is neither so nor so is not the one and not the other.
_NEITHER_SAID = """
en | neither | nor | not | and
de | weder | noch | nicht | und
fr | ni | ni | pas | et
es | ni | ni | no | y
it | né | né | non | e
pt | nem | nem | não | e
nl | noch | noch | niet | en
ru | ни | ни | не | и
zh | 既不 | 也不 | 不 | 和"""
# What is forbidden is not allowed.
_FORBIDDEN_SAID = r"""
en | forbidden|prohibited|banned | not allowed
en | permitted | allowed
de | verboten|untersagt|unzulässig | nicht erlaubt
de | gestattet|zulässig | erlaubt
fr | interdite?s? | pas autorisé
fr | permise?s? | autorisé
es | prohibid[oa]s? | no permitido
it | vietat[oaie] | non permesso
pt | proibid[oa]s? | não permitido
nl | verboden | niet toegestaan
ru | запрещен[аоы]?|запрещён | не разрешено
zh | 禁止|严禁|不准|不许|不得|不允许 | 不可以"""
# How often: each year, yearly, a year.
_TIMES_SAID = r"""
en | (?:each|every|(?<!for )(?<!in )(?<!of )(?<!than )a) (year|month|week|day|hour) | per \1
en | annually|yearly | per year
en | monthly | per month
en | weekly | per week
en | daily | per day
de | jede[sn] (jahr|monat|tag)|im (jahr|monat)(?!\s+\d)|am (tag)(?! de) | pro \1\2\3
de | jede (woche|stunde)|in der (woche|stunde) | pro \1\2
de | jährlich | pro jahr
de | monatlich | pro monat
de | wöchentlich | pro woche
de | täglich | pro tag
fr | chaque année|par année|annuellement | par an
fr | chaque (mois|jour|heure|semaine) | par \1
fr | quotidiennement | par jour
es | (?:cada|al|por) (año|mes|día) | al \1
es | anualmente | al año
it | ogni (anno|mese|giorno)|all['’](anno)|al (mese|giorno) | per \1\2\3
pt | (?:cada|por|ao) (ano|mês|dia) | por \1
nl | elk jaar|jaarlijks | per jaar
nl | elke (maand|dag|week) | per \1
ru | каждый год|ежегодно | в год
ru | каждый день|ежедневно | в день
ru | каждый месяц|ежемесячно | в месяц
ru | каждую неделю|еженедельно | в неделю"""
_FIRST_SAID = r"""
en | first|1st
de | ersten|erste|erster
fr | premier|1er
es | primero|primer|1[º°]
it | primo|1[º°]
pt | primeiro|1[º°]
nl | eerste
ru | первое|первого"""
# A share is so many percent. What halves is said without a count, as Russian's all are.
_SHARES_SAID = r"""
en | half(?= (?:of|the)\b):2 thirds?:3 quarters?(?= of\b):4 fifths?:5 tenths?:10
de | hälfte:2 drittel:3 viertel:4 fünftel:5 sechstel:6 achtel:8 zehntel:10
fr | moitié:2 tiers:3 quarts?(?!\sd.heure):4 cinquièmes?:5 dixièmes?:10
es | mitad:2 tercios?:3 cuartos?:4 quintos?:5 décimos?:10
it | metà:2 terz[oi]:3 quart[oi]:4 quint[oi]:5 decim[oi]:10
pt | metade:2 terços?:3 quartos?:4 quintos?:5 décimos?:10
nl | helft:2 derden?:3 kwart:4 vijfden?:5 tienden?:10
ru | половин[аеуы]:2 треть|трети:3 четверт[ьи]:4"""
_COUNTS_SAID = """
en a/one two three four five six seven eight nine
de ein/eine/einem zwei drei vier fünf sechs sieben acht neun
fr un deux trois quatre cinq six sept huit neuf
es un dos tres cuatro cinco seis siete ocho nueve
it un due tre quattro cinque sei sette otto nove
pt um dois três quatro cinco seis sete oito nove
nl een twee drie vier vijf zes zeven acht negen
ru одна две три четыре пять шесть семь восемь девять"""
_PERCENT = re.compile(
    r"\b(?:per ?cent|prozent|pour cent|por ciento|per cento|por cento|procent|процент\w*)\b",
    re.IGNORECASE,
)
_HAN_SIGNS = dict(zip("一二三四五六七八九十", range(1, 11), strict=True)) | {"两": 2}
_HAN_PERCENT = re.compile("百分之(\\d+(?:\\.\\d+)?)|百分之([一二三四五六七八九十]+)")
_HAN_SHARE = re.compile("([一二三四五六七八九十]|\\d+)分之([一二两三四五六七八九]|\\d+)")
_HALF_DAY = re.compile(
    r"\b(?:(\d{1,2})(:[0-5]\d)?\s*([-–—]|to|and|until|till)\s*)?(\d{1,2})(:[0-5]\d)?\s*([ap])\.?m\b\.?",
    re.IGNORECASE,
)
_FULL_HOUR = re.compile(r"(?<![\d:.])(\d{1,2}):00(?![\d:])")
_HAN_HOUR = re.compile(
    "(下午|晚上|傍晚|夜里|早上|上午|凌晨|清晨|早晨)([一二两三四五六七八九十]{1,3}|\\d{1,2})(?=[点點时時:：])"
)
_HAN_MEASURE = re.compile("[全总]?([长宽高深])度?(?:是|为|达到|达)?(?=约?\\d)")
_LATE = frozenset(["下午", "晚上", "傍晚", "夜里"])


def in_one_wording(text: str, language: str) -> str:
    """Return a sentence with what can be said in several ways said in one.

    Args:
        text: The sentence.
        language: Its two letters.
    """
    text = in_plain_quantities(with_digits(text, language), language)
    for pattern, said in _rules(language):
        text = pattern.sub(said, text)
    return text


@cache
def _rules(language: str) -> tuple[_Rule, ...]:
    rules: list[_Rule] = []
    for first, second, both in _rows(_NOT_ONLY_SAID, language):
        bounds = (r"\b", r"\b") if language != "zh" else ("", "")
        pattern = rf"{bounds[0]}(?:{first}){bounds[1]}\s*([^.;。；]*?)(?:{second})(?!\w)"
        pattern = pattern if language != "zh" else pattern.replace(r"(?!\w)", "")
        rules.append((re.compile(pattern, re.IGNORECASE), rf"\1 {both} "))
    for first, second, no, both in _rows(_NEITHER_SAID, language):
        bound = "" if language == "zh" else r"\b"
        pattern = rf"{bound}{first}{bound}([^.;。；]*?),?{bound}{second}{bound}"
        rules.append((re.compile(pattern, re.IGNORECASE), rf"{no}\1 {both} {no}"))
    for forbidden, plain in _rows(_FORBIDDEN_SAID, language):
        bound = "" if language == "zh" else r"\b"
        no, _, allowed = plain.partition(" ")
        if allowed:
            twice = rf"(?:\bn['’]|\bne\s+)?({bound}\w*\s*){bound}{no}\s+(?:{forbidden}){bound}"
            rules.append((re.compile(twice, re.IGNORECASE), rf"\1{allowed}"))
        rules.append((re.compile(rf"{bound}(?:{forbidden}){bound}", re.IGNORECASE), plain))
    if language == "zh":
        rules += [
            (_HAN_PERCENT, _han_percent),
            (_HAN_SHARE, _han_share),
            (re.compile("一半|半数"), "50%"),
        ]
        rules += [(_HAN_HOUR, _han_hour), (_HAN_MEASURE, r"\1度")]
    for how_often, plain in _rows(_TIMES_SAID, language):
        rules.append((re.compile(rf"\b(?:{how_often})\b", re.IGNORECASE), plain))
    for (first,) in _rows(_FIRST_SAID, language):
        tie = r"(?:\s+(?:of|de|di))?\s+"
        pattern = rf"\b(?:{first}){tie}(?=(?:{'|'.join(_months(language))})\b)"
        rules.append((re.compile(pattern, re.IGNORECASE), "1 "))
    for (shares,) in _rows(_SHARES_SAID, language):
        rules += _share_rules(shares, language)
    rules += [(_PERCENT, "%"), (_HALF_DAY, _half_day), (_FULL_HOUR, r"\1")]
    return tuple(rules)


def _months(language: str) -> list[str]:
    words = (entry.split() for entry in FIGURE_WORDS[language].split(";"))
    return [re.escape(word) for value, *said in words if value[0] == "m" for word in said]


def _rows(said: str, language: str) -> list[list[str]]:
    rows = [[cell.strip() for cell in line.split(" | ")] for line in said.strip().splitlines()]
    return [cells for name, *cells in rows if name == language]


def _share_rules(shares: str, language: str) -> list[_Rule]:
    counts = {
        word: number
        for line in _COUNTS_SAID.strip().splitlines()
        if line.startswith(language)
        for number, words in enumerate(line.split()[1:], 1)
        for word in words.split("/")
    }
    rules: list[_Rule] = []
    for pattern, whole in re.findall(r"(\S.*?):(\d+)", shares):
        counted = rf"\b({'|'.join(counts)}|\d)\s+(?:{pattern})(?!\w)"

        def share(match: re.Match[str], whole: int = int(whole)) -> str:
            word = match[1].casefold() if match.lastindex else "1"
            return _percent(counts.get(word) or int(word), whole)

        rules.append((re.compile(counted, re.IGNORECASE), share))
        if whole == "2" or language == "ru":
            rules.append((re.compile(rf"\b(?:{pattern})(?!\w)", re.IGNORECASE), share))
    return rules


def _percent(count: int, whole: int) -> str:
    """Return a share as percent, to the whole one where it has many places."""
    tenths = Decimal(1000 * count) / whole
    value = tenths / 10 if tenths == int(tenths) else Decimal(round(tenths / 10))
    return f"{value.normalize():f} %"


def _han_share(match: re.Match[str]) -> str:
    whole, count = (int(_HAN_SIGNS.get(sign, sign)) for sign in match.groups())
    return _percent(count, whole).replace(" ", "")


def _han_percent(match: re.Match[str]) -> str:
    return f"{match[1] or _han_number(match[2])}%"


def _half_day(match: re.Match[str]) -> str:
    """Return the hours of a day of 24: 2 to 5 pm is 14 to 17."""
    first, minutes, joint, last, more, half = match.groups()
    said = f"{first}{minutes or ''} {joint} " if first else ""
    is_late = half.lower() == "p"
    if first and int(first) < int(last):
        said = f"{_hour(first, is_late=is_late)}{minutes or ''} {joint} "
    return f"{said}{_hour(last, is_late=is_late)}{more or ''}".replace(":00", "")


def _hour(hour: str, *, is_late: bool) -> int:
    return int(hour) % 12 + (12 if is_late else 0)


def _han_hour(match: re.Match[str]) -> str:
    hour = int(match[2]) if match[2].isdigit() else _han_number(match[2])
    return str(hour + 12 if match[1] in _LATE and hour < 12 else hour)


def _han_number(said: str) -> int:
    """Return a Chinese number below a hundred."""
    tens, ten, ones = said.rpartition("十")
    return (_HAN_SIGNS.get(tens, 1) * 10 if ten else 0) + _HAN_SIGNS.get(ones, 0)
