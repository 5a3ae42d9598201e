"""Compares a question with the cells of a row: dates, amounts, codes, and yes or no."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ragflow_local.answer.candidates import Asked, Candidate, is_named
from ragflow_local.text.content import content_terms
from ragflow_local.text.dates import times_of
from ragflow_local.text.folding import fold
from ragflow_local.text.negation import is_negated

_YES_SAID = "yes true y ja oui si sí sim да tak evet はい 예 نعم 是 有 ✓ ✔ x wahr vrai"
_NO_SAID = (
    "no false n nein non não нет nie hayır いいえ 아니요 لا 否 无 無 没有 沒有 ✗ ✘ – - falsch faux"
)
_YES, _NO = frozenset(_YES_SAID.split()), frozenset(_NO_SAID.split())
_LEAST_CODE = 4  # letters and digits of a code that is compared without its marks
_AMOUNT = re.compile(r"\W*(?:[A-Za-z]{1,3}\s)?(\d[\d.,' ’\u00a0\u202f]*)\s*([^\d\s]{0,6})\s*")
_NUMBER = re.compile(r"\d[\d.,'’]*\d|\d")
_GROUPED = re.compile(r"(\d{1,3}(?:[.,]\d{3})+|\d+)(?:[.,](\d{1,2}))?")
_CURRENCIES = frozenset(["€", "$", "£", "¥", "eur", "usd", "gbp", "chf", "euro", "euros"])


def says(asked: Asked, cell: str) -> bool:
    """Return whether a question says a whole cell: its words, or its date, amount or code.

    "On 12 May 1990" says the cell 1990-05-12, "1020 euros" 1.020,00 € and "070 4422" 070-4422.
    """
    if not cell.strip():
        return False
    terms = _terms(cell, asked)
    if terms and terms <= frozenset(asked.terms):
        return True
    days = [time for time in times_of(cell) if time.day]
    if days:
        return any(wanted.day and wanted.agrees(day) for wanted in asked.times for day in days)
    return _says_code(asked.text, cell) or _says_amount(asked, cell)


def _says_code(question: str, cell: str) -> bool:
    bare = re.sub(r"[^0-9a-z]", "", fold(cell))
    if len(bare) < _LEAST_CODE or not re.search(r"\d", bare):
        return False
    code = r"[\W_]*".join(map(re.escape, bare))
    return re.search(rf"(?<![0-9a-z]){code}(?![0-9a-z])", fold(question)) is not None


def _says_amount(asked: Asked, cell: str) -> bool:
    amount = _AMOUNT.fullmatch(cell.strip())
    value = _value(amount[1]) if amount else None
    if amount is None or value is None or value not in map(_value, _NUMBER.findall(asked.text)):
        return False
    unit = _terms(amount[2], asked)
    return unit <= frozenset(asked.terms) or fold(amount[2]) in _CURRENCIES


def _value(number: str) -> float | None:
    """Return a number with either mark between thousands and before decimals."""
    match = _GROUPED.fullmatch(re.sub(r"[\s’']", "", number).rstrip(".,"))
    return None if match is None else float(re.sub(r"[.,]", "", match[1]) + "." + (match[2] or "0"))


def columns_said(asked: Asked, row: Candidate) -> int:
    """Return how many columns the question names whose cell it says something of as well."""
    terms = frozenset(asked.terms)
    count = 0
    for name, cell in zip(row.unit.names, row.unit.cells, strict=False):
        own = _terms(name, asked)
        count += is_named(own, asked) and bool(_terms(cell, asked) & terms - own)
    return count


def truth_asked_for(asked: Asked, row: Candidate, candidates: Sequence[Candidate]) -> int:
    """Return 1 for a row that says of a column of yes and no what the question wants, else -1.

    0 where the question names no such column: "Which rooms have no projector?" wants the rows with
    "no" in it.
    """
    if asked.is_yes_or_no or not row.unit.names or len(row.unit.names) != len(row.unit.cells):
        return 0
    named = [at for at, name in enumerate(row.unit.names) if is_named(_terms(name, asked), asked)]
    if not named:
        return 0
    rows = [other.unit for other in candidates if other.unit.names == row.unit.names]
    told = 0
    for at in named:
        values = {_truth(unit.cells[at]) for unit in rows if any(unit.cells[at : at + 1])}
        own = _truth(row.unit.cells[at])
        if own is None or None in values:
            continue
        if own == is_negated(asked.text):
            return -1
        told = 1
    return told


def _truth(cell: str) -> bool | None:
    said = cell.strip().casefold()
    return True if said in _YES else False if said in _NO else None


def _terms(text: str, asked: Asked) -> frozenset[str]:
    return frozenset(content_terms(text, asked.language))
