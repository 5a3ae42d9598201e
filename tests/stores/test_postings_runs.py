"""Runs of segments: which are read as one, and what tells them from others."""

import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from ragflow_local.stores.catalog import postings, postings_runs
from ragflow_local.stores.catalog.postings_runs import Run, Shape
from ragflow_local.stores.catalog.postings_segments import Segment
from tests.stores.empty_postings import empty_postings


@pytest.fixture
def connection() -> sqlite3.Connection:
    return empty_postings()


def segment(key: int, size: int, removed: tuple[int, ...] = ()) -> Segment:
    runs = np.array([[0, 1000 * key]], np.int64)
    return Segment(key, 0, size, runs, np.array(removed, np.int64), 100 + key)


def sizes_of(*sizes: int) -> list[list[int]]:
    some = [segment(at, size) for at, size in enumerate(sizes)]
    offsets = np.cumsum([0, *sizes])
    return [[one.size for one in run.segments] for run in postings_runs._runs_of(some, offsets)]


def test_large_segments_are_one_run_and_small_ones_between_them_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postings_runs, "CAPACITY", 10)
    assert sizes_of() == []
    assert sizes_of(9, 8, 5, 1, 1, 6) == [[9, 8], [5, 1, 1], [6]]
    monkeypatch.setattr(postings_runs, "_MOST_PLACES", 20)
    assert sizes_of(9, 8, 9, 9, 9, 1) == [[9, 8], [9, 9], [9], [1]]


def test_a_run_knows_what_is_gone_and_is_known_by_the_births_of_its_segments() -> None:
    run = Run.of([segment(0, 4, (1,)), segment(1, 3), segment(2, 2, (0,))], 50)
    assert (run.offset, run.firsts, run.size) == (50, (0, 4, 7), 9)
    assert run.alive is not None
    assert np.flatnonzero(~run.alive).tolist() == [1, 7]
    whole = Run.of([segment(0, 4), segment(1, 3), segment(2, 2)], 7)
    assert whole.alive is None
    assert whole.known_by == run.known_by != b""
    assert Run.of([segment(0, 4), segment(2, 2)], 50).known_by != run.known_by
    assert Run.of([replace(segment(0, 4), born=0)], 0).known_by == b""


def test_the_shape_of_datasets_is_that_of_all_their_segments(
    connection: sqlite3.Connection,
) -> None:
    assert Shape.of(connection, [1, 2]) is None
    postings.add(connection, 1, [(1, {"a": 2}), (2, {"b": 1})])
    postings.add(connection, 2, [(3, {"a": 1})])
    postings.remove(connection, 1, [2])
    shape = Shape.of(connection, [1, 2, 9])
    assert shape is not None
    assert (shape.chunks, shape.length, shape.places.size) == (2, 3, 3)
    [run] = shape.runs
    assert run.alive is not None
    assert run.alive.tolist() == [True, False, True]
    assert run.spaces() == {1, 2}
