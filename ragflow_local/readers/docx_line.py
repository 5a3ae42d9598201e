"""A Word paragraph's own line: runs, links, fields, raised signs; what hangs on it put aside."""

import re
from collections.abc import Mapping
from typing import Any

from ragflow_local.readers.drawing import MATH, formula
from ragflow_local.readers.inline import linked, lowered, raised, with_fractions
from ragflow_local.readers.package import REL, Relation
from ragflow_local.readers.symbols import in_font, is_symbol_font, sign_of
from ragflow_local.readers.word_styles import WORD, Styles, is_on, whole

COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# Text that is no more (deleted, moved away), or never was (codes of fields, properties).
SILENT = frozenset(
    f"{WORD}{tag}" for tag in ("del", "moveFrom", "delText", "rPr", "pPr", "sdtPr", "sdtEndPr")
)
_CHARACTERS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes"}
_LINK = re.compile(r'\s*HYPERLINK\s+(?:\\[a-z]\s+)*"([^"]*)"', re.I)


class DocxLine:
    """The text of one paragraph, gathered run by run."""

    def __init__(self, styles: Styles, relations: Mapping[str, Relation]) -> None:
        self._styles = styles
        self._relations = relations
        self._parts: list[str] = []
        self._align = ""  # of the runs gathered last: superscript, subscript or ""
        self._raised: list[str] = []
        self._fields: list[tuple[list[str], int]] = []  # open ones: code, where its result begins
        self._bold = self._plain = 0  # letters
        self.aside: list[Any] = []  # text boxes and drawings
        self.called: list[tuple[str, str]] = []  # notes and comments

    @property
    def is_bold(self) -> bool:
        """Whether all letters are set bold."""
        return self._bold > 0 and self._plain == 0

    def text(self, paragraph: Any) -> str:
        """Return the line."""
        self._walk(paragraph)
        self._settle()
        return with_fractions("".join(self._parts))

    def _walk(self, element: Any) -> None:
        for child in element:
            tag = child.tag
            if not isinstance(tag, str) or tag in SILENT:
                continue
            name = tag.rpartition("}")[2]
            if tag == f"{WORD}r":
                self._run(child)
            elif tag == f"{WORD}hyperlink":
                self._linked(child, self._address(child))
            elif tag == f"{WORD}fldSimple":
                link = _LINK.match(child.get(f"{WORD}instr", ""))
                self._linked(child, link[1] if link else "")
            elif tag in (f"{MATH}oMath", f"{MATH}oMathPara"):
                self._formula(child)
            elif name in ("drawing", "pict", "object", "AlternateContent"):
                self._put_aside(child)
            else:
                self._walk(child)

    def _run(self, run: Any) -> None:
        properties = run.find(f"{WORD}rPr")
        look = self._styles.look_of(properties)
        if look.is_hidden:
            return
        fonts = None if properties is None else properties.find(f"{WORD}rFonts")
        font = "" if fonts is None else fonts.get(f"{WORD}ascii", "")
        for child in run:
            tag = child.tag
            name = tag.rpartition("}")[2] if isinstance(tag, str) else ""
            if tag == f"{WORD}t":
                self._add(in_font(child.text or "", font), look.align)
                letters = len((child.text or "").strip())
                self._bold += letters if look.is_bold else 0
                self._plain += 0 if look.is_bold else letters
            elif name in _CHARACTERS and tag.startswith(WORD):
                self._add(_CHARACTERS[name], "")
            elif name in ("fldChar", "instrText"):
                self._field(child, name)
            elif name == "sym":
                self._add(_symbol(child), "")
            elif name in _NOTES or name == "commentReference":
                self._note(child, name)
            elif name in ("drawing", "pict", "object", "AlternateContent"):
                self._put_aside(child)
            elif isinstance(tag, str) and tag not in SILENT:
                self._walk_inner(child)

    def _walk_inner(self, element: Any) -> None:
        """Gather what is within an element of a run: reading aids' base, runs in runs."""
        if element.tag == f"{WORD}ruby":
            for base in element.iterchildren(f"{WORD}rubyBase"):
                self._walk(base)
        else:
            self._walk(element)

    def _add(self, text: str, align: str) -> None:
        """Gather text; runs that are raised one after another are one power."""
        if not text:
            return
        if align != self._align:
            self._settle()
            self._align = align
        (self._raised if align else self._parts).append(text)

    def _settle(self) -> None:
        """Write what was raised or lowered as it reads on one line."""
        if self._raised:
            way = raised if self._align == "superscript" else lowered
            self._parts.append(way("".join(self._parts[-8:]), "".join(self._raised)))
            self._raised.clear()
        self._align = ""

    def _linked(self, element: Any, address: str) -> None:
        self._settle()
        at = len(self._parts)
        self._walk(element)
        self._settle()
        self._parts[at:] = [linked("".join(self._parts[at:]), address)]

    def _address(self, element: Any) -> str:
        relation = self._relations.get(element.get(f"{REL}id", ""))
        if relation is None or not relation.is_outside:
            return ""
        anchor = element.get(f"{WORD}anchor", "")
        return f"{relation.target}#{anchor}" if anchor else relation.target

    def _field(self, element: Any, name: str) -> None:
        """Follow a field: its code, the result after it, and what a form's field holds."""
        if name == "instrText":
            if self._fields:
                self._fields[-1][0].append(element.text or "")
            return
        kind = element.get(f"{WORD}fldCharType")
        self._settle()
        if kind == "begin":
            self._parts.append(_choice_of(element))
            self._fields.append(([], len(self._parts)))
        elif self._fields and kind == "separate":
            self._fields[-1] = (self._fields[-1][0], len(self._parts))
        elif self._fields and kind == "end":
            code, at = self._fields.pop()
            if link := _LINK.match("".join(code)):
                self._parts[at:] = [linked("".join(self._parts[at:]), link[1])]

    def _formula(self, element: Any) -> None:
        self._settle()
        # Two formulas in a row are two, however close they stand.
        before = element.getprevious()
        is_second = before is not None and before.tag == element.tag
        self._parts.append(f"{' ' if is_second else ''}{formula(element)}")

    def _put_aside(self, element: Any) -> None:
        """Keep a drawing for after the paragraph; a mere run in two versions is text."""
        if element.tag == f"{COMPATIBLE}AlternateContent":
            self._walk(choice(element))
        else:
            self.aside.append(element)

    def _note(self, element: Any, name: str) -> None:
        """Gather the mark of a note, and remember the note."""
        id = element.get(f"{WORD}id", "")
        if name == "commentReference":
            self.called.append(("comments", id))
            return
        self.called.append((_NOTES[name], id))
        self._settle()
        self._parts.append(f"[{id}]")


