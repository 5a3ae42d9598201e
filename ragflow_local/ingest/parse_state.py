"""How far a parse is: from its row, and from the queue while it goes on. One rounding for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ragflow_local.ingest.jobs import Jobs
from ragflow_local.records import DocumentRow, Progress
from ragflow_local.stores.catalog import Catalog, documents


@dataclass(frozen=True, slots=True)
class ParseState:
    """How far one document is; attributes as those of ``Document`` where they have its names.

    Attributes:
        run: ``UNSTART``, ``RUNNING``, ``CANCEL``, ``DONE`` or ``FAIL``; ``DELETED`` for no row.
        progress: Percentage of its parse, 0 to 100; -1 after FAIL.
        progress_msg: What happens now; after FAIL the reason and the way out.
        pages: Its pages; 0 before they are counted, and where its format has none.
        pages_read: How many of them have been read.
    """

    run: str
    progress: float
    progress_msg: str
    pages: int = 0
    pages_read: int = 0


def parse_state(row: DocumentRow | None, live: Progress | None) -> ParseState:
    """Return how far a document is.

    Args:
        row: Its row; None where it has been deleted.
        live: How far the queue has come with it; None where it is not there.
    """
    if live is not None:
        percent = round(100 * live.fraction, 1)
        return ParseState("RUNNING", percent, live.message, live.pages, live.pages_read)
    if row is None:
        return ParseState("DELETED", 0.0, "It was deleted.")
    return ParseState(row.run, row.progress, row.progress_msg)


def parse_states(catalog: Catalog, jobs: Jobs, ids: Iterable[str]) -> Mapping[str, ParseState]:
    """Return how far documents are, by id; the catalog is read for those that rest only."""
    states: dict[str, ParseState] = {}
    resting = []
    for id in ids:
        live = jobs.progress_of(id)
        if live is None:
            resting.append(id)
        else:
            states[id] = parse_state(None, live)
    if resting:
        with catalog.read() as reading:
            for id in resting:
                states[id] = parse_state(documents.get(reading, id), None)
    return states
