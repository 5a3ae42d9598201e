"""One group is embedded while another is committed: in order, and suspects by themselves."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from ragflow_local.generators import Generator
from ragflow_local.ingest.committing import Committing
from ragflow_local.ingest.drafted import Drafted
from ragflow_local.ingest.drafts import Parsed
from ragflow_local.ingest.indexer import Indexer
from ragflow_local.ingest.parses import Parses
from ragflow_local.ingest.tasks import Parse
from ragflow_local.records import Draft
from ragflow_local.stores.files import Files
from tests.ingest.made import document_row


class Index:
    """Notes what is embedded and committed; commits wait until they may."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.told: list[str] = []
        self.noted: dict[str, set[str]] = {}
        self.failed: dict[str, str] = {}
        self.refused = ""
        self.is_embedded: dict[str, threading.Event] = {id: threading.Event() for id in "abcd"}
        self.may_commit = threading.Event()

    def prepare(
        self, parsed: Sequence[Parsed], embedded: Callable[[int], None]
    ) -> Sequence[Parsed]:
        embedded(0)
        self._tell("embedded", parsed)
        for one in parsed:
            self.is_embedded[one.document.id].set()
        return parsed

    def commit(self, parsed: Sequence[Parsed]) -> None:
        self.may_commit.wait(20)
        if self.refused in [one.document.id for one in parsed]:
            raise ValueError("it cannot be written")
        self._tell("committed", parsed)

    def fail(self, id: str, message: str) -> None:
        self.failed[id] = message

    def _tell(self, what: str, parsed: Sequence[Parsed]) -> None:
        ids = "".join(one.document.id for one in parsed)
        self.told.append(f"{what} {ids}")
        self.noted[self.told[-1]] = set(self.files.in_hand._now)


class Line:
    """The two threads with what is before and behind them."""

    def __init__(self, folder: Path) -> None:
        files = Files(folder)
        files.create()
        self.index = Index(files)
        indexer = cast(Indexer, self.index)
        self.parses = Parses(indexer, files)
        self.drafted = Drafted(lambda: False)
        self.committing = Committing(
            indexer, self.parses, self.drafted, files.in_hand, self.generator
        )
        self.committing.start()

    def generator(self, name: str) -> Generator | None:
        return None

    def put(self, ids: str, *, suspects: str = "") -> None:
        parses: list[Parse] = []
        for id in ids:
            # Datasets of their own: no two of them are a group.
            parse = self.parses.begin(document_row(id, dataset_id=f"of {id}"))
            parse.drafts = [Draft(f"The {id} sleeps.")]
            parse.is_suspect = id in suspects
            parses.append(parse)
        self.drafted.put(*parses)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path)
    yield made
    made.index.may_commit.set()
    made.parses.close()
    made.drafted.close()
    made.committing.join(20)


def test_a_group_is_embedded_while_the_one_before_it_is_committed(line: Line) -> None:
    line.put("ab")
    assert line.index.is_embedded["b"].wait(20), "while the commit of a waits"
    assert line.index.told == ["embedded a", "embedded b"]
    line.index.may_commit.set()
    line.parses.wait_for_all()
    assert line.index.told[2:] == ["committed a", "committed b"]


def test_no_more_groups_are_embedded_than_one_that_waits(line: Line) -> None:
    line.put("abcd")
    assert line.index.is_embedded["b"].wait(20)
    assert not line.index.is_embedded["c"].wait(0.1)
    assert line.drafted._chunks == 4, "what is on its way counts as what waits"
    line.index.may_commit.set()
    line.parses.wait_for_all()
    committed = [told for told in line.index.told if told.startswith("committed")]
    assert committed == [f"committed {id}" for id in "abcd"]


def test_what_is_embedded_and_what_is_committed_are_both_in_hand(line: Line) -> None:
    line.put("ab")
    assert line.index.is_embedded["b"].wait(20)
    assert line.index.noted["embedded b"] == {"a", "b"}
    line.index.may_commit.set()
    line.parses.wait_for_all()
    assert line.index.files.in_hand._now == []


def test_with_a_suspect_nothing_else_is_in_hand(line: Line) -> None:
    line.put("abc", suspects="b")
    assert line.index.is_embedded["a"].wait(20)
    assert not line.index.is_embedded["b"].wait(0.1), "a is not committed yet"
    line.index.may_commit.set()
    line.parses.wait_for_all()
    assert line.index.noted["embedded b"] == line.index.noted["committed b"] == {"b"}
    assert line.index.told.index("committed b") < line.index.told.index("embedded c")


def test_one_that_cannot_be_committed_fails_and_the_next_one_is_committed(line: Line) -> None:
    line.index.refused = "a"
    line.put("ab")
    line.index.may_commit.set()
    line.parses.wait_for_all()
    assert "it cannot be written" in line.index.failed["a"]
    assert line.index.told[-1] == "committed b"


def test_what_is_embedded_when_the_project_closes_is_not_committed(line: Line) -> None:
    line.put("ab")
    assert line.index.is_embedded["b"].wait(20)
    line.parses.close()
    line.drafted.close()
    line.index.may_commit.set()
    line.committing.join(20)
    assert "committed b" not in line.index.told
    assert line.index.failed == {}
