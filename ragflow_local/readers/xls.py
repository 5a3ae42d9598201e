"""Excel files before 2007: a heading for each sheet, its rows as tables."""

import struct
from collections.abc import Iterator
from typing import Any

import xlrd

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.error_text import error_text
from ragflow_local.readers.number_format import general, show
from ragflow_local.readers.sheet import Row, blocks_of_sheet
from ragflow_local.records import Block
from ragflow_local.text.encoding import tidy

# What xlrd raises on files that end early or lie about their lengths.
_TORN = (
    xlrd.XLRDError,
    xlrd.compdoc.CompDocError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    ArithmeticError,
    TypeError,
    UnicodeDecodeError,
    ValueError,
    struct.error,
)


class _Silence:
    """Where the library prints what it thinks of a file."""

    def write(self, text: str) -> int:
        """Drop ``text``."""
        return len(text)

    def flush(self) -> None:
        """Do nothing."""


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield a heading and tables for each sheet in order, hidden ones too.

    Raises:
        DamagedFileError: The file is broken, encrypted or no Excel file.
    """
    try:
        book = _open(data)
        sheets = [
            (
                sheet.name,
                list(_rows(book, sheet)),
                [(a + 1, b, c, d - 1) for a, b, c, d in sheet.merged_cells],
            )
            for sheet in book.sheets()
        ]
    except _TORN as error:
        is_locked = "encrypted" in str(error).lower()
        problem = f"it is damaged: {error_text(error)}"
        if is_locked:
            problem = "it is encrypted with a password"
        raise DamagedFileError(name, "whole file", problem) from error
    for title, rows, merges in sheets:
        yield from blocks_of_sheet(tidy(title), rows, merges)


def _open(data: bytes) -> Any:
    try:
        return xlrd.open_workbook(
            file_contents=data, formatting_info=True, logfile=_Silence(), ragged_rows=True
        )
    except NotImplementedError:  # files of Excel 5 and older have no formats to ask for
        return xlrd.open_workbook(file_contents=data, logfile=_Silence(), ragged_rows=True)


def _rows(book: Any, sheet: Any) -> Iterator[Row]:
    for number in range(sheet.nrows):
        cells = {
            column: text
            for column, cell in enumerate(sheet.row(number))
            if (text := tidy(_text(book, cell)).strip())
        }
        if cells:
            yield number + 1, cells


def _text(book: Any, cell: Any) -> str:
    """Return what a cell shows."""
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return str(cell.value)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
    if cell.ctype not in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return ""
    shape = "General"
    if cell.xf_index is not None and book.xf_list:
        key = book.xf_list[cell.xf_index].format_key
        shape = book.format_map[key].format_str if key in book.format_map else shape
    if shape in ("General", "@"):
        return general(cell.value)
    return show(cell.value, shape, book.datemode == 1)
