"""A worker that parses what lies in a shared folder, for whoever asks there.

It knows no project. Who may write in the folder has files read and texts embedded here, and nothing
else: a batch that names files of this computer is refused, models are looked for where this
computer keeps them, and files are read in isolated processes, as they are everywhere.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import msgspec

from ragflow_local.errors import DiskError, PlaceRefusedError
from ragflow_local.ingest.remote import Batch, Frame, encode, end_workers, parsed, software
from ragflow_local.scale.folder_files import (
    BEAT_SECONDS,
    Answer,
    Name,
    SharedFolder,
    Watch,
    folder_of,
)
from ragflow_local.settings import check_whole
from ragflow_local.text.plurals import count_of

Told = Callable[[str], None]

_LOOK_SECONDS = 0.5
_FAILING_SECONDS = 60.0  # a network's folder may be away for a moment
_MOST_REFUSED = 3  # fewer than after which a project thinks that nobody there can do it
_MOST_LETTERS = 2000

_batch_of = msgspec.msgpack.Decoder(Batch).decode


def work(
    folder: str | os.PathLike[str],
    *,
    workers: int = 1,
    once: bool = False,
    told: Told | None = None,
) -> int:
    """Parse what projects leave in a shared folder, until Ctrl-C; return how many documents.

    Each of the computers that see the folder may do so, any number of them; none is told of the
    others. At the end what was not done is given back.

    Args:
        folder: The one that ``dataset.parse(on=folder)`` names.
        workers: How many batches to work on at once.
        once: Whether to end when nothing waits.
        told: Called with a line for each batch, from threads.

    Raises:
        InvalidValueError: There is no such folder.
        PlaceRefusedError: What waits there is of another version, or another model.
        DiskError: The folder cannot be read or written.
    """
    check_whole("workers", workers, 1, 1024)
    path = folder_of(folder, "folder")
    try:
        shared = SharedFolder(path)
        every = [Worker(shared, once=once, told=told) for _ in range(workers)]
    except OSError as error:
        raise DiskError.of(error, path) from error
    threads = [threading.Thread(target=worker.run, daemon=True) for worker in every]
    try:
        for thread in threads:
            thread.start()
        while alive := [thread for thread in threads if thread.is_alive()]:
            if any(worker.error for worker in every):
                break
            alive[0].join(_LOOK_SECONDS)
    finally:
        for worker in every:
            worker.leave()
        end_workers()
    for worker in every:
        if worker.error is not None:
            raise worker.error
    return sum(worker.documents for worker in every)


class Worker:
    """One who takes batches from a folder, one after the other.

    Attributes:
        documents: How many were parsed.
        error: Why it ended; None while all goes well.
    """

    def __init__(self, folder: SharedFolder, *, once: bool, told: Told | None) -> None:
        self.documents = 0
        self.error: PlaceRefusedError | DiskError | None = None
        self._folder = folder
        self._once = once
        self._told = told or (lambda line: None)
        self._id = uuid4().hex
        self._claim: Name | None = None
        self._lock = threading.Lock()
        self._beating = threading.Lock()
        self._has_left = threading.Event()
        self._askers = Watch(folder, "askers")
        self._silent: set[str] = set()
        self._refused = 0
        folder.beat("workers", self._id)
        threading.Thread(target=self._beat, daemon=True, name="folder-pulse").start()

    def run(self) -> None:
        """Work until told to leave; or until nothing waits, where that is wanted."""
        try:
            self._work()
        except OSError as error:
            self.error = DiskError.of(error, self._folder.path)
        finally:
            self.leave()

    def leave(self) -> None:
        """Give back what is not done, and leave nothing in the folder."""
        self._has_left.set()
        with self._lock, contextlib.suppress(OSError):
            if self._claim is not None:
                name, self._claim = self._claim, None
                self._folder.move("claimed", name, "inbox", Name(name.run, name.number))
        with self._beating, contextlib.suppress(OSError):
            self._folder.leave("workers", self._id)

    def _work(self) -> None:
        failing: float | None = None
        while not self._has_left.is_set() and self.error is None:
            try:
                claim = self._claimed()
                if claim is not None:
                    self._parse(claim)
                elif self._once:
                    return
                else:
                    self._has_left.wait(_LOOK_SECONDS)
                failing = None
            except OSError:
                failing = failing or time.monotonic()
                if time.monotonic() - failing > _FAILING_SECONDS:
                    raise
                self._has_left.wait(_LOOK_SECONDS)

    def _claimed(self) -> Name | None:
        """Return a batch that is this worker's from now on; None where none waits."""
        for name in self._folder.names("inbox"):
            if name.worker not in ("", self._id) or name.run in self._silent:
                continue
            claim = Name(name.run, name.number, self._id)
            with self._lock:
                if self._has_left.is_set():
                    return None
                if self._folder.move("inbox", name, "claimed", claim):
                    self._claim = claim
                    return claim
        return None

    def _parse(self, claim: Name) -> None:
        data = self._folder.get("claimed", claim)
        # What is torn, or was taken back, is as if it had never been there.
        answer = None if data is None else self._answer(data)
        with self._lock:
            if self._claim is None:
                return  # given back: another does it
            self._claim = None
            if answer is not None and self._folder.is_there("claimed", claim):
                self._folder.answer(claim, answer)
            self._folder.delete("claimed", claim)

    def _answer(self, data: bytes) -> Answer:
        begun = time.monotonic()
        try:
            batch = _batch_of(data)
        except msgspec.MsgspecError as error:
            return self._refuse(f"it has {software()}, and cannot read the batch ({error})")
        if any(item.path for item in batch.items):
            return self._refuse("it reads no files by their path, only those that are sent")
        try:
            models = Path(os.environ.get("RAGFLOW_LOCAL_MODELS") or "models").expanduser()
            setup = msgspec.structs.replace(batch.setup, models_dir=str(models.absolute()))
            frame = parsed(Batch(setup, batch.items))
        except Exception as error:  # noqa: BLE001  # a bug is told to who asked
            return Answer(died=f"{type(error).__name__}: {error}"[:_MOST_LETTERS])
        if frame.refused:
            return self._refuse(frame.refused)
        self._refused = 0
        self.documents += len(frame.outcomes)
        if batch.items:
            seconds = time.monotonic() - begun
            self._told(f"{count_of(len(batch.items), 'document')} in {seconds:.1f} s")
        return Answer(encode(frame))

    def _refuse(self, why: str) -> Answer:
        self._refused += 1
        if self._refused >= _MOST_REFUSED:
            self.error = PlaceRefusedError(str(self._folder.path), why)
        return Answer(encode(Frame([], why)))

    def _beat(self) -> None:
        while not self._has_left.wait(BEAT_SECONDS):
            with self._beating, contextlib.suppress(OSError):
                if not self._has_left.is_set():
                    self._folder.beat("workers", self._id)
            with contextlib.suppress(OSError):
                self._silent = self._askers.tidied()
