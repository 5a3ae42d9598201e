"""Reads ZIP archives safely: sizes are bounded, and anything odd is an error.

What a ZIP says of a member's size is looked at before a byte of it is expanded, and Python's
``zipfile`` reads no more than that.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import msgspec

from ragflow_local.errors import (
    DamagedFileError,
    DamagedProjectError,
    InvalidValueError,
    NameTakenError,
)

# Attributes of a dataset, and a line: one chunk of the method ``one`` is a whole document.
MOST_OF_HEAD = 64 << 20
_LONGEST_LINE = 256 << 20
MOST_OF_PICTURE = 256 << 20
# Rows have ids and hashes, pictures and vectors are dense already: none of it shrinks further.
_SMALL, _MOST_RATIO = 64 << 20, 200

_ODD = (
    msgspec.DecodeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    KeyError,
    EOFError,
    NotImplementedError,
    RuntimeError,  # encrypted; RecursionError is one
    ValueError,
    OverflowError,
    MemoryError,
    OSError,  # of an offset that no file has
)


class Archive:
    """A ZIP archive that may be a stranger's."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._lines: list[IO[bytes]] = []
        names = archive.namelist()
        if len(set(names)) != len(names):
            raise ValueError("two of its parts have one name")

    def read(self, name: str, most: int) -> bytes:
        """Return a member's bytes.

        Raises:
            ValueError: They are more than ``most``.
        """
        with self.opened(name, most) as file:
            return file.read()

    def opened(self, name: str, most: int | None = None) -> IO[bytes]:
        """Open a member for reading.

        Args:
            name: The member.
            most: Bytes it may have; None where only its ratio is bounded.
        """
        member = self._archive.getinfo(name)
        if most is not None and member.file_size > most:
            raise ValueError(f"its part {name!r} has more than {most} bytes")
        is_dense = member.file_size <= max(_SMALL, member.compress_size * _MOST_RATIO)
        if not (is_dense or name.startswith("files/")):
            raise ValueError(f"its part {name!r} expands to {member.file_size} bytes")
        return self._archive.open(member)

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a member."""
        with self.opened(name) as file:
            self._lines.append(file)
            while line := file.readline(_LONGEST_LINE):
                if len(line) >= _LONGEST_LINE:
                    raise ValueError("a line is longer than any that was exported")
                yield line

    def close(self) -> None:
        """Close what is still being read by lines."""
        for file in self._lines:
            file.close()


@contextmanager
def opened(source: Path) -> Iterator[Archive]:
    """Open an archive; whatever is odd about it is told as damage of that file.

    Raises:
        InvalidValueError: There is no such file; or a name is taken, a document too large.
        DamagedFileError: It is no archive, or something in it is odd.
    """
    try:
        is_file = source.is_file()
    except (OSError, ValueError):
        is_file = False
    if not is_file:
        raise InvalidValueError("path", str(source), "an exported dataset that is there")
    try:
        with zipfile.ZipFile(source) as archive, closing(Archive(archive)) as opened_archive:
            yield opened_archive
    except InvalidValueError as error:
        if isinstance(error, NameTakenError) or error.name in ("size", "into"):
            raise
        raise DamagedFileError(source.name, "an exported dataset", str(error)) from error
    except DamagedProjectError as error:
        # Of msgspec's, inside a transaction, the catalog says that they are its own.
        if isinstance(error.__cause__, msgspec.DecodeError | ValueError):
            problem = str(error.__cause__)
            raise DamagedFileError(source.name, "an exported dataset", problem) from error
        raise
    except _ODD as error:
        problem = str(error) or type(error).__name__
        raise DamagedFileError(source.name, "an exported dataset", problem) from error
