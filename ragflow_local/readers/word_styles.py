"""What a Word paragraph's style and numbering say: depth of a heading, mark of a list item."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ragflow_local.readers.package import Package

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VAL = f"{WORD}val"
_HEADING = re.compile(
    r"(?:heading|标题|標題|überschrift|titre|título|titolo|rubrik|kop|заголовок|見出し|제목)\s*([1-9])",
    re.I,
)
_PLACEHOLDER = re.compile(r"%([1-9])")
_MAX_CHAIN = 20  # styles based on one another; a circle ends here


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph is: depth of a heading (0: none), and the mark put before a list item."""

    level: int = 0
    marker: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How a run is set, as far as that says something; None: as what it stands in."""

    align: str = ""
    is_hidden: bool | None = None
    is_bold: bool | None = None


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str
    outline: str | None
    number_id: str | None
    number_level: str | None
    look: Look


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    format: str
    text: str


@dataclass(slots=True)
class _List:
    levels: dict[int, _Level] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)


class Styles:
    """Styles and numberings of a document; numbers are counted as paragraphs are asked for."""

    def __init__(self, package: Package, main: str) -> None:
        self._styles: dict[str, _Style] = {}
        self._default = ""
        self._inherited = Look()
        for part in package.find(main, "styles"):
            for element in package.xml(part).iter(f"{WORD}style"):
                self._add_style(element)
        self._lists: dict[str, _List] = {}  # by the id of their abstract numbering
        self._abstract: dict[str, str] = {}  # numbering id -> abstract numbering id
        self._restarts: dict[str, dict[int, int]] = {}  # numbering id -> level -> first number
        for part in package.find(main, "numbering"):
            self._add_numberings(package.xml(part))

    def _add_style(self, element: Any) -> None:
        id = element.get(f"{WORD}styleId", "")
        number = element.find(f"{WORD}pPr/{WORD}numPr")
        self._styles[id] = _Style(
            name=_value(element, "name") or "",
            based_on=_value(element, "basedOn") or "",
            outline=_value(element, f"pPr/{WORD}outlineLvl"),
            number_id=None if number is None else _value(number, "numId"),
            number_level=None if number is None else _value(number, "ilvl"),
            look=_look(element.find(f"{WORD}rPr")),
        )
        is_default = element.get(f"{WORD}default") in ("1", "true")
        if is_default and element.get(f"{WORD}type") == "paragraph":
            self._default = id

    def _add_numberings(self, root: Any) -> None:
        for element in root.iter(f"{WORD}abstractNum"):
            levels = {}
            for level in element.iter(f"{WORD}lvl"):
                levels[whole(level.get(f"{WORD}ilvl"))] = _Level(
                    start=whole(_value(level, "start"), 1),
                    format=_value(level, "numFmt") or "decimal",
                    text=_value(level, "lvlText") or "",
                )
            self._lists[element.get(f"{WORD}abstractNumId", "")] = _List(levels)
        for element in root.iter(f"{WORD}num"):
            id = element.get(f"{WORD}numId", "")
            self._abstract[id] = _value(element, "abstractNumId") or ""
            self._restarts[id] = {
                whole(override.get(f"{WORD}ilvl")): whole(_value(override, "startOverride"), 1)
                for override in element.iter(f"{WORD}lvlOverride")
                if override.find(f"{WORD}startOverride") is not None
            }
        for element in root.iter(f"{WORD}abstractNum"):
            self._link(element)

    def _link(self, element: Any) -> None:
        """Give a numbering that only names a style the levels of that style's numbering."""
        style = self._styles.get(_value(element, "numStyleLink") or "")
        if style is not None and style.number_id is not None:
            linked = self._lists.get(self._abstract.get(style.number_id, ""))
            own = self._lists[element.get(f"{WORD}abstractNumId", "")]
            own.levels = linked.levels if linked and not own.levels else own.levels

    def of(self, paragraph: Any) -> Style:
        """Return what ``paragraph`` is, and count it where it is numbered."""
        properties = paragraph.find(f"{WORD}pPr")
        id = None if properties is None else _value(properties, "pStyle")
        chain = self._chain(id if id is not None else self._default)
        level = self._heading_level(properties, chain)
        number_id, number_level = self._numbering(properties, chain)
        looks = [style.look for style in chain]
        self._inherited = Look(
            is_hidden=next((look.is_hidden for look in looks if look.is_hidden is not None), None),
            is_bold=next((look.is_bold for look in looks if look.is_bold is not None), None),
        )
        return Style(level, self._count(number_id, number_level, bool(level)))

    def look_of(self, properties: Any) -> Look:
        """Return how a run with these properties is set, in the paragraph asked for last."""
        own = _look(properties)
        id = None if properties is None else _value(properties, "rStyle")
        looks = [own, *(style.look for style in self._chain(id or "")), self._inherited]
        return Look(
            next((look.align for look in looks if look.align), ""),
            next((look.is_hidden for look in looks if look.is_hidden is not None), None),
            next((look.is_bold for look in looks if look.is_bold is not None), None),
        )

    def _chain(self, id: str) -> list[_Style]:
        """Return a style and those it is based on."""
        chain: list[_Style] = []
        while id in self._styles and len(chain) < _MAX_CHAIN:
            chain.append(self._styles[id])
            id = chain[-1].based_on
        return chain

    def _heading_level(self, properties: Any, chain: list[_Style]) -> int:
        own = None if properties is None else _value(properties, "outlineLvl")
        if own is not None:
            return _outline(own)
        for style in chain:
            if match := _HEADING.match(style.name):
                return int(match.group(1))
            if style.name.lower() == "title":
                return 1
            if style.outline is not None:
                return _outline(style.outline)
        return 0

    def _numbering(self, properties: Any, chain: list[_Style]) -> tuple[str, int]:
        """Return the numbering a paragraph takes part in ("0": none) and at which level."""
        number = None if properties is None else properties.find(f"{WORD}numPr")
        id = None if number is None else _value(number, "numId")
        level = None if number is None else _value(number, "ilvl")
        for style in chain:
            id = style.number_id if id is None else id
            level = style.number_level if level is None else level
        return id or "0", whole(level)

    def _count(self, number_id: str, level: int, is_heading: bool) -> str:
        """Return the mark of the next item at ``level``."""
        numbering = self._lists.get(self._abstract.get(number_id, ""))
        if numbering is None or level not in numbering.levels:
            return ""
        restarts = self._restarts.get(number_id, {})
        if level in restarts:
            numbering.counts[level] = restarts.pop(level) - 1
        start = numbering.levels[level].start
        numbering.counts[level] = numbering.counts.get(level, start - 1) + 1
        for deeper in [other for other in numbering.counts if other > level]:
            del numbering.counts[deeper]
        shape = numbering.levels[level]
        if shape.format == "bullet" or not shape.text.strip():
            return "" if is_heading or shape.format == "none" else f"{'  ' * level}- "

        def number(match: re.Match[str]) -> str:
            at = int(match.group(1)) - 1
            part = numbering.levels.get(at, shape)
            return _FORMATS.get(part.format, str)(numbering.counts.get(at, part.start))

        mark = _PLACEHOLDER.sub(number, shape.text).strip()
        return f"{mark} " if is_heading else f"{'  ' * level}{mark} "


