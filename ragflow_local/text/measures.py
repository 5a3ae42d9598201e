"""Recognises what is measured or counted: 1800 euros, 5 %, 2000人."""

from __future__ import annotations

import re

from ragflow_local.text.folding import fold

_SAID = """
    euro euros eur dollar dollars usd pound pounds chf franc francs franken yen yuan rubel руб
    рублей рубля percent prozent cent процентов lire zł kronor kroner reais pesos
    mm cm m km kg g mg t l ml h min s ms mb gb kb tb w kw kwh watt watts volt bar grad degrees
    second seconds minute minutes hour hours day days week weeks month months year years
    sekunden minuten stunden tage tagen wochen monate monaten jahre jahren
    secondes heures jours semaines mois ans segundos minutos horas días semanas meses años
    секунд минут часов дней недель месяцев лет
    litre litres liter liters litern litros litri литр литра литров kilo kilos gram grams gramm
    inch inches
    metre metres meter meters metern kilometres kilometers kilometer mètres metros metri метров
    people persons person personen menschen personnes personas persone pessoas mensen человек
    guests gäste seats plätze places pages seiten words wörter"""
_WORDS = frozenset(map(fold, _SAID.split()))
_SIGNS = "%€$£¥°元圓円人名米吨噸公户戶块塊원명"
_AFTER = re.compile(rf"\s?(?:([^\W\d_]+)(?!['’])|([{_SIGNS}]))")
_BEFORE = re.compile(r"[€$£¥]\s?$|\b(?:eur|usd|chf|rs)\.?\s$", re.IGNORECASE)


def is_measure(word: str) -> bool:
    """Return whether a word or sign says what a number before it counts or measures."""
    return fold(word) in _WORDS or (len(word) == 1 and word in _SIGNS)


def is_measured(text: str, start: int, end: int) -> bool:
    """Return whether a text says what its number from ``start`` to ``end`` counts or measures."""
    if _BEFORE.search(text, max(0, start - 5), start):
        return True
    after = _AFTER.match(text, end)
    if after is None:
        return False
    return after[2] is not None or is_measure(after[1]) or after[1][0] in _SIGNS
