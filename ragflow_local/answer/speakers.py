"""Finds who says each sentence of a transcript, a chat, an interview or a mail.

A paragraph that begins with a name and a colon is said by that name to its end, what follows the
head of a mail by its sender; "I pay for it", quoted alone, is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
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
    r"(?:from|von|de|da|van|od|fra|från|от|kimden|من|发件人|發件人|寄件者|差出人|보낸\s?사람)", re.I
)
# What stands beside it in the head of a mail, and in no timetable.
_MAIL = re.compile(
    r"(?:date|sent|datum|gesendet|envoyé|fecha|enviado|data|inviato|verzonden|wysłano|дата|tarih"
    r"|التاريخ|日期|日時|날짜|subject|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|тема|konu"
    r"|الموضوع|主题|主旨|件名|제목)",
    re.I,
)
_ADDRESS = re.compile(r"[<\[(][^<>\[\]()@]{0,99}@[^<>\[\]()]{0,99}[>\])]")
_CITED = ">"


def with_speakers(units: Sequence[Unit]) -> list[Unit]:
    """Return the units, those that do not name their speaker with whoever says or wrote them.

    Args:
        units: Of a chunk, in their order.
    """
    return list(_of_mails(_of_paragraphs(units)))


def _of_paragraphs(units: Sequence[Unit]) -> Iterator[Unit]:
    """Yield the units, those of a paragraph that begins with a name and a colon with the name."""
    speaker = ""
    place: tuple[tuple[str, ...], int] | None = None  # of the sentence before
    for unit in units:
        key = unit.paragraph_key if unit.kind == "sentence" else None
        goes_on = key is not None and key == place
        if not goes_on:
            match = _SPEAKER.match(unit.text) if key is not None else None
            speaker = match[1].strip() if match else ""
        place = key
        person = unit.said_by or ("" if speaker.casefold() in NO_SPEAKERS else speaker)
        named = unit.speaker or (speaker if goes_on else "")
        yield replace(unit, speaker=named, said_by=person)


def _of_mails(units: Iterable[Unit]) -> Iterator[Unit]:
    """Yield the units, those below the head of a mail with its sender.

    What it cites is of whom the line above names.
    """
    sender = cited = ""
    is_first = is_cited = False
    place = (tuple[str, ...](), -1)
    for unit in units:
        is_above = WROTE.search(unit.text) is not None
        if name := _sender(unit):
            sender, cited, is_first = name, "", True
        elif is_above:
            cited = unit.text.rstrip().rstrip(":：")
        if unit.paragraph_key != place:
            is_cited, place = unit.text.startswith(_CITED), unit.paragraph_key
        writer = cited if is_cited else sender
        if writer and unit.kind in ("sentence", "item") and not (unit.said_by or is_above):
            yield replace(unit, speaker=writer, begins_turn=is_first, said_by=writer)
            is_first = False
        else:
            yield unit


def _sender(unit: Unit) -> str:
    """Return who wrote the mail that a record is the head of."""
    names = [name.strip() for name in unit.names]
    is_mail = any(map(_MAIL.fullmatch, names))
    for name, value in zip(names, unit.cells, strict=False):
        if is_mail and _FROM.fullmatch(name):
            return _ADDRESS.sub("", value).strip() or value
    return ""
