"""Removes or escapes control characters of terminals and of text direction."""

from __future__ import annotations

import re

# C0 but tab and newline, DEL, C1; what turns text around (U+202E shows "exe.pdf" for "fdp.exe");
# marks of byte order and of annotations, and what is no letter.
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_IN_JSON = re.compile(f"{CONTROLS.pattern}|[\ud800-\udfff]")


def without_controls(text: str) -> str:
    """Return a text without them."""
    return CONTROLS.sub("", text)


def escaped(json: str) -> str:
    r"""Return JSON in which they stand as ``\uXXXX``: the same values, and nothing is steered."""
    # Half a character, as some file names have, is no UTF-8 either.
    return _IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", json)
