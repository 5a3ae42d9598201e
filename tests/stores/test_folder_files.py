import sqlite3

import pytest

from ragflow_local.errors import RagflowError
from ragflow_local.stores.catalog import Catalog, documents, folder_files
from ragflow_local.stores.catalog.folder_files import Stamp
from tests.stores.tables import add_dataset, add_document

STAMP = Stamp(10, 1_700_000_000_000_000_001, 2**62)


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    add_dataset(catalog, "d")
    for id in ("a", "b"):
        add_document(catalog, id, "d")
    return catalog


def test_what_is_noted_comes_back_with_its_document(filled: Catalog) -> None:
    with filled.write() as connection:
        folder_files.put(connection, "b", "d", ("/notes", "z/b.md"), STAMP)
        folder_files.put(connection, "a", "d", ("/notes", "a.md"), STAMP)
    with filled.read() as reading:
        first, second = folder_files.list_of(reading, "d")
    assert (first.path, first.document_id, first.name, first.run) == ("a.md", "a", "a", "UNSTART")
    assert (second.folder, second.path, second.stamp) == ("/notes", "z/b.md", STAMP)


def test_a_document_is_a_copy_of_one_file_the_last_noted(filled: Catalog) -> None:
    with filled.write() as connection:
        folder_files.put(connection, "a", "d", ("/notes", "a.md"), STAMP)
        folder_files.put(connection, "a", "d", ("/notes", "renamed.md"), STAMP)
        assert [file.path for file in folder_files.list_of(connection, "d")] == ["renamed.md"]


def test_a_file_has_one_document_in_a_dataset(filled: Catalog) -> None:
    with (
        pytest.raises((sqlite3.IntegrityError, RagflowError)),
        filled.write() as connection,
    ):
        folder_files.put(connection, "a", "d", ("/notes", "a.md"), STAMP)
        folder_files.put(connection, "b", "d", ("/notes", "a.md"), STAMP)


def test_the_note_goes_with_the_document(filled: Catalog) -> None:
    with filled.write() as connection:
        folder_files.put(connection, "a", "d", ("/notes", "a.md"), STAMP)
        documents.delete(connection, "a")
        assert folder_files.list_of(connection, "d") == []
