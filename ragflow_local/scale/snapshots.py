"""Fetches the newest snapshot of a published project into a directory, for reading."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ragflow_local.settings import check_whole
from ragflow_local.stores.snapshots.fetching import Fetched
from ragflow_local.stores.snapshots.fetching import fetch as fetch_from
from ragflow_local.stores.snapshots.objects import Objects

__all__ = ["Fetched", "fetch"]


def fetch(
    uri: str | os.PathLike[str],
    directory: str | os.PathLike[str],
    *,
    filesystem: Any = None,
    keep: int = 2,
) -> Fetched:
    """Fetch the newest snapshot that ``RAGFlow.publish`` left at an address.

    What the snapshot before has is not read again. The directory is a project for reading:
    ``RAGFlow(project_dir=directory, read_only=True)``. Who has it open keeps the snapshot it opened
    with, and moves by ``RAGFlow.refresh()``.

    Args:
        uri: A folder, or an address of ``pyarrow.fs``; see ``RAGFlow.publish``.
        directory: New or empty, or fetched to before.
        filesystem: A ``pyarrow.fs.FileSystem``, in which ``uri`` is a path then.
        keep: How many snapshots stay in the directory, with this one, from 1. Files of those that
            go are gone for whoever still has them open.

    Raises:
        InvalidValueError: ``uri`` is no address, or ``keep`` is not allowed.
        SnapshotError: Nothing is published there, or it cannot be read whole.
        UnusableDirectoryError: There is something else in the directory.
        DiskError: The disk is full, or must not be written.
        ProjectVersionError: A newer version wrote the project.
    """
    check_whole("keep", keep, 1, 10_000)
    target = Path(directory).expanduser().absolute()
    return fetch_from(Objects.at(uri, filesystem), target, keep=keep)
