"""Vectors go to their table a batch at a time, and the table is never believed more than asked."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.errors import DamagedProjectError
from ragflow_local.ingest import vector_table
from ragflow_local.ingest.vector_table import VectorTable
from ragflow_local.stores import vector_cache
from ragflow_local.stores.catalog import Catalog, datasets, schema, vector_states
from ragflow_local.stores.catalog.vector_states import VectorState
from ragflow_local.stores.vectors import Vectors
from tests.stores.tables import add_chunks, add_dataset, add_document

ID = "d" * 32


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite3")
    schema.migrate(opened.writer(), tmp_path)
    add_dataset(opened, ID)
    add_document(opened, "a", ID)
    with opened.write() as connection:
        datasets.update(connection, ID, {"embedding_dim": 4})
    yield opened
    opened.close()


@pytest.fixture
def table(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[VectorTable]:
    """A table that takes four vectors at a time, at once."""
    monkeypatch.setattr(vector_table, "_BATCH", 4)
    monkeypatch.setattr(vector_table, "_STEP", 4)
    monkeypatch.setattr(vector_table, "_PAUSE_SECONDS", 0.0)
    made = VectorTable(catalog, Vectors(tmp_path / "vectors", is_durable=False))
    yield made
    made.close()


def add(catalog: Catalog, count: int) -> None:
    """Add chunks with vectors to the dataset."""
    first = state(catalog).added
    texts = (f"text {number}" for number in range(first, first + count))
    add_chunks(catalog, "a", *texts, dataset_id=ID)


def state(catalog: Catalog) -> VectorState:
    with catalog.read() as reading:
        (state,) = vector_states.of(reading, [ID])
    return state


def kept(table: VectorTable) -> list[int]:
    on_disk = table._vectors.table(ID)
    return sorted(on_disk.numbers().tolist()) if on_disk.exists() else []


def remove(catalog: Catalog, *numbers: int) -> None:
    with catalog.write() as connection:
        connection.executemany("DELETE FROM chunks WHERE number = ?", [(n,) for n in numbers])


def changed(table: VectorTable, count: int) -> None:
    table.changed(ID, count)
    table.wait()


def test_less_than_a_batch_stays_in_the_catalog(catalog: Catalog, table: VectorTable) -> None:
    add(catalog, 3)
    changed(table, 3)
    assert (state(catalog).moved, kept(table)) == (0, [])


def test_a_batch_is_moved_with_all_that_waits(catalog: Catalog, table: VectorTable) -> None:
    add(catalog, 3)
    changed(table, 3)
    add(catalog, 6)
    changed(table, 6)
    assert kept(table) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert state(catalog).moved == 8, "one is no batch"
    numbers, _, matrix = table._vectors.table(ID).read()
    order = np.argsort(numbers)
    np.testing.assert_allclose(matrix[order][:, 0], range(1, 9), atol=0.01)


def test_what_piled_up_before_this_process_counts(catalog: Catalog, table: VectorTable) -> None:
    add(catalog, 5)
    changed(table, 1)
    assert kept(table) == [1, 2, 3, 4]


def test_what_a_crash_left_above_the_watermark_is_taken_out_first(
    catalog: Catalog, table: VectorTable
) -> None:
    stray = np.array([77, 78])
    batch = (stray, stray, np.ones((2, 4), np.float32))
    table._vectors.table(ID).add([batch], 0)
    add(catalog, 4)
    changed(table, 4)
    assert kept(table) == [1, 2, 3, 4]


def test_removed_ones_are_taken_out_when_they_are_many(
    catalog: Catalog, table: VectorTable
) -> None:
    add(catalog, 8)
    changed(table, 8)
    remove(catalog, 2, 5)
    changed(table, 2)
    assert kept(table) == [1, 2, 3, 4, 5, 6, 7, 8]
    remove(catalog, 1, 7)
    changed(table, 2)
    assert kept(table) == [3, 4, 6, 8]
    assert state(catalog).collected == state(catalog).removed == 4


def test_moving_all_takes_out_the_last_that_is_gone(catalog: Catalog, table: VectorTable) -> None:
    add(catalog, 8)
    changed(table, 8)
    remove(catalog, 8)
    table.move_all()
    assert kept(table) == [1, 2, 3, 4, 5, 6, 7]


def test_a_table_that_lacks_chunks_is_told_and_written_anew(
    catalog: Catalog, table: VectorTable
) -> None:
    add(catalog, 8)
    changed(table, 8)
    assert table.missing(ID) == 0
    table._vectors.table(ID).remove(np.array([3, 4]))
    assert table.missing(ID) == 2
    table.rebuild(ID)
    table.wait()
    assert table.missing(ID) == 0
    assert kept(table) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("is_all", [False, True])
def test_a_table_that_is_gone_or_not_trusted_is_not_asked_for(
    catalog: Catalog, table: VectorTable, is_all: bool
) -> None:
    add(catalog, 4)
    changed(table, 4)
    assert table.take_up() == []
    if not is_all:
        table.drop(ID)
    assert table.take_up(is_all=is_all) == [ID]
    assert state(catalog).moved == 0
    assert table.kept() == []


def test_a_table_that_nobody_moved_to_is_dropped(catalog: Catalog, table: VectorTable) -> None:
    add(catalog, 4)
    changed(table, 4)
    with catalog.write() as connection:
        vector_states.set_moved(connection, ID, 0)
    assert table.take_up() == []
    assert table.kept() == []


def test_after_a_process_that_did_not_close_tables_are_compared(
    catalog: Catalog, table: VectorTable
) -> None:
    add(catalog, 4)
    changed(table, 4)
    table._vectors.table(ID).remove(np.array([3]))
    table.take_up(was_clean=True)
    table.wait()
    assert kept(table) == [1, 2, 4], "a process that closed has left them whole"
    table.take_up(was_clean=False)
    table.wait()
    assert kept(table) == [1, 2, 3, 4]


def test_a_damaged_table_is_written_anew_from_the_catalog(
    catalog: Catalog, table: VectorTable
) -> None:
    add(catalog, 4)
    changed(table, 4)
    [path] = table.paths_of(ID)
    for file in path.rglob("*"):
        if file.is_file():
            file.write_bytes(b"torn")
    table._vectors.close()
    with pytest.raises(DamagedProjectError):
        table.missing(ID)
    table.take_up(was_clean=False)
    table.wait()
    table._vectors.close()
    assert table.missing(ID) == 0
    assert kept(table) == [1, 2, 3, 4]


def test_nothing_is_missing_where_no_table_is_needed(catalog: Catalog, table: VectorTable) -> None:
    assert table.missing(ID) == 0
    add(catalog, 3)
    assert table.missing(ID) == 0
    assert table.missing("e" * 32) == 0


def test_a_large_table_is_asked_for_its_numbers_alone(
    catalog: Catalog, table: VectorTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(catalog, 4)
    changed(table, 4)
    monkeypatch.setattr(vector_cache, "MEMORY_BYTES", 0)
    table._vectors.table(ID).remove(np.array([2]))
    assert table.missing(ID) == 1


def test_closing_ends_the_thread_and_none_begins_after_it(
    catalog: Catalog, table: VectorTable
) -> None:
    table.close()
    add(catalog, 4)
    changed(table, 4)
    assert kept(table) == []
    assert not [
        thread for thread in threading.enumerate() if thread.name == "ragflow-local vectors"
    ]
