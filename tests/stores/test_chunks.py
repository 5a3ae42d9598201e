from dataclasses import replace

import numpy as np
import pytest

from ragflow_local.records import Marked, Region
from ragflow_local.stores.catalog import Catalog, chunks, embeddings
from tests.stores.tables import add_chunks, add_dataset, add_document, chunk_row


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    add_dataset(catalog, "d")
    add_document(catalog, "a", "d")
    add_chunks(catalog, "a", "The pump", "100% of it", "the_end")
    return catalog


def test_a_chunk_comes_back_with_all_it_has(filled: Catalog) -> None:
    row = replace(
        chunk_row(9, "a", "Grüße\n\t日本"),
        places=(Region(1, 0.5, 1, 2, 3),),
        headings=("House", "Boiler"),
        keywords=("valve",),
        questions=("Where?",),
        match_text="match",
        data='{"a": 1}',
        tags=("old",),
        marked=(Marked(0, 1, 2), Marked(1, 3, 0)),
    )
    with filled.write() as connection:
        kept = embeddings.keep_one(connection, b"k", np.ones(4, np.float32))
        chunks.insert(connection, row, kept)
        assert chunks.get(connection, "c9") == row
        assert chunks.embedding_of(connection, "c9") == kept


@pytest.mark.parametrize(
    ("keywords", "ids"),
    [("PUMP", ["c1"]), ("%", ["c2"]), ("e_e", ["c3"]), ("the", ["c1", "c3"]), ("the pump", ["c1"])],
)
def test_words_are_looked_for_as_they_are_in_whatever_case(
    filled: Catalog, keywords: str, ids: list[str]
) -> None:
    with filled.read() as reading:
        found = chunks.list_of(reading, "a", keywords=keywords)
    assert [row.id for row in found] == ids


def test_a_page_of_chunks_is_in_reading_order(filled: Catalog) -> None:
    with filled.read() as reading:
        assert [row.id for row in chunks.list_of(reading, "a", offset=1, limit=1)] == ["c2"]


def test_an_id_is_found_by_its_first_letters(filled: Catalog) -> None:
    with filled.read() as reading:
        assert [row.id for row in chunks.by_prefix(reading, "c3")] == ["c3"]
        assert len(chunks.by_prefix(reading, "c")) == 2  # more than one is all that is asked
        assert chunks.by_prefix(reading, "x") == []


def test_only_chunks_that_there_are_come_back(filled: Catalog) -> None:
    with filled.read() as reading:
        assert set(chunks.by_numbers(reading, [1, 3, 99])) == {1, 3}
        assert set(chunks.by_ids(reading, ["c2", "gone"])) == {"c2"}


def test_neighbours_are_those_beside_and_available(filled: Catalog) -> None:
    with filled.write() as connection:
        connection.execute("UPDATE chunks SET available = 0 WHERE id = 'c3'")
        assert [row.id for row in chunks.around(connection, "a", 2, 1)] == ["c1", "c2"]
        assert chunks.available_numbers(connection, "d") == [1, 2]


def test_numbers_are_never_given_twice_even_where_the_last_is_deleted(filled: Catalog) -> None:
    with filled.write() as connection:
        chunks.delete(connection, [3])
        assert chunks.reserve_numbers(connection, 2) == 4
        assert chunks.reserve_numbers(connection, 1) == 6
        chunks.pass_over_numbers(connection)
        assert chunks.reserve_numbers(connection, 1) > 1 << 32


def test_numbers_of_a_transaction_that_failed_were_not_given(filled: Catalog) -> None:
    with pytest.raises(ZeroDivisionError), filled.write() as connection:
        chunks.reserve_numbers(connection, 10)
        raise ZeroDivisionError
    with filled.write() as connection:
        assert chunks.reserve_numbers(connection, 1) == 4


def test_the_next_ordinal_stands_behind_all(filled: Catalog) -> None:
    with filled.read() as reading:
        assert chunks.next_ordinal(reading, "a") == 4
        assert chunks.next_ordinal(reading, "empty") == 0


def test_entities_are_found_by_their_key_whatever_document_they_are_of(filled: Catalog) -> None:
    with filled.write() as connection:
        assert not chunks.has_graph(connection, ["d"])
        kept = embeddings.keep_one(connection, b"k", np.ones(4, np.float32))
        entity = replace(chunk_row(9, "a", "Anna"), kind="entity", data='{"key": "anna"}')
        chunks.insert(connection, entity, kept)
        assert chunks.has_graph(connection, ["d"])
        assert [row.id for row in chunks.of_graph(connection, "d", keys=["anna"])] == ["c9"]
        assert [row.id for row in chunks.of_graph(connection, "d", document_ids=["a"])] == ["c9"]
        assert chunks.of_graph(connection, "d", keys=["peter"]) == []
