"""How things look: JSON, tables, sources of an answer. Nothing here asks the engine anything."""

from __future__ import annotations

import json
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

# Control characters of a document must not steer a terminal. Tab and newline may.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """Return ``text`` without control characters."""
    return _CONTROL.sub("", text)


def say(text: str = "", *, end: str = "\n") -> None:
    """Write a result to standard output."""
    sys.stdout.write(clean(text) + end)
    sys.stdout.flush()


def tell(text: str) -> None:
    """Write a message to standard error."""
    typer.echo(clean(text), err=True)


def say_json(value: Any, *, indent: int | None = 2) -> None:
    """Write one JSON document to standard output; on one line where ``indent`` is None."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=indent, default=str) + "\n")
    sys.stdout.flush()


def width() -> int:
    """Return how many columns the terminal has; what is piped is never wrapped."""
    return max(20, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 10_000


def wrap(text: str, indent: str) -> str:
    """Return ``text`` broken at the terminal's width, each line after ``indent``."""
    lines: list[str] = []
    for line in clean(text).splitlines():
        lines += textwrap.wrap(line, width() - len(indent), break_long_words=False) or [""]
    return "\n".join(indent + line for line in lines)


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


def pages_of(chunk: Mapping[str, Any]) -> list[int]:
    """Return the pages a chunk stands on, in order; none where the format has no pages."""
    places = chunk.get("position") or []
    return sorted({int(float(place[0])) for place in places if place})


def source_of(chunk: Mapping[str, Any]) -> str:
    """Return where a chunk is from: ``report.pdf, page 3`` or ``notes.md``."""
    pages = pages_of(chunk)
    name = clean(str(chunk.get("document_name", "")))
    if not pages:
        return name
    if len(pages) == 1:
        return f"{name}, page {pages[0]}"
    return f"{name}, pages {pages[0]}–{pages[-1]}"
