"""Errors of a project's directory, files and lock."""

from __future__ import annotations

import errno
from pathlib import Path

from ragflow_local.errors.base import RagflowError, in_a_line


class StoreError(RagflowError):
    """What is on disk cannot be used."""


class ProjectLockedError(StoreError):
    """Another process has the project open."""

    def __init__(self, path: Path, process_id: int, host: str = "this computer") -> None:
        self.process_id = process_id
        super().__init__(
            f"{path} is open in process {process_id} on {host}. Close it there, open another"
            " directory, or open this one with read_only=True."
        )


class UnusableDirectoryError(StoreError):
    """A project cannot live in the directory."""

    def __init__(self, path: Path, problem: str, way_out: str = "") -> None:
        self.path = path
        way_out = way_out or (
            "Name a directory on a local disk that you may write and that has hard links (exFAT"
            " and many network drives have none), or open an existing project with read_only=True"
        )
        super().__init__(f"{path} cannot hold a project: {problem}. {way_out}.")


class ProjectClosedError(StoreError):
    """The engine was closed."""

    def __init__(self, path: Path | None) -> None:
        where = f"The engine on {path} is closed" if path else "A copied object has no engine"
        super().__init__(f"{where}. Open it again with RAGFlow(…), and fetch the object again.")


class ForkedError(StoreError):
    """A child process uses what the process that forked it has opened."""

    def __init__(self, path: Path, *, is_too_late: bool = False) -> None:
        place = "a new process ('spawn')" if is_too_late else "this process, with read_only=True"
        super().__init__(f"{path} was opened before this process was forked. Open it in {place}.")


class ProjectReplacedError(StoreError):
    """The directory of an open project was deleted, moved or replaced."""

    def __init__(self, path: Path, part: str) -> None:
        self.path = path
        super().__init__(
            f"{path} is no longer the directory that was opened: its {part} was deleted, moved or"
            " replaced meanwhile. This change is not kept. Close the engine, put the directory in"
            " its place, and open it again."
        )


class ReadOnlyProjectError(StoreError):
    """The engine was opened for reading only."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is open for reading only. Open it with read_only=False to write.")


class DamagedProjectError(StoreError):
    """A file of the project is missing or torn."""

    def __init__(self, path: Path, problem: str, way_out: str = "") -> None:
        self.path = path
        way_out = way_out or (
            "ragflow-local doctor says what is amiss and what --repair can put right without a"
            " loss. Restore it from a copy (ragflow-local restore) only where that cannot; the"
            " files you added lie unchanged in the folder files/ beside it"
        )
        super().__init__(f"{path} is damaged: {problem}. {way_out}.")


# What the system's error numbers mean for who has to do something about them.
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_TOO_MANY_OPEN = frozenset({errno.EMFILE, errno.ENFILE})


class DiskError(StoreError):
    """The disk is full or failing, or the system does not let the project be written."""

    def __init__(self, path: Path, number: int | None, problem: str) -> None:
        self.path = path
        self.number = number
        self.is_full = number in _FULL
        if self.is_full:
            way_out = "Make room on that disk, then do it again"
        elif number in _FORBIDDEN:
            way_out = "Give this user the right to write there, or open it with read_only=True"
        elif number in _TOO_MANY_OPEN:
            way_out = "Let the process have more open files (ulimit -n), or close other projects"
        else:
            way_out = "Check the disk, then do it again"
        super().__init__(
            f"{path} cannot be read or written: {problem}. What was kept before is not lost."
            f" {way_out}."
        )

    @classmethod
    def of(cls, error: OSError, path: Path) -> DiskError:
        """Return what the system refused, told of the file that it named, else of ``path``."""
        named = Path(error.filename) if isinstance(error.filename, str) else path
        return cls(named, error.errno, error.strerror or str(error))


class ShardError(StoreError):
    """One of several projects that are searched as one cannot be asked."""

    def __init__(self, shard: str, problem: str) -> None:
        self.shard = shard
        super().__init__(
            f"The shard {shard} cannot be asked: {in_a_line(problem)}. Nothing is answered without"
            " it; the next question starts it anew. If that fails too, ragflow-local doctor"
            " examines its directory, or leave it out."
        )


class ProjectVersionError(StoreError):
    """The project was written by a newer version, or by an earlier one, and may not be changed."""

    def __init__(self, path: Path, version: int, known: int) -> None:
        way_out = (
            "Update with: pip install -U ragflow-local"
            if version > known
            else "Open it once without read_only=True, which brings it up to date"
        )
        super().__init__(f"{path} has format {version}, this version reads {known}. {way_out}.")
