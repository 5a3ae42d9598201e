"""Turns LanceDB's errors about damaged files into the engine's own."""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from ragflow_local.errors import DamagedProjectError, DiskError

# What LanceDB raises for whatever is wrong with its files: the first three for what it foresees;
# then for a column that has another name or type, or a length that no memory holds.
_OF_FILES = (RuntimeError, ValueError, OSError, LookupError, AttributeError, MemoryError)
# What it did not foresee makes Rust panic: classes of pyo3's, which are not to be imported.
_PANICS = ("RustPanic", "PanicException")
_WRITTEN_ANEW = "Search goes on without it; a project that is open for writing writes it anew"


@contextlib.contextmanager
def telling_damage(path: Path, forget: Callable[[], None]) -> Iterator[None]:
    """Turn what LanceDB raises about a table into ``DamagedProjectError`` or ``DiskError``.

    Args:
        path: Of the table.
        forget: Called then: what is held open is of no use.
    """
    try:
        yield
    except BaseException as error:
        if not _is_of_files(error):
            raise
        forget()
        problem = str(error).partition("\n")[0][:200].rstrip(". ")
        number = _system_error(error)
        if number is not None:
            raise DiskError(path, number, problem) from error
        raise DamagedProjectError(path, problem, _WRITTEN_ANEW) from error


def _is_of_files(error: BaseException) -> bool:
    return isinstance(error, _OF_FILES) or type(error).__name__ in _PANICS


def _system_error(error: BaseException) -> int | None:
    """Return the system's number for what the disk refused, or None where a file is at fault."""
    number = error.errno if isinstance(error, OSError) else None
    match = re.search(r"os error (\d+)", str(error))
    if number is None and match:
        number = int(match[1])
    return None if number in (errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.EINVAL) else number
