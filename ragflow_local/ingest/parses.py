"""The documents that are being parsed: how far each is, and how it ends; the first end counts."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ragflow_local.errors import DiskError, ParseCancelledError, RagflowError
from ragflow_local.ingest.indexer import Indexer
from ragflow_local.ingest.tasks import QUEUED, Line, Parse, queued_behind
from ragflow_local.records import DocumentRow, Progress
from ragflow_local.stores.files import Files

_log = logging.getLogger("ragflow_local.ingest")

_DISK_SECONDS = 0.5  # between two tries to write on a disk that refuses
_AWAITED_SECONDS = 1.0  # after which nobody waits for a document any more


class Parses:
    """The parses of one project, wherever they are done.

    Attributes:
        changed: Notified when one of them moves or ends; held while they are looked at.
        is_closing: Whether the project closes: what has not ended goes on another time.
    """

    def __init__(self, indexer: Indexer, files: Files) -> None:
        self._indexer = indexer
        self._files = files
        self.changed = threading.Condition()
        self.is_closing = False
        self._parses: dict[str, Parse] = {}
        self._line = Line()
        self._waiting = 0  # for a document, and when somebody last did
        self._asked = -_AWAITED_SECONDS

    def begin(self, document: DocumentRow, elsewhere: Progress | None = None) -> Parse:
        """Note the parse of a document, which replaces an earlier one of it.

        Args:
            document: As it is now.
            elsewhere: What is said of it at first, where it does not wait in this queue.
        """
        with self.changed:
            earlier = self._parses.get(document.id)
            if earlier is not None:
                # Its end is in the catalog, else the row would not have been begun anew.
                earlier.is_over = True
                self._leave(earlier)
            parse = Parse(
                document,
                self._line.join() if elsewhere is None else -1,
                document.parser_config,
                str(self._files.path_of(document.sha256)),
                progress=elsewhere or QUEUED,
                is_suspect=self._files.in_hand.is_suspect(document.id),
            )
            self._parses[document.id] = parse
            return parse

    def cancel(self, ids: Iterable[str]) -> None:
        """End the parses of these documents with CANCEL; the others stay as they are.

        When this returns, no chunk of a cancelled parse will appear any more.
        """
        with self.changed:
            parses = [self._parses[id] for id in ids if id in self._parses]
            for parse in parses:
                parse.cancelled = True
        for parse in parses:
            self.end(parse, lambda parse=parse: self._indexer.cancel(parse.document.id))  # type: ignore[misc]  # bound per loop

    def progress_of(self, document_id: str) -> Progress | None:
        """Return how far a queued or running parse is; None for any other document."""
        with self.changed:
            parse = self._parses.get(document_id)
            if parse is None or parse.progress != QUEUED:
                return parse.progress if parse else None
            return queued_behind(self._line.count_before(parse.order))

    def wait_for_change(
        self, document_id: str, seen: Progress | None, timeout_seconds: float
    ) -> Progress | None:
        """Return the progress once it differs from ``seen``, or at the timeout as it is then."""
        with self.changed:
            self._waiting += 1
            try:
                self.changed.wait_for(
                    lambda: self.progress_of(document_id) != seen or self.is_closing,
                    timeout_seconds,
                )
                return self.progress_of(document_id)
            finally:
                self._waiting -= 1
                self._asked = time.monotonic()

    def is_awaited(self) -> bool:
        """Return whether somebody waits for a document, or just has."""
        return bool(self._waiting) or time.monotonic() - self._asked < _AWAITED_SECONDS

    def wait_for_all(self) -> None:
        """Return when no parse is queued or running."""
        with self.changed:
            self.changed.wait_for(lambda: not self._parses)

    def close(self) -> None:
        """Let no parse end any more: those that are left go on another time."""
        with self.changed:
            self.is_closing = True
            self.changed.notify_all()

    # ── how far it is, and how it ends ──

    def say(self, parse: Parse, fraction: float, message: str) -> None:
        """Note how far a parse is; it never goes backwards."""
        self.say_all([(parse, fraction, message)])

    def say_all(self, said: Iterable[tuple[Parse, float, str]]) -> None:
        """Note how far parses are, with a message each."""
        with self.changed:
            for parse, fraction, message in said:
                if not parse.is_over:
                    # Pages of several workers come in any order.
                    fraction = max(fraction, parse.progress.fraction)
                    done = sum(parse.read_pages.values())
                    parse.progress = Progress(fraction, message, parse.pages, done)
            self.changed.notify_all()

    def guard(self, parse: Parse, work: Callable[[], None]) -> None:
        """Do one piece of work; its error becomes the document's FAIL, and the queue goes on."""
        try:
            work()
        except ParseCancelledError:
            if not self.is_closing:  # else the next engine goes on with it
                self.end(parse, lambda: None)  # who cancelled has written the end
        except RagflowError as error:
            self.fail(parse, str(error))
        except OSError as error:
            self.fail(parse, str(DiskError.of(error, Path(parse.path))))
        except Exception as error:  # noqa: BLE001  # one document's bug must not end the queue
            _log.warning("Parsing %r failed", parse.document.name, exc_info=True)
            what = f"An unexpected error, {type(error).__name__}: {error}. Please report it."
            self.fail(parse, what)

    def fail(self, parse: Parse, message: str) -> None:
        """End a parse with FAIL."""
        if parse.cancelled or self.is_closing:
            return
        self.say(parse, 0.0, message)
        self.end(parse, lambda: self._write_fail(parse, message))

    def _write_fail(self, parse: Parse, message: str) -> None:
        self._write(lambda: self._indexer.fail(parse.document.id, message))

    def _write(self, end: Callable[[], None]) -> None:
        """Write ends of parses, on a full disk too: into reserved room, or once there is some.

        Until then the documents are being parsed, and their messages say why that does not go on.
        """
        while not self.is_closing:
            try:
                end()
            except DiskError:
                if not self._files.make_room():
                    time.sleep(_DISK_SECONDS)
            else:
                return

    def let_wait(self, parses: Sequence[Parse], message: str) -> None:
        """Take parses back that cannot go on where they were: their documents wait."""
        ids = [parse.document.id for parse in parses if not parse.is_cancelled()]
        if ids and not self.is_closing:
            self._write(lambda: self._indexer.let_wait(ids, message))
            for parse in parses:
                self.end(parse, lambda: None)

    def end(self, parse: Parse, write: Callable[[], None]) -> None:
        """Take a parse out of the queue after its end is in the catalog; the first end counts."""
        with self.changed:
            if parse.is_over:
                return
            parse.is_over = True
        try:
            write()
            self._files.in_hand.clear([parse.document.id])
        finally:
            with self.changed:
                self._take_out(parse)
                self.changed.notify_all()

    def end_all(self, parses: Sequence[Parse]) -> None:
        """Take parses out of the queue whose ends are in the catalog.

        One that was cancelled meanwhile is left to who cancels it, and may yet have to write that.
        """
        with self.changed:
            ended = [parse for parse in parses if not parse.is_cancelled()]
            for parse in ended:
                parse.is_over = True
                self._take_out(parse)
            self._files.in_hand.clear([parse.document.id for parse in ended])
            self.changed.notify_all()

    def _take_out(self, parse: Parse) -> None:
        if self._parses.get(parse.document.id) is parse:
            del self._parses[parse.document.id]
            self._leave(parse)

    def _leave(self, parse: Parse) -> None:
        if parse.order >= 0:
            self._line.leave(parse.order)
