"""The trash: what a repair took for garbage, kept for thirty days.

    trash/<when>/<folder>/<name>    when: milliseconds since 1970

Only what lies there in that form is ever emptied.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from ragflow_local.stores.durable import make_folder
from ragflow_local.stores.parts import is_plain_folder

_log = logging.getLogger("ragflow_local.stores")

_WHEN = re.compile(r"[0-9]{13}")
_DAY_MS = 24 * 3600 * 1000
# Long enough for somebody to notice that something is missing.
KEPT_DAYS = 30


class Trash:
    """``trash/`` of one project."""

    def __init__(self, project: Path) -> None:
        self.folder = project / "trash"

    def take(self, path: Path, now_ms: int) -> bool:
        """Move something here by its own name, a link as the link it is; return whether it went.

        What cannot be moved (another file system lies in between) stays where it is.
        """
        target = self.folder / f"{now_ms:013}" / path.parent.name / path.name
        try:
            while os.path.lexists(target):
                now_ms += 1
                target = self.folder / f"{now_ms:013}" / path.parent.name / path.name
            make_folder(target.parent)
            path.rename(target)
        except OSError as error:
            _log.warning("%s, which nothing needs, was left there: %s", path, error)
            return False
        return True

    def empty(self, now_ms: int, *, days: float = 0) -> None:
        """Delete what has been here for so many days; 0 for all."""
        for folder in self._kept():
            if int(folder.name) <= now_ms - days * _DAY_MS or not days:
                shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _kept(self) -> Iterator[Path]:
        if not is_plain_folder(self.folder):
            return
        for path in list(self.folder.iterdir()):
            if _WHEN.fullmatch(path.name) and is_plain_folder(path):
                yield path
