"""What segments have of terms: of all datasets as of one, and read once."""

import sqlite3

import numpy as np
import pytest

from ragflow_local.stores.catalog import (
    postings,
    postings_kept,
    postings_runs,
)
from ragflow_local.stores.catalog.postings_kept import ListsKept
from ragflow_local.stores.catalog.postings_reading import pieces_of
from ragflow_local.stores.catalog.postings_runs import Shape
from tests.stores.empty_postings import empty_postings

TERMS = [("a", "b"), ("c",), ("none",)]


@pytest.fixture
def connection() -> sqlite3.Connection:
    made = empty_postings()
    postings.add(made, 1, [(1, {"c": 2}), (2, {"a": 1, "b": 3})])
    postings.add(made, 2, [(3, {"b": 1}), (4, {"a": 2, "c": 1})])  # the same terms, other numbers
    postings.add(made, 1, [(5, {"b": 1, "c": 5}), (6, {"other": 1})])
    postings.remove(made, 2, [3])
    return made


def said(connection: sqlite3.Connection, held: ListsKept) -> list[list[tuple[int, int, int]]]:
    """Return number, count and length of the chunks that have each term."""
    shape = Shape.of(connection, [1, 2])
    assert shape is not None
    lists = []
    for pieces in pieces_of(connection, shape.runs, TERMS, held):
        rows = []
        for offset, _, columns in pieces:
            numbers = shape.places.numbers_at(columns.places.astype(np.int64) + offset)
            values = (numbers.tolist(), columns.counts.tolist(), columns.lengths.tolist())
            rows += list(zip(*values, strict=True))
        lists.append(sorted(rows))
    return lists


@pytest.mark.parametrize("most", [1, 4, 2**20], ids=["each alone", "some", "one run"])
def test_a_term_has_the_live_chunks_of_all_datasets_that_have_a_form_of_it(
    connection: sqlite3.Connection, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings_runs, "_MOST_PLACES", most)
    assert said(connection, ListsKept()) == [
        [(2, 4, 4), (4, 2, 3), (5, 1, 6)],
        [(1, 2, 2), (4, 1, 3), (5, 5, 6)],
        [],
    ]


def test_what_is_held_is_not_read_again_and_what_is_gone_is_left_out_of_it(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings_kept, "LONG", 0)
    held = ListsKept()
    before = said(connection, held)
    connection.execute("DELETE FROM postings_lists")
    assert said(connection, held) == before
    postings.remove(connection, 1, [2])
    assert said(connection, held) == [[row for row in rows if row[0] != 2] for rows in before]
