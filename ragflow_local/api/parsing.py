"""Waits for parses and reports their progress through callbacks or a progress bar."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ragflow_local.api.document import Document
from ragflow_local.api.entity import Client
from ragflow_local.errors import InvalidValueError, NotFoundError, RagflowError
from ragflow_local.ingest import parse_state as ingest
from ragflow_local.ingest.elsewhere import Run
from ragflow_local.ingest.places import Place
from ragflow_local.records import ParseState
from ragflow_local.stores.catalog import documents as document_rows
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from ragflow_local.scale.folder import FolderPlace
    from ragflow_local.scale.ray import RayPlace

_LOOK_SECONDS = 0.1
_PAUSE = 5  # times as long as looking takes: with many documents, looking must not slow parsing


@dataclass(frozen=True, slots=True)
class ParseProgress:
    """How far a document is, and all that are waited for.

    Attributes:
        document: The document that has moved.
        run: ``RUNNING``; at its end ``DONE``, ``FAIL`` or ``CANCEL``, or ``DELETED``.
        progress: Percentage of its parse, 0 to 100; -1 after FAIL.
        message: What happens now; after FAIL the reason and the way out.
        ended: How many documents have come to their end.
        total: How many there are.
        overall: Percentage of all of them, 0 to 100.
    """

    document: Document
    run: str
    progress: float
    message: str
    ended: int
    total: int
    overall: float


OnProgress = Callable[[ParseProgress], object]

# Where to parse: a place, a shared folder, the address of a Ray cluster, or this computer.
On: TypeAlias = Place | str | os.PathLike[str] | None
_OF_A_PLACE = ("name", "reads_files", "width", "submit", "submit_to_each")


def parse(
    rag: Client,
    wanted: Sequence[Document],
    *,
    progress: bool,
    on_progress: OnProgress | None,
    timeout: float | None,
    on: On,
) -> None:
    """Parse documents and return when each has come to its end, or at the timeout.

    Raises:
        PlaceError: The place cannot do it, or not any more.
    """
    if not wanted:
        return
    run = start(rag, [document.id for document in wanted], on)
    events = follow(rag, wanted, timeout)
    with _Bar(len(wanted)) if progress else contextlib.nullcontext() as bar:
        for event in events:
            if bar is not None:
                bar.show(event)
            if on_progress is not None:
                on_progress(event)
    if run is not None and run.error is not None:
        raise run.error


def start(rag: Client, ids: Sequence[str], on: On) -> Run | None:
    """Start parsing documents here, or at a place; return what happens there.

    Args:
        rag: The engine.
        ids: Of the documents.
        on: A place; a shared folder or the address of a Ray cluster, which is left when all have
            come back; None: this computer.
    """
    project = rag.project
    if on is None:
        project.intake.start_parsing(ids)
        return None
    if not isinstance(on, str | os.PathLike):
        if not all(hasattr(on, name) for name in _OF_A_PLACE):
            allowed = (
                "a shared folder, the address of a Ray cluster, or a place such as"
                " scale.Pool(executor, 8)"
            )
            raise InvalidValueError("on", on, allowed)
        return project.intake.start_parsing_at(on, ids, project.setup_of)
    place = _opened(on)
    try:
        return project.intake.start_parsing_at(place, ids, project.setup_of, place.close)
    except BaseException:
        place.close()
        raise


def _opened(on: str | os.PathLike[str]) -> RayPlace | FolderPlace:
    from ragflow_local.scale import folder, folder_files, ray

    if isinstance(on, str) and not on.startswith(folder_files.PREFIX):
        return ray.RayPlace(on)
    return folder.FolderPlace(on)


def parse_in_background(
    rag: Client, ids: Sequence[str], on: On, on_progress: OnProgress | None
) -> None:
    """Start parsing documents, and call ``on_progress`` until each has come to its end.

    It is called from a thread of its own. An error in it ends the calls, and is told as threads
    tell theirs; parsing goes on.
    """
    start(rag, ids, on)
    if on_progress is None:
        return
    with rag.project.catalog.read() as reading:
        rows = [document_rows.get(reading, id) for id in dict.fromkeys(ids)]
    wanted = [Document(rag, row) for row in rows if row is not None]

    def run() -> None:
        try:
            for event in follow(rag, wanted, None):
                on_progress(event)
        except RagflowError:  # the engine was closed, which ends the calls too
            return

    threading.Thread(target=run, daemon=True, name="ragflow-progress").start()


def follow(
    rag: Client, wanted: Sequence[Document], timeout: float | None
) -> Iterator[ParseProgress]:
    """Yield each change of documents that are being parsed, until all have ended or the timeout.

    Each comes at least once, with its end; where it moves faster than is looked, steps are left
    out. Nothing is printed and nothing ends here: who stops reading stops waiting.
    """
    return _Watch(rag, wanted).events(None if timeout is None else time.monotonic() + timeout)


class _Watch:
    """Documents that are waited for, each with the state last reported."""

    def __init__(self, rag: Client, wanted: Sequence[Document]) -> None:
        self._rag = rag
        self._waiting = {document.id: document for document in wanted}
        self._total = len(self._waiting)
        self._ended = 0
        self._seen: dict[str, tuple[str, float, str]] = {}

    def events(self, deadline: float | None) -> Iterator[ParseProgress]:
        while self._waiting:
            began = time.monotonic()
            project = self._rag.project
            states = ingest.parse_states(project.catalog, project.jobs, self._waiting)
            for id, state in states.items():
                if _visible(state) != self._seen.get(id):
                    yield self._event(id, state)
            pause = max(_LOOK_SECONDS, _PAUSE * (time.monotonic() - began))
            if deadline is not None:
                if time.monotonic() >= deadline:
                    return
                pause = min(pause, deadline - time.monotonic())
            if self._waiting:
                time.sleep(max(pause, 0.0))

    def _event(self, id: str, state: ParseState) -> ParseProgress:
        document = self._waiting[id]
        run, percent, message = self._seen[id] = _visible(state)
        if run != "RUNNING":
            del self._waiting[id]
            self._ended += 1
        moving = sum(
            max(self._seen[other][1], 0.0) for other in self._waiting if other in self._seen
        )
        overall = (100.0 * self._ended + moving) / self._total
        return ParseProgress(document, run, percent, message, self._ended, self._total, overall)


def _visible(state: ParseState) -> tuple[str, float, str]:
    """Return the part of a parse state whose change is reported."""
    return state.run, state.progress, state.progress_msg


def parse_states(documents: Sequence[Document]) -> tuple[dict[str, ParseState], int]:
    """Return how far documents of one engine are, by id, and the pages read since it was opened.

    A document that has been deleted is left out.
    """
    if not documents:
        return {}, 0
    project = documents[0]._rag.project
    ids = [document.id for document in documents]
    states = ingest.parse_states(project.catalog, project.jobs, ids)
    live = {id: state for id, state in states.items() if state.run != "DELETED"}
    return live, project.jobs.pages_read


def unfinished(rag: Client, dataset_id: str) -> list[Document]:
    """Return the documents of a dataset whose last parse did not end with DONE."""
    with rag.project.catalog.read() as reading:
        rows = document_rows.list_of(reading, dataset_id)
    return [Document(rag, row) for row in rows if row.run != "DONE"]


def own(rag: Client, dataset_id: str, given: Sequence[Document | str]) -> list[Document]:
    """Return documents of one dataset, given as objects, ids or names.

    Raises:
        NotFoundError: One of them is not in the dataset.
    """
    with rag.project.catalog.read() as reading:
        rows = document_rows.list_of(reading, dataset_id)
    known = {row.name: row for row in rows} | {row.id: row for row in rows}
    documents_by_id: dict[str, Document] = {}
    for entry in given:
        key = entry.id if isinstance(entry, Document) else entry
        if key not in known:
            raise NotFoundError("document", str(key), by="id or name")
        documents_by_id[known[key].id] = Document(rag, known[key])
    return list(documents_by_id.values())


class _Bar:
    """A bar on standard error, or in a notebook a widget: how far all documents are."""

    _FORMAT = "{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}{postfix}]"

    def __init__(self, total: int) -> None:
        from tqdm.auto import tqdm

        self._bar: Any = tqdm(total=100.0, desc="Parsing", bar_format=self._FORMAT)
        self._bar.set_postfix_str(f"0 of {count_of(total, 'document')}")

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def show(self, event: ParseProgress) -> None:
        """Move the bar; a document that failed is told above it, with the reason."""
        if event.run in ("FAIL", "CANCEL"):
            reason = _printable(event.message) or event.run
            self._bar.write(f"✗ {_printable(event.document.name)}: {reason}", file=sys.stderr)
        doing = "" if event.run != "RUNNING" else f", {_printable(event.message)}"
        text = f"{event.ended:,} of {count_of(event.total, 'document')}{doing}"
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(max(event.overall - self._bar.n, 0.0))


def _printable(text: str) -> str:
    """Return a text in one line, without what might steer a terminal."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
