"""Tells commands, settings and lists of options from sentences, line by line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ragflow_local.text.items import ITEM
from ragflow_local.text.sentences import sentence_spans

COMMENT = re.compile(r"\s*(?:#|//|;|--\s|%|/\*|\*/?\s|<!--|REM\b)")
SECTION = re.compile(r"\s*\[+[^\[\]=]+\]+\s*$")
_SETTING = re.compile(
    r"""\s*(?:-\ )?(?:export\ |set\ )?["']?([\w.$/-]+(?:[ ][\w.-]+){0,2})["']?
    [ ]{0,40}[:=]\s*(\S.*)$""",
    re.VERBOSE,
)
BRACKETS = re.compile(r"[\s{}\[\](),;]+$")
# "-v, --verbose  say what is done", "init    make a project".
_ENTRY = re.compile(r"\s*(?:-{1,2}[A-Za-z?#][^\s,=]*|/[A-Z?]\b|\S+(?: \S+){0,4}  +\S)")
_OPTION = re.compile(r"\s*(?:-{1,2}[A-Za-z?#]|/[A-Z?]\b)")
_NAMED = re.compile(r"\s*\S+(?: \S+){0,4}  +")
_LIST_ITEM = re.compile(r"\s*-\s+\S")
_PARENT = re.compile(r"""(?:- )?["']?[\w.$/ -]{1,60}["']? ?[:=]? ?[{\[]?$""")
_ASSIGNED = re.compile(r"\s*[a-z_][\w.-]* {0,40}=")
_SIGNS = re.compile(r"=|;\s*$|[{}]|\w\(", re.MULTILINE)
_COMMAND = re.compile(r"\s*[a-z$>./~-]")
_SENTENCE = re.compile(r"[A-Z\u3400-\u9fff].*[.!?。]$")
_LONGEST = 400  # letters of a line that sets or lists something


def indent(line: str) -> int:
    """Return how many spaces a line begins with."""
    return len(line) - len(line.lstrip())


def are_entries(lines: Sequence[str]) -> bool:
    """Return whether most lines name an option or a command and say what it does.

    Args:
        lines: None of them blank; lines that are set in further go on with the one before.
    """
    least = min((indent(line) for line in lines if is_entry(line)), default=0)
    upper = [line for line in lines if indent(line) <= least]
    entries = [line for line in upper if is_entry(line) and not COMMENT.match(line)]
    if len(entries) < 2 or 2 * len(entries) <= len(upper):
        return False
    if any(map(_OPTION.match, entries)):
        return True
    columns = Counter(match.end() for line in entries if (match := _NAMED.match(line)))
    return 2 * max(columns.values(), default=0) > len(entries)  # else it is justified prose


def is_entry(line: str) -> bool:
    """Return whether a line names something and says what it is, a gap between them."""
    is_other = len(line) > _LONGEST or ITEM.match(line) or not any(map(str.isalpha, line))
    return not is_other and _ENTRY.match(line) is not None


def setting_of(line: str) -> tuple[str, str] | None:
    """Return the name and the value that a line sets."""
    match = _SETTING.match(line) if len(line) <= _LONGEST else None
    return None if match is None else (match[1], match[2].strip().rstrip(","))


def are_settings(lines: Sequence[str]) -> bool:
    """Return whether all lines set something, or stand around such lines.

    Args:
        lines: None of them blank.
    """
    said = [line for line in lines if not COMMENT.match(line) and not BRACKETS.match(line)]
    settings = [line for line in said if setting_of(line)]
    others = [line for line in said if not setting_of(line)]
    are_around = all(
        SECTION.match(line) or _LIST_ITEM.match(line) or is_parent(line) for line in others
    )
    return bool(settings) and are_around and 2 * len(settings) >= len(others)


def is_parent(line: str) -> bool:
    """Return whether a line names what the settings below it belong to."""
    line = " ".join(line[:_LONGEST].split())
    return line.endswith((":", "{", "[")) and _PARENT.match(line) is not None


def has_sentences(lines: Sequence[str]) -> bool:
    """Return whether a line is a sentence, or holds several."""
    return any(
        len(sentence_spans(line)) > 1 or _SENTENCE.match(line.strip()) is not None for line in lines
    )


def looks_like_code(lines: Sequence[str], before: str) -> bool:
    """Return whether a paragraph of plain text is code, though nothing marks it.

    It is set in below a colon, it lists options, it sets values under a comment or a section, or it
    is a comment over lines with the signs of a program.

    Args:
        lines: Of the paragraph, none of them blank.
        before: The last line before it.
    """
    if before.rstrip().endswith((":", "：")) and all(indent(line) > 1 for line in lines):
        return not has_sentences(lines) and all(map(_may_be_command, lines))
    others = [line for line in lines if not COMMENT.match(line)]
    has_comment = bool(COMMENT.match(lines[0]))
    if not others:
        return False
    if are_settings(lines):
        settings = [line for line in others if setting_of(line)]
        if has_comment or any(SECTION.match(line) for line in lines):
            return any("=" in line or line[:1].islower() for line in settings)
        return all(_ASSIGNED.match(line) for line in others)
    if has_comment and not lines[0].lstrip().startswith("#" * 2):
        return bool(_SIGNS.search("\n".join(others))) and not any(map(_SENTENCE.match, others))
    return len(lines) > 1 and are_entries(lines)


def _may_be_command(line: str) -> bool:
    if not line.isascii() or ITEM.match(line):
        return False
    return _COMMAND.match(line) is not None or _SIGNS.search(line) is not None
