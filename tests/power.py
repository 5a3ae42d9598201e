"""A disk whose power can be cut: it forgets what nobody waited for.

Every ``os.fsync`` of this process is watched. A file keeps the bytes it had when it was last
synced, or none; a folder keeps the entries it had when it was last synced. So a file that was
written and synced, but whose folder was not, is gone after the cut, and one that was renamed but
not synced is empty. A rename may also come to the disk early, alone (``cut``).

SQLite waits for the disk through the C library, where Python cannot watch: of the catalog and its
log the bytes of the moment are taken, committed or not, where the folder was synced since the
catalog was made. That is what a cut can leave at best and what SQLite reads as at worst, as long as
``synchronous=FULL`` keeps what it says; so this proves that our own files keep step with the
catalog, not that SQLite keeps its word (``stores/test_catalog.py`` asks it for its setting).
"""

import os
import shutil
import stat
import threading
from pathlib import Path
from typing import NamedTuple

import pytest


class Entry(NamedTuple):
    """What a name in a folder stands for."""

    inode: int
    is_folder: bool


class Disk:
    """What would be left of a folder after a power cut."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._bytes: dict[int, bytes] = {}
        # Of each folder, by its inode: it may be renamed.
        self._entries: dict[int, dict[str, Entry]] = {}
        self._lock = threading.Lock()
        really = os.fsync

        def fsync(descriptor: int) -> None:
            really(descriptor)
            self._note(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)

    def _note(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path != self.root and self.root not in path.parents:
            return
        found = os.fstat(descriptor)
        with self._lock:
            if stat.S_ISDIR(found.st_mode):
                with os.scandir(path) as entries:
                    self._entries[found.st_ino] = {
                        entry.name: Entry(entry.inode(), entry.is_dir(follow_symlinks=False))
                        for entry in entries
                    }
            else:
                self._bytes[found.st_ino] = path.read_bytes()

    def cut(self, target: Path, early: Path | None = None) -> None:
        """Write to ``target`` what would be left now.

        Args:
            target: Not there yet.
            early: A name that came to the disk before its folder was synced.
        """
        with self._lock:
            entries = dict(self._entries)
            if early is not None:
                folder, found = early.parent.stat().st_ino, early.lstat()
                entry = Entry(found.st_ino, stat.S_ISDIR(found.st_mode))
                entries[folder] = {**entries.get(folder, {}), early.name: entry}
            root = self.root.stat().st_ino
            names = entries.pop(root, {})
            # SQLite syncs the folder for a log that it makes, not for the catalog itself.
            is_catalog_there = "catalog.sqlite3" in names
            entries[root] = {
                name: entry for name, entry in names.items() if not name.startswith("catalog.")
            }
            self._write(entries, root, target)
            if is_catalog_there:
                for name in ("catalog.sqlite3", "catalog.sqlite3-wal"):
                    if (self.root / name).exists():
                        shutil.copyfile(self.root / name, target / name)

    def _write(self, entries: dict[int, dict[str, Entry]], folder: int, target: Path) -> None:
        target.mkdir(mode=0o700, parents=True)
        for name, entry in entries.get(folder, {}).items():
            if entry.is_folder:
                self._write(entries, entry.inode, target / name)
            else:
                (target / name).write_bytes(self._bytes.get(entry.inode, b""))
