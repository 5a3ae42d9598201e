"""The parses of a project: places in the line, and ends of which the first counts.

How they move and end in a queue is tested with it, in ``test_jobs.py``.
"""

from pathlib import Path
from typing import Any

import pytest

from ragflow_local.ingest.parses import Parses
from ragflow_local.records import Progress
from ragflow_local.stores.files import Files
from tests.ingest.made import document_row


class Index:
    """Notes the ends that are written."""

    def __init__(self) -> None:
        self.ends: list[tuple[str, ...]] = []

    def fail(self, id: str, message: str) -> None:
        self.ends.append(("FAIL", id, message))

    def cancel(self, id: str) -> None:
        self.ends.append(("CANCEL", id))

    def let_wait(self, ids: list[str], message: str) -> None:
        self.ends += [("UNSTART", id, message) for id in ids]


@pytest.fixture
def index() -> Index:
    return Index()


@pytest.fixture
def parses(tmp_path: Path, index: Any) -> Parses:
    return Parses(index, Files(tmp_path))


def test_documents_that_are_elsewhere_hold_no_place_in_the_line(parses: Parses) -> None:
    for id in "abc":
        parses.begin(document_row(id), Progress(0.0, "Waits for a cluster"))
    parses.begin(document_row("d"))
    last = parses.begin(document_row("e"))
    assert parses.progress_of("a") == Progress(0.0, "Waits for a cluster")
    assert parses.progress_of("e") == Progress(0.0, "Queued behind 1 other")
    parses.end(parses.begin(document_row("a"), Progress(0.0, "again")), lambda: None)
    parses.end(last, lambda: None)
    assert parses.progress_of("d") == Progress(0.0, "Queued")


def test_the_first_end_counts(parses: Parses, index: Index) -> None:
    parse = parses.begin(document_row("a"))
    parses.cancel(["a"])
    parses.fail(parse, "too late")
    parses.let_wait([parse], "too late")
    assert index.ends == [("CANCEL", "a")]
    assert parse.is_cancelled()


def test_documents_that_are_left_to_wait_are_no_longer_parsed(parses: Parses, index: Index) -> None:
    waiting, done = parses.begin(document_row("a")), parses.begin(document_row("b"))
    parses.end(done, lambda: None)
    parses.let_wait([waiting, done], "the cluster is gone")
    assert index.ends == [("UNSTART", "a", "the cluster is gone")]
    assert parses.progress_of("a") is None
    parses.wait_for_all()


def test_one_that_is_cancelled_while_it_is_committed_has_its_end_written(
    parses: Parses, index: Index
) -> None:
    done, cancelled = parses.begin(document_row("a")), parses.begin(document_row("b"))
    cancelled.cancelled = True  # the commit has left it out; its end is about to be written
    parses.end_all([done, cancelled])
    assert parses.progress_of("a") is None
    parses.cancel(["b"])
    assert index.ends == [("CANCEL", "b")]
    parses.wait_for_all()


def test_a_project_that_closes_writes_no_ends(parses: Parses, index: Index) -> None:
    parse = parses.begin(document_row("a"))
    parses.close()
    parses.fail(parse, "too late")
    parses.let_wait([parse], "too late")
    assert index.ends == []
