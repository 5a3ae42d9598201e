"""The directory that snapshots are fetched to: one whole project each, and which of them counts.

fetched.json              which snapshot counts; replaced by one rename
<number>-<sha256>/        a snapshot: a project for reading; snapshot.json says that it is one
fetching                  held by who fetches
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from ragflow_local.errors import DamagedProjectError, UnusableDirectoryError
from ragflow_local.stores.durable import write_whole
from ragflow_local.stores.names import is_unfinished
from ragflow_local.stores.parts import delete_folder, is_plain_folder, read_json

NOTE = "fetched.json"
LOCK = "fetching"

_NAME = re.compile(r"[0-9]{1,13}-[0-9a-f]{64}")


def current(path: Path) -> Path:
    """Return the project in a directory: the newest snapshot where some were fetched, else itself.

    Raises:
        DamagedProjectError: The snapshot that counts is not there.
    """
    if not (path / NOTE).exists():
        return path
    name = read_json(path / NOTE).get("current")
    if is_snapshot(name) and is_plain_folder(path / str(name)):
        return path / str(name)
    raise DamagedProjectError(
        path / NOTE,
        "the snapshot that it names is not there",
        "Delete it, and fetch again: ragflow-local fetch URI DIRECTORY",
    )


def is_snapshot(name: object) -> bool:
    """Return whether a folder of that name is a snapshot."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def check_target(path: Path) -> None:
    """Check that snapshots may be fetched to a directory.

    Raises:
        UnusableDirectoryError: There is something else.
    """
    if not path.exists() or (path.is_dir() and (path / NOTE).exists()):
        return
    if not path.is_dir() or any(not _is_ours(inside.name) for inside in path.iterdir()):
        raise UnusableDirectoryError(
            path,
            "it holds other things than fetched snapshots",
            "Name a directory that is empty or not there yet, or one that was fetched to before",
        )


def _is_ours(name: str) -> bool:
    return name == LOCK or is_snapshot(name) or is_unfinished(name)


def take(path: Path, name: str, keep: int) -> None:
    """Let a snapshot count from now on, and delete all but the newest.

    Args:
        path: The directory.
        name: Of the snapshot, which is on the disk.
        keep: How many stay, with this one: who has an earlier one open may still read its files.
    """
    note = read_json(path / NOTE)
    before = note.get("earlier")
    known = [note.get("current"), *(before if isinstance(before, list) else [])]
    earlier = [other for other in dict.fromkeys(known) if is_snapshot(other) and other != name][
        : keep - 1
    ]
    write_whole(path / NOTE, json.dumps({"current": name, "earlier": earlier}).encode())
    for folder in path.iterdir():
        if folder.name not in (name, *earlier) and _is_ours(folder.name) and folder.name != LOCK:
            _delete(folder)


def _delete(path: Path) -> None:
    if is_plain_folder(path):
        delete_folder(path)
    else:
        path.unlink(missing_ok=True)
