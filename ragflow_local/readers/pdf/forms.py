"""Check boxes of a PDF form, ticked or not, and ticks that are letters of a symbol font."""

from __future__ import annotations

from typing import Any

from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.math_fonts import Found, spans_of

TICKED, OPEN = "☑", "☐"
_MOST_BOXES = 2_000
# Letters of two fonts of signs, as far as forms and lists use them.
_DINGBATS = str.maketrans("3456789lnoqsu", "✓✔✕✖✗✘✙●■☐☐▲◆")
_WINGDINGS = str.maketrans("üûþýxo¨qnlØ§", "✓✗☑☒☒☐☐☐■●➢▪")
_FONTS = {"dingbats": _DINGBATS, "wingdings": _WINGDINGS}


def with_boxes(page: Any, words: list[Found]) -> list[Found]:
    """Return ``words`` with each check box as ☑ or ☐ in place of what is drawn in it."""
    boxes = []
    for number, widget in enumerate(page.widgets()):
        if number >= _MOST_BOXES:
            break
        if widget.field_type in (
            mupdf.PDF_WIDGET_TYPE_CHECKBOX,
            mupdf.PDF_WIDGET_TYPE_RADIOBUTTON,
        ):
            boxes.append((widget.rect, TICKED if _is_ticked(page, widget) else OPEN))
    if not boxes:
        return words
    kept = [
        word for word in words if len(word[4]) > 1 or not any(_is_in(word, b) for b, _ in boxes)
    ]
    first = 1 + max((word[5] for word in words), default=0)
    for number, (box, sign) in enumerate(boxes, start=first):
        kept.append((box.x0, box.y0, box.x1, box.y1, sign, number, 0, 0))
    return kept


def _is_ticked(page: Any, widget: Any) -> bool:
    """Return whether a box shows its tick: its appearance now is another than Off."""
    kind, state = page.parent.xref_get_key(widget.xref, "AS")
    if kind == "name":
        return str(state) != "/Off"
    return str(widget.field_value) not in ("Off", "False", "", "None", "0")


def _is_in(word: Found, box: Any) -> bool:
    x, y = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2
    return bool(box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1)


def with_ticks(content: Any, words: list[Found]) -> list[Found]:
    """Return ``words`` with letters of fonts of signs as the signs that they show."""
    signs: dict[tuple[int, int], list[tuple[Any, dict[int, int]]]] = {}
    for block, line, span in spans_of(content):
        font = span["font"].lower()
        table = next((table for name, table in _FONTS.items() if name in font), None)
        if table is not None and span["text"].isprintable():
            signs.setdefault((block, line), []).append((span["bbox"], table))
    if not signs:
        return words
    return [_shown(word, signs.get((word[5], word[6]), ())) for word in words]


def _shown(word: Found, signs: Any) -> Found:
    for box, table in signs:
        if len(word[4]) <= 2 and box[0] - 0.1 <= (word[0] + word[2]) / 2 <= box[2] + 0.1:
            return (*word[:4], word[4].translate(table), *word[5:])
    return word
