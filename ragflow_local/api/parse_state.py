"""Documents that are being parsed to how far each is, and all together, in one look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ragflow_local.api.document import Document
from ragflow_local.stores.catalog import documents as rows


@dataclass(frozen=True, slots=True)
class ParseState:
    """How far one document is; attributes as those of ``Document`` where they have its names.

    Attributes:
        pages: Its pages; 0 before they are counted, and where its format has none.
        pages_read: How many of them have been read.
    """

    run: str
    progress: float
    progress_msg: str
    pages: int
    pages_read: int


def parse_states(documents: Sequence[Document]) -> tuple[dict[str, ParseState], int]:
    """Return how far documents of one engine are, by id, and the pages read since it was opened.

    A document that has been deleted is left out.
    """
    if not documents:
        return {}, 0
    project = documents[0]._rag.project
    live = {document.id: project.jobs.progress_of(document.id) for document in documents}
    states: dict[str, ParseState] = {}
    with project.catalog.read() as reading:
        for id, now in live.items():
            row = rows.get(reading, id)
            if row is None:
                continue
            if now is None:
                states[id] = ParseState(row.run, row.progress, row.progress_msg, 0, 0)
            else:
                percent = round(100 * now.fraction, 1)
                states[id] = ParseState("RUNNING", percent, now.message, now.pages, now.pages_read)
    return states, project.jobs.pages_read
