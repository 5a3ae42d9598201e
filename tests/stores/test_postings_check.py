import sqlite3

import pytest

from ragflow_local.stores.catalog import postings, postings_check
from tests.stores.test_postings_words import add, connection

__all__ = ["connection"]  # the fixture


@pytest.fixture
def filled(connection: sqlite3.Connection) -> sqlite3.Connection:
    add(connection, 1, 1, "en", "pump", "valve")
    add(connection, 1, 2, "en", "roof")
    return connection


def test_whole_postings_have_nothing_wrong(filled: sqlite3.Connection) -> None:
    expected = {1: {"pump": 1, "valve": 1}, 2: {"roof": 1}}
    assert postings_check.verify(filled, 1, expected) == []
    assert postings_check.verify(filled, 9, expected) == []


@pytest.mark.parametrize("bag", [{"roof": 2}, {"roof": 1, "pump": 1}, {"attic": 1}, {}])
def test_terms_that_are_not_those_of_the_text_are_told(
    filled: sqlite3.Connection, bag: dict[str, int]
) -> None:
    (problem,) = postings_check.verify(filled, 1, {2: bag})
    assert "1 of 1 chunk" in problem


@pytest.mark.parametrize("column", ["chunks", "length"])
def test_counts_that_do_not_fit_are_told(filled: sqlite3.Connection, column: str) -> None:
    filled.execute(f"UPDATE postings_datasets SET {column} = {column} + 1")
    (problem,) = postings_check.verify(filled, 1)
    assert "counts" in problem


def test_a_torn_list_is_told_and_raises_nothing(filled: sqlite3.Connection) -> None:
    filled.execute("UPDATE postings_lists SET data = substr(data, 1, 3)")
    assert postings_check.verify(filled, 1)


def test_removed_chunks_are_not_missed(filled: sqlite3.Connection) -> None:
    postings.remove(filled, 1, [2])
    assert postings_check.verify(filled, 1, {1: {"pump": 1, "valve": 1}}) == []
