import sqlite3

from ragflow_local.stores.catalog import postings, postings_renewal, postings_scores
from tests.stores.test_postings_words import add, connection

__all__ = ["connection"]  # the fixture


def test_postings_of_an_older_analyzer_are_outdated(connection: sqlite3.Connection) -> None:
    for dataset in (1, 2, -3):
        add(connection, dataset, abs(dataset), "en", "pump")
    connection.execute("UPDATE postings_datasets SET analyzer = 7 WHERE dataset = 1")
    connection.execute("UPDATE postings_datasets SET analyzer = 8 WHERE dataset = 2")
    assert postings_renewal.outdated(connection, 8) == [1]  # not one that is being made
    assert postings_renewal.analyzer_of(connection, 1) == 7
    assert postings_renewal.analyzer_of(connection, 9) is None


def test_new_postings_take_the_place_of_old_ones(connection: sqlite3.Connection) -> None:
    add(connection, 1, 1, "en", "old")
    add(connection, -1, 1, "en", "new")
    postings_renewal.replace(connection, 1, -1)
    old, new = (postings_scores.read(connection, [1], [term]) for term in ("old", "new"))
    assert old is None or old.missing() == [0]
    assert new is not None
    assert new.missing() == []
    assert postings.space_of(connection, -1) is None
    assert postings.numbers(connection, 1).tolist() == [1]


def test_where_there_were_none_the_new_ones_are_put_in(connection: sqlite3.Connection) -> None:
    add(connection, -1, 4, "en", "new")
    postings_renewal.replace(connection, 1, -1)
    assert postings.numbers(connection, 1).tolist() == [4]
