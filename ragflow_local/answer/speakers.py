"""Finds who says each sentence of a transcript, a chat, an interview or a mail.

A paragraph that begins with a name and a colon is said by that name to its end, what follows the
head of a mail by its sender; "I pay for it", quoted alone, is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ragflow_local.answer.unit import Unit
from ragflow_local.text.turns import NO_SPEAKERS, WROTE

# "Ann Berg: I pay.", "[10:03] Bob: At nine.", "记者：…"; every word begins with a capital.
_SPEAKER = re.compile(
    r"^(?:[\[(]?\d{1,2}[:.]\d\d(?:[:.]\d\d)?[\])]?[\s–-]*)?"
    r"((?:[^\W\d_a-zà-ÿа-я][\w.’'-]{0,19}(?:\s+(?:(?:von|van|de|der|den|da|di|du|la|le)\s+)*"
    r"(?=[^\W\d_a-zà-ÿа-я])|(?=[:：]))){1,4}|[\u3040-\u9fff\uac00-\ud7af]{1,8})[:：]\s*(?=\S)"
)


_FROM = re.compile(
    r"(?:from|von|de|da|van|od|fra|från|от|кому?|kimden|من|发件人|發件人|寄件者|差出人|보낸\s?사람)",
    re.I,
)
_MAIL = re.compile(
    r"(?:to|an|à|a|para|aan|do|til|till|кому|kime|إلى|收件人|宛先|받는\s?사람|date|sent|datum|gesendet"
    r"|envoyé|fecha|enviado|data|inviato|verzonden|wysłano|дата|tarih|التاريخ|日期|日時|날짜|subject"
    r"|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|тема|konu|الموضوع|主题|主旨|件名|제목)",
    re.I,
)
_ADDRESS = re.compile(r"[<\[(][^<>\[\]()@]{0,99}@[^<>\[\]()]{0,99}[>\])]")
_CITED = ">"


def with_speakers(units: Sequence[Unit]) -> list[Unit]:
    """Return the units, those that do not name their speaker with whoever says or wrote them.

    Args:
        units: Of a chunk, in their order.
    """
    made: list[Unit] = []
    speaker, place = "", (tuple[str, ...](), -1)
    sender, quoted = "", ""
    is_first = is_cited = False
    cited_in = place
    for unit in units:
        if name := _sender(unit):
            sender, quoted, is_first = name, "", True
        elif WROTE.search(unit.text):
            quoted = unit.text.rstrip().rstrip(":：")
        if unit.paragraph_key != place or unit.kind != "sentence":
            match = _SPEAKER.match(unit.text) if unit.kind == "sentence" else None
            speaker = match[1].strip() if match else ""
            place = unit.paragraph_key
            is_named = bool(match)
            said_by = "" if speaker.casefold() in NO_SPEAKERS else speaker
            unit = replace(unit, said_by=unit.said_by or said_by)
        else:
            is_named = False
            said_by = "" if speaker.casefold() in NO_SPEAKERS else speaker
            unit = replace(unit, speaker=unit.speaker or speaker, said_by=unit.said_by or said_by)
        if unit.paragraph_key != cited_in:
            is_cited, cited_in = unit.text.startswith(_CITED), unit.paragraph_key
        writer = quoted if is_cited else sender
        if writer and unit.kind in ("sentence", "item") and not (is_named or unit.speaker):
            is_one = not WROTE.search(unit.text)
            if is_one:
                unit = replace(unit, speaker=writer, begins_turn=is_first, said_by=writer)
            is_first = False
        made.append(unit)
    return made


def _sender(unit: Unit) -> str:
    """Return who wrote the mail that a record is the head of."""
    names = [name.strip() for name in unit.names]
    is_mail = sum(_MAIL.fullmatch(name) is not None for name in names) > 0
    for name, value in zip(names, unit.cells, strict=False):
        if is_mail and _FROM.fullmatch(name):
            return _ADDRESS.sub("", value).strip() or value
    return ""
