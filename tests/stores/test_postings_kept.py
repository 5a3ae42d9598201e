"""What is held of the postings: never what has been since."""

import sqlite3

import numpy as np
import pytest

from ragflow_local.stores.catalog import (
    postings,
    postings_kept,
    postings_list,
    postings_scores,
)
from ragflow_local.stores.catalog import postings_segments as segments
from ragflow_local.stores.catalog.postings_columns import Columns
from ragflow_local.stores.catalog.postings_kept import ListsKept
from ragflow_local.stores.catalog.postings_runs import Run, Shape
from ragflow_local.stores.catalog.postings_segments import FORMATS
from tests.stores.empty_postings import empty_postings


@pytest.fixture(autouse=True)
def all_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of any length are held, and taken piece by piece."""
    monkeypatch.setattr(postings_kept, "LONG", 0)
    monkeypatch.setattr(postings_list, "_SHORT", 0)
    monkeypatch.setattr(postings_list, "_SHORT_PIECE", 0)


@pytest.fixture
def connection() -> sqlite3.Connection:
    return empty_postings()


def run_of(known_by: bytes = b"a run") -> Run:
    return Run((), 0, (), 100, known_by, None)


def test_the_lists_asked_for_longest_ago_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = Columns.of(np.array([(place, 1, 9) for place in range(100)], FORMATS[0]))
    size = columns.size_bytes + postings_kept._BESIDE_BYTES
    monkeypatch.setattr(postings_kept, "_MOST_BYTES", 3 * size)
    held, run = ListsKept(), run_of()
    for term in "abc":
        held.keep(run, (term,), columns)
    assert held.get(run, ("a",)) is columns
    held.keep(run, ("d",), columns)
    assert [held.get(run, (term,)) is not None for term in "abcd"] == [True, False, True, True]
    assert held.get(run_of(b"another"), ("a",)) is None
    held.keep(run_of(b""), ("e",), columns)
    assert held.get(run_of(b""), ("e",)) is None, "segments without a birth are not known again"


def test_a_short_list_is_held_where_many_segments_were_read_for_it(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings_kept, "LONG", 1000)
    monkeypatch.setattr(postings_kept, "MANY_SEGMENTS", 3)
    held = ListsKept()
    for dataset, is_held in ((1, False), (2, False), (3, True)):
        postings.add(connection, dataset, [(dataset, {"a": 1, "b": 1})])
        shape = Shape.of(connection, [*range(1, dataset + 1)])
        assert shape is not None
        [run] = shape.runs
        lists = postings_scores.read(connection, [*range(1, dataset + 1)], ["a", "none"], held)
        assert lists is not None
        assert [held.get(run, (term,)) is not None for term in ("a", "none")] == [is_held] * 2


def scores(connection: sqlite3.Connection, held: ListsKept | None) -> dict[int, float]:
    terms: list[str | tuple[str, ...]] = [("a", "b"), "c", ("d",)]
    lists = postings_scores.read(connection, [1], terms, held)
    if lists is None:
        return {}
    numbers = lists.best(np.array([1.0, 2.0, 0.5]), 1000)
    parts, _ = lists.parts(np.sort(numbers))
    every = np.array([1.0, 2.0, 0.5]) @ parts
    return dict(zip(np.sort(numbers).tolist(), every.tolist(), strict=True))


def bag(number: int) -> dict[str, int]:
    return {term: 1 + number % 3 for at, term in enumerate("abcd") if number % (at + 2) == 0}


def test_what_is_held_is_as_good_as_what_is_read_whatever_happens(
    connection: sqlite3.Connection,
) -> None:
    held = ListsKept()

    def is_as_read() -> bool:
        return scores(connection, held) == scores(connection, held) == scores(connection, None)

    assert is_as_read()
    for first in range(1, 200, 20):
        postings.add(connection, 1, [(number, bag(number)) for number in range(first, first + 20)])
        assert is_as_read()
    postings.remove(connection, 1, list(range(1, 100, 7)))
    assert is_as_read()
    # The same numbers with other terms: other segments, under the keys of those that are gone.
    postings.add(connection, 1, [(number, bag(number + 1)) for number in range(30, 60)])
    assert is_as_read()
    while postings.merge(connection, 1):
        assert is_as_read()
    postings.drop(connection, 1)
    assert is_as_read()
    postings.add(connection, 1, [(number, bag(number + 2)) for number in range(1, 20)])
    assert is_as_read()


def test_a_key_that_is_used_again_is_another_segment(connection: sqlite3.Connection) -> None:
    held = ListsKept()
    postings.add(connection, 1, [(1, {"a": 1}), (2, {"c": 1})])
    [before] = segments.segments_of(connection, 1)
    first = scores(connection, held)
    postings.drop(connection, 1)
    postings.add(connection, 1, [(1, {"a": 3}), (2, {"c": 3})])
    [now] = segments.segments_of(connection, 1)
    assert before.key == now.key
    assert before.born != now.born > 0
    assert scores(connection, held) == scores(connection, None)
    assert first.keys() == {1, 2}


def test_a_shape_is_looked_at_once_after_each_change(connection: sqlite3.Connection) -> None:
    held = ListsKept()
    postings.add(connection, 1, [(1, {"a": 1})])
    assert held.shape(connection, [1]) is not held.shape(connection, [1]), "nobody counts"
    connection.execute("PRAGMA user_version = 1")
    before = held.shape(connection, [1])
    assert before is not None
    assert held.shape(connection, [1]) is before
    postings.add(connection, 1, [(2, {"a": 1})])
    connection.execute("PRAGMA user_version = 2")
    after = held.shape(connection, [1])
    assert after is not None
    assert (before.chunks, after.chunks) == (1, 2)
    assert held.shape(connection, [9]) is None


def test_a_shape_is_looked_at_again_after_a_merge_that_counts_as_no_commit(
    connection: sqlite3.Connection,
) -> None:
    held = ListsKept()
    for number in range(1, 30):
        postings.add(connection, 1, [(number, {"a": 1})])
    connection.execute("PRAGMA user_version = 1")
    before = held.shape(connection, [1])
    assert before is not None
    assert len(scores(connection, held)) == 29
    while postings.merge(connection, 1):
        pass
    after = held.shape(connection, [1])
    assert after is not None
    assert len(after.runs[0].segments) < len(before.runs[0].segments)
    assert scores(connection, held) == scores(connection, None)
