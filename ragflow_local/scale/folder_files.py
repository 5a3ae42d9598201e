"""The shared folder through which a project and the computers that parse for it exchange batches.

    inbox/RUN-N            a batch that waits; RUN-N-WORKER waits for that worker alone
    claimed/RUN-N-WORKER   one that a worker has; renamed from the inbox, so that one alone has it
    outbox/RUN-N           what became of it
    askers/RUN             the pulse of who asks: it changes every few seconds
    workers/WORKER         the pulse of a worker

A pulse is told from one that stands still by the clock of who looks: no two computers' clocks are
compared. What is written appears whole, behind its hash; what is torn is as if it were not there.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import uuid4

import msgspec

from ragflow_local.errors import InvalidValueError
from ragflow_local.stores.durable import read_own

LEASE_SECONDS = 60.0  # after which a pulse that stands still is that of somebody who is gone
FORGOTTEN_SECONDS = 600.0  # after which what such a one left is deleted
BEAT_SECONDS = 5.0
PREFIX = "folder:"
_MOST_FILE_BYTES = 1 << 31
_MOST_PULSE_BYTES = 64

Box = Literal["inbox", "claimed", "outbox"]
Kind = Literal["askers", "workers"]
BOXES: tuple[Box, ...] = ("inbox", "claimed", "outbox")  # in the order in which a batch goes
_FOLDERS = (*BOXES, "askers", "workers")
_NAME = re.compile(r"([0-9a-f]{32})-([0-9]{1,9})(?:-([0-9a-f]{32}))?")
_ID = re.compile(r"[0-9a-f]{32}")
_BEGUN = ".new-"


def folder_of(given: str | os.PathLike[str], argument: str) -> Path:
    """Return the folder that an argument names; ``folder:`` may stand before it.

    Raises:
        InvalidValueError: There is no such folder.
    """
    folder = Path(os.fspath(given).removeprefix(PREFIX)).expanduser().absolute()
    if not folder.is_dir():
        raise InvalidValueError(argument, os.fspath(given), "a folder that is there")
    return folder


class Name(NamedTuple):
    """What a batch is called: by who asked, its number there, and the worker that it is with."""

    run: str
    number: int
    worker: str = ""

    def __str__(self) -> str:
        """Return the name of its file."""
        return "-".join(filter(None, (self.run, str(self.number), self.worker)))


class Answer(msgspec.Struct, frozen=True):
    """What became of a batch: its frame, or how it died."""

    frame: bytes = b""
    died: str = ""


_encode = msgspec.msgpack.Encoder().encode
_answer_of = msgspec.msgpack.Decoder(Answer).decode


class SharedFolder:
    """A folder with batches.

    Args:
        path: It is there.

    Raises:
        OSError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._beats = itertools.count()
        # Who may write in it may take part: its files are for just those.
        mode = path.stat().st_mode & 0o777
        self._mode = mode & 0o666
        for name in _FOLDERS:
            inside = path / name
            if not inside.is_dir():
                inside.mkdir(exist_ok=True)
                inside.chmod(path.stat().st_mode & 0o7777)

    def names(self, box: Box) -> list[Name]:
        """Return the batches in a box, those that were asked for first at the front."""
        found = []
        with os.scandir(self.path / box) as entries:
            for entry in entries:
                match = _NAME.fullmatch(entry.name)
                if match:
                    found.append(Name(match[1], int(match[2]), match[3] or ""))
        return sorted(found, key=lambda name: (name.number, name.run))

    def put(self, box: Box, name: Name, data: bytes) -> None:
        """Write a file whole, or not at all."""
        new = self.path / box / f"{_BEGUN}{name.run}-{uuid4().hex[:8]}"
        try:
            with new.open("xb") as file:
                file.write(hashlib.sha256(data).digest())
                file.write(data)
            new.chmod(self._mode)
            new.replace(self.path / box / str(name))
        except BaseException:
            new.unlink(missing_ok=True)
            raise

    def get(self, box: Box, name: Name) -> bytes | None:
        """Return what a file holds; None where it is gone, torn or no file."""
        try:
            with read_own(self.path / box / str(name)) as file:
                if os.fstat(file.fileno()).st_size > _MOST_FILE_BYTES:
                    return None
                sha256, data = file.read(32), file.read(_MOST_FILE_BYTES)
        except OSError:
            return None
        return data if hashlib.sha256(data).digest() == sha256 else None

    def answer(self, name: Name, answer: Answer) -> None:
        """Put what became of a batch into the outbox."""
        self.put("outbox", Name(name.run, name.number), _encode(answer))

    def answered(self, name: Name) -> Answer | None:
        """Return what became of a batch; None where its file is torn, or something else."""
        data = self.get("outbox", name)
        try:
            return None if data is None else _answer_of(data)
        except msgspec.MsgspecError:
            return None

    def move(self, source: Box, name: Name, target: Box, new: Name) -> bool:
        """Move a batch from box to box; return whether it was there: one alone can do it."""
        there = self.path / target / str(new)
        try:
            (self.path / source / str(name)).rename(there)
        except FileNotFoundError:
            return there.exists()  # a network may lose the answer, and ask again
        return True

    def is_there(self, box: Box, name: Name) -> bool:
        """Return whether a batch is in a box."""
        return (self.path / box / str(name)).exists()

    def delete(self, box: Box, name: Name) -> None:
        """Delete a batch, wherever it may have gone."""
        (self.path / box / str(name)).unlink(missing_ok=True)

    # ── who is there ──

    def beat(self, kind: Kind, id: str) -> None:
        """Change one's pulse."""
        path = self.path / kind / id
        is_new = not path.exists()
        path.write_bytes(b"%d" % next(self._beats))
        if is_new:
            path.chmod(self._mode)

    def pulse(self, kind: Kind, id: str) -> bytes:
        """Return a pulse as it is now; empty for one that has none."""
        try:
            with read_own(self.path / kind / id) as file:
                return file.read(_MOST_PULSE_BYTES)
        except OSError:
            return b""

    def present(self, kind: Kind) -> list[str]:
        """Return who has a pulse, even one that stands still."""
        with os.scandir(self.path / kind) as entries:
            return [entry.name for entry in entries if _ID.fullmatch(entry.name)]

    def leave(self, kind: Kind, id: str) -> None:
        """Delete a pulse."""
        (self.path / kind / id).unlink(missing_ok=True)

    def forget(self, run: str) -> None:
        """Delete all that belongs to one who asked."""
        for box in BOXES:
            with os.scandir(self.path / box) as entries:
                for entry in entries:
                    if entry.name.removeprefix(_BEGUN).startswith(f"{run}-"):
                        Path(entry.path).unlink(missing_ok=True)
        self.leave("askers", run)


class Watch:
    """For how long pulses have stood still.

    Args:
        folder: Where they are.
        kind: Whose.
    """

    def __init__(self, folder: SharedFolder, kind: Kind) -> None:
        self._folder = folder
        self._kind = kind
        self._seen: dict[str, tuple[bytes, float]] = {}

    def still(self, ids: Iterable[str]) -> dict[str, float]:
        """Return the seconds for each; those that are not asked for any more are forgotten."""
        now, seen = time.monotonic(), dict[str, tuple[bytes, float]]()
        for id in set(ids):
            pulse, before = self._folder.pulse(self._kind, id), self._seen.get(id)
            seen[id] = before if before is not None and before[0] == pulse else (pulse, now)
        self._seen = seen
        return {id: now - since for id, (_, since) in seen.items()}

    def tidied(self) -> set[str]:
        """Delete what those left who asked long ago; return who gives no sign now.

        It is for the pulses of who asks.
        """
        runs = {name.run for box in BOXES for name in self._folder.names(box)}
        still = self.still({*runs, *self._folder.present("askers")})
        for run, seconds in still.items():
            if seconds > FORGOTTEN_SECONDS:
                self._folder.forget(run)
        return {run for run, seconds in still.items() if seconds > LEASE_SECONDS}
