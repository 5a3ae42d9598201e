"""Tells commands, settings and lists of options from sentences, line by line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ragflow_local.text.sentences import sentence_spans

COMMENT = re.compile(r"\s*(?:#|//|;|--\s|%|/\*|\*/?\s|<!--|REM\b)")
SECTION = re.compile(r"\s*\[+[^\[\]=]+\]+\s*$")
SETTING = re.compile(
    r"""\s*(?:-\s+)?(?:export\s+|set\s+)?["']?([\w.$/-]+(?:[ ][\w.-]+){0,2})["']?
    \s*[:=]\s*(\S.*?),?\s*$""",
    re.VERBOSE,
)
BRACKETS = re.compile(r"[\s{}\[\](),;]+$")
# "-v, --verbose  say what is done", "init    make a project".
ENTRY = re.compile(
    r"\s*(?:-{1,2}[A-Za-z?#][^\s,=]*.*|/[A-Z?]\b.*|\S+(?: \S+){0,4}(?:\s{2,}|\t)\S.*)$"
)
_LIST_ITEM = re.compile(r"\s*-\s+\S")
_PARENT = re.compile(r"""\s*(?:-\s+)?["']?[\w.$/ -]+["']?\s*[:=]?\s*[{\[]?\s*$""")
_ASSIGNED = re.compile(r"\s*[\w.$-]+\s*=")
_SIGNS = re.compile(r"[=(){};]")
_SENTENCE = re.compile(r"[A-Z\u3400-\u9fff].*[.!?。]$")


def indent(line: str) -> int:
    """Return how many spaces a line begins with."""
    return len(line) - len(line.lstrip())


def are_entries(lines: Sequence[str]) -> bool:
    """Return whether most lines name an option or a command and say what it does.

    Args:
        lines: None of them blank; lines that are set in further go on with the one before.
    """
    least = min((indent(line) for line in lines if ENTRY.match(line)), default=0)
    upper = [line for line in lines if indent(line) <= least]
    entries = [line for line in upper if ENTRY.match(line) and not COMMENT.match(line)]
    return len(entries) > 1 and 2 * len(entries) > len(upper)


def are_settings(lines: Sequence[str]) -> bool:
    """Return whether all lines set something, or stand around such lines.

    Args:
        lines: None of them blank.
    """
    said = [line for line in lines if not COMMENT.match(line) and not BRACKETS.match(line)]
    settings = [line for line in said if SETTING.match(line)]
    others = [line for line in said if not SETTING.match(line)]
    are_around = all(
        SECTION.match(line) or _LIST_ITEM.match(line) or is_parent(line) for line in others
    )
    return bool(settings) and are_around and 2 * len(settings) >= len(others)


def is_parent(line: str) -> bool:
    """Return whether a line names what the settings below it belong to."""
    return line.rstrip().endswith((":", "{", "[")) and bool(_PARENT.match(line))


def looks_like_code(lines: Sequence[str], before: str) -> bool:
    """Return whether a paragraph of plain text is code, though nothing marks it.

    It is set in below a colon, it lists options, it sets values under a comment or a section, or it
    is a comment over lines with the signs of a program.

    Args:
        lines: Of the paragraph, none of them blank.
        before: The last line before it.
    """
    if before.rstrip().endswith((":", "：")) and all(indent(line) > 1 for line in lines):
        return not any(len(sentence_spans(line)) > 1 or _SENTENCE.match(line) for line in lines)
    others = [line for line in lines if not COMMENT.match(line)]
    has_comment = bool(COMMENT.match(lines[0]))
    if not others:
        return False
    if are_settings(lines):
        is_file = has_comment or any(SECTION.match(line) for line in lines)
        return is_file or all(_ASSIGNED.match(line) for line in others)
    if has_comment and not lines[0].lstrip().startswith("#" * 2):
        return bool(_SIGNS.search("".join(others))) and not any(map(_SENTENCE.match, others))
    return len(lines) > 1 and are_entries(lines)
