"""XML Spreadsheet 2003, as banks and shops export it: a heading a sheet, its rows as tables."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from ragflow_local.readers.inline import linked
from ragflow_local.readers.number_format import general
from ragflow_local.readers.package import count_of
from ragflow_local.readers.sheet import Row, blocks_of_sheet
from ragflow_local.records import Block

_SHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MIDNIGHT = re.compile(r"T00:00:00(?:\.0+)?$")
_MOST_AHEAD = 1_048_576  # rows; an index beyond is none that a sheet has


def sheets_of(root: Any) -> Iterator[Block]:
    """Yield the blocks of all sheets in order."""
    for sheet in root.iter(f"{_SHEET}Worksheet"):
        merges: list[tuple[int, ...]] = []
        rows = list(_rows(sheet, merges))
        yield from blocks_of_sheet(sheet.get(f"{_SHEET}Name", ""), rows, merges)


def _rows(sheet: Any, merges: list[tuple[int, ...]]) -> Iterator[Row]:
    number = 0
    for row in sheet.iter(f"{_SHEET}Row"):
        number = min(count_of(row.get(f"{_SHEET}Index"), number + 1), _MOST_AHEAD)
        cells: dict[int, str] = {}
        column = -1
        for cell in row.iterchildren(f"{_SHEET}Cell"):
            column = count_of(cell.get(f"{_SHEET}Index"), column + 2) - 1
            across = count_of(cell.get(f"{_SHEET}MergeAcross"), 0)
            down = count_of(cell.get(f"{_SHEET}MergeDown"), 0)
            if across or down:
                merges.append((number, number + down, column, column + across))
            if text := _text(cell):
                cells[column] = linked(text, cell.get(f"{_SHEET}HRef"))
            column += across
        if cells:
            yield number, cells


def _text(cell: Any) -> str:
    lines = []
    for data in cell.iterchildren(f"{_SHEET}Data", f"{_SHEET}Comment"):
        text = "".join(data.itertext()).strip()
        kind = data.get(f"{_SHEET}Type")
        if kind == "Number":
            with contextlib.suppress(ValueError):
                text = general(float(text))
        elif kind == "Boolean":
            text = {"1": "TRUE", "0": "FALSE"}.get(text, text)
        elif kind == "DateTime":
            text = _MIDNIGHT.sub("", text).replace("T", " ").removesuffix(".000")
        lines.append(text)
    return " ".join(line for line in lines if line)
