"""Pictures of pages, drawn by a worker of their own; the last ones are kept in memory."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from pathlib import Path

from ragflow_local.errors import LimitError, ParseCancelledError, WorkerDiedError
from ragflow_local.ingest import wire
from ragflow_local.ingest.slots import Slot
from ragflow_local.settings import Limits
from ragflow_local.stores.files import Files

# A notebook shows the same objects again and again: some hundred pages of a report's size.
_KEPT_BYTES = 16 << 20


class Pictures:
    """Draws what it is asked for, one picture after another."""

    def __init__(self, files: Files, limits: Limits) -> None:
        self._files = files
        self._slot = Slot(limits)
        self._lock = threading.Lock()
        self._closing = False
        self._kept: OrderedDict[wire.Picture, bytes] = OrderedDict()
        self._kept_bytes = 0

    def draw(self, request: wire.Picture, seconds: float | None = None) -> bytes:
        """Return a picture that a worker drew; empty where the page has none.

        Args:
            request: Which; its file lies under its hash, so the same is always the same.
            seconds: How long to wait at most; None: as long as a worker may take.

        Raises:
            ReadError: The page cannot be drawn.
            LimitError: It takes too long, or too much memory.
            DamagedProjectError: The file's bytes are not those that were added.
        """
        until = None if seconds is None else time.monotonic() + seconds
        if not self._lock.acquire(timeout=-1 if seconds is None else max(seconds, 0)):
            raise self._too_slow(request, seconds)
        try:
            if request in self._kept:
                self._kept.move_to_end(request)
                return self._kept[request]
            self._files.check(Path(request.path).name)
            try:
                reply = self._slot.run(
                    request,
                    request.name,
                    lambda: self._closing or (until is not None and time.monotonic() > until),
                )
            except ParseCancelledError:
                if self._closing:
                    raise
                self._keep_none(request)
                raise self._too_slow(request, seconds) from None
            except (LimitError, WorkerDiedError):
                self._keep_none(request)
                raise
            picture = reply.picture if isinstance(reply, wire.Drawn) else b""
            self._keep(request, picture)
            return picture
        finally:
            self._lock.release()

    def _too_slow(self, request: wire.Picture, seconds: float | None) -> LimitError:
        problem = f"drawing a page of it took longer than {seconds or 0:.1f} seconds"
        return LimitError(request.name, problem, "the seconds it may take")

    def _keep_none(self, request: wire.Picture) -> None:
        # A list of documents asks for thumbnails again and again: one that cannot be drawn would
        # take its whole time each time.
        if request.page == 0:
            self._keep(request, b"")

    def _keep(self, request: wire.Picture, picture: bytes) -> None:
        self._kept[request] = picture
        self._kept_bytes += len(picture)
        while self._kept_bytes > _KEPT_BYTES:
            _, dropped = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped)

    def close(self) -> None:
        """End the worker; a picture that is being drawn comes to an end."""
        self._closing = True
        with self._lock:
            self._slot.stop()
            self._kept.clear()
