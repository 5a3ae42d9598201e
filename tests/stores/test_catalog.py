import json
import sqlite3
import threading
from pathlib import Path

import pytest

from ragflow_local.errors import DamagedProjectError, ProjectVersionError, ReadOnlyProjectError
from ragflow_local.stores.catalog import (
    Catalog,
    chunks,
    datasets,
    documents,
    embeddings,
    schema,
    vector_states,
)
from tests.stores.tables import add_chunks, add_dataset, add_document


def test_a_transaction_is_kept_whole_or_not_at_all(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    with pytest.raises(RuntimeError), catalog.write() as connection:
        datasets.update(connection, "d", {"description": "half"})
        raise RuntimeError
    with catalog.read() as reading:
        found = datasets.get(reading, "d")
    assert found is not None
    assert found.description == ""


def test_a_reader_sees_one_moment(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    with catalog.read() as reading:
        before = datasets.all_ids(reading)
        writer = threading.Thread(target=add_dataset, args=(catalog, "e"))
        writer.start()
        writer.join()
        assert datasets.all_ids(reading) == before
    with catalog.read() as reading:
        assert datasets.all_ids(reading) == ["d", "e"]


def test_threads_take_turns_at_writing(catalog: Catalog) -> None:
    threads = [
        threading.Thread(target=add_dataset, args=(catalog, f"d{number}")) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with catalog.read() as reading:
        assert len(datasets.all_ids(reading)) == 8


def test_counts_of_a_dataset_follow_its_documents(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    add_document(catalog, "a", "d")
    add_document(catalog, "b", "d")
    add_chunks(catalog, "a", "one", "two")
    add_chunks(catalog, "b", "three")
    with catalog.write() as connection:
        documents.delete(connection, "a")
        found = datasets.get(connection, "d")
    assert found is not None
    assert (found.document_count, found.chunk_count, found.token_count) == (1, 1, 3)


def test_a_deleted_dataset_takes_all_with_it(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    add_document(catalog, "a", "d")
    add_chunks(catalog, "a", "one")
    with catalog.write() as connection:
        datasets.delete(connection, "d")
        embeddings.delete_unused(connection)
        for table in ("datasets", "documents", "chunks", "embeddings"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0


def test_an_embedding_lives_as_long_as_a_chunk_has_it(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    add_document(catalog, "a", "d")
    add_chunks(catalog, "a", "same", "other")
    add_chunks(catalog, "a", "same")
    with catalog.write() as connection:
        embeddings.collect(connection, chunks.delete(connection, [1]))
        assert set(embeddings.stored(connection, [b"same", b"other"])) == {b"same", b"other"}
        embeddings.collect(connection, chunks.delete(connection, [3]))
        assert set(embeddings.stored(connection, [b"same", b"other"])) == {b"other"}


def test_vectors_come_back_in_the_order_asked_for(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    add_document(catalog, "a", "d")
    add_chunks(catalog, "a", "one", "two", "three")
    with catalog.read() as reading:
        matrix = embeddings.of_chunks(reading, [3, 99, 1], 4)
        assert matrix[:, 0].tolist() == [3.0, 0.0, 1.0]
        [(id, numbers, _, after)] = vector_states.vectors_after(reading, {"d": 1}, 4)
    assert (id, numbers.tolist(), after[:, 0].tolist()) == ("d", [2, 3], [2.0, 3.0])


def test_chunk_numbers_are_never_given_twice(catalog: Catalog) -> None:
    with catalog.write() as connection:
        first = chunks.reserve_numbers(connection, 10)
        assert chunks.reserve_numbers(connection, 1) == first + 10


def test_the_next_number_is_above_every_one_in_use(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    add_document(catalog, "a", "d")
    add_chunks(catalog, "a", "one", "two", "three")
    with catalog.write() as connection:
        connection.execute("UPDATE chunk_numbers SET next = 1")
        assert chunks.reserve_numbers(connection, 2) == 4
        assert chunks.reserve_numbers(connection, 1) == 6


def test_what_a_dataset_gains_and_loses_is_counted_whoever_writes(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    add_document(catalog, "a", "d")
    add_document(catalog, "b", "d")
    add_chunks(catalog, "a", "one", "two", "three")

    def counts() -> tuple[int, int]:
        with catalog.read() as reading:
            [now] = vector_states.of(reading, ["d"])
        return now.added, now.removed

    assert counts() == (3, 0)
    with catalog.write() as connection:
        chunks.delete(connection, [1])
    assert counts() == (3, 1)
    with catalog.write() as connection:
        connection.execute("UPDATE chunks SET number = 9 WHERE number = 2")
    assert counts() == (9, 2)
    with catalog.write() as connection:
        connection.execute("UPDATE chunks SET number = 10, available = 0 WHERE number = 9")
    assert counts() == (9, 3)
    with catalog.write() as connection:
        documents.delete(connection, "a")
    assert counts() == (9, 4)


def test_a_percent_sign_is_searched_as_itself(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    add_document(catalog, "100%_done", "d")
    add_document(catalog, "100 done", "d")
    with catalog.read() as reading:
        found = documents.list_of(reading, "d", keywords="%_")
    assert [row.name for row in found] == ["100%_done"]


def test_a_catalog_open_for_reading_cannot_be_written(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    reader = Catalog(catalog.path, read_only=True)
    with pytest.raises(ReadOnlyProjectError), reader.write():
        pass
    with reader.read() as reading:
        assert datasets.all_ids(reading) == ["d"]
        with pytest.raises(sqlite3.OperationalError):
            reading.execute("DELETE FROM datasets")
    reader.close()


def test_a_catalog_of_a_newer_version_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    catalog.writer().execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('ragflow_local', 'm9999_later', '')"
    )
    with pytest.raises(ProjectVersionError, match="Update"):
        schema.migrate(catalog.writer(), tmp_path)


def test_a_torn_catalog_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite3"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    with pytest.raises(DamagedProjectError, match="catalog"):
        Catalog(path)


def test_a_thousand_datasets_are_listed_by_an_index(catalog: Catalog) -> None:
    with catalog.read() as reading:
        plan = reading.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM documents WHERE dataset_id = 'd'"
            " ORDER BY create_time, number LIMIT 10"
        ).fetchall()
    shown = json.dumps([tuple(row) for row in plan])
    assert "documents_by_dataset" in shown
    assert "TEMP B-TREE" not in shown


def test_a_thread_that_has_ended_leaves_no_connection(catalog: Catalog) -> None:
    def read() -> None:
        with catalog.read() as reading:
            reading.execute("SELECT 1")

    for _ in range(3):
        reader = threading.Thread(target=read)
        reader.start()
        reader.join()
    assert len(catalog._readers) == 0


def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    for is_durable, full in ((True, 2), (False, 0)):
        opened = Catalog(tmp_path / f"{is_durable}.sqlite3", is_durable=is_durable)
        (level,) = opened.writer().execute("PRAGMA synchronous").fetchone()
        (mode,) = opened.writer().execute("PRAGMA journal_mode").fetchone()
        opened.close()
        assert (level, mode) == (full, "wal")  # 2: FULL; with NORMAL a commit can be lost


def test_the_log_of_a_large_change_does_not_stay(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = catalog.path.with_name(f"{catalog.path.name}-wal")
    with catalog.write() as connection:
        connection.execute("CREATE TABLE large (data)")
        connection.executemany("INSERT INTO large VALUES (randomblob(1000000))", [()] * 60)
    assert log.stat().st_size > 60_000_000
    for id in "ab":  # the first begins the log anew
        add_dataset(catalog, id)
    assert log.stat().st_size <= 32 << 20
