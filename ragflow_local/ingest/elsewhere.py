"""Documents that another place reads and embeds: sent in batches, and what comes back committed.

    documents ─▶ batches ─▶ place ─▶ frames ─▶ checked ─▶ the queue that commits, as local ones

A batch that dies is sent once more; one that dies twice is taken apart, so that the document at
fault ends alone. Its last try is made when all others are back: a process that ends may take others
with it, and none is blamed for another's end. Where the place itself is lost, documents wait: what
was begun on a cluster is not for one computer to go on with by itself.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field

from ragflow_local.errors import (
    PlaceDiedError,
    PlaceLostError,
    PlaceRefusedError,
    RagflowError,
)
from ragflow_local.ingest.drafted import Drafted
from ragflow_local.ingest.parses import Parses
from ragflow_local.ingest.places import BatchDiedError, Place, cut, item_of, opened, packed, take
from ragflow_local.ingest.remote import Batch, Outcome, Setup, encode, frame_of
from ragflow_local.ingest.tasks import Parse
from ragflow_local.stores.files import Files

_log = logging.getLogger("ragflow_local.ingest")

_LOOK_SECONDS = 0.1  # cancelling takes no longer
_CLOSE_SECONDS = 15.0  # leaving a cluster takes two, and is given ten
_CHECK_SECONDS = 300.0  # a model is loaded, perhaps from a slow disk
_TRIES = 2
_MOST_REFUSED = 8  # one after the other, before nobody there is thought to do it
_MOST_BYTES = 256 << 20  # of files on their way at once; a larger one goes alone
_SENT, _BACK = 0.05, 0.5  # where in the whole of a parse


@dataclass(slots=True, eq=False)
class _Sending:
    """A batch on its way, and how often it did not come back."""

    parses: list[Parse]
    tries: int = 0
    batch: Batch | None = None
    size: int = 0
    future: Future[bytes] = field(default_factory=Future)


def check_place(place: Place, setups: Sequence[Setup]) -> None:
    """Ask each computer of a place whether it can do what is wanted.

    Raises:
        PlaceLostError: The place cannot be reached.
        PlaceRefusedError: One of them has another version or another model.
    """
    for setup in setups:
        try:
            asked = place.submit_to_each(encode(Batch(setup, [])))
        except RagflowError:
            raise
        except Exception as error:  # whatever a place raises
            raise PlaceLostError(place.name, _told(error)) from error
        if not asked:
            raise PlaceLostError(place.name, "it has no computer that works")
        for future in asked:
            try:
                frame = frame_of(future.result(_CHECK_SECONDS))
            except RagflowError:
                raise
            except Exception as error:  # likewise
                why = f"it could not be asked ({_told(error)})"
                raise PlaceRefusedError(place.name, why) from error
            if frame.refused:
                raise PlaceRefusedError(place.name, frame.refused)


def _told(error: BaseException) -> str:
    """Return what a place says of a batch that was not done."""
    text = str(error)
    return text if isinstance(error, BatchDiedError) else f"{type(error).__name__}: {text}"


class Run:
    """The documents that one place parses, and the thread that sends them.

    Attributes:
        error: Why some of them wait; None while all goes well.
    """

    def __init__(
        self,
        place: Place,
        parses: Sequence[Parse],
        setups: Mapping[str, Setup],
        all_parses: Parses,
        files: Files,
        drafted: Drafted,
    ) -> None:
        self.error: RagflowError | None = None
        self._place = place
        self._given = parses
        self._setups = setups
        self._parses = all_parses
        self._files = files
        self._drafted = drafted
        self._waiting: deque[_Sending] = deque()
        self._last: deque[_Sending] = deque()
        self._running: set[_Sending] = set()
        self._returned: queue.SimpleQueue[_Sending] = queue.SimpleQueue()
        self._refused = 0
        self._thread: threading.Thread | None = None

    def start(self, ended: Callable[[], None]) -> None:
        """Begin to send, in a thread.

        Args:
            ended: Called at the end, whatever that is.
        """
        self._thread = threading.Thread(target=self._run, args=(ended,), daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        """Return whether some are still to come back."""
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """Wait until nothing is sent any more, since the project closes."""
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def _run(self, ended: Callable[[], None]) -> None:
        try:
            self._send_all()
        except RagflowError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001  # a place is anybody's code
            _log.warning("Parsing at %s failed", self._place.name, exc_info=True)
            self.error = PlaceLostError(self._place.name, _told(error))
        finally:
            try:
                self._leave()
            finally:
                ended()

    def _leave(self) -> None:
        for sending in self._running:
            sending.future.cancel()
        if self.error is not None:
            self._parses.let_wait(
                [parse for parse in self._given if not parse.is_drafted], str(self.error)
            )

    def _send_all(self) -> None:
        self._waiting.extend(map(_Sending, packed(self._given, self._place.width)))
        while not self._parses.is_closing:
            self._drop_cancelled()
            if not self._waiting and not self._running and self._last:
                self._waiting.append(self._last.popleft())
            while self._waiting and self._has_room(self._waiting[0]):
                self._send(self._waiting.popleft())
            if not (self._waiting or self._running or self._last):
                return
            try:
                sending = self._returned.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if sending in self._running:
                self._running.remove(sending)
                self._take_back(sending)

    def _has_room(self, sending: _Sending) -> bool:
        size = sum(parse.document.size for parse in sending.parses)
        on_the_way = size + sum(other.size for other in self._running)
        # Twice: the next lies there when one comes back.
        return (
            len(self._running) < 2 * max(self._place.width, 1)
            and (not self._running or on_the_way <= _MOST_BYTES)
            and self._drafted.has_room()
        )

    def _drop_cancelled(self) -> None:
        for sending in list(self._running):
            if all(parse.is_cancelled() for parse in sending.parses):
                self._running.remove(sending)
                sending.future.cancel()

    def _send(self, sending: _Sending) -> None:
        sending.parses = [parse for parse in sending.parses if not parse.is_cancelled()]
        items = []
        for parse in list(sending.parses):
            data, path = b"", ""
            try:
                if self._place.reads_files:
                    self._files.check(parse.document.sha256)
                    path = parse.path
                else:
                    data = self._files.get(parse.document.sha256)
            except (RagflowError, OSError) as error:
                sending.parses.remove(parse)
                self._fail(parse, error)
                continue
            items.append(item_of(parse, data, path))
        if not items:
            return
        setup = self._setups[sending.parses[0].document.dataset_id]
        sending.batch = Batch(setup, items)
        sending.size = sum(len(item.data) for item in items)
        self._running.add(sending)
        for parse in sending.parses:
            self._parses.say(parse, _SENT, f"Being parsed at {self._place.name}")
        sending.future = self._place.submit(encode(sending.batch))
        sending.future.add_done_callback(lambda _: self._returned.put(sending))

    def _fail(self, parse: Parse, error: RagflowError | OSError) -> None:
        def fail() -> None:
            raise error

        self._parses.guard(parse, fail)

    def _take_back(self, sending: _Sending) -> None:
        assert sending.batch is not None, "it was sent"
        try:
            frame = opened(sending.future.result(), sending.batch)
        except PlaceLostError:
            raise
        except CancelledError:
            self._died(sending, "it was given up there")
        except Exception as error:  # noqa: BLE001  # whatever a place raises
            self._died(sending, _told(error))
        else:
            if frame.refused:
                self._send_elsewhere(sending, frame.refused)
                return
            self._refused = 0
            for parse, outcome in zip(sending.parses, frame.outcomes, strict=True):
                if not parse.is_cancelled():
                    self._take(parse, outcome, sending.batch.setup)
        finally:
            sending.batch = None

    def _send_elsewhere(self, sending: _Sending, why: str) -> None:
        self._refused += 1
        if self._refused >= _MOST_REFUSED:
            raise PlaceRefusedError(self._place.name, cut(why))
        self._waiting.append(sending)

    def _take(self, parse: Parse, outcome: Outcome, setup: Setup) -> None:
        if outcome.failed:
            self._parses.fail(parse, cut(outcome.failed))
            return
        self._parses.guard(parse, lambda: take(parse, outcome, setup.dim))
        if not parse.is_cancelled():
            self._parses.say(parse, _BACK, "Waits to be written")
            parse.is_drafted = True
            self._drafted.put(parse)

    def _died(self, sending: _Sending, how: str) -> None:
        """Send a batch once more; one that died twice is taken apart, or is at fault."""
        sending.tries += 1
        if len(sending.parses) > 1 and sending.tries < _TRIES:
            self._waiting.appendleft(sending)
        elif len(sending.parses) > 1:
            self._waiting.extendleft(_Sending([parse]) for parse in reversed(sending.parses))
        elif sending.tries < _TRIES:
            self._last.append(sending)
        else:
            for parse in sending.parses:
                error = PlaceDiedError(parse.document.name, self._place.name, how)
                self._parses.fail(parse, str(error))
