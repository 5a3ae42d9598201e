"""A disk whose power can be cut: it forgets what nobody waited for.

Every ``os.fsync`` of this process is watched. A file keeps the bytes it had when it was last
synced, or none; a folder keeps the entries it had when it was last synced. So a file that was
written and synced, but whose folder was not, is gone after the cut, and one that was renamed but
not synced is empty.

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

import pytest


class Disk:
    """What would be left of a folder after a power cut."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._bytes: dict[int, bytes] = {}
        self._entries: dict[Path, dict[str, int]] = {}
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
                    self._entries[path] = {entry.name: entry.inode() for entry in entries}
            else:
                self._bytes[found.st_ino] = path.read_bytes()

    def cut(self, target: Path) -> None:
        """Write to ``target`` what would be left now."""
        with self._lock:
            self._write(self.root, target)
            # SQLite syncs the folder for a log that it makes, not for the catalog itself.
            if "catalog.sqlite3" in self._entries.get(self.root, {}):
                for name in ("catalog.sqlite3", "catalog.sqlite3-wal"):
                    if (self.root / name).exists():
                        shutil.copyfile(self.root / name, target / name)

    def _write(self, folder: Path, target: Path) -> None:
        target.mkdir(mode=0o700, parents=True)
        for name, inode in self._entries.get(folder, {}).items():
            path = folder / name
            if path in self._entries or path.is_dir():
                self._write(path, target / name)
            elif not name.startswith("catalog.sqlite3"):
                (target / name).write_bytes(self._bytes.get(inode, b""))
