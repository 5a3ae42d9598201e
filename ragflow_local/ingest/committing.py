"""Drafts into the index: one group of documents is embedded while the one before it is committed.

    drafted ─▶ embedding ─▶ committing ─▶ done

Embedding takes all cores and a commit one, and the disk: one after the other, cores would wait.
Groups are committed in the order in which they were drafted. No more than two are on their way:
what is drafted meanwhile makes the next one larger.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from ragflow_local.errors import ParseCancelledError
from ragflow_local.generators import Generator
from ragflow_local.ingest.drafted import Drafted, Group, halves
from ragflow_local.ingest.drafts import Parsed
from ragflow_local.ingest.graph import by_model
from ragflow_local.ingest.incoming import Incoming
from ragflow_local.ingest.indexer import Indexer
from ragflow_local.ingest.parses import Parses
from ragflow_local.ingest.tasks import Parse
from ragflow_local.stores.in_hand import InHand

# Where in the whole embedding begins and ends: it is most of it for text.
_CUT, _EMBEDDED = 0.55, 0.99
_ON_THEIR_WAY = 2  # groups


@dataclass(frozen=True, slots=True)
class _Embedded:
    """A group that is embedded.

    Attributes:
        group: As it was drafted.
        parses: Those of it that were not cancelled before.
        new: Their chunks.
        seconds: That it took.
        note: That they are in hand; closed once they are not.
    """

    group: Group
    parses: Sequence[Parse]
    new: Incoming
    seconds: float
    note: ExitStack


class Committing:
    """The two threads that embed and commit what is drafted."""

    def __init__(
        self,
        indexer: Indexer,
        parses: Parses,
        drafted: Drafted,
        in_hand: InHand,
        generator_of: Callable[[str], Generator | None],
    ) -> None:
        self._indexer = indexer
        self._parses = parses
        self._drafted = drafted
        self._in_hand = in_hand
        self._generator_of = generator_of
        self._embedded: queue.Queue[_Embedded | None] = queue.Queue()
        self._room = threading.Semaphore(_ON_THEIR_WAY)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads, once."""
        if not self._threads:
            for work in (self._embed, self._commit):
                thread = threading.Thread(target=work, daemon=True)
                self._threads.append(thread)
                thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the threads to end after what is drafted was closed.

        Args:
            seconds: For each: one in the middle of loading a model is left to end by itself.
        """
        for thread in self._threads:
            thread.join(timeout=seconds)

    # ── the threads ──

    def _embed(self) -> None:
        groups = self._drafted.groups()
        while self._room.acquire() and (group := next(groups, None)) is not None:
            begun = time.monotonic()
            parses = [parse for parse in group.parses if not parse.is_cancelled()]
            is_suspect = any(parse.is_suspect for parse in parses)
            if is_suspect:
                # What ends the engine now must be its fault: nothing else is in hand.
                self._embedded.join()
            if is_suspect or not parses:
                self._index_together(parses)
                self._done(group, time.monotonic() - begun)
                continue
            with ExitStack() as note:
                note.enter_context(self._in_hand.noted(_ids(parses)))
                try:
                    new = self._prepare(parses)
                except Exception as error:  # noqa: BLE001  # one of them is at fault
                    note.close()
                    self._take_apart(parses, error)
                    self._done(group, time.monotonic() - begun)
                    continue
                seconds = time.monotonic() - begun
                self._embedded.put(_Embedded(group, parses, new, seconds, note.pop_all()))
        self._embedded.put(None)

    def _commit(self) -> None:
        while (item := self._embedded.get()) is not None:
            begun = time.monotonic()
            try:
                with item.note:
                    if not self._parses.is_closing:
                        self._end(item.parses, item.new)
            except Exception as error:  # noqa: BLE001  # one of them is at fault
                self._take_apart(item.parses, error)
            self._done(item.group, item.seconds + time.monotonic() - begun)
            self._embedded.task_done()
            del item  # not kept until the next one comes

    def _done(self, group: Group, seconds: float) -> None:
        self._drafted.done(group, seconds)
        self._room.release()

    def _take_apart(self, parses: Sequence[Parse], error: Exception) -> None:
        """Index each half by itself, after an error of them together; alone, one tells of it."""
        if len(parses) == 1:
            self._parses.guard(parses[0], lambda: _raise(error))
        elif not self._parses.is_closing:
            for half in halves(parses):
                self._index_together(half)

    def _index_together(self, parses: Sequence[Parse]) -> None:
        if not parses or self._parses.is_closing:
            return
        try:
            with self._in_hand.noted(_ids(parses)):
                self._end(parses, self._prepare(parses))
        except Exception as error:  # noqa: BLE001  # one of them is at fault
            self._take_apart(parses, error)

    # ── the steps ──

    def _prepare(self, parses: Sequence[Parse]) -> Incoming:
        def embedded(done: int) -> None:
            share = done / max(sum(len(parse.drafts) for parse in parses), 1)
            part = _CUT + (_EMBEDDED - _CUT) * share
            self._parses.say_all((parse, part, _said(share, parse)) for parse in parses)
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
        return self._indexer.prepare(parsed, embedded)

    def _end(self, parses: Sequence[Parse], new: Incoming) -> None:
        self._indexer.commit(new)
        self._parses.end_all(parses)


def _said(share: float, parse: Parse) -> str:
    total = len(parse.drafts)
    return f"Embedding chunk {round(share * total)} of {total}"


def _ids(parses: Sequence[Parse]) -> list[str]:
    return [parse.document.id for parse in parses]


def _raise(error: Exception) -> None:
    raise error
