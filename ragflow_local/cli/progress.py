"""Progress of a parse on standard error: bars for a terminal, a line a document for a pipe."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ragflow_local.cli.output import clean

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from ragflow_local.api import DataSet, Document

_ENDED = frozenset({"DONE", "FAIL", "CANCEL"})
_LOOK_SECONDS = 0.2  # often enough to look live
_PAUSE = 5  # times as long as looking takes: with many documents, looking must not slow parsing
_MOST_BARS = 6  # of documents being parsed at once: fits a small window


def follow(dataset: DataSet, ids: Sequence[str]) -> list[Document]:
    """Return the documents once each has ended, showing how far they are until then."""
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
        return _Watch(dataset, ids, bars).run()


class _Watch:
    """Documents that are being parsed, looked at until each has ended."""

    def __init__(self, dataset: DataSet, ids: Sequence[str], bars: Progress) -> None:
        self._dataset = dataset
        self._ids = ids
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._told: set[str] = set()
        self._all = bars.add_task("All", total=len(ids), message="")

    def run(self) -> list[Document]:
        wanted = set(self._ids)
        while True:
            begin = time.monotonic()
            documents = [item for item in self._dataset.list_docs() if item.id in wanted]
            self._show(documents)
            # One that is missing was deleted meanwhile: there is nothing to wait for.
            if all(document.run in _ENDED for document in documents):
                order = {known: place for place, known in enumerate(self._ids)}
                return sorted(documents, key=lambda document: order[document.id])
            time.sleep(max(_LOOK_SECONDS, _PAUSE * (time.monotonic() - begin)))

    def _show(self, documents: Iterable[Document]) -> None:
        for document in documents:
            if document.run in _ENDED:
                self._end(document)
            elif document.run == "RUNNING":
                self._move(document)
        self._bars.update(
            self._all,
            completed=len(self._told),
            message=f"{len(self._told)} of {len(self._ids)} documents",
        )

    def _move(self, document: Document) -> None:
        message = clean(document.progress_msg).strip()
        if document.id in self._tasks:
            self._bars.update(
                self._tasks[document.id], completed=max(0.0, document.progress), message=message
            )
        elif len(self._tasks) < _MOST_BARS:
            self._tasks[document.id] = self._bars.add_task(
                clean(document.name), total=100, message=message
            )

    def _end(self, document: Document) -> None:
        if document.id in self._told:
            return
        self._told.add(document.id)
        if document.id in self._tasks:
            self._bars.remove_task(self._tasks.pop(document.id))
        self._bars.console.print(told_end(document), markup=False, soft_wrap=True)


def told_end(document: Document) -> str:
    """Return what became of a document, in one line."""
    mark = {"DONE": "✓", "FAIL": "✗", "CANCEL": "–"}[document.run]
    if document.run == "DONE" and document.chunk_count:
        chunks = "1 chunk" if document.chunk_count == 1 else f"{document.chunk_count:,} chunks"
        what = f"{chunks}, {document.process_duration:.1f} s"
    else:
        what = " ".join(document.progress_msg.split()) or document.run.lower()
    return clean(f"{mark} {document.name}: {what}")
