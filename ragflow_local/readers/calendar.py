"""Calendars and address cards (.ics, .vcf): a paragraph an entry, a line a fact."""

import re
from collections.abc import Iterator

from ragflow_local.records import Block
from ragflow_local.text.encoding import decode

_FOLD = re.compile(r"\n[ \t]")
_SOFT_END = re.compile(r"=\n")
_LINE = re.compile(r"((?:[\w-]+\.)?[\w-]+)((?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)*):(.*)", re.S)
_ESCAPED = re.compile(r"\\(.)", re.S)
_TIME = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d)(?::?(\d\d))?(Z?))?")
_NAMED = re.compile(r"CN=(\"[^\"]*\"|[^;:]*)", re.I)
_ENTRIES = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VCARD"})
# What a person reads in an entry, in the order it is said.
_FACTS = {
    "SUMMARY": "Summary", "FN": "Name", "ORG": "Organisation", "TITLE": "Title", "ROLE": "Role",
    "DTSTART": "Start", "DTEND": "End", "DUE": "Due", "DURATION": "Duration", "RRULE": "Repeats",
    "LOCATION": "Region", "ORGANIZER": "Organizer", "ATTENDEE": "Attendee", "STATUS": "Status",
    "TEL": "Phone", "EMAIL": "Email", "ADR": "Address", "BDAY": "Birthday", "URL": "Address",
    "CATEGORIES": "Categories", "DESCRIPTION": "Description", "COMMENT": "Comment", "NOTE": "Note",
}  # fmt: skip
_TIMES = frozenset({"DTSTART", "DTEND", "DUE", "BDAY"})


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield a paragraph for each event, task or person; time zones and alarms are left out.

    Source: RFC 5545 (iCalendar), RFC 6350 (vCard)
    """
    yield from blocks_of(decode(data))


def blocks_of(text: str) -> Iterator[Block]:
    """Yield the entries of the text of a calendar."""
    if "QUOTED-PRINTABLE" in text.upper():
        text = _SOFT_END.sub("", text)
    facts: list[tuple[str, str]] = []
    open_parts: list[str] = []
    for line in _FOLD.sub("", text).split("\n"):
        match = _LINE.match(line)
        if match is None:
            continue
        key = match[1].rpartition(".")[2].upper()
        value = match[3].strip()
        if key == "BEGIN":
            open_parts.append(value.upper())
        elif key == "END":
            part = open_parts.pop() if open_parts else ""
            if part in _ENTRIES:
                yield from _entry(facts)
                facts = []
        elif open_parts and open_parts[-1] in _ENTRIES and key in _FACTS:
            facts.append((key, _said(key, match[2], value)))
    yield from _entry(facts)


def _entry(facts: list[tuple[str, str]]) -> Iterator[Block]:
    order = list(_FACTS)
    facts = sorted((fact for fact in facts if fact[1]), key=lambda fact: order.index(fact[0]))
    if facts:
        yield Block("paragraph", "\n".join(f"{_FACTS[key]}: {value}" for key, value in facts))


def _said(key: str, parameters: str, value: str) -> str:
    """Return a value as a person writes it."""
    if "QUOTED-PRINTABLE" in parameters.upper():
        value = re.sub(
            r"(?:=[0-9A-Fa-f]{2})+", lambda m: decode(bytes.fromhex(m[0].replace("=", ""))), value
        )
    if key in _TIMES and (time := _TIME.match(value)):
        day = f"{time[1]}-{time[2]}-{time[3]}"
        zone = re.search(r"TZID=\"?([^\";:]+)", parameters, re.I)
        where = " UTC" if time[7] else f" {zone[1]}" if zone else ""
        return f"{day} {time[4]}:{time[5]}{where}" if time[4] else day
    if key in ("ORGANIZER", "ATTENDEE"):
        address = re.sub("^mailto:", "", value, flags=re.I)
        named = _NAMED.search(parameters)
        person = named[1].strip('"') if named else ""
        return f"{person} <{address}>" if person and person != address else address
    if key in ("ADR", "ORG"):
        return ", ".join(_plain(part) for part in re.split(r"(?<!\\);", value) if part.strip())
    return _plain(value).strip()


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)
