"""Parses that an earlier process did not end: queued again, given up, or left to wait.

What was being parsed here goes on here. What was being parsed elsewhere waits: a hundred thousand
documents that a cluster had begun are not for one computer to go on with unasked.
"""

from __future__ import annotations

from collections.abc import Mapping

from ragflow_local.ingest.indexer import Indexer
from ragflow_local.ingest.jobs import Jobs
from ragflow_local.records import DocumentRow
from ragflow_local.stores.catalog import Catalog, documents
from ragflow_local.stores.files import Files
from ragflow_local.stores.in_hand import MOST_ENDS
from ragflow_local.text.plurals import count_of

_WAY_OUT = "parse(on=…) goes on there, parse() here."
_ENDED = "The engine ended in the middle of this parse. async_parse() starts anew."
_AT_FAULT = (
    f"The engine ended {MOST_ENDS} times while it worked on this document, perhaps for want of"
    " memory. async_parse() tries it again."
)


def take_up(
    catalog: Catalog, files: Files, indexer: Indexer, jobs: Jobs, *, was_clean: bool, resume: bool
) -> Mapping[str, int]:
    """Go on with interrupted parses; return how many documents wait, by the place they were at.

    Args:
        catalog: Of a project that was just opened.
        files: Its files.
        indexer: What writes ends.
        jobs: What parses here.
        was_clean: Whether the earlier process closed the project.
        resume: Whether what was parsed here is queued again; else it ends FAIL.
    """
    with catalog.read() as reading:
        rows = documents.running(reading)
    guilty = files.in_hand.take_up(was_clean=was_clean)
    away: dict[str, list[str]] = {}
    here: list[DocumentRow] = []
    given_up: dict[str, str] = {}
    for row in rows:
        if row.id in guilty:
            given_up[row.id] = _AT_FAULT
        elif row.parsed_on:
            away.setdefault(row.parsed_on, []).append(row.id)
        elif resume:
            here.append(row)
        else:
            given_up[row.id] = _ENDED
    for id, reason in given_up.items():
        indexer.fail(id, reason)
    files.in_hand.clear(given_up)
    for place, ids in away.items():
        indexer.let_wait(ids, f"It was being parsed at {place}. {_WAY_OUT}")
    jobs.submit(here)
    return {place: len(ids) for place, ids in away.items()}


def waiting_notice(waiting: Mapping[str, int]) -> str:
    """Return how many documents wait, and the way out; empty where none do."""
    if not waiting:
        return ""
    places = " and ".join(
        f"{count_of(count, 'document')} at {place}" for place, count in waiting.items()
    )
    return f"An earlier process was parsing {places}; what is not done waits. {_WAY_OUT}"
