"""Units of code: commands, settings of a file, options of a program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from textwrap import dedent

from ragflow_local.answer.unit import Heading, Unit

_MOST_LINES, _MOST_LETTERS = 12, 600  # of a unit
_COMMENT = re.compile(r"\s*(?:#|//|;|--\s|%|/\*|\*/?\s|<!--|'\s|REM\b)")
_SECTION = re.compile(r"\s*\[+[^\[\]=]+\]+\s*$")
_PARENT = re.compile(r"""\s*(?:-\s+)?["']?[\w.$/ -]+["']?\s*[:=]?\s*[{\[]?\s*$""")
_SETTING = re.compile(
    r"""\s*(?:-\s+)?(?:export\s+|set\s+)?["']?([\w.$/-]+(?:[ ][\w.-]+){0,2})["']?
    \s*[:=]\s*(\S.*?),?\s*$""",
    re.VERBOSE,
)
_BRACKETS = re.compile(r"[\s{}\[\](),;]+$")
_LIST_ITEM = re.compile(r"\s*-\s+\S")
# "-v, --verbose  say what is done", "init    make a project".
_ENTRY = re.compile(
    r"\s*(?:-{1,2}[A-Za-z?#][^\s,=]*.*|/[A-Z?]\b.*|\S+(?: \S+){0,4}(?:\s{2,}|\t)\S.*)$"
)


def code_units(text: str) -> list[Unit | Heading]:
    """Return what can be quoted of code: its entries, its settings, or its commands.

    Args:
        text: Its lines.
    """
    lines = [line.rstrip() for line in dedent(text.expandtabs()).strip("\n").split("\n")]
    said = [line for line in lines if line.strip()]
    if _are_entries(said):
        return list(_entries(said))
    if _are_settings(said):
        return list(_settings(said))
    return [Unit("\n".join(group), "code") for group in _groups(lines)]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _are_entries(lines: Sequence[str]) -> bool:
    """Return whether most lines name an option or a command and say what it does."""
    least = min((_indent(line) for line in lines if _ENTRY.match(line)), default=0)
    upper = [line for line in lines if _indent(line) <= least]
    entries = [line for line in upper if _ENTRY.match(line) and not _COMMENT.match(line)]
    return len(entries) > 1 and 2 * len(entries) > len(upper)


def _entries(lines: Sequence[str]) -> Iterator[Unit | Heading]:
    """Yield each entry with the lines that go on with it, and what stands between entries."""
    held: list[str] = []
    for line in lines:
        goes_on = held and _indent(line) > _indent(held[0]) and not _begins_entry(line, held[0])
        if held and not goes_on:
            yield _entry(held)
            held = []
        if not held and not _ENTRY.match(line) and line.rstrip().endswith(":"):
            yield Heading(line.strip())
            continue
        held.append(line)
    if held:
        yield _entry(held)


def _begins_entry(line: str, before: str) -> bool:
    """Return whether a line that is set in below another begins an entry itself."""
    return bool(_ENTRY.match(line)) and (not _ENTRY.match(before) or line.lstrip().startswith("-"))


def _entry(lines: Sequence[str]) -> Unit:
    return Unit(" ".join(line.strip() for line in lines), "item")


def _are_settings(lines: Sequence[str]) -> bool:
    """Return whether all lines set something, or stand around such lines."""
    said = [line for line in lines if not _COMMENT.match(line) and not _BRACKETS.match(line)]
    set_ = [line for line in said if _SETTING.match(line)]
    others = [line for line in said if not _SETTING.match(line)]
    around = all(
        _SECTION.match(line) or _LIST_ITEM.match(line) or _is_parent(line) for line in others
    )
    return bool(set_) and around and 2 * len(set_) >= len(others)


def _is_parent(line: str) -> bool:
    return line.rstrip().endswith((":", "{", "[")) and bool(_PARENT.match(line))


def _settings(lines: Sequence[str]) -> Iterator[Unit | Heading]:
    """Yield each setting with the comment above it, and what stands above several."""
    comment: list[str] = []
    for line in lines:
        setting = _SETTING.match(line)
        if _COMMENT.match(line):
            comment.append(line.strip())
            continue
        if _BRACKETS.match(line):
            continue
        if setting is not None and not _is_parent(line):
            text = "\n".join((*comment, line.strip().rstrip(",")))
            yield Unit(text, "row", names=(setting[1],), cells=(setting[2],))
        elif _SECTION.match(line) or _is_parent(line):
            yield Heading(" ".join((*comment, line.strip(" \t{[]:="))))
        else:
            yield Unit("\n".join((*comment, line.strip())), "item")
        comment = []
    if comment:
        yield Unit("\n".join(comment), "code")


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
    is_comment = _COMMENT.match(lines[at]) is not None and _indent(lines[at]) == 0
    return is_comment and not (at and _COMMENT.match(lines[at - 1]))


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