def _value(element: Any, path: str) -> str | None:
    """Return the ``val`` of the element at ``path``, None where it is not there."""
    child = element.find(f"{WORD}{path}")
    return None if child is None else child.get(_VAL)


def is_on(element: Any) -> bool:
    """Return whether a switch is on; one without a value is."""
    if element is None:
        return False
    return (element.get(_VAL) or "1").lower() not in ("0", "false", "off", "none")


def _look(properties: Any) -> Look:
    if properties is None:
        return Look()
    hidden, bold = properties.find(f"{WORD}vanish"), properties.find(f"{WORD}b")
    align = _value(properties, "vertAlign") or ""
    return Look(
        align if align in ("superscript", "subscript") else "",
        None if hidden is None else is_on(hidden),
        None if bold is None else is_on(bold),
    )


def whole(value: str | None, default: int = 0) -> int:
    """Return a count as a file gives it; ``default`` for none, and for what no document has."""
    return int(value) if value is not None and value.isdecimal() and len(value) < 5 else default


def _outline(value: str) -> int:
    """Return the level of outline level ``value``: "0" to "8" are headings, "9" is body text."""
    return int(value) + 1 if value in "012345678" and value else 0


def _letters(number: int) -> str:
    # Word goes on with aa, bb, cc: the letter doubled.
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if 0 < number < 800 else ""


def _roman(number: int) -> str:
    text = ""
    for value, sign in zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    ):
        text += sign * (number // value) if number < 10_000 else ""
        number %= value
    return text


def _chinese(number: int) -> str:
    """Return ``number`` as statutes number their articles: 第一百零五条."""
    if not 0 < number < 10_000:
        return str(number)
    text, gap = "", False
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            text += ("零" if gap and text else "") + "一二三四五六七八九"[digit - 1] + sign
        gap = not digit
    return text.removeprefix("一") if text.startswith("一十") else text


_FORMATS: dict[str, Callable[[int], str]] = {
    "none": lambda number: "",
    "bullet": lambda number: "",
    "decimalZero": lambda number: f"{number:02d}",
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "chineseCounting": _chinese,
    "chineseCountingThousand": _chinese,
    "japaneseCounting": _chinese,
    "taiwaneseCountingThousand": _chinese,
    "ideographTraditional": lambda number: "甲乙丙丁戊己庚辛壬癸"[(number - 1) % 10],
}
