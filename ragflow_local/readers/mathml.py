"""MathML on one line, as formulas of Word files are written: (a+b)/(2), r^2, x_1, √x."""

from collections.abc import Callable
from typing import Any

_UNSEEN = frozenset({"annotation", "annotation-xml", "mphantom", "malignmark", "maligngroup"})
_DEEPEST = 60  # levels; what lies deeper is text without its form


def formula(element: Any, depth: int = 0) -> str:
    """Return the formula in ``element`` on one line."""
    if not isinstance(element.tag, str):
        return ""
    name = element.tag.rpartition("}")[2].rpartition(":")[2].lower()
    if depth > _DEEPEST:
        return " ".join("".join(element.itertext()).split())
    parts = [formula(child, depth + 1) for child in element if isinstance(child.tag, str)]
    if name in _SHAPES and len(parts) >= _LEAST[name]:
        return _SHAPES[name](parts)
    return _plain(element, name, [part for part in parts if part])


def _plain(element: Any, name: str, parts: list[str]) -> str:
    """Return what an element says that puts its parts one after another."""
    if name in _UNSEEN:
        return ""
    if name == "mo":
        return _operator("".join(element.itertext()).strip())
    if name == "mfenced":
        between = element.get("separators", ",")[:1] or ","
        return f"{element.get('open', '(')}{between.join(parts)}{element.get('close', ')')}"
    text = " " if name == "mspace" else " ".join((element.text or "").split())
    return text + {"mtr": ", ", "mtable": "; "}.get(name, "").join(parts)


def _operator(sign: str) -> str:
    if sign in ("\u2061", "\u2062", "\u2063", "\u2064"):  # signs that are not shown
        return ""
    return f" {sign} " if sign in _SPACED else sign


_SPACED = frozenset("=<>≤≥≠≈≡±+−-×·÷→⇒⇔∈∉⊂⊆∪∩∧∨")


def _whole(text: str) -> str:
    """Return ``text`` in parentheses unless it holds together without."""
    text = text.strip()
    is_closed = text.startswith("(") and text.endswith(")") and "(" not in text[1:]
    return text if text.isalnum() or is_closed else f"({text})"


def _bounds(parts: list[str]) -> str:
    return f"{parts[0]}_{_whole(parts[1])}^{_whole(parts[2])} "


_SHAPES: dict[str, Callable[[list[str]], str]] = {
    "mfrac": lambda parts: f"{_whole(parts[0])}/{_whole(parts[1])}",
    "msup": lambda parts: f"{_based(parts[0])}^{_whole(parts[1])}",
    "msub": lambda parts: f"{_based(parts[0])}_{_whole(parts[1])}",
    "msubsup": lambda parts: f"{_based(parts[0])}_{_whole(parts[1])}^{_whole(parts[2])}",
    "munder": lambda parts: f"{parts[0]}_{_whole(parts[1])} ",
    "mover": lambda parts: (
        f"{parts[0]}{parts[1]}" if len(parts[1]) == 1 else f"{parts[0]}^{_whole(parts[1])} "
    ),
    "munderover": _bounds,
    "msqrt": lambda parts: "√" + _whole("".join(parts)),
    "mroot": lambda parts: f"{_whole(parts[1])}√{_whole(parts[0])}",
}
_LEAST = {
    "mfrac": 2,
    "msup": 2,
    "msub": 2,
    "msubsup": 3,
    "munder": 2,
    "mover": 2,
    "munderover": 3,
    "msqrt": 1,
    "mroot": 2,
}


def _based(text: str) -> str:
    """Return the base of a power: one of several signs is put in parentheses."""
    text = text.strip()
    return text if len(text) <= 1 or text.isalnum() or text.endswith(")") else f"({text})"
