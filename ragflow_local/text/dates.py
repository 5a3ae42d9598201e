"""Extracts the dates of a text, in digits or words; numbers are read by ``figures.py``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ragflow_local.text.figure_words import FIGURE_WORDS
from ragflow_local.text.folding import with_plain_digits
from ragflow_local.text.measures import is_measured

# Words beside those of ``figure_words.py``.
_SHORT_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9,
    "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12,
}  # fmt: skip
# Words that are also something else ("may", "mar") are months beside a number only.
_UNSURE = {"may", "mar", "mai", "maja", "maj", "mei", "mars", "marca", "mart", "ocak", "luty"}
_FRENCH = {"mars", "mai"}
_TIES = {"de", "of", "di"}
_BEFORE_MONTHS = {"in", "of", "since", "until", "till", "from", "last", "next", "im", "seit"}


def _months() -> dict[str, int]:
    entries = (entry.split() for said in FIGURE_WORDS.values() for entry in said.split(";"))
    named = {word: int(value[1:]) for value, *words in entries if value[0] == "m" for word in words}
    return named | _SHORT_MONTHS


_MONTH = _months()
_QUARTERS_SAID = """
    first second third fourth|erstes zweites drittes viertes|ersten zweiten dritten vierten
    premier deuxième troisième quatrième|primer segundo tercer cuarto
    primo secondo terzo quarto|primeiro segundo terceiro quarto|eerste tweede derde vierde
    pierwszy drugi trzeci czwarty|первый второй третий четвертый
    первом втором третьем четвертом|первого второго третьего четвертого
    الأول الثاني الثالث الرابع|一 二 三 四"""
_QUARTERS = {
    word: number
    for said in re.split(r"[|\n]", _QUARTERS_SAID)
    for number, word in enumerate(said.split(), 1)
}
YEAR = r"(?:1[5-9]|20|21)\d\d"
_ISO = re.compile(rf"(?<!\d)({YEAR})[-_./](0?[1-9]|1[0-2])(?:[-_./](0?[1-9]|[12]\d|3[01]))?(?!\d)")
_DOTTED = re.compile(rf"(?<!\d)(0?[1-9]|[12]\d|3[01])[./](0?[1-9]|1[0-2])[./]({YEAR})(?!\d)")
_HAN_DATE = re.compile(
    r"(?:(\d{4})\s*[年년]\s*)?(1[0-2]|0?[1-9])\s*[月월](?:\s*(\d{1,2})\s*[日号號일])?"
)
_YEAR = re.compile(rf"(?<![\d.,]){YEAR}(?![\d]|[.,]\d)")
_PLACE = "|".join(sorted(_QUARTERS, key=len, reverse=True))
_QUARTER = re.compile(
    r"(?<![a-z])q([1-4])(?!\d)|\bt([1-4])(?=[\s/-]*(?:19|20)\d\d)"
    rf"|\b({_PLACE})\s+(?:(?:fiscal\s+)?quarter|quartals?|trimest(?:re|er)|kwartaal|kwartale?|квартал[еа]?)\b|الربع\s+({_PLACE})|第([一二三四1-4])(?:个?季度|四半期)"
    r"|([1-4])(?:\.\s*quartal|er trimestre|e trimestre|º trimestre|-[йм]\w* квартал|분기|四半期)"
    r"|(?:quartal|trimestre|kwartaal):?\st?([1-4])\b",
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
def times_of(text: str) -> tuple[Time, ...]:
    """Return the years, months, days and quarters a text names, in no order."""
    text = with_plain_digits(text)
    times = [Time(*_whole(match.groups())) for match in _ISO.finditer(text)]
    times += [Time(*_whole(match.groups()[::-1])) for match in _DOTTED.finditer(text)]
    times += [Time(*_whole(match.groups())) for match in _HAN_DATE.finditer(text)]
    bare = _HAN_DATE.sub(" ", _DOTTED.sub(" ", _ISO.sub(" ", text)))
    return tuple(dict.fromkeys([*times, *_spelled_times(bare)]))


def _whole(parts: tuple[str | None, ...]) -> list[int | None]:
    return [int(part) if part else None for part in parts]


def _spelled_times(text: str) -> list[Time]:
    times = _months_in(re.findall(r"[^\W\d_]+|\d+", text))
    years: list[int | None] = [
        int(match[0]) for match in _YEAR.finditer(text) if not is_measured(text, *match.span())
    ]
    quarters = [
        int(group) if group.isdigit() else _QUARTERS[group.lower().replace("ё", "е")]
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
        if before.casefold() in _TIES and index > 1 and tokens[index - 2].isdigit():
            before = tokens[index - 2]  # 17 de junio
        after = (*tokens[index + 1 : index + 3], "", "")
        year = next((word for word in (before, after[0], after[1]) if _YEAR.fullmatch(word)), None)
        day = next(
            (word for word in (before, after[0]) if word.isdigit() and 0 < int(word) < 32), None
        )
        is_sure = year or day or (before.casefold() in _BEFORE_MONTHS and token[0].isupper())
        is_sure = is_sure or (before.casefold() == "en" and token.casefold() in _FRENCH)
        if token.casefold() in _UNSURE and not is_sure:
            continue
        times.append(Time(int(year) if year else None, month, int(day) if day else None))
    return times
