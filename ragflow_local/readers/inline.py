"""What stands within a line in every format: addresses of links, raised and lowered signs."""

import re

_ADDRESS = re.compile(r"(?:https?|ftp|ftps)://\S+|mailto:\S+", re.I)
_LONGEST_ADDRESS = 500  # characters; longer ones carry data, and nobody would read them
_RAISED = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_IS_RAISED = re.compile(r"[0-9+\-−=()ni]*[0-9][0-9+\-−=()ni]*|[+\-−]|[ni]")
_IS_LOWERED = re.compile(r"[0-9+\-−=()]+")
_NOTE_MARK = re.compile(r"[*†‡§¶#,;\s]+")
_LAST_WORD = re.compile(r"[^\W_]*\Z")
# 1/2 set as a raised and a lowered figure around a stroke.
_FRACTION = re.compile(r"(\d?)(?:\^(\d+)|([⁰¹²³⁴-⁹]+))\s?[/⁄∕]\s?([₀-₉]+)")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")


def linked(text: str, address: str | None) -> str:
    """Return the text of a link with its address beside it, unless the text says it.

    Args:
        text: What a reader of the document sees.
        address: Where it leads; only what leads out of the document is worth keeping.
    """
    address = (address or "").strip()
    if not _ADDRESS.fullmatch(address) or len(address) > _LONGEST_ADDRESS:
        return text
    address = re.sub("^mailto:", "", address, flags=re.I).partition("?subject=")[0]
    compact = "".join(text.split())
    bare = address.split("://")[-1].rstrip("/")
    if not compact or not bare or bare in compact or bare.removeprefix("www.") in compact:
        return text
    end = len(text.rstrip())
    return f"{text[:end]} ({address}){text[end:]}"


def raised(before: str, text: str) -> str:
    """Return a raised text as it is written on one line: 10^6, m², note¹, but 1st as 1st.

    Behind a figure a raised figure is a power, and its sign is no letter that search would take
    for a digit of the number.

    Args:
        before: What stands before it on the line.
        text: What is raised.
    """
    inner = text.strip()
    if not inner:
        return text
    last = _LAST_WORD.search(before.rstrip() if text[:1].isspace() else before)
    word = last[0] if last else ""
    tail = text[len(text.rstrip()) :]
    is_whole = inner.isalnum() or (inner.startswith("(") and inner.endswith(")"))
    is_power = any(map(str.isdigit, inner)) or inner in ("+", "-", "−", "n", "i")
    if word[-1:].isdigit() and is_power:
        return f"^{inner}{tail}" if is_whole or len(inner) == 1 else f"^({inner}){tail}"
    if _IS_RAISED.fullmatch(inner):
        return inner.translate(_RAISED) + tail
    if len(word) == 1 and word.isalpha() and len(inner) == 1 and inner.isalpha():
        return f"^{text}"
    # Words and marks of notes stay: 1st, Mme, TM, (d), *.
    is_plain = is_whole or not word or _NOTE_MARK.fullmatch(inner)
    return text if is_plain else f"^({inner}){tail}"


def lowered(before: str, text: str) -> str:
    """Return a lowered text as it is written on one line: x₂, CO₂, T_max.

    Args:
        before: What stands before it on the line.
        text: What is lowered.
    """
    inner = text.strip()
    if _IS_LOWERED.fullmatch(inner):
        return inner.translate(_LOWERED) + text[len(text.rstrip()) :]
    last = _LAST_WORD.search(before)
    word = last[0] if last else ""
    if inner.isalnum() and 0 < len(word) <= 2:
        return f"_{inner}{text[len(text.rstrip()) :]}"
    return text


def with_fractions(line: str) -> str:
    """Return a line whose set fractions (a raised over a lowered figure) read as 1/2."""

    def plain(match: re.Match[str]) -> str:
        above = match[2] or match[3].translate(_PLAIN)
        gap = " " if match[1] else ""
        return f"{match[1]}{gap}{above}/{match[4].translate(_PLAIN)}"

    return _FRACTION.sub(plain, line)
