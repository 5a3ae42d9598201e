"""A shared folder, as a place to parse at: whoever runs ``ragflow-local work FOLDER`` does it.

No port is opened and nobody is told of anybody: batches and what becomes of them are files. A
computer that comes later takes part, one that goes gives back what it had.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from functools import partial
from uuid import uuid4

from ragflow_local.errors import PlaceLostError
from ragflow_local.ingest.places import BatchDiedError, Sent
from ragflow_local.ingest.remote import Frame, encode
from ragflow_local.scale.folder_files import (
    BEAT_SECONDS,
    BOXES,
    LEASE_SECONDS,
    PREFIX,
    Answer,
    Name,
    SharedFolder,
    Watch,
    folder_of,
)

_LOOK_SECONDS = 0.2
_UNASKED = encode(Frame([]))  # of a worker that is busy or gone: its first batch asks it


class FolderPlace:
    """A shared folder that workers take batches from.

    Args:
        path: A folder that is there, and that they see too; ``folder:`` may stand before it.

    Raises:
        InvalidValueError: There is no such folder.
        PlaceLostError: It cannot be written.
    """

    reads_files = False

    def __init__(self, path: str | os.PathLike[str]) -> None:
        folder = folder_of(path, "on")
        self.name = f"{PREFIX}{folder}"
        self.width = 1
        self._lease = LEASE_SECONDS
        self._run = uuid4().hex
        self._lock = threading.Lock()
        self._sent: dict[int, tuple[Sent, bool]] = {}  # and whether it is for one worker alone
        self._next = 0
        self._missing: dict[int, float] = {}
        self._lost: str | None = None
        self._is_left = threading.Event()
        try:
            self._folder = SharedFolder(folder)
            self._folder.beat("askers", self._run)
            self._workers = Watch(self._folder, "workers")
            self._askers = Watch(self._folder, "askers")
            self.width = max(len(self._folder.present("workers")), 1)
        except OSError as error:
            raise PlaceLostError(self.name, str(error)) from error
        self._thread = threading.Thread(target=self._watch, daemon=True, name="folder-place")
        self._thread.start()

    def submit(self, batch: bytes) -> Future[bytes]:
        """Return what will be ``parse_batch(batch)``, by whoever takes it.

        Raises:
            PlaceLostError: The folder cannot be written any more.
        """
        return self._submit(batch, "")

    def submit_to_each(self, batch: bytes) -> Sequence[Future[bytes]]:
        """Return the same for each worker that is there; nobody need be there yet."""
        sent = [self._submit(batch, worker) for worker in self._folder.present("workers")]
        if sent:
            return sent
        unasked: Future[bytes] = Future()
        unasked.set_result(_UNASKED)
        return [unasked]

    def close(self) -> None:
        """Take back what is not done, and leave nothing in the folder."""
        self._is_left.set()
        if self._thread is not threading.current_thread():
            self._thread.join()
        self._lose("it was left")
        with contextlib.suppress(OSError):
            self._folder.forget(self._run)

    def _submit(self, batch: bytes, worker: str) -> Future[bytes]:
        with self._lock:
            if self._lost is not None:
                raise PlaceLostError(self.name, self._lost)
            name = Name(self._run, self._next, worker)
            self._next += 1
            future = Sent(partial(self._give_up, name.number))
            self._sent[name.number] = future, bool(worker)
        try:
            self._folder.put("inbox", name, batch)
        except OSError as error:
            with self._lock:
                self._sent.pop(name.number, None)
            raise PlaceLostError(self.name, str(error)) from error
        return future

    def _give_up(self, number: int) -> None:
        """Take a batch back; who has it finds that out when it is done."""
        with self._lock:
            self._sent.pop(number, None)
        with contextlib.suppress(OSError):
            self._delete(number)

    def _delete(self, number: int) -> None:
        for box in (*BOXES, "inbox", "claimed"):  # it may go, and come back, meanwhile
            for name in self._folder.names(box):
                if (name.run, name.number) == (self._run, number):
                    self._folder.delete(box, name)

    # ── what comes back ──

    def _watch(self) -> None:
        beaten = looked = failing = time.monotonic()
        while not self._is_left.wait(_LOOK_SECONDS):
            now = time.monotonic()
            try:
                if now - beaten >= min(BEAT_SECONDS, self._lease / 4):
                    self._folder.beat("askers", self._run)
                    self._askers.tidied()
                    beaten = now
                self._take_back()
                if now - looked >= min(1.0, self._lease / 4):
                    self._look_after(now)
                    looked = now
                failing = now
            except OSError as error:  # a network's folder may be away for a moment
                if now - failing > self._lease:
                    self._lose(str(error))
                    return

    def _take_back(self) -> None:
        """Hand over what has come back."""
        for name in self._folder.names("outbox"):
            if name.run != self._run:
                continue
            with self._lock:
                is_awaited = name.number in self._sent
            answer = self._folder.answered(name) if is_awaited else Answer()
            if answer is not None:
                self._folder.delete("outbox", name)
                self._end(name.number, answer)

    def _look_after(self, now: float) -> None:
        """Look which workers are there, and which batches went with one that is not."""
        present = self._folder.present("workers")
        waiting, claimed, back = (
            [name for name in self._folder.names(box) if name.run == self._run] for box in BOXES
        )
        still = self._workers.still({*present, *(name.worker for name in claimed)})
        gone = {worker for worker, seconds in still.items() if seconds > self._lease}
        self.width = max(len(set(present) - gone), 1)
        for worker in gone & set(present):
            self._folder.leave("workers", worker)
        for name in claimed:
            if name.worker in gone:
                self._folder.delete("claimed", name)
                self._end(name.number, Answer(died="the computer that had it is gone"))
        # In the outbox is what is torn, else it would have been taken back.
        there = {name.number for name in (*waiting, *claimed)} - {name.number for name in back}
        self._end_missing(now, there)

    def _end_missing(self, now: float, there: set[int]) -> None:
        """End what nobody has, and what no worker has answered that was asked by itself."""
        with self._lock:
            sent = dict(self._sent)
        self._missing = {
            number: self._missing.get(number, now)
            for number, (_, is_probe) in sent.items()
            if number not in there or is_probe
        }
        for number, since in self._missing.items():
            if now - since > self._lease:
                self._delete(number)
                _, is_probe = sent[number]
                how = Answer(_UNASKED) if is_probe else Answer(died="its file is gone, or torn")
                self._end(number, how)

    def _end(self, number: int, answer: Answer) -> None:
        with self._lock:
            future, _ = self._sent.pop(number, (None, False))
        if future is None:
            return
        with contextlib.suppress(InvalidStateError):  # given up a moment ago
            if answer.died:
                future.set_exception(BatchDiedError(answer.died))
            else:
                future.set_result(answer.frame)

    def _lose(self, how: str) -> None:
        with self._lock:
            self._lost = self._lost or how
            sent, self._sent = list(self._sent.values()), {}
        for future, _ in sent:
            with contextlib.suppress(InvalidStateError):
                future.set_exception(PlaceLostError(self.name, self._lost))
