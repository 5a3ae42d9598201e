"""How far a parse is: from its row, and from the queue while it goes on. One rounding for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ragflow_local.ingest.jobs import Jobs
from ragflow_local.records import DocumentRow, ParseState, Progress
from ragflow_local.stores.catalog import Catalog, documents


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
