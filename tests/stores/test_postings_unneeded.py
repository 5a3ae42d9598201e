import sqlite3

import pytest

from ragflow_local.stores.catalog import Catalog, postings, postings_scores, postings_unneeded
from tests.stores.test_postings_words import add


@pytest.fixture
def connection(catalog: Catalog) -> sqlite3.Connection:
    return catalog.writer()


def terms(connection: sqlite3.Connection) -> set[str]:
    return {str(row[0]) for row in connection.execute("SELECT term FROM postings_terms")}


def test_terms_that_no_chunk_has_are_dropped_and_others_still_score(
    connection: sqlite3.Connection,
) -> None:
    add(connection, 1, 1, "en", "pump", "valve")
    add(connection, 1, 2, "en", "pump", "roof")
    postings.remove(connection, 1, [2])
    while postings.merge(connection, 1):
        pass
    assert postings_unneeded.drop(connection, 1) == 1
    assert terms(connection) == {"pump", "valve"}
    lists = postings_scores.read(connection, [1], ["pump"])
    assert lists is not None
    assert not lists.missing()


def test_a_dataset_without_postings_has_nothing_to_drop(connection: sqlite3.Connection) -> None:
    assert postings_unneeded.drop(connection, 5) == 0
    assert not postings_unneeded.count(connection, 5, 10_000)


def test_removed_chunks_are_many_only_beyond_a_few_and_a_share(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings_unneeded, "_FEW", 3)
    add(connection, 1, 1, "en", "pump")
    assert not postings_unneeded.count(connection, 1, 3)
    assert postings_unneeded.count(connection, 1, 1)
    postings_unneeded.drop(connection, 1)
    assert not postings_unneeded.count(connection, 1, 1)  # counted anew
