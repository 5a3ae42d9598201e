"""Units of code: commands, settings of a file, options of a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest
from textwrap import dedent

from ragflow_local.answer.unit import Heading, Unit
from ragflow_local.text.code import (
    BRACKETS,
    COMMENT,
    SECTION,
    are_entries,
    are_settings,
    indent,
    is_entry,
    is_parent,
    setting_of,
)

_MOST_LINES, _MOST_LETTERS = 12, 600  # of a unit
_MOST_TOGETHER = 4  # settings under one comment


def code_units(text: str) -> list[Unit | Heading]:
    """Return what can be quoted of code: its entries, its settings, or its commands.

    Args:
        text: Its lines.
    """
    lines = [line.rstrip() for line in _dedented(text.expandtabs()).split("\n")]
    said = [line for line in lines if line.strip()]
    if are_entries(said):
        return list(_entries(said))
    if are_settings(said):
        return list(_settings(said))
    return [Unit("\n".join(group), "code") for group in _groups(lines)]


def _dedented(text: str) -> str:
    """Return lines without what all are set in by; a chunk does not begin with spaces."""
    first, mark, rest = text.strip("\n").partition("\n")
    rest = dedent(rest)
    is_below = first.rstrip().endswith((":", "{", "(", "[", "\\"))
    if is_below and mark:  # what it opens is set in
        return dedent(text.strip("\n"))
    return f"{first.strip()}{mark}{rest}"


def _entries(lines: Sequence[str]) -> Iterator[Unit | Heading]:
    """Yield each entry with the lines that go on with it, and what stands between entries."""
    held: list[str] = []
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        goes_on = held and indent(line) > indent(held[0]) and not _begins_entry(line, held[0])
        if held and not goes_on:
            yield _entry(held)
            held = []
        is_above = line.rstrip().endswith(":") or indent(following) > indent(line)
        if not held and not is_entry(line) and is_above:
            yield Heading(line.strip().rstrip(":"))
            continue
        held.append(line)
    if held:
        yield _entry(held)


def _begins_entry(line: str, before: str) -> bool:
    """Return whether a line that is set in below another begins an entry itself."""
    return is_entry(line) and (not is_entry(before) or line.lstrip().startswith("-"))


def _entry(lines: Sequence[str]) -> Unit:
    return Unit(" ".join(line.strip() for line in lines), "item")


def _settings(lines: Sequence[str]) -> Iterator[Unit | Heading]:
    """Yield each setting with the comment above it, and what stands above several."""
    comment: list[str] = []
    settings: list[tuple[str, str, str]] = []  # line, name and value

    def said() -> Iterator[Unit]:
        if settings:
            text = "\n".join((*comment, *(one[0] for one in settings)))
            names, cells = (tuple(one[part] for one in settings) for part in (1, 2))
            yield Unit(text, "row", names=names, cells=cells)
        elif comment:
            yield Unit("\n".join(comment), "code")
        settings.clear()

    for line in lines:
        setting = None if COMMENT.match(line) or is_parent(line) else setting_of(line)
        # A comment is on what follows it, up to the next one.
        goes_on = comment and len(settings) < _MOST_TOGETHER
        if settings and not (setting and goes_on):
            yield from said()
            comment = []
        if COMMENT.match(line):
            comment.append(line.strip())
            continue
        if BRACKETS.match(line):
            continue
        if setting is not None:
            settings.append((line.strip().rstrip(","), *setting))
            continue
        if SECTION.match(line) or is_parent(line):
            yield Heading(" ".join((*comment, line.strip(" \t{[]:="))))
        else:
            yield Unit("\n".join((*comment, line.strip())), "item")
        comment = []
    yield from said()


def _groups(lines: Sequence[str]) -> Iterator[list[str]]:
    """Yield the lines of a program that are read together.

    A comment begins a group where several do; else it is one, up to a length, and cut at blank
    lines beyond it.
    """
    starts = [at for at in range(len(lines)) if _begins_comment(lines, at)]
    if len(starts) > 1:
        bounds = sorted({0, *starts, len(lines)})
        parts = [list(lines[first:end]) for first, end in pairwise(bounds)]
    else:
        parts = [list(lines)]
    for part in parts:
        yield from _fitting(_trimmed(part))


def _begins_comment(lines: Sequence[str], at: int) -> bool:
    is_comment = COMMENT.match(lines[at]) is not None and indent(lines[at]) == 0
    return is_comment and not (at and COMMENT.match(lines[at - 1]))


def _trimmed(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    return lines


def _fitting(lines: list[str]) -> Iterator[list[str]]:
    """Yield parts of lines that are short enough to be quoted."""
    part: list[str] = []
    for line in lines:
        is_full = len(part) >= _MOST_LINES or sum(map(len, part)) + len(line) > _MOST_LETTERS
        if part and is_full:
            cut = next(
                (at for at in range(len(part) - 1, 0, -1) if not part[at].strip()), len(part)
            )
            if first := _trimmed(part[:cut]):
                yield first
            part = part[cut:]
        part.append(line)
    if rest := _trimmed(part):
        yield rest
