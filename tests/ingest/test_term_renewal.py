"""Postings of an older analyzer are made anew beside the old, in steps."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragflow_local.errors import DiskError
from ragflow_local.ingest import term_renewal
from ragflow_local.ingest.term_renewal import TermRenewal, renew_some
from ragflow_local.stores.catalog import (
    Catalog,
    postings,
    postings_renewal,
    postings_scores,
    schema,
)
from ragflow_local.text.terms import ANALYZER
from tests.stores.tables import add_chunks, add_dataset, add_document


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """Four chunks whose postings, ``old``, an older analyzer has made; renewed two at a time."""
    monkeypatch.setattr(term_renewal, "_BATCH", 2)
    opened = Catalog(tmp_path / "catalog.sqlite3")
    schema.migrate(opened.writer(), tmp_path)
    add_dataset(opened, "d")
    add_document(opened, "a", "d")
    add_chunks(opened, "a", "The pump", "The roof", "The pump hums", "The cellar")
    with opened.write() as connection:
        postings.add(connection, 1, [(number, {"old": 1}) for number in range(1, 5)])
        connection.execute("UPDATE postings_datasets SET analyzer = ?", [ANALYZER - 1])
    yield opened
    opened.close()


def having(catalog: Catalog, term: str) -> list[int]:
    with catalog.read() as reading:
        lists = postings_scores.read(reading, [1], [term])
        assert lists is not None
        parts, _ = lists.parts(postings.numbers(reading, 1))
        return [
            int(n) for n, part in zip(postings.numbers(reading, 1), parts[0], strict=True) if part
        ]


def analyzers(catalog: Catalog) -> list[tuple[int, int]]:
    with catalog.read() as reading:
        rows = reading.execute("SELECT dataset, analyzer FROM postings_datasets ORDER BY dataset")
        return [(row[0], row[1]) for row in rows]


def test_search_goes_on_with_the_old_until_every_chunk_is_there(catalog: Catalog) -> None:
    assert not renew_some(catalog, 1)
    assert having(catalog, "old") == [1, 2, 3, 4]
    assert renew_some(catalog, 1)
    assert having(catalog, "old") == []
    assert having(catalog, "pump") == [1, 3]
    assert analyzers(catalog) == [(1, ANALYZER)]


def test_chunks_that_are_added_or_removed_meanwhile_are_seen(catalog: Catalog) -> None:
    renew_some(catalog, 1)
    with catalog.write() as connection:
        connection.execute("DELETE FROM chunks WHERE number = 1")
        postings.remove(connection, 1, [1])
    add_chunks(catalog, "a", "A new pump")
    with catalog.write() as connection:
        postings.add(connection, 1, [(5, {"old": 1})])
    while not renew_some(catalog, 1):
        pass
    assert having(catalog, "pump") == [3, 5]


def test_what_an_earlier_renewal_by_another_analyzer_left_is_thrown_away(catalog: Catalog) -> None:
    with catalog.write() as connection:
        postings.add(connection, -1, [(number, {"wrong": 1}) for number in range(1, 5)])
        connection.execute(
            "UPDATE postings_datasets SET analyzer = ? WHERE dataset = -1", [ANALYZER - 1]
        )
    while not renew_some(catalog, 1):
        pass
    assert having(catalog, "wrong") == []
    assert having(catalog, "pump") == [1, 3]


def test_a_dataset_that_is_gone_leaves_nothing(catalog: Catalog) -> None:
    renew_some(catalog, 1)
    with catalog.write() as connection:
        connection.execute("DELETE FROM datasets")
        postings.drop(connection, 1)
    assert renew_some(catalog, 1)
    assert analyzers(catalog) == []


def test_a_thread_renews_what_is_outdated_and_tells_of_it(catalog: Catalog) -> None:
    done: list[int] = []
    renewal = TermRenewal(catalog, done.append)
    renewal.start()
    renewal.wait()
    assert done == [1]
    assert having(catalog, "pump") == [1, 3]
    again = TermRenewal(catalog, done.append)
    again.start()
    again.close()
    assert done == [1], "nothing is outdated any more"


def test_closing_ends_between_two_batches_and_the_next_goes_on(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []
    renewal = TermRenewal(catalog, done.append)

    def one_batch(whose: Catalog, dataset: int) -> bool:
        renewal._ending.set()
        return renew_some(whose, dataset)

    monkeypatch.setattr(term_renewal, "renew_some", one_batch)
    renewal.start()
    renewal.close()
    assert done == []
    assert having(catalog, "old") == [1, 2, 3, 4]
    with catalog.read() as reading:
        assert postings.numbers(reading, -1).tolist() == [1, 2], "what is done stays done"
        assert postings_renewal.outdated(reading, ANALYZER) == [1]
    monkeypatch.undo()
    assert renew_some(catalog, 1)


def test_a_disk_that_refuses_leaves_the_old_index(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(whose: Catalog, dataset: int) -> bool:
        raise DiskError(Path("catalog.sqlite3"), 28, "No space left on device")

    monkeypatch.setattr(term_renewal, "renew_some", full)
    renewal = TermRenewal(catalog, lambda dataset: None)
    renewal.start()
    renewal.wait()
    assert having(catalog, "old") == [1, 2, 3, 4]
