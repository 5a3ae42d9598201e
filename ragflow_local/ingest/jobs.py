"""The queue of documents to parse: submit, cancel, wait, and report progress.

    a document    plan ─▶ read, task_page_size pages a task ─▶ cut ─▶ embed and commit
                  └────────── any worker, several at once ──────────┘   one thread, in order

States live in memory; the catalog has what must survive: RUNNING from the moment a parse is asked
for, and its end.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ragflow_local.errors import (
    DiskError,
    LimitError,
    ParseCancelledError,
    RagflowError,
    WorkerDiedError,
)
from ragflow_local.generators import Generator
from ragflow_local.ingest import wire
from ragflow_local.ingest.counted import received
from ragflow_local.ingest.drafted import Drafted, halves
from ragflow_local.ingest.drafts import Parsed
from ragflow_local.ingest.graph import by_model
from ragflow_local.ingest.indexer import Indexer
from ragflow_local.ingest.requests import cut_request, first_request, read_request
from ragflow_local.ingest.slots import Slot
from ragflow_local.ingest.tasks import (
    END,
    QUEUED,
    Line,
    Parse,
    Task,
    patiently,
    queued_behind,
)
from ragflow_local.records import DocumentRow, Progress
from ragflow_local.settings import Limits
from ragflow_local.stores.files import Files

_log = logging.getLogger("ragflow_local.ingest")

# Where in the whole the parts of a parse end: reading is most of it for PDF, embedding for text.
_READ, _CUT, _EMBEDDED = 0.5, 0.55, 0.99
_CLOSE_SECONDS = 1.5
_DISK_SECONDS = 0.5  # between two tries to write on a disk that refuses
_AWAITED_SECONDS = 1.0  # after which nobody waits for a document any more
_TRIES = 2  # a worker may die of another's memory need: a file that ends two is at fault


class Jobs:
    """The queue of one project."""

    def __init__(
        self,
        indexer: Indexer,
        files: Files,
        *,
        workers: int,
        limits: Limits,
        generator_of: Callable[[str], Generator | None] = lambda name: None,
        slot: Callable[[Limits], Slot] = Slot,
    ) -> None:
        self._indexer = indexer
        self._files = files
        self._limits = limits
        self._generator_of = generator_of
        self.pages_read = 0  # since the project was opened
        self._changed = threading.Condition()
        self._parses: dict[str, Parse] = {}
        self._line = Line()
        self._tasks: queue.PriorityQueue[Task] = queue.PriorityQueue()
        self._drafted = Drafted(self._is_awaited)
        self._waiting = 0  # for a document, and when somebody last did
        self._asked = -_AWAITED_SECONDS
        self._closing = False
        self._slots = [slot(limits) for _ in range(workers)]
        self._threads: list[threading.Thread] = []

    # ── what the API calls ──

    def submit(self, documents: Iterable[DocumentRow]) -> None:
        """Queue documents whose row says since just now that they are being parsed."""
        with self._changed:
            for document in documents:
                if document.id in self._parses:
                    # Its end is in the catalog, else the row would not have been begun anew.
                    self._parses[document.id].is_over = True
                    self._line.leave(self._parses[document.id].order)
                parse = Parse(
                    document,
                    self._line.join(),
                    document.parser_config,
                    str(self._files.path_of(document.sha256)),
                    is_suspect=self._files.in_hand.is_suspect(document.id),
                )
                self._parses[document.id] = parse
                self._tasks.put(Task(parse.order, 0, parse, first_request(parse, self._limits)))
            self._start_threads()

    def cancel(self, ids: Iterable[str]) -> None:
        """End the parses of these documents with CANCEL; the others stay as they are.

        When this returns, no chunk of a cancelled parse will appear any more.
        """
        with self._changed:
            parses = [self._parses[id] for id in ids if id in self._parses]
            for parse in parses:
                parse.cancelled = True
        for parse in parses:
            self._end(parse, lambda parse=parse: self._indexer.cancel(parse.document.id))  # type: ignore[misc]  # bound per loop

    def progress_of(self, document_id: str) -> Progress | None:
        """Return how far a queued or running parse is; None for any other document."""
        with self._changed:
            parse = self._parses.get(document_id)
            if parse is None or parse.progress != QUEUED:
                return parse.progress if parse else None
            return queued_behind(self._line.count_before(parse.order))

    def wait_for_change(
        self, document_id: str, seen: Progress | None, timeout_seconds: float
    ) -> Progress | None:
        """Return the progress once it differs from ``seen``, or at the timeout as it is then."""
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(
                    lambda: self.progress_of(document_id) != seen or self._closing, timeout_seconds
                )
                return self.progress_of(document_id)
            finally:
                self._waiting -= 1
                self._asked = time.monotonic()

    def _is_awaited(self) -> bool:
        return bool(self._waiting) or time.monotonic() - self._asked < _AWAITED_SECONDS

    def wait_for_all(self) -> None:
        """Return when no parse is queued or running."""
        with self._changed:
            self._changed.wait_for(lambda: not self._parses)

    def close(self) -> None:
        """End the workers; what was queued or running stays RUNNING in the catalog."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            threads = list(self._threads)
        self._drafted.close()
        for _ in threads:
            self._tasks.put(END)
        for thread in threads:
            # A thread in the middle of loading a model is left to end by itself.
            thread.join(timeout=_CLOSE_SECONDS)
        for slot in self._slots:
            slot.stop()

    # ── the threads ──

    def _start_threads(self) -> None:
        if self._threads or self._closing or not self._parses:
            return
        for slot in self._slots:
            self._threads.append(threading.Thread(target=self._work, args=(slot,), daemon=True))
        self._threads.append(threading.Thread(target=self._commit, daemon=True))
        for thread in self._threads:
            thread.start()

    def _work(self, slot: Slot) -> None:
        while (task := self._tasks.get()) is not END:
            self._drafted.wait_for_room()  # reading is faster than embedding
            if self._closing:
                break
            if not task.parse.is_cancelled():
                self._guard(task.parse, lambda task=task: self._run(slot, task))  # type: ignore[misc]  # bound per loop
        slot.stop()

    def _commit(self) -> None:
        for group in self._drafted.groups():
            self._index_together([parse for parse in group if not parse.is_cancelled()])

    def _index_together(self, parses: Sequence[Parse]) -> None:
        if len(parses) == 1:
            [parse] = parses
            self._guard(parse, lambda: self._index([parse]))
        if len(parses) < 2 or self._closing:
            return
        try:
            self._index(parses)
        except Exception:  # noqa: BLE001  # one of them is at fault: alone, it tells of it
            for half in halves(parses):
                self._index_together(half)

    def _guard(self, parse: Parse, work: Callable[[], None]) -> None:
        """Do one piece of work; its error becomes the document's FAIL, and the queue goes on."""
        try:
            work()
        except ParseCancelledError:
            if not self._closing:  # else the next engine goes on with it
                self._end(parse, lambda: None)  # who cancelled has written the end
        except RagflowError as error:
            self._fail(parse, str(error))
        except OSError as error:
            self._fail(parse, str(DiskError.of(error, Path(parse.path))))
        except Exception as error:  # noqa: BLE001  # one document's bug must not end the queue
            _log.warning("Parsing %r failed", parse.document.name, exc_info=True)
            what = f"An unexpected error, {type(error).__name__}: {error}. Please report it."
            self._fail(parse, what)

    # ── the steps ──

    def _tokenizer_of(self, parse: Parse) -> tuple[str, int]:
        return self._indexer.tokenizer_of(parse.document.dataset_id)

    def _run(self, slot: Slot, task: Task) -> None:
        parse = task.parse
        if not parse.is_checked:
            # Flipped bytes would become a text that nobody wrote.
            self._files.check(parse.document.sha256)
            parse.is_checked = True
        if isinstance(task.request, wire.Read):
            self._say_reading(parse, task.request, task.request.first)
            if not task.request.first:
                # Read and cut at one go: blocks need not come here and go back.
                request = cut_request(parse, [], self._tokenizer_of(parse), task.request)
                task = Task(task.turn, task.part, parse, request)
        reply = self._run_twice(slot, task)
        if isinstance(reply, wire.Planned):
            self._plan(parse, reply.pages)
        elif isinstance(reply, wire.ReadDone) and isinstance(task.request, wire.Read):
            self._say_reading(parse, task.request, task.request.last + 1)
            self._gather(parse, task.part, reply)
        elif isinstance(reply, wire.Chunked):
            parse.notices += reply.notices
            parse.drafts = reply.drafts
            name = parse.document.name
            parse.counted = received(reply.counted, reply.drafts, name)
            self._drafted.put(parse)

    def _run_twice(self, slot: Slot, task: Task) -> wire.Reply:
        def said(page: int) -> None:
            if isinstance(task.request, wire.Read):
                self._say_reading(task.parse, task.request, page)

        def run(request: wire.Request) -> wire.Reply:
            return slot.run(
                request,
                task.parse.document.name,
                lambda: task.parse.is_cancelled() or self._closing,
                said,
            )

        for attempt in range(1, _TRIES + 1):
            try:
                return patiently(run, task.request)
            except WorkerDiedError:
                if attempt == _TRIES:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    def _plan(self, parse: Parse, pages: int) -> None:
        document = parse.document
        if pages > self._limits.document_pages:
            raise LimitError(
                document.name,
                f"it has {pages} pages, the limit is {self._limits.document_pages}",
                "document_pages in RAGFlow(limits=…)",
            )
        size = parse.config.task_page_size
        starts = range(1, pages + 1, size)
        with self._changed:
            parse.pages = pages
            parse.waiting = len(starts)
        if not starts:
            self._cut(parse)
        for part, first in enumerate(starts):
            last = min(first + size - 1, pages)
            request = read_request(parse, first, last, self._limits)
            self._tasks.put(Task(parse.order + part, part, parse, request))

    def _say_reading(self, parse: Parse, request: wire.Read, page: int) -> None:
        if not request.first:
            self._say(parse, 0.1, f"Reading {parse.document.name}")
            return
        with self._changed:
            self.pages_read -= parse.read_pages.get(request.first, 0)
            parse.read_pages[request.first] = max(page - request.first, 0)
            self.pages_read += parse.read_pages[request.first]
            done = sum(parse.read_pages.values())
        page = min(page, parse.pages)
        message = f"Reading page {page} of {parse.pages}, {done} done"
        self._say(parse, _READ * done / max(parse.pages, 1), message)

    def _gather(self, parse: Parse, part: int, reply: wire.ReadDone) -> None:
        with self._changed:
            parse.blocks[part] = reply.blocks
            parse.notices += reply.notices
            parse.waiting -= 1
            is_whole = parse.waiting == 0
        if is_whole:
            self._cut(parse)

    def _cut(self, parse: Parse) -> None:
        self._say(parse, _READ, "Cutting into chunks")
        blocks = [block for part in sorted(parse.blocks) for block in parse.blocks[part]]
        parse.blocks.clear()
        request = cut_request(parse, blocks, self._tokenizer_of(parse))
        # Part -1: a document that is read goes before pages of later ones.
        self._tasks.put(Task(parse.order, -1, parse, request))

    def _index(self, parses: Sequence[Parse]) -> None:
        with self._files.in_hand.noted([parse.document.id for parse in parses]):
            self._index_noted(parses)

    def _index_noted(self, parses: Sequence[Parse]) -> None:
        def embedded(done: int) -> None:
            share = done / max(sum(len(parse.drafts) for parse in parses), 1)
            for parse in parses:
                total = len(parse.drafts)
                message = f"Embedding chunk {round(share * total)} of {total}"
                self._say(parse, _CUT + (_EMBEDDED - _CUT) * share, message)
            if self._closing or all(parse.is_cancelled() for parse in parses):
                raise ParseCancelledError(parses[0].document.name)

        embedded(0)
        for parse in parses:
            asks = parse.document.parse_method == "knowledge_graph" and parse.config.graph_model
            if asks and (generator := self._generator_of(asks)) is not None:
                parse.drafts, notices = by_model(parse.drafts, generator, embedded)
                parse.notices += notices
                parse.counted = None
        parsed = [
            Parsed(p.document, p.drafts, p.notices, p.is_cancelled, p.counted) for p in parses
        ]
        self._indexer.replace_documents(parsed, embedded)
        for parse in parses:
            self._end(parse, lambda: None)

    # ── how far it is, and how it ends ──

    def _say(self, parse: Parse, fraction: float, message: str) -> None:
        with self._changed:
            if not parse.is_over:
                # Never backwards: pages of several workers come in any order.
                fraction = max(fraction, parse.progress.fraction)
                done = sum(parse.read_pages.values())
                parse.progress = Progress(fraction, message, parse.pages, done)
                self._changed.notify_all()

    def _fail(self, parse: Parse, message: str) -> None:
        if parse.cancelled or self._closing:
            return
        self._say(parse, 0.0, message)
        self._end(parse, lambda: self._write_fail(parse, message))

    def _write_fail(self, parse: Parse, message: str) -> None:
        """Write the end of a parse, on a full disk too: into reserved room, or once there is some.

        Until then the document is being parsed, and its message says why that does not go on.
        """
        while not self._closing:
            try:
                self._indexer.fail(parse.document.id, message)
            except DiskError:
                if not self._files.make_room():
                    time.sleep(_DISK_SECONDS)
            else:
                return

    def _end(self, parse: Parse, write: Callable[[], None]) -> None:
        """Take a parse out of the queue after its end is in the catalog; the first end counts."""
        with self._changed:
            if parse.is_over:
                return
            parse.is_over = True
        try:
            write()
            self._files.in_hand.clear([parse.document.id])
        finally:
            with self._changed:
                if self._parses.get(parse.document.id) is parse:
                    del self._parses[parse.document.id]
                    self._line.leave(parse.order)
                self._changed.notify_all()
