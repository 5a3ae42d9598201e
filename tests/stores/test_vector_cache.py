"""What is held in memory is what the snapshot sees, older ones too."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ragflow_local.stores import vector_cache
from ragflow_local.stores.catalog import (
    Catalog,
    Connection,
    chunks,
    datasets,
    postings,
    vector_states,
)
from ragflow_local.stores.vector_cache import VectorCache
from tests.stores.tables import add_chunks, add_dataset, add_document


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    for id in ("d", "e"):
        add_dataset(catalog, id)
        with catalog.write() as connection:
            datasets.update(connection, id, {"embedding_dim": 4})
    add_document(catalog, "a", "d")
    add(catalog, "one", "two", "three")
    return catalog


def add(catalog: Catalog, *texts: str) -> None:
    """Add chunks, which are found by words too."""
    add_chunks(catalog, "a", *texts)
    with catalog.write() as connection:
        there = postings.numbers(connection, 1).tolist()
        new = set(chunks.available_numbers(connection, "d")) - set(there)
        postings.add(connection, 1, [(number, {"word": 1}) for number in sorted(new)])


def remove(catalog: Catalog, *numbers: int) -> None:
    with catalog.write() as connection:
        connection.executemany("DELETE FROM chunks WHERE number = ?", [(n,) for n in numbers])
        postings.remove(connection, 1, numbers)


def held(cache: VectorCache, reading: Connection, base: int = 0, id: str = "d") -> list[int]:
    (memory,) = cache.in_step(reading, vector_states.of(reading, [id]), [base])
    return sorted(memory.numbers().tolist())


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, int]]:
    """Above which numbers vectors are read, for each read."""
    told: list[dict[str, int]] = []
    real = vector_states.vectors_after

    def noted(connection: Connection, wanted: dict[str, int], dim: int) -> Iterator[object]:
        told.append(dict(wanted))
        return real(connection, wanted, dim)

    monkeypatch.setattr(vector_states, "vectors_after", noted)
    return told


def test_what_is_added_is_read_and_nothing_else(
    filled: Catalog, reads: list[dict[str, int]]
) -> None:
    cache = VectorCache()
    with filled.read() as reading:
        assert held(cache, reading) == [1, 2, 3]
        assert held(cache, reading) == [1, 2, 3]
    add(filled, "four")
    with filled.read() as reading:
        assert held(cache, reading) == [1, 2, 3, 4]
    assert reads == [{"d": 0}, {"d": 3}]


def test_what_is_removed_is_left_out(filled: Catalog) -> None:
    cache = VectorCache()
    with filled.read() as reading:
        held(cache, reading)
    remove(filled, 2)
    with filled.read() as reading:
        assert held(cache, reading) == [1, 3]


def test_removing_and_adding_between_two_looks_are_both_seen(filled: Catalog) -> None:
    cache = VectorCache()
    with filled.read() as reading:
        held(cache, reading)
    add(filled, "four", "five")
    remove(filled, 1, 4)
    with filled.read() as reading:
        assert held(cache, reading) == [2, 3, 5]


def test_an_older_snapshot_gets_what_it_sees(tmp_path: Path, filled: Catalog) -> None:
    other = Catalog(tmp_path / "catalog.sqlite3", read_only=True)
    cache = VectorCache()
    try:
        with other.read() as older:
            assert held(cache, older) == [1, 2, 3]
            add(filled, "four")
            with filled.read() as newer:
                assert held(cache, newer) == [1, 2, 3, 4]
            assert held(cache, older) == [1, 2, 3]
    finally:
        other.close()


def test_an_older_snapshot_that_nobody_held_is_read_anew(tmp_path: Path, filled: Catalog) -> None:
    other = Catalog(tmp_path / "catalog.sqlite3", read_only=True)
    cache = VectorCache()
    try:
        with other.read() as older:
            vector_states.of(older, ["d"])  # the snapshot begins with the first look
            add(filled, "four")
            with filled.read() as newer:
                held(cache, newer)
            assert held(cache, older) == [1, 2, 3]
            with filled.read() as newer:
                assert held(cache, newer) == [1, 2, 3, 4]
    finally:
        other.close()


def test_only_what_lies_above_the_base_is_held(filled: Catalog) -> None:
    cache = VectorCache()
    with filled.read() as reading:
        assert held(cache, reading, base=2) == [3]
        assert held(cache, reading, base=0) == [1, 2, 3]


def test_datasets_that_are_behind_are_read_with_one_statement(
    filled: Catalog, reads: list[dict[str, int]]
) -> None:
    add_document(filled, "b", "e")
    with filled.write() as connection:
        connection.execute("UPDATE chunks SET dataset_id = 'e' WHERE number = 3")
        connection.execute("UPDATE vector_states SET added = 3 WHERE dataset_id = 'e'")
    cache = VectorCache()
    with filled.read() as reading:
        states = vector_states.of(reading, ["e", "d"])
        memories = cache.in_step(reading, states, [0, 0])
    assert [sorted(memory.numbers().tolist()) for memory in memories] == [[3], [1, 2]]
    assert len(reads) == 1


@pytest.mark.parametrize("forget", [VectorCache.clear, lambda cache: cache.forget("d")])
def test_what_was_forgotten_is_read_again(
    filled: Catalog, reads: list[dict[str, int]], forget: Callable[[VectorCache], None]
) -> None:
    cache = VectorCache()
    for _ in range(2):
        with filled.read() as reading:
            assert held(cache, reading) == [1, 2, 3]
        forget(cache)
    assert reads == [{"d": 0}, {"d": 0}]


def test_where_memory_is_full_the_dataset_searched_longest_ago_is_let_go(
    filled: Catalog, reads: list[dict[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_cache, "_ALL_MEMORY_BYTES", 1)
    cache = VectorCache()
    with filled.read() as reading:
        held(cache, reading)
        held(cache, reading)
        assert len(reads) == 1, "one that is wanted stays, however large"
        held(cache, reading, id="e")
        held(cache, reading)
    assert reads == [{"d": 0}, {}, {"d": 0}]
