"""Splits text into words, numbers and codes, each with its searchable parts.

Nothing here depends on the language of the text: what stands between two spaces is taken apart by
its signs, digits and capitals alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from ragflow_local.text.scripts import SIGNS, UNSPACED

# Skin colours, the sign that joins and the one that asks for colour make no other emoji.
_EMOJI = "[\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001f3fa\U0001f400-\U0001faff]"

# Numbers whose digits are in groups: 1,234,567.8, 12,34,567, 1.234.567,8, 1'234'567, 1 234 567;
# and 3,5 as much of the world writes it.
_SPACE = "[ \u00a0\u2009\u202f]"
_NUMBER = (
    r"(?<!\d)\d{{1,3}}(?:,\d{{2,3}})*,\d{{3}}(?:\.\d+)*(?![{0}])"
    r"|(?<!\d)\d{{1,3}}(?:\.\d{{3}})+,\d{{1,2}}(?![{0}])"
    r"|(?<![\d.])\d{{1,3}}(?:\.\d{{3}}){{2,}}(?![{0}]|[.,]\d)"
    r"|(?<!\d)\d{{1,3}}(?:['’]\d{{3}})+(?:\.\d+)?(?![{0}])"
    rf"|(?<!\d)(?<![\d.,-] )\d{{{{1,3}}}}(?:{_SPACE}\d{{{{3}}}}){{{{1,4}}}}(?:[.,]\d{{{{1,2}}}})?"
    rf"(?![{{0}}]|{_SPACE}?\d|[.,'’-]\d)"
    r"|(?<![\d.,])\d+,\d{{1,2}}(?![{0}]|[.,]\d|,)"
)
_WORD = r"[{0}]+(?:[-_./:@&+'’][{0}]+)*(?:\+\+|\#)?"
_ASCII_PIECE = re.compile(
    f"(?=[0-9])(?:{_NUMBER.format('a-zA-Z0-9')})|" + _WORD.format("a-zA-Z0-9")
)
# [^\W…] cannot also hold the signs, hence two alternatives in place of one class.
_LETTER = rf"(?:[^\W_{UNSPACED}]|[{SIGNS}])"
_PIECE = re.compile(
    rf"[{UNSPACED}]+|{_EMOJI}|(?=\d)(?:"
    + _NUMBER.format(r"^\W_" + UNSPACED).replace(f"[^\\W_{UNSPACED}]", _LETTER)
    + rf")|{_LETTER}+(?:[-_./:@&+'’\u200c]{_LETTER}+)*(?:\+\+|\#)?"
)
_STARTS_UNSPACED = re.compile(f"[{UNSPACED}]")
_IS_EMOJI = re.compile(_EMOJI)
_SEPARATOR = re.compile(r"[-_/:@&+\u200c]|(?<!\d)\.|\.(?!\d)")
_CAMEL = re.compile(r"(?<=\w[a-z])(?=[A-Z][a-zA-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
# Letters beside digits: COVID19 is also COVID and 19, 5mg also 5 and mg; A4 is only A4.
_BORDER = re.compile(r"(?<=[^\W\d]{2})(?=\d)|(?<=\d)(?=[^\W\d]{2})")
_VERSION = re.compile(r"^(?:v|[^\W\d]{1,3}(?=\d+\.))(\d+(?:\.\d+)*)$", re.IGNORECASE)
_QUARTER = re.compile(
    r"^(?:(?P<before>(?:19|20)\d\d|\d\d)?(?P<part>[qh][1-4])(?P<after>(?:19|20)\d\d|\d\d)?"
    r"|(?P<turned>[1-4][qh])(?P<later>(?:19|20)\d\d|\d\d)"
    r"|(?P<kind>fy|cy)(?P<year>(?:19|20)\d\d|\d\d))$",
    re.IGNORECASE,
)
_DOTTED = re.compile(r"^(?:[^\W\d_]\.)+[^\W\d_]$")
_POSSESSIVE = re.compile("['’]s$", re.IGNORECASE)
_ELISION = re.compile(
    "^(?:[ljdmtsnc]|(?:lors|jus|puis|quoi)?qu|d?ell|nell|d?all|sull|quell|quest|un|dov|com)['’](?=.)",
    re.IGNORECASE,
)
_NOT = re.compile("n['’]t$", re.IGNORECASE)
_APOSTROPHE = re.compile("['’]")
_GROUPED = re.compile(
    r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)*|\d{1,3}(?:\.\d{3})+,\d{1,2}|\d{1,3}(?:\.\d{3}){2,}"
    rf"|\d{{1,3}}(?:['’]\d{{3}})+(?:\.\d+)?|\d{{1,3}}(?:{_SPACE}\d{{3}})+(?:[.,]\d{{1,2}})?"
)
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")
_LONG_DECIMAL = re.compile(r"^(\d{4,})\.\d+$")


def pieces_of(text: str) -> list[str]:
    """Return the words of ``text`` in its order; runs of a script without spaces as one."""
    return (_ASCII_PIECE if text.isascii() else _PIECE).findall(text)


def places_of(text: str) -> Iterator[re.Match[str]]:
    """Yield the pieces of ``text`` with their places."""
    return _PIECE.finditer(text)


def is_unspaced(term: str) -> bool:
    """Return whether a term is of a script without spaces, so that it may be part of others."""
    return _STARTS_UNSPACED.match(term) is not None


def pairs(run: str) -> Iterator[str]:
    """Yield each character, so that one alone can be asked for, and each two neighbours."""
    yield from run
    yield from map("".join, pairwise(run))


def pairs_at(run: str) -> Iterator[tuple[int, str]]:
    """Yield the same, each with where it begins."""
    yield from enumerate(run)
    yield from enumerate(map("".join, pairwise(run)))


@lru_cache(maxsize=100_000)
def parts_of(piece: str) -> tuple[str, ...]:
    """Return a word, number or code as it can be asked for: whole, and in its parts.

    A term of several parts comes before them.
    """
    if _GROUPED.fullmatch(piece):
        return tuple(_of_number(piece))
    if _DECIMAL_COMMA.fullmatch(piece):
        return (piece.replace(",", "."), *piece.split(","))
    if _IS_EMOJI.match(piece):
        return (piece,)
    piece = _ELISION.sub("", _POSSESSIVE.sub("", piece))
    if _DOTTED.match(piece):
        return (piece.replace(".", ""),)
    if _NOT.search(piece) and len(piece) > 3:
        return (_APOSTROPHE.sub("", piece), "not")
    # Q2'2023; elsewhere an apostrophe parts nothing.
    piece = re.sub(r"(?<=\w)['’](?=\d)", "_", piece)
    piece = _APOSTROPHE.sub("", piece)
    signed, piece = piece, piece.rstrip("+#")  # C++ is C as well
    word_parts: list[str] = []
    parts = [part for part in _SEPARATOR.split(piece) if part]
    separators = set(_SEPARATOR.findall(piece))
    if len(parts) > 1 and _is_one_word(piece, parts, separators):
        word_parts.append(_SEPARATOR.sub("", piece))
    for part in parts:
        word_parts.append(part)
        word_parts.extend(_smaller(part))
    if signed != piece:
        word_parts.append(signed)
    return tuple(dict.fromkeys(word_parts))


def smallest_of(piece: str) -> Iterator[str]:
    """Yield what a word or code is made of, nothing twice: of BESTBUY_2024Q2 bestbuy, 2024, q2."""
    for part in _SEPARATOR.split(_APOSTROPHE.sub("", piece)):
        if part:
            yield from tuple(_smaller(part)) or (part,)


def _smaller(part: str) -> Iterator[str]:
    """Yield what a part without signs is made of, where it is made of something."""
    if not any(map(str.isdigit, part)):
        smaller = _CAMEL.split(part)
        yield from smaller if len(smaller) > 1 else ()
    elif version := _VERSION.match(part):
        yield version[1]
    elif quarter := _QUARTER.match(part):
        yield from _of_quarter(quarter)
    elif decimal := _LONG_DECIMAL.match(part):
        yield decimal[1]
    elif len(smaller := _BORDER.split(part)) > 1:
        yield from smaller
    elif part[-1] in "sS" and part[:-1].isdecimal():
        yield part[:-1]


def _of_quarter(match: re.Match[str]) -> Iterator[str]:
    """Yield the terms of 2024Q2, Q223, 2Q23, FY23: the year in full, and q2."""
    years = [match[name] for name in ("before", "after", "later", "year") if match[name]]
    if match["turned"]:
        yield match["turned"][1] + match["turned"][0]
    elif years:
        yield match["part"] or match["kind"]
    for year in years:
        yield year if len(year) == 4 else f"20{year}"


def _of_number(piece: str) -> Iterator[str]:
    """Yield a number in groups without their signs; where it may be something else, that too."""
    sign = next(char for char in piece if not char.isdigit())
    mark = next((mark for mark in ".," if mark != sign and mark in piece), "\n")
    whole, _, fraction = piece.partition(mark)
    groups = re.findall(r"\d+", whole)
    digits = "".join(groups)
    if fraction:
        yield f"{digits}.{fraction}"
    yield digits
    if sign.isspace():
        yield from groups
    elif sign == "." and not fraction:
        yield piece


def _is_one_word(piece: str, parts: list[str], separators: set[str]) -> bool:
    """Return whether parts are also kept as a whole: codes, names in programs, e-mail as email."""
    if any(map(str.isdigit, piece)) or "_" in separators or "&" in separators:
        return True
    if "\u200c" in separators:  # Persian joins what belongs to a word without joining its letters
        return len(parts) == 2
    return separators == {"-"} and len(parts) == 2
