"""Copies an open project while others read and write it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ragflow_local.errors import DamagedProjectError, UnusableDirectoryError
from ragflow_local.stores.catalog import Catalog, checksums, chunks, documents
from ragflow_local.stores.directory import Directory, sha256_of
from ragflow_local.stores.durable import make_folder, read_own, sync_tree, telling_disk
from ragflow_local.stores.files import Files, telling_links
from ragflow_local.stores.names import path_of_sha256

# A document that is deleted while its bytes are copied: the copy is begun anew.
_ATTEMPTS = 5
_PIECE = 1 << 20


def copy_project(source: Path, catalog: Catalog, files: Files, target: Path) -> int:
    """Write a copy of a project, on the disk when this returns; return its bytes.

    Vector tables are not copied: the first search in the copy writes them anew.

    Args:
        source: Its directory.
        catalog: Its catalog, open.
        files: Its files.
        target: A directory that is not there yet, or empty.

    Raises:
        UnusableDirectoryError: There is something at ``target``, or it lies inside the project.
        DamagedProjectError: A file of the project is missing or torn.
        DiskError: The disk is full, or must not be written.
    """
    if target.is_relative_to(source):
        raise UnusableDirectoryError(target, "it lies inside the project that is copied")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UnusableDirectoryError(target, "there is something already")
    with telling_disk(target):
        for folder in (target, target / "files", target / "images"):
            make_folder(folder)
    try:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                root = _copy(catalog, files, target)
                break
            except DamagedProjectError:
                if attempt == _ATTEMPTS:
                    raise
        Directory(target).seal(root)
        with telling_disk(target):
            sync_tree(target, set())
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def _copy(catalog: Catalog, files: Files, target: Path) -> str | None:
    """Copy what there is at one moment; return the root of its rows."""
    copy = target / "catalog.sqlite3"
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    catalog.copy(copy)
    copied = Catalog(copy, read_only=True)
    try:
        with copied.read() as reading:
            needed, pictured = documents.files_in_use(reading), chunks.with_images(reading)
            root = checksums.root(reading)
    finally:
        copied.close()
    for suffix in ("-wal", "-shm"):
        Path(f"{copy}{suffix}").unlink(missing_ok=True)
    for sha256 in needed:
        place = path_of_sha256(target / "files", sha256)
        if not place.exists():
            _copy_file(files.path_of(sha256), place)
            if sha256_of(place) != sha256:
                place.unlink()
                files.check(sha256)
                raise DamagedProjectError(files.path_of(sha256), "it was not copied whole")
    there = Files(target)
    for id in pictured:
        there.put_image(id, files.get_image(id))
    return root


def _copy_file(source: Path, target: Path) -> None:
    try:
        with (
            telling_disk(target),
            telling_links(source),
            read_own(source) as file,
            target.open("xb") as copy,
        ):
            os.fchmod(copy.fileno(), 0o600)
            shutil.copyfileobj(file, copy, _PIECE)
    except FileNotFoundError:
        raise DamagedProjectError(source, "it is missing") from None
