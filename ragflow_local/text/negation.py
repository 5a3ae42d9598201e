"""Tells whether a text of any language is negated."""

from __future__ import annotations

import re

_NEGATED = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|\w+n['’]t|nicht|kein\w*|nie|niemals|ohne"
    r"|ne|n|pas|jamais|sans|nunca|sin|non|mai|senza|não|nao|sem|niet|geen|nooit|zonder|nie|bez"
    r"|не|нет|никогда|без|لا|لم|لن|ليس|غير|بدون)\b"
    r"|[不没沒未无無非](?!同|仅|僅|过|過|久|断|斷|少|论|論|常|洲)|ない|ません|않|못하",
    re.IGNORECASE,
)


def is_negated(text: str) -> bool:
    """Return whether a text says that something is not so."""
    return _NEGATED.search(text) is not None
