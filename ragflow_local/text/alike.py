"""Decides whether two words are forms or spellings of one word, or one figure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from ragflow_local.text.folding import fold
from ragflow_local.text.statement import Token
from ragflow_local.text.statement_words import irregular, same_words
from ragflow_local.text.terms import iterate

_SAME_SAID = """
    euros euro eur euro usd dollar dollars dollar gbp pound pounds pound prozent percent
    eur euro km kilometer kilometre kilometer kilometres kilometer kilometers kilometer
    kilometern kilometer kilomètre kilometer kilomètres kilometer kilómetro kilometer
    kilómetros kilometer километр kilometer километра kilometer километров kilometer
    metre meter metres meter meters meter metern meter mètre meter mètres meter metro meter
    metros meter метр meter метра meter метров meter centimetre centimeter centimetres centimeter
    centimeters centimeter zentimeter centimeter zentimetern centimeter centimètres centimeter
    centímetros centimeter сантиметров centimeter millimetre millimeter millimetres millimeter
    millimeters millimeter millimetern millimeter
    grams gram gramme gram grammes gram gramm gram gramos gram грамм gram граммов gram
    kilo kilogram kilos kilogram kilograms kilogram kilogramm kilogram kilogramme kilogram
    kilogrammes kilogram kilogramos kilogram килограмм kilogram килограммов kilogram
    litre liter litres liter liters liter litern liter litro liter litros liter литр liter
    литра liter литров liter tonne ton tonnes ton tons ton tonnen ton toneladas ton тонн ton
    hours hour stunde hour stunden hour heure hour heures hour hora hour horas hour час hour
    часа hour часов hour minutes minute minuten minute minuto minute minutos minute минут minute
    минуты minute hectares hectare hektar hectare hectáreas hectare"""
_columns = _SAME_SAID.split()
_SAME = dict(zip(map(fold, _columns[::2]), _columns[1::2], strict=True))
_SUFFIXES_SAID = """
    e en er es em n s t te ten tet test et ed d ing ung ungen a o i as os aux x al ly ion ions
    а я ы и у ю е ой ом ам ах ов ая ое ые ый ого ому ает ал ала али ет ут ий его ему их ых ие
    л ла ло ли н на но ны т та то ты ен ена ено ены ил ила или"""
_SUFFIXES = frozenset(_SUFFIXES_SAID.split())
_PREFIXED = re.compile(r"^(ab|an|auf|aus|bei|ein|her|hin|mit|nach|vor|weg|zu|zurück|um)?ge(?=.{3})")
_CYRILLIC = re.compile("[а-я]")
_CASES_SAID = "й ь а я у ю е ы и о ой ей ем ом ым им ою ею ам ям ах ях"
_CASES = frozenset(["", *_CASES_SAID.split()])
_DIGITS = re.compile(r"\d+")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_KOREAN_PARTICLE = re.compile(
    "(?<=.)(?:에서|에게|으로|까지|부터|은|는|이|가|을|를|의|에|도|와|과|로|만)$"
)


@lru_cache(maxsize=50_000)
def forms_of(word: str, language: str) -> frozenset[str]:
    """Return what a word is compared by: its terms; in German also without a participle's ge."""
    folded = fold(word)
    if _HANGUL.match(folded):
        return frozenset({folded, _KOREAN_PARTICLE.sub("", folded)})
    forms = set(iterate(word))
    forms.add(_SAME.get(folded, folded))
    forms |= irregular(language).get(folded, frozenset())
    if language == "de":
        bare = _PREFIXED.sub(lambda match: match[1] or "", folded)
        if bare != folded:
            forms.add(bare)
    same = _same_stems(language)
    return frozenset(forms | {same[form] for form in forms if form in same})


@cache
def _same_stems(language: str) -> Mapping[str, str]:
    words = same_words(language).items()
    return {stem: shared for word, shared in words for stem in (fold(word), *iterate(word))}


def is_same(left: Token, right: Token) -> bool:
    """Return whether two tokens are one word, bent or not, or one figure."""
    if left.is_figure or right.is_figure:
        return left.value == right.value
    digits, others = _DIGITS.findall(left.text), _DIGITS.findall(right.text)
    if digits and others and digits != others:
        return False  # P-200 is no P-300
    if left.forms & right.forms:
        return True
    kinds = {left.kind, right.kind}
    if "name" in kinds and _bare_names(left.text) & _bare_names(right.text):
        return True
    if kinds == {"name"}:
        return False
    return any(_is_bent(form, other) for form in left.forms for other in right.forms)


@lru_cache(maxsize=10_000)
def _bare_names(name: str) -> frozenset[str]:
    """Return a Russian name without what cases put at its end; none of other names."""
    folded = fold(name)
    if not _CYRILLIC.match(folded):
        return frozenset()
    ends = [
        folded[: len(folded) - size] for size in range(3) if folded[len(folded) - size :] in _CASES
    ]
    return frozenset(end for end in ends if len(end) > 2)


def _is_bent(left: str, right: str) -> bool:
    """Return whether two words differ by what words are bent with."""
    size = 0
    for left_letter, other in zip(left, right, strict=False):
        if left_letter != other:
            break
        size += 1
    if size < 4 or size * 5 < max(len(left), len(right)) * 3:
        return False
    ends = (left[size:], right[size:])
    return all(not end or end in _SUFFIXES for end in ends)
