"""Binary Excel files (.xlsb): a heading for each sheet, its rows as tables."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.number_format import general
from ragflow_local.readers.sheet import Row, blocks_of_sheet
from ragflow_local.records import Block, Notice
from ragflow_local.text.encoding import tidy


def read(data: bytes, name: str = "") -> Iterator[Block | Notice]:
    """Yield a heading and tables for each sheet in order.

    Raises:
        DamagedFileError: The file is broken or encrypted.
    """
    try:
        book: Any = python_calamine.load_workbook(io.BytesIO(data))
        sheets = [
            (title, list(_rows(book.get_sheet_by_name(title).to_python())))
            for title in book.sheet_names
        ]
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the library is no Exception
        problem = "it is a binary workbook and damaged; save it as .xlsx, which is read best"
        raise DamagedFileError(name, "whole file", problem) from error
    for title, rows in sheets:
        yield from blocks_of_sheet(tidy(title), rows)
    yield Notice(
        f"{name!r} is a binary workbook: its cells are read without their number formats. Save it"
        " as .xlsx to have percents, currencies and comments too."
    )


def _rows(rows: list[list[Any]]) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        cells = {at: text for at, value in enumerate(row) if (text := _text(value))}
        if cells:
            yield number, cells


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return general(float(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time | timedelta):
        return str(value)
    return tidy(str(value or "")).strip()
