"""The items of the parse queue: documents, and the tasks each is split into."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from msgspec import structs

from ragflow_local.errors import PageTimeError, WorkerDiedError
from ragflow_local.ingest import wire
from ragflow_local.ingest.counted import Counted
from ragflow_local.ingest.requests import Source
from ragflow_local.records import Block, DocumentRow, Draft, Matrix, Progress
from ragflow_local.settings import ParserSettings
from ragflow_local.text.plurals import count_of

QUEUED = Progress(0.0, "Queued")
_TRIES = 2  # a worker may die of another's memory need: a file that ends two is at fault


def queued_behind(count: int) -> Progress:
    """Return the progress of a document that waits for ``count`` others."""
    return Progress(0.0, f"Queued behind {count_of(count, 'other')}") if count else QUEUED


@dataclass(slots=True)
class Parse:
    """One document's way through the queue.

    Attributes:
        order: Its place in the line of those that are read here; -1 where it is read elsewhere.
        vectors: (n_drafts, dim) float32, where another place has embedded the drafts.
    """

    document: DocumentRow
    order: int
    config: ParserSettings
    path: str
    cancelled: bool = False
    progress: Progress = QUEUED
    pages: int = 0
    waiting: int = 0
    blocks: dict[int, list[Block]] = field(default_factory=dict)
    read_pages: dict[int, int] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    counted: Counted | None = None
    vectors: Matrix | None = None
    is_checked: bool = False
    is_suspect: bool = False
    is_drafted: bool = False
    is_over: bool = False

    def is_cancelled(self) -> bool:
        """Return whether the parse was cancelled."""
        return self.cancelled or self.is_over

    @property
    def source(self) -> Source:
        """What a worker is told of the document."""
        document = self.document
        return Source(self.path, document.kind, document.name, document.parse_method, self.config)


@dataclass(order=True, slots=True)
class Task:
    """A task for a slot; tasks of the lowest turn go first.

    Each part of a long document takes the turn of one document more, so that short ones behind it
    need not wait for all of its pages, nor its pages for all of them.

    Attributes:
        turn: The document's place in the queue, and how many parts of it go before.
        part: The part of the document; -1 for what is done once all are read.
    """

    turn: int
    part: int
    parse: Parse = field(compare=False)
    request: wire.Request = field(compare=False)


def persistently(run: Callable[[wire.Request], wire.Reply], request: wire.Request) -> wire.Reply:
    """Return the reply to a request, asked once more where its worker dies; see ``patiently``.

    Raises:
        WorkerDiedError: It ended two workers.
    """
    for _ in range(_TRIES - 1):
        try:
            return patiently(run, request)
        except WorkerDiedError:
            continue
    return patiently(run, request)


def patiently(run: Callable[[wire.Request], wire.Reply], request: wire.Request) -> wire.Reply:
    """Return the reply to a request; a page that takes too long is read plainly, else left out.

    Raises:
        PageTimeError: A page took too long though it was to be left out.
    """
    while True:
        try:
            return run(request)
        except PageTimeError as error:
            if not isinstance(request, wire.Read) or error.page in request.skipped:
                raise
            if error.page in request.plain:
                request = structs.replace(request, skipped=(*request.skipped, error.page))
            else:
                request = structs.replace(request, plain=(*request.plain, error.page))


class Line:
    """The order of the queue: places, and which of them are done."""

    def __init__(self) -> None:
        self._next = 0
        self._done: list[int] = []  # sorted

    def join(self) -> int:
        """Return the place of one more document."""
        self._next += 1
        return self._next - 1

    def leave(self, place: int) -> None:
        """Take a document out, whether or not those before it are done."""
        insort(self._done, place)

    def count_before(self, place: int) -> int:
        """Return how many documents before a place are not done."""
        return place - bisect_left(self._done, place)


# Before all others: wakes a slot that waits, to end.
END = Task(-1, 0, cast(Parse, None), cast(wire.Request, None))
