import pytest

from ragflow_local.stores.catalog import Catalog, documents
from tests.stores.tables import add_chunks, add_dataset, add_document


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    add_dataset(catalog, "d")
    add_document(catalog, "a.md", "d")
    return catalog


def test_a_name_that_is_free_is_kept(filled: Catalog) -> None:
    with filled.read() as reading:
        assert documents.unique_name(reading, "d", "b.md") == "b.md"
        assert documents.unique_name(reading, "other", "a.md") == "a.md"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.md", "a(3).md"),
        ("README", "README(1)"),
        (".env", ".env(1)"),
        ("x.tar.gz", "x.tar(1).gz"),
    ],
)
def test_a_taken_name_gets_the_first_free_number_before_its_ending(
    filled: Catalog, name: str, expected: str
) -> None:
    for taken in ("a(1).md", "a(2).md", "README", ".env", "x.tar.gz"):
        add_document(filled, taken, "d")
    with filled.read() as reading:
        assert documents.unique_name(reading, "d", name) == expected


@pytest.mark.parametrize("count", [1, 2, 7, 8, 33])
def test_numbers_are_found_however_many_are_taken(filled: Catalog, count: int) -> None:
    for number in range(1, count + 1):
        add_document(filled, f"a({number}).md", "d")
    with filled.read() as reading:
        assert documents.unique_name(reading, "d", "a.md") == f"a({count + 1}).md"


def test_the_state_of_a_parse_is_kept_with_the_row(filled: Catalog) -> None:
    with filled.write() as connection:
        documents.set_run(connection, "a.md", "RUNNING", 0.5, "half of it")
        (row,) = documents.running(connection)
        assert (row.run, row.progress, row.progress_msg) == ("RUNNING", 0.5, "half of it")
        documents.set_run(connection, "a.md", "DONE", 1.0, "")
        assert documents.running(connection) == []


def test_a_documents_chunks_are_counted(filled: Catalog) -> None:
    add_chunks(filled, "a.md", "one", "two")
    with filled.read() as reading:
        row = documents.get(reading, "a.md")
    assert row is not None
    assert (row.chunk_count, row.token_count) == (2, 6)


def test_bytes_are_in_use_while_a_document_has_them(filled: Catalog) -> None:
    with filled.write() as connection:
        assert documents.files_in_use(connection) == {"0"}
        assert documents.is_file_used(connection, "0")
        documents.delete(connection, "a.md")
        assert not documents.is_file_used(connection, "0")
        assert documents.total_bytes(connection) == 0


def test_a_document_is_found_by_its_name_in_its_dataset(filled: Catalog) -> None:
    with filled.read() as reading:
        row = documents.named(reading, "d", "a.md")
        assert row is not None
        assert row.id == "a.md"
        assert documents.named(reading, "d", "A.md") is None
        assert documents.named(reading, "other", "a.md") is None
