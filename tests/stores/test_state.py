from pathlib import Path

import pytest

from ragflow_local.stores.catalog import Catalog, documents, schema, state
from tests.stores.tables import add_chunks, add_dataset, add_document


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    add_dataset(catalog, "d")
    add_document(catalog, "a", "d")
    add_chunks(catalog, "a", "one", "two")
    return catalog


def test_a_whole_catalog_has_nothing_to_say(filled: Catalog) -> None:
    with filled.read() as reading:
        assert state.torn_pages(reading) == []
        assert state.dangling_rows(reading) == 0
        assert state.wrong_counts(reading) == []


def test_counts_that_do_not_fit_are_named_and_counted_anew(filled: Catalog) -> None:
    with filled.write() as connection:
        connection.execute("UPDATE documents SET chunk_count = 7 WHERE id = 'a'")
        assert state.wrong_counts(connection) == ["a"]
        state.count_anew(connection)
        assert state.wrong_counts(connection) == []
        row = documents.get(connection, "a")
    assert row is not None
    assert (row.chunk_count, row.token_count) == (2, 6)


def test_torn_pages_are_told_in_one_line_each(tmp_path: Path) -> None:
    path = tmp_path / "torn.sqlite3"
    catalog = Catalog(path)
    schema.migrate(catalog.writer(), tmp_path)
    catalog.close()
    data = bytearray(path.read_bytes())
    for page in range(len(data) // 4096 - 3, len(data) // 4096):
        data[page * 4096 : page * 4096 + 16] = b"\xff" * 16
    path.write_bytes(data)
    catalog = Catalog(path)
    try:
        messages = state.torn_pages(catalog.writer())
    finally:
        catalog.close()
    assert messages
    assert all("\n" not in message for message in messages)
