"""Deletes the objects that no kept snapshot names.

Nothing younger than a day goes: it may be of a publish that is under way. What was named until now
goes only with its snapshot, of which as many are kept as a fetch may fall behind; one that is
overtaken finds something missing, and begins anew with the newest. Manifests go first, so that none
ever names what is gone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

from ragflow_local.errors import SnapshotError
from ragflow_local.stores.names import is_sha256, is_unfinished
from ragflow_local.stores.snapshots.manifest import (
    FORMAT,
    HEAD,
    Contents,
    Head,
    Manifest,
    head_of,
    read_contents,
    read_manifest,
)
from ragflow_local.stores.snapshots.objects import FOLDERS, Listed, Objects, in_turns

_log = logging.getLogger("ragflow_local.stores")

# Longer than any publish takes.
GRACE_SECONDS = 24 * 3600.0


def collect(objects: Objects, head: Head, contents: Contents, keep: int) -> None:
    """Delete the objects that none of the newest snapshots names.

    The snapshot counts whatever happens here: what cannot be deleted is told, and left.

    Args:
        objects: Where.
        head: The newest.
        contents: What it consists of.
        keep: How many of the newest stay.
    """
    try:
        named = {**contents.names(), head.name: 0}
        manifest = read_manifest(objects, head)
        named[f"contents/{manifest.contents}"] = 0
        old = list(_unnamed(objects, named))
        if not old:
            return
        for parts in _earlier(objects, manifest, keep - 1):
            named |= parts
        gone = [name for name in old if name not in named]
        in_turns(objects.delete, [name for name in gone if name.startswith("snapshots/")])
        in_turns(objects.delete, [name for name in gone if not name.startswith("snapshots/")])
    except SnapshotError as error:
        _log.warning("What no snapshot needs any more was left there: %s", error)


def _unnamed(objects: Objects, named: dict[str, int]) -> Iterator[str]:
    """Yield the old objects whose names are not among these."""
    now = objects.written(HEAD) or time.time()
    for folder in FOLDERS:
        for name, listed in objects.listed(folder).items():
            full = f"{folder}/{name}"
            if full not in named and _is_ours(folder, name) and _is_old(listed, now):
                yield full


def _is_ours(folder: str, name: str) -> bool:
    if is_unfinished(name):
        return True
    return head_of(name) is not None if folder == "snapshots" else is_sha256(name)


def _is_old(listed: Listed, now: float) -> bool:
    return listed.written is not None and listed.written < now - GRACE_SECONDS


def _earlier(objects: Objects, manifest: Manifest, count: int) -> Iterator[dict[str, int]]:
    """Yield the names of each of the snapshots before, and of all that it needs.

    One that is gone ends them; of one that is torn nobody knows what it needs, so nothing goes.
    """
    there = objects.listed("snapshots")
    for _ in range(count):
        if manifest.parent is None:
            return
        head = Head(FORMAT, manifest.parent.number, manifest.parent.sha256)
        if head.name.rpartition("/")[2] not in there:
            return
        manifest = read_manifest(objects, head)
        parts = read_contents(objects, manifest).names()
        yield {**parts, head.name: 0, f"contents/{manifest.contents}": 0}
