"""The queue of documents to parse here: submit, cancel, wait, and report progress.

    a document    plan ─▶ read, task_page_size pages a task ─▶ cut ─▶ embed and commit
                  └────────── any worker, several at once ──────────┘   ``committing``, in order

Short documents go to a worker several at a time: to ask for one costs as much as to read it.
Documents that another place reads and embeds (``elsewhere``) are committed here too. States live
in memory; the catalog has what must survive: RUNNING from the moment a parse is asked for, and its
end.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

from msgspec import structs

from ragflow_local.errors import DamagedFileError
from ragflow_local.generators import Generator
from ragflow_local.ingest import wire
from ragflow_local.ingest.committing import Committing
from ragflow_local.ingest.counted import received
from ragflow_local.ingest.drafted import Drafted
from ragflow_local.ingest.elsewhere import Run
from ragflow_local.ingest.indexer import Indexer
from ragflow_local.ingest.parses import Parses
from ragflow_local.ingest.places import Place
from ragflow_local.ingest.remote import Setup
from ragflow_local.ingest.requests import (
    check_pages,
    cut_request,
    first_request,
    read_request,
    spans,
)
from ragflow_local.ingest.slots import Slot
from ragflow_local.ingest.tasks import END, Parse, Task, persistently
from ragflow_local.readers.kinds import TEXTUAL
from ragflow_local.records import DocumentRow, Progress
from ragflow_local.settings import Limits
from ragflow_local.stores.files import Files

_READ = 0.5  # where in the whole reading ends, which is most of it for PDF
_CLOSE_SECONDS = 1.5
# Documents of one request, and the bytes of one: to ask takes as long as to read a page of text.
_MOST_TOGETHER, _SHORT_BYTES = 16, 16 << 10


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
        self.pages_read = 0  # since the project was opened
        self._parses = Parses(indexer, files)
        self._tasks: queue.PriorityQueue[Task] = queue.PriorityQueue()
        self._drafted = Drafted(self._parses.is_awaited)
        self._slots = [slot(limits) for _ in range(workers)]
        self._threads: list[threading.Thread] = []
        self._committing = Committing(
            indexer, self._parses, self._drafted, files.in_hand, generator_of
        )
        self._runs: list[Run] = []

    # ── what the API calls ──

    def submit(self, documents: Iterable[DocumentRow]) -> None:
        """Queue documents whose row says since just now that they are being parsed."""
        with self._parses.changed:
            parses = [self._parses.begin(document) for document in documents]
            for parse in parses:
                self._tasks.put(
                    Task(parse.order, 0, parse, first_request(parse.source, self._limits))
                )
            if parses and not self._parses.is_closing:
                self._start_threads()

    def submit_to(
        self,
        place: Place,
        documents: Sequence[DocumentRow],
        setups: Mapping[str, Setup],
        ended: Callable[[], None] = lambda: None,
    ) -> Run:
        """Have another place read and embed documents whose rows say that it does.

        Args:
            place: Where.
            documents: Which.
            setups: What their datasets ask of a place, by their ids.
            ended: Called at the end, whatever that is.
        """
        with self._parses.changed:
            waits = Progress(0.0, f"Waits for {place.name}")
            parses = [self._parses.begin(document, waits) for document in documents]
            run = Run(place, parses, setups, self._parses, self._files, self._drafted)
            self._runs = [*(other for other in self._runs if other.is_alive()), run]
            self._committing.start()
            run.start(ended)
        return run

    def cancel(self, ids: Iterable[str]) -> None:
        """End the parses of these documents with CANCEL; the others stay as they are.

        When this returns, no chunk of a cancelled parse will appear any more.
        """
        self._parses.cancel(ids)

    def progress_of(self, document_id: str) -> Progress | None:
        """Return how far a queued or running parse is; None for any other document."""
        return self._parses.progress_of(document_id)

    def wait_for_change(
        self, document_id: str, seen: Progress | None, timeout_seconds: float
    ) -> Progress | None:
        """Return the progress once it differs from ``seen``, or at the timeout as it is then."""
        return self._parses.wait_for_change(document_id, seen, timeout_seconds)

    def wait_for_all(self) -> None:
        """Return when no parse is queued or running."""
        self._parses.wait_for_all()

    def close(self) -> None:
        """End the workers; what was queued or running stays RUNNING in the catalog."""
        self._parses.close()
        with self._parses.changed:
            threads = list(self._threads)
        self._drafted.close()
        for _ in threads:
            self._tasks.put(END)
        for run in self._runs:
            run.close()
        for thread in threads:
            thread.join(timeout=_CLOSE_SECONDS)
        self._committing.join(_CLOSE_SECONDS)
        for slot in self._slots:
            slot.stop()

    # ── the threads ──

    def _start_threads(self) -> None:
        self._committing.start()
        if not self._threads:
            for slot in self._slots:
                thread = threading.Thread(target=self._work, args=(slot,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _work(self, slot: Slot) -> None:
        while (task := self._tasks.get()) is not END:
            self._drafted.wait_for_room()  # reading is faster than embedding
            if self._parses.is_closing:
                break
            if task.parse.is_cancelled():
                continue
            tasks = self._with_others(task)
            if len(tasks) == 1 or not self._run_together(slot, tasks):
                self._run_each(slot, tasks)
        slot.stop()

    def _run_each(self, slot: Slot, tasks: Sequence[Task]) -> None:
        for task in tasks:
            if not (task.parse.is_cancelled() or self._parses.is_closing):
                self._parses.guard(task.parse, lambda task=task: self._run(slot, task))  # type: ignore[misc]  # bound per loop

    def _with_others(self, task: Task) -> list[Task]:
        """Return a task, and with a short document those that come next and are as short."""
        tasks = [task]
        most = min(_MOST_TOGETHER, 1 + self._tasks.qsize() // len(self._slots))
        while len(tasks) < most and _is_short(task):
            try:
                more = self._tasks.get_nowait()
            except queue.Empty:
                break
            if more is END or not _is_short(more) or not _are_alike(more, task):
                self._tasks.put(more)
                break
            if not more.parse.is_cancelled():
                tasks.append(more)
        return tasks

    def _run_together(self, slot: Slot, tasks: Sequence[Task]) -> bool:
        """Have short documents read and cut with one request; return whether that was tried.

        Those that it did not end well for are done again, each alone: who is at fault is told
        with certainty, and the others are none the worse.
        """
        parses = [task.parse for task in tasks]
        try:
            tokenizer = self._tokenizer_of(parses[0])
            documents = [self._short(task, tokenizer) for task in tasks]
            self._parses.say_all((parse, 0.1, _reading(parse)) for parse in parses)
            reply = slot.run(
                wire.Several(documents),
                f"{parses[0].document.name} and others",
                lambda: self._parses.is_closing or any(p.is_cancelled() for p in parses),
            )
        except Exception:  # noqa: BLE001  # whatever it is, it comes again where one is alone
            return False
        left = list(tasks)
        if isinstance(reply, wire.SeveralDone) and len(reply.replies) == len(tasks):
            answered = zip(tasks, reply.replies, strict=True)
            left = [task for task, one in answered if not _is_taken(task.parse, one)]
            self._drafted.put(*(task.parse for task in tasks if task not in left))
        self._run_each(slot, left)
        return True

    # ── the steps ──

    def _short(self, task: Task, tokenizer: tuple[str, int]) -> wire.Short:
        parse = task.parse
        # Looked at as it is read: flipped bytes would become a text that nobody wrote.
        data = self._files.get(parse.document.sha256)
        parse.is_checked = True
        read = structs.replace(cast(wire.Read, task.request), path="")
        return wire.Short(cut_request(parse.source, [], tokenizer, read), data)

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
                request = cut_request(parse.source, [], self._tokenizer_of(parse), task.request)
                task = Task(task.turn, task.part, parse, request)
        reply = self._reply(slot, task)
        if isinstance(reply, wire.Planned):
            self._plan(parse, reply.pages)
        elif isinstance(reply, wire.ReadDone) and isinstance(task.request, wire.Read):
            self._say_reading(parse, task.request, task.request.last + 1)
            self._gather(parse, task.part, reply)
        elif isinstance(reply, wire.Chunked):
            _take(parse, reply)
            self._drafted.put(parse)

    def _reply(self, slot: Slot, task: Task) -> wire.Reply:
        def said(page: int) -> None:
            if isinstance(task.request, wire.Read):
                self._say_reading(task.parse, task.request, page)

        def run(request: wire.Request) -> wire.Reply:
            return slot.run(
                request,
                task.parse.document.name,
                lambda: task.parse.is_cancelled() or self._parses.is_closing,
                said,
            )

        return persistently(run, task.request)

    def _plan(self, parse: Parse, pages: int) -> None:
        check_pages(parse.document.name, pages, self._limits)
        parts = spans(pages, parse.config.task_page_size)
        with self._parses.changed:
            parse.pages = pages
            parse.waiting = len(parts)
        if not parts:
            self._cut(parse)
        for part, (first, last) in enumerate(parts):
            request = read_request(parse.source, first, last, self._limits)
            self._tasks.put(Task(parse.order + part, part, parse, request))

    def _say_reading(self, parse: Parse, request: wire.Read, page: int) -> None:
        if not request.first:
            self._parses.say(parse, 0.1, _reading(parse))
            return
        with self._parses.changed:
            self.pages_read -= parse.read_pages.get(request.first, 0)
            parse.read_pages[request.first] = max(page - request.first, 0)
            self.pages_read += parse.read_pages[request.first]
            read = sum(parse.read_pages.values())
        page = min(page, parse.pages)
        message = f"Reading page {page} of {parse.pages}, {read} done"
        self._parses.say(parse, _READ * read / max(parse.pages, 1), message)

    def _gather(self, parse: Parse, part: int, reply: wire.ReadDone) -> None:
        with self._parses.changed:
            parse.blocks[part] = reply.blocks
            parse.notices += reply.notices
            parse.waiting -= 1
            is_whole = parse.waiting == 0
        if is_whole:
            self._cut(parse)

    def _cut(self, parse: Parse) -> None:
        self._parses.say(parse, _READ, "Cutting into chunks")
        blocks = [block for part in sorted(parse.blocks) for block in parse.blocks[part]]
        parse.blocks.clear()
        request = cut_request(parse.source, blocks, self._tokenizer_of(parse))
        # Part -1: a document that is read goes before pages of later ones.
        self._tasks.put(Task(parse.order, -1, parse, request))


def _is_short(task: Task) -> bool:
    """Return whether a task is to read and cut a text of a page or some."""
    document = task.parse.document
    return (
        isinstance(task.request, wire.Read)
        and not task.request.first
        and document.kind in TEXTUAL
        and document.size <= _SHORT_BYTES
    )


def _are_alike(first: Task, second: Task) -> bool:
    """Return whether two documents are cut for the same model."""
    return first.parse.document.dataset_id == second.parse.document.dataset_id


def _reading(parse: Parse) -> str:
    return f"Reading {parse.document.name}"


def _take(parse: Parse, reply: wire.Chunked) -> None:
    """Take what a worker cut a document into.

    Raises:
        DamagedFileError: What was counted of it is not its own.
    """
    counted = received(reply.counted, reply.drafts, parse.document.name)
    parse.notices += reply.notices
    parse.drafts, parse.counted = reply.drafts, counted


def _is_taken(parse: Parse, reply: wire.Chunked | wire.Failed) -> bool:
    """Return whether a document of several was cut, and is taken."""
    if isinstance(reply, wire.Chunked):
        with contextlib.suppress(DamagedFileError):
            _take(parse, reply)
            return True
    return False