def choice(element: Any) -> Any:
    """Return the first of an element's versions, which newer programs show."""
    versions = [*element.iterchildren(f"{COMPATIBLE}Choice", f"{COMPATIBLE}Fallback")]
    return versions[0] if versions else ()


def _symbol(element: Any) -> str:
    """Return a sign that is given by its code."""
    code = element.get(f"{WORD}char", "")
    if not re.fullmatch("[0-9A-Fa-f]{4}", code):
        return ""
    number, font = int(code, 16), element.get(f"{WORD}font", "")
    if is_symbol_font(font):
        return sign_of(font, number)
    # Other fonts map their signs to U+F000 and up: bullets mostly, no text.
    return chr(number) if 0x1F < number < 0xD800 or 0xF900 <= number < 0xFFFE else ""


def _choice_of(field: Any) -> str:
    """Return what a form's field holds: the entry chosen, or a box with or without its mark."""
    if (box := field.find(f"{WORD}ffData/{WORD}checkBox")) is not None:
        state = box.find(f"{WORD}checked")
        return "☒ " if is_on(box.find(f"{WORD}default") if state is None else state) else "☐ "
    if (drop := field.find(f"{WORD}ffData/{WORD}ddList")) is None:
        return ""
    entries = [e.get(f"{WORD}val", "") for e in drop.iterchildren(f"{WORD}listEntry")]
    chosen = next(drop.iterchildren(f"{WORD}result"), None)
    chosen = next(drop.iterchildren(f"{WORD}default"), None) if chosen is None else chosen
    number = 0 if chosen is None else whole(chosen.get(f"{WORD}val"))
    return entries[number] if number < len(entries) else ""
