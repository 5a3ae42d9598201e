"""Tables are brought up to date step by step, and never guessed at."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.errors import DamagedProjectError, ProjectVersionError
from ragflow_local.stores.catalog import Catalog, datasets, documents, schema
from tests.stores.tables import add_chunks, add_dataset, add_document

RELEASES = sorted(Path(__file__).parent.glob("catalog_*.sql"))


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    yield made
    made.close()


def shape_of(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """Return tables with their columns, and triggers and indexes by name."""
    rows = connection.execute("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    shape = set()
    for kind, name in rows.fetchall():
        columns = connection.execute("SELECT name FROM pragma_table_info(?)", [name]).fetchall()
        shape.add((kind, name, " ".join(sorted(column for (column,) in columns))))
    return shape


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_an_earlier_catalog_becomes_what_a_new_one_is(
    connection: sqlite3.Connection, tmp_path: Path, release: Path
) -> None:
    connection.executescript(release.read_text())
    schema.migrate(connection, tmp_path)
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(fresh, tmp_path)
    assert shape_of(connection) == shape_of(fresh)
    schema.check(connection, tmp_path)
    fresh.close()


def test_a_catalog_that_is_up_to_date_is_left_as_it_is(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    schema.migrate(connection, tmp_path)
    before = connection.execute("PRAGMA schema_version").fetchone()
    schema.migrate(connection, tmp_path)
    assert connection.execute("PRAGMA schema_version").fetchone() == before


def test_a_catalog_of_a_later_version_is_neither_migrated_nor_read(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    schema.migrate(connection, tmp_path)
    connection.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('ragflow_local', 'm9999_of_tomorrow', '2099')"
    )
    for opened in (schema.migrate, schema.check):
        with pytest.raises(ProjectVersionError):
            opened(connection, tmp_path)


def test_an_earlier_catalog_that_must_not_be_changed_is_refused(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    connection.executescript(RELEASES[0].read_text())
    before = shape_of(connection)
    with pytest.raises(ProjectVersionError):
        schema.check(connection, tmp_path)
    assert shape_of(connection) == before


def test_a_catalog_without_tables_has_lost_them(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    with pytest.raises(DamagedProjectError, match="no tables"):
        schema.check(connection, tmp_path)


def test_tables_of_somebody_else_are_no_catalog(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    schema.migrate(connection, tmp_path)
    connection.execute("DROP TABLE messages")
    with pytest.raises(DamagedProjectError):
        schema.check(connection, tmp_path)


def counts(catalog: Catalog) -> tuple[int, int, int]:
    with catalog.read() as reading:
        row = datasets.get(reading, "d")
    assert row is not None
    return row.document_count, row.chunk_count, row.token_count


def test_counts_of_a_dataset_follow_its_documents(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    for id in ("a", "b"):
        add_document(catalog, id, "d")
        add_chunks(catalog, id, f"one of {id}", f"two of {id}")
    assert counts(catalog) == (2, 4, 12)
    with catalog.write() as connection:
        documents.count_more(connection, "a", 1, 5)
    assert counts(catalog) == (2, 5, 17)
    with catalog.write() as connection:
        connection.execute("DELETE FROM documents WHERE id = 'a'")
    assert counts(catalog) == (1, 2, 6)


def test_bytes_of_a_file_that_two_documents_share_count_once(catalog: Catalog) -> None:
    def total() -> int:
        with catalog.read() as reading:
            return int(reading.execute("SELECT total FROM file_bytes").fetchone()[0])

    add_dataset(catalog, "d")
    add_document(catalog, "a", "d")
    add_document(catalog, "b", "d")  # of the same bytes
    assert total() == 1
    with catalog.write() as connection:
        connection.execute("UPDATE documents SET sha256 = '1', size = 7 WHERE id = 'b'")
    assert total() == 8
    with catalog.write() as connection:
        connection.execute("DELETE FROM documents WHERE id = 'b'")
    assert total() == 1


def test_vectors_of_the_first_release_keep_their_values_in_half_the_bytes(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    connection.executescript(RELEASES[0].read_text())
    old = dict(connection.execute("SELECT number, vector FROM embeddings"))
    schema.migrate(connection, tmp_path)
    new = dict(connection.execute("SELECT number, vector FROM embeddings"))
    assert old
    for number, vector in old.items():
        before, after = np.frombuffer(vector, "<f4"), np.frombuffer(new[number], "<f2")
        np.testing.assert_allclose(after, before, atol=1e-3)


def test_keys_of_the_graph_are_read_out_of_the_rows_of_an_earlier_release(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    connection.executescript(RELEASES[0].read_text())
    connection.execute(
        "UPDATE chunks SET kind = 'entity', data = '{\"key\": \"pump\"}'"
        " WHERE number = (SELECT min(number) FROM chunks)"
    )
    schema.migrate(connection, tmp_path)
    rows = connection.execute("SELECT kind, graph_key FROM chunks ORDER BY number").fetchall()
    assert rows[0] == ("entity", "pump")
    assert {key for kind, key in rows[1:]} == {""}


def test_migrations_are_numbered_without_a_gap() -> None:
    names = [migration.name for migration in schema.catalog._migrations]
    assert [int(name[1:5]) for name in names] == list(range(1, len(names) + 1))
