"""Parses that an earlier process did not end: queued again, given up, or left to wait.

What was being parsed here goes on here. What was being parsed elsewhere waits: a hundred thousand
documents that a cluster had begun are not for one computer to go on with unasked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ragflow_local.ingest.indexer import Indexer
from ragflow_local.ingest.jobs import Jobs
from ragflow_local.stores.catalog import Catalog, documents
from ragflow_local.stores.files import Files
from ragflow_local.stores.in_hand import MOST_ENDS
from ragflow_local.text.plurals import count_of

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
    away = [row for row in rows if row.parsed_on and row.id not in guilty]
    given_up = [row for row in rows if row not in away and (row.id in guilty or not resume)]
    for row in given_up:
        indexer.fail(row.id, _AT_FAULT if row.id in guilty else _ENDED)
    files.in_hand.clear(row.id for row in given_up)
    waiting = Counter(row.parsed_on for row in away)
    for place in waiting:
        ids = [row.id for row in away if row.parsed_on == place]
        indexer.let_wait(ids, f"It was being parsed at {place}. {_WAY_OUT}")
    jobs.submit([row for row in rows if row not in away and row not in given_up])
    return waiting


_WAY_OUT = "parse(on=…) goes on there, parse() here."


def told(waiting: Mapping[str, int]) -> str:
    """Return how many documents wait, and the way out; empty where none do."""
    if not waiting:
        return ""
    places = " and ".join(
        f"{count_of(count, 'document')} at {place}" for place, count in waiting.items()
    )
    return f"An earlier process was parsing {places}; what is not done waits. {_WAY_OUT}"
