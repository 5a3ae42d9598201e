"""Recognises what is said of a stretch of time: since 2019, 1997 to 2003, before June, now."""

from __future__ import annotations

import re

from ragflow_local.text.dates import YEAR
from ragflow_local.text.folding import with_plain_digits

_TO = r"to|until|till|bis|au|jusqu['’]en|hasta|al|até|tot|do|по|до|حتى|إلى|至|到|から|부터|تا"
_SPAN = re.compile(
    rf"({YEAR})(?:\s*[年년г]\.?)?\s*(?:[-–—~〜]|(?:{_TO}))\s*(?:\w+\s){{0,2}}?({YEAR})", re.I
)
# What is said to begin then, or to be so now, may hold later.
_LASTING = re.compile(
    r"\b(?:since|seit|depuis|desde|dal|sinds|od|sedan|siden|с(?= \d)"
    r"|current(?:ly)?|incumbent|now|today|derzeit|aktuell|heute|actuel\w*|aujourd['’]hui|actual\w*"
    r"|hoy|oggi|attual\w*|nu|momenteel|obecn\w+|нынешн\w+|сейчас|настоящее)\b"
    r"|以[来來]|年(?:\d+月)?起|から|부터|이후|منذ|[现現]在|目前|현재|حاليا",
    re.IGNORECASE,
)
_CHOSEN = re.compile(
    r"\b(?:elected|appointed|gewählt|ernannt|élue?s?|nommée?s?|elegid[oa]s?|nombrad[oa]s?|elett[oa]"
    r"|nominat[oa]|eleit[oa]|nomead[oa]|gekozen|benoemd|wybran\w+|избран\w*|назначен\w*)\b"
    r"|任期|[当當][选選]|就任|選出|선출|임기|취임|انتخب|عُ?ين",
    re.IGNORECASE,
)
# A question with one of these asks for what is beside a time, or for more than one.
_BESIDE = re.compile(
    r"\b(?:between|before|after|since|until|till|by|prior|from|vor|nach|seit|bis|zwischen|ab"
    r"|avant|après|depuis|entre|dès|antes|después|desde|hasta|tra|fra|dopo|prima|dal|depois|até"
    r"|voor|na|sinds|tot|tussen|przed|po|od|do|между|до|после|с|к)\b"
    r"|之?[前后後]|以[来來]|から|まで|以降|이후|이전|까지|부터|قبل|بعد|منذ"
    r"|\d0['’]?s\b|\d0er\b|\d0년대|年代|\d0-[хе]",
    re.IGNORECASE,
)


def asks_beside_a_time(question: str) -> bool:
    """Return whether a question is about what is before, after or between the times it names."""
    return _BESIDE.search(question) is not None


def may_hold_in(text: str, year: int, first: int, question: str) -> bool:
    """Return whether what a text says of other years may be so in a year as well.

    Args:
        text: It.
        year: Asked for.
        first: Year of the earliest time in it.
        question: What is asked; who was elected in a year is not so in another.
    """
    text = with_plain_digits(text)
    if any(int(one) <= year <= int(other) for one, other in _SPAN.findall(text)):
        return True
    is_lasting = _LASTING.search(text) or (_CHOSEN.search(text) and not _CHOSEN.search(question))
    return first <= year and bool(is_lasting)
