"""Waiting for the disk on behalf of libraries that do not."""

from __future__ import annotations

import os
from collections.abc import Set
from pathlib import Path


def sync_tree(root: Path, synced: Set[str]) -> set[str]:
    """Write the new files below ``root`` through to the disk; return the paths of all of them.

    Args:
        root: A folder whose files never change once they are written.
        synced: What an earlier call returned: these files are not new.
    """
    found: set[str] = set()
    for folder, _, names in os.walk(root):
        paths = {os.path.join(folder, name) for name in names}  # noqa: PTH118  # a hundred times a parse
        new = paths - synced
        for path in [*new, *([folder] if new else [])]:
            _sync(path)
        found |= paths
    return found


def _sync(path: str) -> None:
    # A folder's entry for a new file is lost at a power cut unless the folder is synced too.
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
