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
from concurrent.futures import Future
from uuid import uuid4

from ragflow_local.errors import PlaceLostError
from ragflow_local.ingest.places import BatchDiedError
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
from ragflow_local.scale.sent import SentBatches

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
        self._sent = SentBatches(self.name, self._give_up)
        self._probes: set[int] = set()  # what is for one worker alone
        self._missing: dict[int, float] = {}
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
        self._sent.lose("it was left")
        with contextlib.suppress(OSError):
            self._folder.forget(self._run)

    def _submit(self, batch: bytes, worker: str) -> Future[bytes]:
        number, sent = self._sent.begin()
        name = Name(self._run, number, worker)
        if worker:
            self._probes.add(number)
        try:
            self._folder.put("inbox", name, batch)
        except OSError as error:
            self._sent.forget(number)
            raise PlaceLostError(self.name, str(error)) from error
        return sent

    def _give_up(self, number: int) -> None:
        """Take a batch back; who has it finds that out when it is done."""
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
                    self._sent.lose(str(error))
                    return

    def _take_back(self) -> None:
        """Hand over what has come back."""
        for name in self._folder.names("outbox"):
            if name.run != self._run:
                continue
            is_awaited = name.number in self._sent.numbers()
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
        waited_for = self._sent.numbers()
        self._missing = {
            number: self._missing.get(number, now)
            for number in waited_for
            if number not in there or number in self._probes
        }
        for number, since in self._missing.items():
            if now - since > self._lease:
                self._delete(number)
                is_probe = number in self._probes
                how = Answer(_UNASKED) if is_probe else Answer(died="its file is gone, or torn")
                self._end(number, how)

    def _end(self, number: int, answer: Answer) -> None:
        self._sent.end(number, BatchDiedError(answer.died) if answer.died else answer.frame)
