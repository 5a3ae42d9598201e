"""Validates names that come from rows before they become paths.

Every path below ``files/``, ``images/`` and ``vectors/`` is made here. A row of a stranger's
project may say anything: what it says becomes a name only where this package could have given it.
"""

from __future__ import annotations

import re
from pathlib import Path

from ragflow_local.errors import DamagedProjectError

_ID = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# What ``durable.write_whole`` leaves of a file that a crash cut short.
_UNFINISHED = re.compile(r"\.new-[a-z0-9_]{8}")


def is_id(text: object) -> bool:
    """Return whether a text can be the id of a row."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def is_sha256(text: object) -> bool:
    """Return whether a text can be the hash of a file."""
    return isinstance(text, str) and _SHA256.fullmatch(text) is not None


def is_unfinished(name: str) -> bool:
    """Return whether a file of that name is what an interrupted write left."""
    return _UNFINISHED.fullmatch(name) is not None


def path_of_id(folder: Path, id: str, ending: str) -> Path:
    """Return the path of what belongs to a row.

    Raises:
        DamagedProjectError: The row has an id that this package gives to nothing.
    """
    if not is_id(id):
        raise DamagedProjectError(folder.parent, f"{id!r} is no id of a row")
    return folder / f"{id}{ending}"


def path_of_sha256(folder: Path, sha256: str) -> Path:
    """Return the path of the bytes with that hash.

    Raises:
        DamagedProjectError: It is no hash.
    """
    if not is_sha256(sha256):
        raise DamagedProjectError(folder.parent, f"{sha256!r} is no hash of a file")
    return folder / sha256
