"""Formats output as text, tables or JSON; calls nothing of the engine."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TextIO

import typer

from ragflow_local.text.controls import escaped, without_controls

_MARKED = "bold yellow"  # words of the question, in a passage
_RED = "31"
_LEAST_ROOM = 34  # columns for a value beside its name: an id fits; else it stands below

# What errors advise a program to call, and what a person at a terminal types instead.
_COMMANDS = {
    "RAGFlow.list_datasets()": "ragflow-local datasets",
    "DataSet.list_docs()": "ragflow-local documents",
    "RAGFlow.retrieval()": "ragflow-local search",
    "RAGFlow.list_chats()": "ragflow-local chats",
    "Chat.list_sessions()": "ragflow-local chats sessions CHAT",
    "async_parse()": "ragflow-local parse",
    "parse(on=…)": "ragflow-local parse --ray ADDRESS (or --folder DIR)",
    "parse()": "ragflow-local parse",
    "allow_empty=True": "--allow-empty",
    "follow_links=True": "sync --follow-links",
}


def clean(text: str) -> str:
    """Return ``text`` without control characters."""
    return without_controls(text)


def say(text: str = "", *, end: str = "\n") -> None:
    """Write a result to standard output."""
    sys.stdout.write(clean(text) + end)
    sys.stdout.flush()


def tell(text: str, *, is_bad: bool = False) -> None:
    """Write a message to standard error; a bad one in red, where colours are wanted."""
    text = clean(text)
    if is_bad and has_colours(sys.stderr):
        text = f"\x1b[{_RED}m{text}\x1b[0m"
    typer.echo(text, err=True)


def for_a_terminal(message: str) -> str:
    """Return the message of an error with commands in place of the calls that a program makes."""
    for call, command in _COMMANDS.items():
        message = message.replace(call, command)
    return message


def say_json(value: Any, *, indent: int | None = 2) -> None:
    """Write one JSON document to standard output; on one line where ``indent`` is None."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    sys.stdout.write(escaped(text) + "\n")
    sys.stdout.flush()


def has_colours(stream: TextIO) -> bool:
    """Return whether to use colours: on a terminal that has them, unless they are switched off."""
    return (
        stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "") not in {"dumb", "unknown"}
    )


def width() -> int:
    """Return how many columns the terminal has; what is piped is never wrapped."""
    return max(20, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 10_000


def wrap(text: str, indent: str) -> str:
    """Return ``text`` broken at the terminal's width, each line after ``indent``."""
    lines: list[str] = []
    for line in clean(text).splitlines():
        lines += textwrap.wrap(line, width() - len(indent), break_long_words=False) or [""]
    return "\n".join(indent + line for line in lines)


def say_passage(text: str, wanted: Collection[str], indent: str, most_lines: int) -> None:
    """Write a passage, at most so many lines: those with most of the words that were asked for.

    On a terminal with colours these words stand out.
    """
    is_coloured = has_colours(sys.stdout)
    lines = _coloured(text, wanted, indent) if is_coloured else _plain(text, wanted, indent)
    first = _best_window([count for _, count in lines], most_lines)
    last = first + most_lines
    if first:
        say(f"{indent}…")
    for line, _ in lines[first:last]:
        sys.stdout.write(f"{line}\n")
    if last < len(lines):
        say(f"{indent}…")
    sys.stdout.flush()


def _plain(text: str, wanted: Collection[str], indent: str) -> list[tuple[str, int]]:
    """Return the lines of a passage, each with how many of its words are wanted."""
    from ragflow_local.text.terms import spans_of

    return [(line, len(spans_of(line, wanted))) for line in wrap(text, indent).splitlines()]


def _coloured(text: str, wanted: Collection[str], indent: str) -> list[tuple[str, int]]:
    """Return the same, with what makes these words stand out."""
    from rich.console import Console
    from rich.text import Text

    from ragflow_local.text.terms import spans_of

    text = clean(text).expandtabs()
    shown = Text(text)
    for start, end in spans_of(text, wanted):
        shown.stylize(_MARKED, start, end)
    console = Console(highlight=False)
    lines = []
    for part in shown.wrap(console, max(10, width() - len(indent))):
        part.rstrip()
        with console.capture() as captured:
            console.print(part, end="", soft_wrap=True)
        lines.append((indent + captured.get(), len(part.spans)))
    return lines


def _best_window(counts: Sequence[int], size: int) -> int:
    """Return where the ``size`` lines with the most begin; the first of equals."""
    starts = range(max(1, len(counts) - size + 1))
    return max(starts, key=lambda start: (sum(counts[start : start + size]), -start))


def say_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table: drawn for a terminal; for a pipe one row a line, cells split by tabs."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            say("\t".join(" ".join(clean(cell).split()) for cell in row))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(Text(clean(cell), overflow="fold") for cell in row))
    Console().print(table)


def say_facts(facts: Mapping[str, str]) -> None:
    """Write names and values, one in a line; tab-separated for a pipe."""
    if not sys.stdout.isatty():
        for name, value in facts.items():
            say(f"{name}\t{' '.join(clean(value).split())}")
        return
    room = max(map(len, facts)) + 2
    for name, value in facts.items():
        if width() < room + _LEAST_ROOM:
            say(name)
            say(wrap(value, "  "))
            continue
        first, *more = wrap(value, " " * room).splitlines() or [""]
        say(f"{name.ljust(room)}{first[room:]}")
        for line in more:
            say(line)


def shown_value(key: str, value: Any) -> str:
    """Format a value for people; milliseconds become local time."""
    if key.endswith("_time") and isinstance(value, int):
        from datetime import UTC, datetime

        return f"{datetime.fromtimestamp(value / 1000, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
    if isinstance(value, str):
        return value.replace("\n", "\\n")
    return str(value)


def size_of(size_bytes: int) -> str:
    """Format a size: ``512 B``, ``3.4 kB``, ``12.0 MB``."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    size, unit = size_bytes / 1000, "kB"
    for larger in ("MB", "GB"):
        if size >= 1000:
            size, unit = size / 1000, larger
    return f"{size:.1f} {unit}"


def pages_of(chunk: Mapping[str, Any]) -> list[int]:
    """Return the pages a chunk stands on, in order; none where the format has no pages."""
    places = chunk.get("position") or []
    return sorted({int(float(place[0])) for place in places if place})


def source_of(chunk: Mapping[str, Any]) -> str:
    """Return the source of a chunk: ``report.pdf, page 3`` or ``notes.md``."""
    pages = pages_of(chunk)
    name = clean(str(chunk.get("document_name", "")))
    if not pages:
        return name
    if len(pages) == 1:
        return f"{name}, page {pages[0]}"
    return f"{name}, pages {pages[0]}–{pages[-1]}"
