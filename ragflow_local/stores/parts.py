"""Checks the parts of a project's directory; none may be a link.

Nothing is followed out of a project: a link in the place of ``files/`` would have the engine write
and delete where it leads to. Nothing is begun beside what somebody else put there.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from pathlib import Path

from ragflow_local.errors import (
    FetchedProjectError,
    ReadOnlyProjectError,
    StoreError,
    UnusableDirectoryError,
)
from ragflow_local.stores.names import is_sha256, is_unfinished

CATALOG = "catalog.sqlite3"
SNAPSHOT = "snapshot.json"  # of one that was fetched; see ``snapshots.fetched``
FOLDERS = ("files", "images", "vectors", "trash")
# Written in place: with a second name elsewhere, what is there would change along.
_IN_PLACE = (CATALOG, f"{CATALOG}-wal", f"{CATALOG}-shm", f"{CATALOG}-journal", "commits", "lock")
_REPLACED = ("project.json", "open.json", "closed.json", "reserve", "in-hand")

# What file systems and desktops put into any directory; hidden names likewise.
_NOBODYS = ("lost+found", "desktop.ini", "Thumbs.db")
_SHOWN = 3  # of what else is there, in the message

_MOUNT_POINT = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)  # Windows: a junction is a link too


def unwritable(project: Path) -> StoreError:
    """Return the error of a change in a project that is open for reading only."""
    if (project / SNAPSHOT).exists():
        return FetchedProjectError(project.parent)
    return ReadOnlyProjectError(project)


def check_parts(project: Path, *, is_writing: bool) -> None:
    """Look at every part without following it.

    Args:
        project: The directory.
        is_writing: Whether it will be written: a file with a second name elsewhere is refused.

    Raises:
        UnusableDirectoryError: One is a link, or no file or folder.
    """
    for name in (*FOLDERS, *_IN_PLACE, *_REPLACED):
        try:
            status = (project / name).lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        if _is_link(status):
            raise _elsewhere(project, name, "a link that leads elsewhere")
        is_right = stat.S_ISDIR if name in FOLDERS else stat.S_ISREG
        if not is_right(status.st_mode):
            kind = "folder" if name in FOLDERS else "file"
            raise _elsewhere(project, name, f"no {kind}")
        if is_writing and name in _IN_PLACE and status.st_nlink > 1:
            raise _elsewhere(project, name, "a file that has another name elsewhere (a hard link)")


def _elsewhere(project: Path, name: str, problem: str) -> UnusableDirectoryError:
    return UnusableDirectoryError(
        project,
        f"its {name} is {problem}",
        "What it leads to was left alone. Put a copy of it into the project in its place, or move"
        " the whole project and link to that",
    )


def _is_link(status: os.stat_result) -> bool:
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _MOUNT_POINT


def is_plain_folder(path: Path) -> bool:
    """Return whether there is a folder, and no link to one."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and not _is_link(status)


def has_links(folder: Path) -> bool:
    """Return whether a link is anywhere below a folder, or in its place."""
    if not is_plain_folder(folder):
        return folder.is_symlink()
    for inside, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if _is_link(Path(inside, name).lstat()):
                return True
    return False


def delete_folder(folder: Path) -> None:
    """Delete a folder with all in it; of a link, the link and not what it leads to."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def says_it_is_one(project: Path) -> bool:
    """Return whether a directory says that it is a project, whole or not."""
    with contextlib.suppress(OSError):
        if (project / CATALOG).stat().st_size > 0:
            return True
    is_noted = isinstance(read_json(project / "project.json").get("format"), int)
    if is_noted or is_sha256(read_json(project / "closed.json").get("sha256")):
        return True
    return any(is_sha256(name) for name in _names(project / "files"))


def check_new(project: Path) -> None:
    """Check that a project may be begun in a directory, before anything is written there.

    Raises:
        UnusableDirectoryError: It holds other things, and does not say that it is a project.
    """
    other = [name for name in _names(project) if not _is_ours(project, name)]
    # Asked last: another process may just have begun the same project.
    if other and not says_it_is_one(project):
        shown = ", ".join(repr(name) for name in sorted(other)[:_SHOWN])
        more = f" and {len(other) - _SHOWN} more" if len(other) > _SHOWN else ""
        raise UnusableDirectoryError(
            project,
            f"it is no project, and holds other things ({shown}{more})",
            "Name a directory that is empty or not there yet",
        )


def _is_ours(project: Path, name: str) -> bool:
    """Return whether a name may be in a directory where a project has only been begun."""
    if name in FOLDERS:
        return not any(not is_unfinished(inside) for inside in _names(project / name))
    if name in (*_IN_PLACE, *_REPLACED):
        return name not in ("project.json", "closed.json")  # which would have said so
    return name.startswith(".") or name in _NOBODYS


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  # names, thousands of them
    except (FileNotFoundError, NotADirectoryError):
        return []


def read_json(path: Path) -> dict[str, object]:
    """Return the object in a file; empty where there is none, or something else."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        data = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(data, dict):
            return data
    return {}
