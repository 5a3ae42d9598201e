"""Places that parse documents for a project: a cluster, a pool of processes, other computers.

A place runs ``remote.parse_batch`` somewhere and returns what that returns. What it is to do is
packed here, and what comes back is checked as what a worker sends: it is made of files from
anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Protocol

import msgspec
import numpy as np

from ragflow_local.errors import DamagedFileError
from ragflow_local.ingest.counted import Counted, received
from ragflow_local.ingest.remote import SENT, Batch, Frame, Item, Outcome, frame_of, parse_batch
from ragflow_local.ingest.tasks import Parse
from ragflow_local.records import Matrix

# Of files that go to a place together: small enough that a batch takes seconds.
_BATCH_BYTES, _BATCH_FILES = 256 << 10, 64
_SHARES = 4  # batches for each that a place works on at once, so that all end together
_MOST_FRAME_BYTES = 1 << 30
_MOST_NOTICES, _MOST_LETTERS = 1000, 4000  # of an outcome; of a notice or a reason
_UNIT = 0.01  # how far the length of a rounded vector may be from 1


class BatchDiedError(Exception):
    """Says how a batch was not done, in the words of a place that knows."""


class Place(Protocol):
    """Where batches are parsed.

    Attributes:
        name: What it is called in messages.
        reads_files: Whether the project's files are seen there under the same paths; else their
            bytes are sent.
    """

    name: str
    reads_files: bool

    @property
    def width(self) -> int:
        """How many batches it works on at once; it may change."""
        ...

    def submit(self, batch: bytes) -> Future[bytes]:
        """Return what will be ``parse_batch(batch)``; cancelling it ends the work.

        Raises:
            PlaceLostError: The place cannot be reached any more; the future may raise it too.
                Any other error says that this batch was not done.
        """
        ...

    def submit_to_each(self, batch: bytes) -> Sequence[Future[bytes]]:
        """Return the same for each of its computers: asked once, whether it can do it."""
        ...

    def close(self) -> None:
        """Leave the place; what it works on is given up."""
        ...


class Sent(Future[bytes]):
    """A batch at a place; cancelling it gives it up there.

    Args:
        give_up: Has the place forget the batch.
    """

    def __init__(self, give_up: Callable[[], None]) -> None:
        super().__init__()
        self._give_up = give_up

    def cancel(self) -> bool:
        """Give the batch up; return whether it was not back yet."""
        is_cancelled = super().cancel()
        if is_cancelled:
            self._give_up()
        return is_cancelled


class Pool:
    """A place made of an executor: threads, processes, Dask, MPI.

    Args:
        executor: What runs ``parse_batch``; it stays open.
        width: How many batches it runs at once.
        name: What it is called in messages.
        reads_files: Whether it sees the project's files under the same paths.
    """

    def __init__(
        self, executor: Executor, width: int, *, name: str = "", reads_files: bool = False
    ) -> None:
        self.name = name or type(executor).__name__
        self.reads_files = reads_files
        self.width = width
        self._executor = executor

    def submit(self, batch: bytes) -> Future[bytes]:
        """Return what will be ``parse_batch(batch)``."""
        return self._executor.submit(parse_batch, batch)

    def submit_to_each(self, batch: bytes) -> Sequence[Future[bytes]]:
        """Return the same, once: which computers there are is not known."""
        return [self.submit(batch)]

    def close(self) -> None:
        """Do nothing: the executor is the caller's."""


def packed(parses: Iterable[Parse], width: int) -> Iterator[list[Parse]]:
    """Yield the parses of each batch: documents of one dataset, in their order.

    Args:
        parses: The documents.
        width: How many batches the place works on at once; few documents go to all of them.
    """
    by_dataset: dict[str, list[Parse]] = {}
    for parse in parses:
        by_dataset.setdefault(parse.document.dataset_id, []).append(parse)
    for some in by_dataset.values():
        most = min(max(-(-len(some) // (_SHARES * max(width, 1))), 1), _BATCH_FILES)
        batch, size = list[Parse](), 0
        for parse in some:
            more = parse.document.size
            if batch and (len(batch) >= most or size + more > _BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(parse)
            size += more
        if batch:
            yield batch


def item_of(parse: Parse, data: bytes, path: str) -> Item:
    """Return what a place is told of a document."""
    source = parse.source
    return Item(source.name, source.kind, source.method, source.config, data, path)


def opened(data: bytes, batch: Batch) -> Frame:
    """Return the frame that a place gave for a batch.

    Raises:
        ValueError: It cannot be of this batch.
    """
    if len(data) > _MOST_FRAME_BYTES:
        raise ValueError(f"{len(data)} bytes came back")
    try:
        frame = frame_of(data)
    except msgspec.MsgspecError as error:
        raise ValueError(f"no frame came back: {error}") from None
    if not frame.refused and len(frame.outcomes) != len(batch.items):
        raise ValueError(f"{len(frame.outcomes)} of {len(batch.items)} documents came back")
    return frame


def take(parse: Parse, outcome: Outcome, dim: int) -> None:
    """Give a parse what became of its document.

    Args:
        parse: The document.
        outcome: From a place, where it was made of bytes from anywhere.
        dim: Length of a vector.

    Raises:
        DamagedFileError: It cannot be of this document.
    """
    name, drafts = parse.document.name, outcome.drafts
    if outcome.counted is None:
        raise DamagedFileError(name, "while reading", "what came back has no counts")
    parse.counted = _counted(outcome, name)
    parse.vectors = _vectors(outcome, name, dim)
    parse.notices = [cut(notice) for notice in outcome.notices[:_MOST_NOTICES]]
    parse.drafts = list(drafts)
    parse.pages = max(outcome.pages, 0)


def cut(text: str) -> str:
    """Return a text for the user that is not endless."""
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"


def _counted(outcome: Outcome, name: str) -> Counted:
    assert outcome.counted is not None
    return received(outcome.counted, outcome.drafts, name)


def _vectors(outcome: Outcome, name: str, dim: int) -> Matrix:
    if len(outcome.vectors) != len(outcome.drafts) * dim * SENT.itemsize:
        raise DamagedFileError(name, "while embedding", "its vectors are not those of its chunks")
    matrix = np.frombuffer(outcome.vectors, SENT).astype(np.float32).reshape(-1, dim)
    lengths = np.linalg.norm(matrix, axis=1)
    # 0: of a text without words.
    if not ((np.abs(lengths - 1) < _UNIT) | (lengths == 0)).all():
        raise DamagedFileError(name, "while embedding", "its vectors are not of length 1")
    return matrix
