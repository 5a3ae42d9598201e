"""Scans a folder for files that match patterns, with the times and sizes that reveal changes.

What it does not know: datasets, documents, and what is done about a change.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from ragflow_local.stores.catalog.folder_files import Stamp

# A file of FAT has a time of whole two seconds: written again within them it looks the same.
_TICK_NS = 2_000_000_000

# A folder with these is a project: what lies in it is the engine's own.
_PROJECT_FILES = ("catalog.sqlite3", "project.json")


_LEADS_OUT = "a link that leads out of the folder; follow_links=True takes what it leads to"


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns of the files to take from a folder.

    A pattern fits the end of a path, from a ``/`` or the start on: ``*.pdf``, ``drafts``,
    ``2024/*.md``; one that begins with ``/`` fits the whole of it. ``*`` stands for any letters,
    ``/`` among them; case does not count. A folder that fits stands for all below it.

    Attributes:
        include: Files to take; empty for all of a known kind.
        exclude: Files and folders to leave out, also where ``include`` takes them.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    _taken: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)
    _left: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the patterns ready."""
        object.__setattr__(self, "_taken", tuple(map(_compiled, self.include)))
        object.__setattr__(self, "_left", tuple(map(_compiled, self.exclude)))

    def leaves_out(self, path: str) -> bool:
        """Return whether a file or folder is left out; its parents were not."""
        return any(pattern.match(f"/{path}") for pattern in self._left)

    def takes(self, path: str, endings: frozenset[str]) -> bool:
        """Return whether a file that is not left out is taken."""
        if not self.include:
            return PurePosixPath(path).suffix.lower() in endings
        parts = path.split("/")
        ways = ["/" + "/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        return any(pattern.match(way) for pattern in self._taken for way in ways)


def _compiled(pattern: str) -> re.Pattern[str]:
    plain = pattern.replace(os.sep, "/").removeprefix("./").rstrip("/")
    anchored = plain if plain.startswith("/") else f"*/{plain.removeprefix('**/')}"
    return re.compile(fnmatch.translate(anchored), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FolderSnapshot:
    """The files of a folder at one moment.

    Attributes:
        folder: It, absolute.
        files: The files that are meant, by their path below it, parts split by ``/``.
        unread: Folders and files that the system did not let be seen, each with the reason.
        begun_ns: When it was looked at; nanoseconds since 1970.
    """

    folder: Path
    files: dict[str, Stamp]
    unread: dict[str, str]
    begun_ns: int

    def noted(self, path: str) -> Stamp:
        """Return what to note of a file that is read after this look."""
        stamp = self.files[path]
        is_fresh = self.begun_ns - max(stamp.mtime_ns, stamp.ctime_ns) < _TICK_NS
        return replace(stamp, mtime_ns=0) if is_fresh else stamp

    def hides(self, path: str) -> bool:
        """Return whether a file may be there without having been seen."""
        return any(path == hidden or path.startswith(f"{hidden}/") for hidden in self.unread)


def scan(
    folder: Path, patterns: Patterns, endings: Iterable[str], *, follow_links: bool = False
) -> FolderSnapshot:
    """Return the files of a folder and all below it that are meant, in the order of their paths.

    Hidden files and folders are left out, and so are projects. A link to a file of the folder is
    taken as that file; one that leads out of it is told, and a link to a folder is not followed.

    Args:
        folder: The folder.
        patterns: Which of its files are meant.
        endings: Of file names, such as ``.pdf``, that are taken where no pattern says which.
        follow_links: Whether a link that leads out of the folder is taken as the file there.

    Raises:
        OSError: The folder itself cannot be read.
    """
    known = frozenset(endings)
    begun_ns = time.time_ns()
    files: dict[str, Stamp] = {}
    unread: dict[str, str] = {}
    for path, entry in _walk(folder, patterns, unread):
        if patterns.takes(path, known):
            if not follow_links and entry.is_symlink() and not _is_inside(folder, Path(entry)):
                unread[path] = _LEADS_OUT
                continue
            try:
                files[path] = _stamp_of(entry.stat())
            except OSError as error:
                unread[path] = error.strerror or str(error)
    return FolderSnapshot(folder, files, unread, begun_ns)


def _walk(
    folder: Path, patterns: Patterns, unread: dict[str, str]
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield each file that is not hidden or left out; note what cannot be seen."""
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            with os.scandir(folder / inside) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            if not inside:
                raise
            unread[inside.rstrip("/")] = error.strerror or str(error)
            continue
        names = {entry.name for entry in entries}
        if names.issuperset(_PROJECT_FILES):
            continue
        below = []
        for entry in entries:
            path = inside + entry.name
            if entry.name.startswith(".") or patterns.leaves_out(path):
                continue
            if entry.is_dir(follow_symlinks=False):
                below.append(f"{path}/")
            elif _is_file(entry):
                yield path, entry
        waiting += reversed(below)


def _is_inside(folder: Path, link: Path) -> bool:
    """Return whether a link leads to what lies in the folder itself."""
    try:
        return link.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # nowhere, or in a circle
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link into a folder that must not be seen
        return False


def _stamp_of(status: os.stat_result) -> Stamp:
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def is_as_it_was(now: Stamp, then: Stamp) -> bool:
    """Return whether a file is known not to have changed, without reading it."""
    return then.mtime_ns != 0 and now == then


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
