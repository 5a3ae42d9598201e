"""Counts commits outside the catalog, so that commits lost from its log are noticed.

SQLite opens at the last commit whose part of the log is whole, and says nothing of those behind it.
So each commit counts itself in the catalog (``user_version``), and once it is on the disk, the
number is written to a file beside it. Nobody waits for that file: what is in it after a power cut
is an older number or none, never one that is ahead. If it is ahead, commits are gone.
"""

from __future__ import annotations

import contextlib
import sqlite3
from io import FileIO
from pathlib import Path

_MOST = 2**31 - 1  # user_version is a 32-bit number


class Commits:
    """The count of one catalog's commits, and the note of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: FileIO | None = None

    def count(self, connection: sqlite3.Connection) -> int:
        """Count the commit that is about to be made; return its number."""
        number = counted(connection) % _MOST + 1
        connection.execute(f"PRAGMA user_version = {number}")
        return number

    def note(self, number: int) -> None:
        """Write the number of the last commit beside the catalog."""
        # Nothing depends on it but a warning: a disk that refuses is told of by the next commit.
        with contextlib.suppress(OSError):
            if self._file is None:
                self._path.touch(mode=0o600)
                self._file = FileIO(self._path, "r+")
            self._file.seek(0)
            self._file.write(b"%10d\n" % number)

    def lost(self, connection: sqlite3.Connection, noted: int | None) -> int:
        """Return how many commits that were noted before are not in the catalog."""
        return max(0, (noted or 0) - counted(connection))

    def noted(self) -> int | None:
        """Return the number of the last commit that was noted; None where there is no note."""
        try:
            return int(self._path.read_bytes())
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def counted(connection: sqlite3.Connection) -> int:
    """Return the number of the last commit that the snapshot has."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    return int(number)
