"""The queue of documents to parse here: submit, cancel, wait, and report progress.

    a document    plan ─▶ read, task_page_size pages a task ─▶ cut ─▶ embed and commit
                  └────────── any worker, several at once ──────────┘   one thread, in order

Documents that another place reads and embeds (``elsewhere``) come to the same thread. States live
in memory; the catalog has what must survive: RUNNING from the moment a parse is asked for, and its
end.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from ragflow_local.errors import ParseCancelledError
from ragflow_local.generators import Generator
from ragflow_local.ingest import wire
from ragflow_local.ingest.counted import received
from ragflow_local.ingest.drafted import Drafted, halves
from ragflow_local.ingest.drafts import Parsed
from ragflow_local.ingest.elsewhere import Run
from ragflow_local.ingest.graph import by_model
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
from ragflow_local.records import DocumentRow, Progress
from ragflow_local.settings import Limits
from ragflow_local.stores.files import Files

# Where in the whole the parts of a parse end: reading is most of it for PDF, embedding for text.
_READ, _CUT, _EMBEDDED = 0.5, 0.55, 0.99
_CLOSE_SECONDS = 1.5


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
        self._parses = Parses(indexer, files)
        self._tasks: queue.PriorityQueue[Task] = queue.PriorityQueue()
        self._drafted = Drafted(self._parses.is_awaited)
        self._slots = [slot(limits) for _ in range(workers)]
        self._threads: list[threading.Thread] = []
        self._committing: threading.Thread | None = None
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
            self._start_committing()
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
            threads = [*self._threads, *([self._committing] if self._committing else [])]
        self._drafted.close()
        for _ in threads:
            self._tasks.put(END)
        for run in self._runs:
            run.close()
        for thread in threads:
            # A thread in the middle of loading a model is left to end by itself.
            thread.join(timeout=_CLOSE_SECONDS)
        for slot in self._slots:
            slot.stop()

    # ── the threads ──

    def _start_threads(self) -> None:
        self._start_committing()
        if not self._threads:
            for slot in self._slots:
                thread = threading.Thread(target=self._work, args=(slot,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _start_committing(self) -> None:
        if self._committing is None:
            self._committing = threading.Thread(target=self._commit, daemon=True)
            self._committing.start()

    def _work(self, slot: Slot) -> None:
        while (task := self._tasks.get()) is not END:
            self._drafted.wait_for_room()  # reading is faster than embedding
            if self._parses.is_closing:
                break
            if not task.parse.is_cancelled():
                self._parses.guard(task.parse, lambda task=task: self._run(slot, task))  # type: ignore[misc]  # bound per loop
        slot.stop()

    def _commit(self) -> None:
        for group in self._drafted.groups():
            self._index_together([parse for parse in group if not parse.is_cancelled()])

    def _index_together(self, parses: Sequence[Parse]) -> None:
        if len(parses) == 1:
            [parse] = parses
            self._parses.guard(parse, lambda: self._index([parse]))
        if len(parses) < 2 or self._parses.is_closing:
            return
        try:
            self._index(parses)
        except Exception:  # noqa: BLE001  # one of them is at fault: alone, it tells of it
            for half in halves(parses):
                self._index_together(half)

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
                request = cut_request(parse.source, [], self._tokenizer_of(parse), task.request)
                task = Task(task.turn, task.part, parse, request)
        reply = self._reply(slot, task)
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
            self._parses.say(parse, 0.1, f"Reading {parse.document.name}")
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

    def _index(self, parses: Sequence[Parse]) -> None:
        with self._files.in_hand.noted([parse.document.id for parse in parses]):
            self._index_noted(parses)

    def _index_noted(self, parses: Sequence[Parse]) -> None:
        def embedded(done: int) -> None:
            share = done / max(sum(len(parse.drafts) for parse in parses), 1)
            for parse in parses:
                total = len(parse.drafts)
                message = f"Embedding chunk {round(share * total)} of {total}"
                self._parses.say(parse, _CUT + (_EMBEDDED - _CUT) * share, message)
            if self._parses.is_closing or all(parse.is_cancelled() for parse in parses):
                raise ParseCancelledError(parses[0].document.name)

        embedded(0)
        for parse in parses:
            asks = parse.document.parse_method == "knowledge_graph" and parse.config.graph_model
            if asks and (generator := self._generator_of(asks)) is not None:
                parse.drafts, notices = by_model(parse.drafts, generator, embedded)
                parse.notices += notices
                parse.counted = parse.vectors = None
        parsed = [
            Parsed(p.document, p.drafts, p.notices, p.is_cancelled, p.counted, p.vectors)
            for p in parses
        ]
        self._indexer.replace_documents(parsed, embedded)
        for parse in parses:
            self._parses.end(parse, lambda: None)
