"""Finds who says each sentence of a transcript, a chat or an interview.

A paragraph that begins with a name and a colon is said by that name to its end; "I pay for it",
quoted alone, is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ragflow_local.answer.unit import Unit

# "Ann Berg: I pay.", "[10:03] Bob: At nine.", "记者：…"; every word begins with a capital.
_SPEAKER = re.compile(
    r"^(?:[\[(]?\d{1,2}[:.]\d\d(?:[:.]\d\d)?[\])]?[\s–-]*)?"
    r"((?:[^\W\d_a-zà-ÿа-я][\w.’'-]{0,19}(?:\s+(?:(?:von|van|de|der|den|da|di|du|la|le)\s+)*"
    r"(?=[^\W\d_a-zà-ÿа-я])|(?=[:：]))){1,4}|[\u3040-\u9fff\uac00-\ud7af]{1,8})[:：]\s*(?=\S)"
)


def with_speakers(units: Sequence[Unit]) -> list[Unit]:
    """Return the units, each later sentence of a paragraph with the speaker it begins with.

    Args:
        units: Of a chunk, in their order.
    """
    made: list[Unit] = []
    speaker, place = "", (tuple[str, ...](), -1)
    for unit in units:
        if unit.paragraph_key != place or unit.kind != "sentence":
            match = _SPEAKER.match(unit.text) if unit.kind == "sentence" else None
            speaker = match[1].strip() if match else ""
            place = unit.paragraph_key
            made.append(unit)
        else:
            made.append(replace(unit, speaker=speaker) if speaker else unit)
    return made
