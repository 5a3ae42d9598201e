"""Notes which documents are being indexed, so that one that ends the process is recognised.

A document that ends the engine itself (the system ends what takes all memory) would do so at each
opening. Who was in hand when the engine ended is a suspect, and is tried once more, alone; who ends
it again is at fault. Nobody waits for the disk: the note outlives the process, not a power cut,
which no document is to blame for.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ragflow_local.stores.durable import read_own, write_whole
from ragflow_local.stores.names import is_id

NAME = "in-hand"
MOST_ENDS = 2  # of the engine, by one document: the first may have been another's fault


class InHand:
    """The note of one project, and the suspects of its earlier processes."""

    def __init__(self, project: Path) -> None:
        self._path = project / NAME
        self._lock = threading.Lock()
        self._ends: dict[str, int] = {}  # of the engine, while a document was in hand
        self._now: list[str] = []  # one may be there twice
        self._is_closed = False

    def take_up(self, *, was_clean: bool) -> set[str]:
        """Count the ends of the last process; return the documents that are not tried again."""
        with self._lock:
            self._ends, noted = self._read()
            for id in noted if not was_clean else ():
                self._ends[id] = self._ends.get(id, 0) + 1
            guilty = {id for id, ends in self._ends.items() if ends >= MOST_ENDS}
            self._write()
            return guilty

    def is_suspect(self, id: str) -> bool:
        """Return whether the engine ended while it worked on a document."""
        return id in self._ends

    def clear(self, ids: Iterable[str]) -> None:
        """Forget what was counted of documents: they are done, or asked for anew."""
        with self._lock:
            if [id for id in ids if self._ends.pop(id, 0)]:
                self._write()

    @contextlib.contextmanager
    def noted(self, ids: Sequence[str]) -> Iterator[None]:
        """Note documents while there is work on them, however it ends."""
        with self._lock:
            self._now += ids
            self._write()
        try:
            yield
        finally:
            with self._lock:
                if not self._is_closed:
                    for id in ids:
                        self._now.remove(id)
                self._write()

    def close(self) -> None:
        """Take the note back, and write nothing from now on."""
        with self._lock:
            self._now = []
            self._write()
            self._is_closed = True

    def _read(self) -> tuple[dict[str, int], list[str]]:
        with contextlib.suppress(OSError, ValueError, AttributeError, TypeError, RecursionError):
            with read_own(self._path) as file:
                data = json.loads(file.read(1 << 20))
            ends = {id: int(count) for id, count in data["ends"].items() if is_id(id)}
            return ends, [id for id in data["now"] if is_id(id)]
        return {}, []

    def _write(self) -> None:
        # A full disk must not end a parse: nothing but the end of an endless trial is lost.
        with contextlib.suppress(OSError):
            if self._is_closed:
                return
            if self._ends or self._now:
                data = json.dumps({"ends": self._ends, "now": self._now}).encode()
                write_whole(self._path, data, is_durable=False)
            else:
                self._path.unlink(missing_ok=True)
