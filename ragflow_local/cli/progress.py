"""Shows parse progress on standard error: bars on a terminal, one line per document in a pipe."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ragflow_local.cli.output import clean, for_a_terminal, tell
from ragflow_local.errors import NotFoundError
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, TaskID

    from ragflow_local.api.document import Document
    from ragflow_local.records import ParseState

_LOOK_SECONDS = 0.2  # often enough to look live
_PAUSE = 5  # times as long as looking takes: with many documents, looking must not slow parsing
_MOST_BARS = 6  # of documents being parsed at once: fits a small window
_NARROW = 60  # columns below which names and percentages take all the room
_MOST_LINES = 20  # documents of which a terminal is told one by one; more would scroll away
_SURE_SECONDS = 5.0  # before that, the time left would be a guess
_SURE_SHARE = 0.02
_SAME_BYTES = 20_000  # what a document costs beside its bytes: an empty one takes time too


def follow(documents: Sequence[Document]) -> None:
    """Wait until no document is being parsed, showing the progress.

    Then say what became of them, the failures with their reasons last.

    Raises:
        KeyboardInterrupt: Ctrl-C; what is not parsed yet goes on when the project is next opened.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True, highlight=False)
    bars = Progress(
        *_columns(console.width),
        console=console,
        expand=True,
        transient=True,
        disable=not console.is_terminal,
    )
    watch = _Watch(documents, bars)
    try:
        with bars:
            watch.run()
    except KeyboardInterrupt:
        left = count_of(watch.left, "document")
        tell(f"Stopped: {left} not parsed yet. ragflow-local parse goes on with the rest.")
        raise
    watch.sum_up()


@contextlib.contextmanager
def looking(what: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner on a terminal, with the name given last."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda name: None
        return

    def shown(name: str) -> Text:
        return Text(clean(f"{what} {name}"), overflow="ellipsis", no_wrap=True)

    with console.status(shown("")) as status:
        yield lambda name: status.update(shown(name))


def _columns(width: int) -> list[ProgressColumn]:
    from rich.progress import BarColumn, TextColumn
    from rich.table import Column

    name = Column(ratio=2, no_wrap=True, overflow="ellipsis")
    message = Column(ratio=3, no_wrap=True, overflow="ellipsis")
    name_column = TextColumn("{task.description}", markup=False, table_column=name)
    percent = TextColumn("{task.percentage:>3.0f}%")
    message_column = TextColumn("{task.fields[message]}", markup=False, table_column=message)
    if width < _NARROW:
        return [name_column, percent, message_column]
    return [name_column, BarColumn(bar_width=16), percent, message_column]


class _Watch:
    """Watches documents until each has been parsed."""

    def __init__(self, documents: Sequence[Document], bars: Progress) -> None:
        self._waiting = list(documents)
        self._weights = {document.id: document.size + _SAME_BYTES for document in documents}
        self._total = sum(self._weights.values())
        self._count = len(documents)
        self._documents = count_of(self._count, "document")
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._all = bars.add_task("All", total=100, message="")
        self._begin = time.monotonic()
        self._pages_before: int | None = None
        self._failed: list[str] = []
        self._told_each = bars.disable or self._count <= _MOST_LINES

    @property
    def left(self) -> int:
        """How many documents have not ended."""
        return len(self._waiting)

    def run(self) -> None:
        """Look until each document has ended."""
        from ragflow_local.api.parsing import parse_states

        while True:
            begin = time.monotonic()
            standing, pages = parse_states(self._waiting)
            if self._pages_before is None:
                self._pages_before = pages
            self._waiting = [
                document
                for document in self._waiting
                if not self._look(document, standing.get(document.id))
            ]
            self._show_all(standing, pages - self._pages_before)
            if not self._waiting:
                return
            time.sleep(max(_LOOK_SECONDS, _PAUSE * (time.monotonic() - begin)))

    def sum_up(self) -> None:
        """Summarise the parses of several documents, and repeat the failures."""
        if self._count < 2:
            return
        seconds = _time_of(time.monotonic() - self._begin)
        parsed = self._count - len(self._failed)
        failed = f", {len(self._failed):,} not" if self._failed else ""
        tell(f"{count_of(parsed, 'document')} parsed{failed}, in {seconds}.")
        if not self._told_each or self._count > _MOST_LINES:
            for line in self._failed:
                tell(line, is_bad=True)

    def _look(self, document: Document, standing: ParseState | None) -> bool:
        """Show how far a document is, and return whether it has ended."""
        if standing is not None and standing.run == "RUNNING":
            self._move(document, standing)
            return False
        has_failed = standing is not None and standing.run != "DONE"
        try:
            line = result_line(document, is_alone=self._count == 1)
        except NotFoundError:  # deleted meanwhile: there is nothing to wait for
            line, has_failed = f"– {clean(document.name)}: deleted", False
        if document.id in self._tasks:
            self._bars.remove_task(self._tasks.pop(document.id))
        if has_failed:
            self._failed.append(line)
        if self._told_each:
            style = "red" if has_failed else None
            self._bars.console.print(line, markup=False, soft_wrap=True, style=style)
        return True

    def _move(self, document: Document, standing: ParseState) -> None:
        message = clean(standing.progress_msg).strip()
        if document.id in self._tasks:
            self._bars.update(
                self._tasks[document.id], completed=max(0.0, standing.progress), message=message
            )
        elif standing.progress > 0 and len(self._tasks) < _MOST_BARS:
            self._tasks[document.id] = self._bars.add_task(
                clean(document.name), total=100, message=message
            )

    def _show_all(self, standing: dict[str, ParseState], pages: int) -> None:
        """Update the overall bar: share of bytes done, rate and time left."""
        open_weight = sum(
            self._weights[document.id] * (1 - max(0.0, standing[document.id].progress) / 100)
            for document in self._waiting
        )
        share = 1 - open_weight / max(self._total, 1)
        seconds = time.monotonic() - self._begin
        is_narrow = self._bars.console.width < _NARROW
        done = self._count - self.left
        ended = f"{done:,}/{self._count:,}" if is_narrow else f"{done:,} of {self._documents}"
        parts = [ended]
        if self._failed:
            parts.append(f"{len(self._failed):,} failed")
        if self._waiting and seconds > _SURE_SECONDS and share > _SURE_SHARE:
            parts.append(f"about {_time_of(seconds * (1 - share) / share)} left")
        if pages and not is_narrow:
            parts.append(f"{count_of(pages, 'page')}, {pages / max(seconds, 0.1):.1f}/s")
        self._bars.update(self._all, completed=100 * share, message=" · ".join(parts))


def _time_of(seconds: float) -> str:
    """Return ``4 s``, ``2:07`` or ``1:02:07``."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def result_line(document: Document, *, is_alone: bool) -> str:
    """Return the result of a parse in one line; with its seconds where it was the only one."""
    mark = {"DONE": "✓", "FAIL": "✗"}.get(document.run, "–")
    if document.run == "DONE" and document.chunk_count:
        what = count_of(document.chunk_count, "chunk")
        what += f", {document.process_duration:.1f} s" if is_alone else ""
        _, _, notices = document.progress_msg.partition(". ")  # after "completed: … chunks"
        what += f". {notices}" if notices else ""
    else:
        what = for_a_terminal(" ".join(document.progress_msg.split())) or document.run.lower()
    return clean(f"{mark} {document.name}: {what}")
