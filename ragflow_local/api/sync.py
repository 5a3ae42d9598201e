"""Checks the arguments of ``DataSet.sync`` and wraps its result."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path

from ragflow_local.api.document import Document
from ragflow_local.api.entity import Client
from ragflow_local.errors import InvalidValueError
from ragflow_local.ingest import sync as ingest
from ragflow_local.ingest.folder import FolderSnapshot, Patterns
from ragflow_local.ingest.sync import Changes, Home, SyncOptions
from ragflow_local.settings import check_text


@dataclass(slots=True)
class Synced(Changes):
    """What a run of ``DataSet.sync`` did, or with ``dry_run`` would do.

    Attributes:
        folder: The folder, absolute.
        added: Paths of new files below it, parts split by ``/``; likewise the following.
        changed: Of files with other bytes than before.
        renamed: Of files that had another path before, by the new one.
        removed: Of files that are gone, or no longer meant.
        unchanged: How many files are as they were.
        failed: Of those, the paths of which the last parse failed; ``retry=True`` parses them.
        skipped: Files and folders that could not be taken, each with the reason.
        parsing: The documents that are being parsed now, or wait for it.
    """

    parsing: list[Document] = field(default_factory=list)


def checked_patterns(include: object, exclude: object) -> Patterns:
    """Return patterns given as a text, a list of texts, or None for none."""
    made = []
    for name, given in (("include", include), ("exclude", exclude)):
        if not isinstance(given, str | list | tuple | None):
            raise InvalidValueError(name, given, "a pattern, or a list of them")
        patterns = [given] if isinstance(given, str) else list(given or ())
        for pattern in patterns:
            check_text(name, pattern)
        made.append(tuple(patterns))
    return Patterns(*made)


def sync(rag: Client, dataset_id: str, given: object, options: SyncOptions) -> Synced:
    """Make a dataset mirror a folder; see ``DataSet.sync``."""
    home = Home(dataset_id, rag.tenant_id)
    changes, rows = ingest.sync(rag.project.intake, home, _folder(given), options)
    values = {item.name: getattr(changes, item.name) for item in fields(changes)}
    return Synced(**values, parsing=[Document(rag, row) for row in rows])


def files_in(
    folder: str | os.PathLike[str], include: object = None, exclude: object = None, **how: bool
) -> FolderSnapshot:
    """Return the files of a folder that ``DataSet.sync`` with these arguments would mirror.

    Raises:
        InvalidValueError: There is no such folder.
        DiskError: It cannot be read.
    """
    return ingest.files_in(_folder(folder), checked_patterns(include, exclude), **how)


def _folder(given: object) -> Path:
    if not isinstance(given, str | os.PathLike) or "\0" in str(given):
        raise InvalidValueError("folder", given, "the path of a folder")
    folder = Path(given).expanduser().resolve()
    check_text("folder", str(folder))
    return folder
