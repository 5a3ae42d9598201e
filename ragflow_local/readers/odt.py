"""OpenDocument texts, sheets and slides: headings, paragraphs, lists, tables, notes."""

import re
from collections.abc import Iterator
from typing import Any

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.grid import Cell, spread, table
from ragflow_local.readers.package import Package, count_of
from ragflow_local.records import Block

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_DATE = "{http://purl.org/dc/elements/1.1/}date"
_SILENT = frozenset(
    {
        f"{_TEXT}tracked-changes",
        f"{_TEXT}sequence-decls",
        f"{_OFFICE}forms",
        f"{_TABLE}shapes",
        f"{_TEXT}note-citation",
        _CREATOR,
        _DATE,
    }
)
_SPACES = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
# Stand within a line, but are blocks of their own.
_ASIDE = frozenset(
    {f"{_TEXT}note", f"{_OFFICE}annotation", f"{_DRAW}frame", f"{_DRAW}custom-shape"}
)
_MAX_REPEATS = 1000  # sheets repeat their empty rest a million times


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield the blocks of an OpenDocument file in the order of its source.

    Raises:
        DamagedFileError: The file is broken, encrypted or no OpenDocument file.
    """
    package = Package(data, name)
    if "META-INF/manifest.xml" in package:
        manifest = package.xml("META-INF/manifest.xml")
        if next(manifest.iter("{*}encryption-data"), None) is not None:
            raise DamagedFileError(name, "whole file", "it is encrypted with a password")
    body = package.xml("content.xml").find(f"{_OFFICE}body")
    if body is not None:
        yield from _content(body, 0)


def _content(parent: Any, depth: int) -> Iterator[Block]:
    """Yield the blocks within ``parent``, which lies in ``depth`` lists."""
    for element in parent:
        tag = element.tag
        if tag == f"{_TEXT}h":
            level = element.get(f"{_TEXT}outline-level", "1")
            yield from _line(element, 0, int(level) if re.fullmatch("[1-9]|10", level) else 1)
        elif tag == f"{_TEXT}p":
            yield from _line(element, depth, 0)
        elif tag == f"{_TEXT}list":
            yield from _content(element, depth + 1)
        elif tag == f"{_TABLE}table":
            yield from _table(element)
        elif tag not in _SILENT:
            yield from _content(element, depth)


def _line(element: Any, depth: int, level: int) -> Iterator[Block]:
    """Yield a heading, list item or paragraph, then what hangs on it."""
    aside: list[Any] = []
    text = _text(element, aside).strip()
    if text and level:
        yield Block("heading", " ".join(text.split()), level=level)
    elif text and depth:
        yield Block("list_item", f"{'  ' * (depth - 1)}- {text}")
    elif text:
        yield Block("paragraph", text)
    for hanging in aside:
        for words in hanging.iter(f"{_SVG}title", f"{_SVG}desc"):
            if words.text and words.text.strip():
                yield Block("figure", words.text.strip())
        yield from _content(hanging, 0)


def _text(element: Any, aside: list[Any]) -> str:
    """Return the text within a line; ``aside`` gets notes, comments and frames."""
    parts = [element.text or ""]
    for child in element:
        if child.tag in _ASIDE:
            aside.append(child)
        elif child.tag == f"{_TEXT}s":
            parts.append(" " * min(count_of(child.get(f"{_TEXT}c"), 1), _MAX_REPEATS))
        elif child.tag in _SPACES:
            parts.append(_SPACES[child.tag])
        elif child.tag not in _SILENT:
            parts.append(_text(child, aside))
        parts.append(child.tail or "")
    return "".join(parts)


def _table(element: Any) -> Iterator[Block]:
    """Yield a table; of a sheet, its name before it."""
    rows: list[list[Cell]] = []
    for row in element.iter(f"{_TABLE}table-row"):
        if next(row.iterancestors(f"{_TABLE}table"), None) is not element:
            continue
        cells = [cell for child in row for cell in _cells(child)]
        while cells and not cells[-1].text:
            cells.pop()
        rows += [cells] * (_repeats(row, "rows") if cells else 1)
    is_sheet = element.getparent().tag == f"{_OFFICE}spreadsheet"
    if is_sheet and any(rows):
        yield Block("heading", element.get(f"{_TABLE}name", ""), level=1)
    yield from table(spread(rows))


def _cells(element: Any) -> list[Cell]:
    """Return a cell as often as it is repeated; none for one that another covers."""
    if element.tag != f"{_TABLE}table-cell":
        return []
    texts = [block.text for block in _content(element, 0)]
    rows, columns = (
        count_of(element.get(f"{_TABLE}number-{side}-spanned"), 1) for side in ("rows", "columns")
    )
    return [Cell(" ".join(texts), rows, columns)] * _repeats(element, "columns")


def _repeats(element: Any, side: str) -> int:
    return min(count_of(element.get(f"{_TABLE}number-{side}-repeated"), 1), _MAX_REPEATS)
