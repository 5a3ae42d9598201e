"""Progress of a parse on standard error: bars for a terminal, a line a document for a pipe."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ragflow_local.cli.output import clean
from ragflow_local.errors import NotFoundError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from ragflow_local.api.document import Document

_LOOK_SECONDS = 0.2  # often enough to look live
_PAUSE = 5  # times as long as looking takes: with many documents, looking must not slow parsing
_MOST_BARS = 6  # of documents being parsed at once: fits a small window


def follow(documents: Sequence[Document]) -> None:
    """Return once no document is being parsed any more, showing how far they are until then."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    console = Console(stderr=True, highlight=False)
    name = Column(ratio=2, no_wrap=True, overflow="ellipsis")
    message = Column(ratio=3, no_wrap=True, overflow="ellipsis")
    bars = Progress(
        TextColumn("{task.description}", markup=False, table_column=name),
        BarColumn(bar_width=16),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[message]}", markup=False, table_column=message),
        console=console,
        expand=True,
        transient=True,
        disable=not console.is_terminal,
    )
    with bars:
        _Watch(documents, bars).run()


class _Watch:
    """Documents that are being parsed, looked at until each has ended."""

    def __init__(self, documents: Sequence[Document], bars: Progress) -> None:
        self._waiting = list(documents)
        self._count = len(documents)
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._all = bars.add_task("All", total=self._count, message="")

    def run(self) -> None:
        """Look until each document has ended."""
        while True:
            begin = time.monotonic()
            self._waiting = [document for document in self._waiting if not self._look(document)]
            ended = self._count - len(self._waiting)
            message = f"{ended:,} of {self._count:,} documents"
            self._bars.update(self._all, completed=ended, message=message)
            if not self._waiting:
                return
            time.sleep(max(_LOOK_SECONDS, _PAUSE * (time.monotonic() - begin)))

    def _look(self, document: Document) -> bool:
        """Show how far a document is, and return whether it has ended."""
        try:
            if document.run == "RUNNING":
                self._move(document)
                return False
            told = told_end(document)
        except NotFoundError:  # deleted meanwhile: there is nothing to wait for
            told = f"– {document.name}: deleted"
        if document.id in self._tasks:
            self._bars.remove_task(self._tasks.pop(document.id))
        self._bars.console.print(told, markup=False, soft_wrap=True)
        return True

    def _move(self, document: Document) -> None:
        message = clean(document.progress_msg).strip()
        if document.id in self._tasks:
            self._bars.update(
                self._tasks[document.id], completed=max(0.0, document.progress), message=message
            )
        elif document.progress > 0 and len(self._tasks) < _MOST_BARS:
            self._tasks[document.id] = self._bars.add_task(
                clean(document.name), total=100, message=message
            )


def told_end(document: Document) -> str:
    """Return what became of a document, in one line."""
    mark = {"DONE": "✓", "FAIL": "✗"}.get(document.run, "–")
    if document.run == "DONE" and document.chunk_count:
        chunks = "1 chunk" if document.chunk_count == 1 else f"{document.chunk_count:,} chunks"
        what = f"{chunks}, {document.process_duration:.1f} s"
    else:
        what = " ".join(document.progress_msg.split()) or document.run.lower()
    return clean(f"{mark} {document.name}: {what}")
