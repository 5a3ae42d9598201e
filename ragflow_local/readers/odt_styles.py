"""What styles of OpenDocument files say of a text: raised, hidden, bold; where a box lies."""

import re
from dataclasses import dataclass
from typing import Any

from ragflow_local.records import Region

_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_LENGTH = re.compile(r"(-?\d{1,6}(?:\.\d{1,9})?)(cm|mm|in|pt|px|pc)")
_POINTS = {"cm": 28.35, "mm": 2.835, "in": 72.0, "pt": 1.0, "px": 0.75, "pc": 12.0}
_MAX_CHAIN = 20  # styles based on one another; a circle ends here


@dataclass(frozen=True, slots=True)
class OdtLook:
    """How a text is set: ``super``, ``sub`` or "", not shown, bold."""

    align: str = ""
    is_hidden: bool = False
    is_bold: bool = False


class OdtStyles:
    """The styles of a document, by their names."""

    def __init__(self, roots: list[Any]) -> None:
        self._looks: dict[str, OdtLook] = {}
        self._above: dict[str, str] = {}
        for root in roots:
            for style in root.iter(f"{_STYLE}style"):
                name = style.get(f"{_STYLE}name", "")
                self._above[name] = style.get(f"{_STYLE}parent-style-name", "")
                for properties in style.iterchildren(f"{_STYLE}text-properties"):
                    self._looks[name] = _look(properties)

    def look_of(self, element: Any) -> OdtLook:
        """Return how the style of a paragraph or span sets its text."""
        name, align, is_hidden, is_bold = element.get(f"{_TEXT}style-name", ""), "", False, False
        for _ in range(_MAX_CHAIN):
            if not name:
                break
            look = self._looks.get(name, OdtLook())
            align, is_hidden, is_bold = (
                align or look.align,
                is_hidden or look.is_hidden,
                is_bold or look.is_bold,
            )
            name = self._above.get(name, "")
        return OdtLook(align, is_hidden, is_bold)

    def is_all_bold(self, paragraph: Any) -> bool:
        """Return whether all of a paragraph is set bold."""
        if self.look_of(paragraph).is_bold:
            return True
        loose = (paragraph.text or "") + "".join(child.tail or "" for child in paragraph)
        spans = list(paragraph)
        return bool(spans) and not loose.strip() and all(self.look_of(s).is_bold for s in spans)


def _look(properties: Any) -> OdtLook:
    position = properties.get(f"{_STYLE}text-position", "").split(" ")[0]
    if position.endswith("%"):  # a share of the height: negative ones lie below the line
        position = "sub" if position.startswith("-") else "" if position == "0%" else "super"
    return OdtLook(
        position if position in ("super", "sub") else "",
        properties.get(f"{_TEXT}display") == "none",
        properties.get(f"{_FO}font-weight") in ("bold", "600", "700", "800", "900"),
    )


def box_of(element: Any) -> Region | None:
    """Return where a frame lies on its slide, None where it does not say."""
    if not isinstance(element.tag, str):
        return None
    x, y, width, height = (
        _LENGTH.fullmatch(element.get(f"{_SVG}{side}", ""))
        for side in ("x", "y", "width", "height")
    )
    if x is None or y is None or width is None or height is None:
        return None
    left, top, wide, high = (float(m[1]) * _POINTS[m[2]] for m in (x, y, width, height))
    return Region(1, left, top, left + wide, top + high)
