"""Draws pictures of pages in a worker of their own, and caches the latest."""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict
from pathlib import Path

from ragflow_local.errors import (
    LimitError,
    ParseCancelledError,
    RagflowError,
    WorkerDiedError,
    WorkerNotStartedError,
)
from ragflow_local.ingest import wire
from ragflow_local.ingest.slots import Slot
from ragflow_local.stores.files import Files

# A notebook shows the same objects again and again: some hundred pages of a report's size.
_KEPT_BYTES = 16 << 20
_LOOK_SECONDS = 0.5
_CLOSE_SECONDS = 1.5

_Done = queue.SimpleQueue[bytes | Exception]


class Pictures:
    """Draws what it is asked for, one picture after another."""

    def __init__(self, files: Files, slot: Slot) -> None:
        self._files = files
        self._slot = slot
        self._asked: queue.SimpleQueue[tuple[wire.Picture, _Done] | None] = queue.SimpleQueue()
        self._closing = False
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._kept: OrderedDict[wire.Picture, bytes] = OrderedDict()
        self._kept_bytes = 0

    def draw(self, request: wire.Picture, seconds: float | None = None) -> bytes:
        """Return a picture that a worker drew; empty where the page has none.

        Args:
            request: Which; its file lies under its hash, so the same is always the same.
            seconds: How long to wait at most; it is drawn all the same, and there the next time
                it is asked for. None: as long as a worker may take.

        Raises:
            ReadError: The page cannot be drawn.
            LimitError: It takes too long, or too much memory.
            DamagedProjectError: The file's bytes are not those that were added.
        """
        cached = self._find(request)
        if cached is not None:
            return cached
        until = None if seconds is None else time.monotonic() + seconds
        reply: _Done = queue.SimpleQueue()
        self._asked.put((request, reply))
        while True:
            self._start(request)
            left = _LOOK_SECONDS if until is None else max(until - time.monotonic(), 0.0)
            try:
                picture = reply.get(timeout=min(left, _LOOK_SECONDS))
            except queue.Empty:
                if until is None or time.monotonic() < until:
                    continue
                what = f"drawing a page of it took longer than {seconds:.1f} seconds"
                raise LimitError(request.name, what, "the seconds it may take") from None
            if isinstance(picture, Exception):
                raise picture
            return picture

    def close(self) -> None:
        """End the worker; a picture that is being drawn is not finished."""
        with self._lock:
            self._closing = True
            thread = self._thread
        self._asked.put(None)
        if thread is not None:
            thread.join(timeout=_CLOSE_SECONDS)
        self._slot.stop()

    def _start(self, request: wire.Picture) -> None:
        """Start the drawing thread unless it runs.

        One for all: a worker ends with the thread that started it, which must not be a user's.
        """
        with self._lock:
            if self._closing:
                raise ParseCancelledError(request.name)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._work, daemon=True, name="ragflow-pictures"
                )
                self._thread.start()

    def _work(self) -> None:
        while not self._closing and (job := self._asked.get()) is not None:
            request, reply = job
            # What nobody foresaw ends the thread; whoever waits is told, the next starts another.
            result: bytes | Exception = WorkerDiedError(request.name, "an unexpected error")
            try:
                result = self._draw(request)
            except (RagflowError, OSError) as error:
                result = error
            finally:
                reply.put(result)

    def _draw(self, request: wire.Picture) -> bytes:
        cached = self._find(request)  # it may have been asked for twice
        if cached is not None:
            return cached
        self._files.check(Path(request.path).name)
        try:
            reply = self._slot.run(request, request.name, lambda: self._closing)
        except (LimitError, WorkerDiedError, WorkerNotStartedError):
            if request.page == 0:
                # A list of documents asks for thumbnails again and again: one that cannot be
                # drawn would take its whole time each time.
                self._keep(request, b"")
            raise
        picture = reply.picture if isinstance(reply, wire.Drawn) else b""
        self._keep(request, picture)
        return picture

    def _keep(self, request: wire.Picture, picture: bytes) -> None:
        with self._lock:
            self._kept[request] = picture
            self._kept_bytes += len(picture)
            while self._kept_bytes > _KEPT_BYTES:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= len(dropped)

    def _find(self, request: wire.Picture) -> bytes | None:
        with self._lock:
            if request in self._kept:
                self._kept.move_to_end(request)
            return self._kept.get(request)
