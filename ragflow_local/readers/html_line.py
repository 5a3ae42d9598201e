"""What stands within a line of a page: links, raised signs, formulas, pictures, fields."""

import re
from collections.abc import Callable
from typing import Any

from ragflow_local.readers.inline import linked, lowered, raised, with_fractions
from ragflow_local.readers.mathml import formula

SPACES = re.compile(r"[ \t\n\r\f]+")
# Reading aids above a text are no part of it.
_AIDS = frozenset({"rt", "rp", "rtc"})
_MARKED = frozenset({"a", "sup", "sub"})
# As the programs that colour code name it: "language-python", "highlight", "sourceCode".
_CODE_CLASS = re.compile(r"\b(?:code|highlight|language-\w|source-?code|literal-block)", re.I)


class Line:
    """A line being gathered, and the marks that are open in it."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._open: list[tuple[Any, int]] = []  # elements, and where in the parts they begin
        self._said: set[Any] = set()  # links whose address stands in an earlier block
        self.has_text = False  # besides the alternative texts of pictures

    @property
    def is_empty(self) -> bool:
        """Whether nothing was gathered."""
        return not self._parts

    def start(self, element: Any, tag: str) -> bool:
        """Take in what an element itself says; return whether its inside is still to be read."""
        if tag in _AIDS:
            return False
        if tag == "math":
            self.add(f" {formula(element)} ")
            return False
        if tag == "br":
            self._parts.append("\n")
        elif tag == "img":
            self._picture(element)
        elif tag == "input":
            self._input(element)
        elif tag in _MARKED:
            self._open.append((element, len(self._parts)))
        return True

    def end(self, element: Any) -> None:
        """Close an element; a link gets its address, a raised text its sign."""
        if self._open and self._open[-1][0] is element:
            _, at = self._open.pop()
            self._close(element, at)

    def add(self, text: str | None, is_preformatted: bool = False) -> None:
        """Gather ``text``; white space counts only where it is preformatted."""
        if not text:
            return
        if not is_preformatted:
            text = SPACES.sub(" ", text)
        self._parts.append(text)
        self.has_text = self.has_text or bool(text.strip())

    def put(self, text: str) -> None:
        """Gather ``text`` as it stands."""
        self._parts.append(text)

    def take(self) -> str:
        """Return the line, and begin the next one within the same marks."""
        for element, at in reversed(self._open):
            self._close(element, at)
        self._open = [(element, 0) for element, _ in self._open]
        text = "".join(self._parts)
        self._parts.clear()
        self.has_text = False
        return with_fractions(text)

    def _close(self, element: Any, at: int) -> None:
        text = "".join(self._parts[at:])
        if not text.strip():
            return
        before = "".join(self._parts[:at][-20:])
        if element.tag == "a":
            if element in self._said:
                return
            self._said.add(element)
            shown = linked(text, element.get("href"))
        else:
            way: Callable[[str, str], str] = raised if element.tag == "sup" else lowered
            shown = way(before, text)
        self._parts[at:] = [shown]

    def _picture(self, element: Any) -> None:
        if text := (element.get("alt") or "").strip():
            self._parts.append(f" {SPACES.sub(' ', text)} ")

    def _input(self, element: Any) -> None:
        kind = element.get("type")
        if kind in ("submit", "button", "reset", "text", None):
            self.add(element.get("value") or element.get("placeholder"))
        elif kind in ("checkbox", "radio"):
            self.put("☒ " if element.get("checked") is not None else "☐ ")


def is_code(preformatted: Any) -> bool:
    """Return whether preformatted text is marked as code, by what is in it or by its class."""
    parent = preformatted.getparent()
    around = (preformatted,) if parent is None else (preformatted, parent)
    classes = " ".join(element.get("class") or "" for element in around)
    inside = any(preformatted.find(f".//{tag}") is not None for tag in ("code", "samp"))
    return inside or _CODE_CLASS.search(classes) is not None
