"""Detects rows that this package would not have written."""

from __future__ import annotations

import json
import os
import traceback
from pathlib import Path

import msgspec

ODD = (TypeError, ValueError, OverflowError, LookupError, AttributeError, RecursionError)

_ROOM = str(Path(__file__).parent) + os.sep
_PACKAGE = str(Path(__file__).parents[2]) + os.sep
_DOOR = str(Path(__file__).with_name("__init__.py"))  # whose frames are around each block


def check_texts(*values: object) -> None:
    """Raise TypeError unless all are texts: a column of SQLite holds whatever was put in."""
    if any(type(value) is not str for value in values):
        raise TypeError("a text is none")


def is_of_rows(error: BaseException) -> bool:
    """Return whether this room could make no sense of what is in the catalog.

    What is raised elsewhere inside a transaction, over something else, is another matter.
    """
    if isinstance(error, msgspec.DecodeError | json.JSONDecodeError | UnicodeDecodeError):
        return True
    names = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [name for name in names if name.startswith(_PACKAGE) and name != _DOOR]
    return bool(own) and own[-1].startswith(_ROOM)
