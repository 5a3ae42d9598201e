import numpy as np
import pytest

from ragflow_local.stores.catalog import Catalog, chunks, vector_states
from ragflow_local.stores.catalog.vector_states import VectorState
from tests.stores.tables import add_chunks, add_dataset, add_document


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    add_dataset(catalog, "d")
    add_document(catalog, "a", "d")
    add_chunks(catalog, "a", "one", "two", "three")
    return catalog


def state(catalog: Catalog) -> VectorState:
    with catalog.read() as reading:
        (state,) = vector_states.of(reading, ["d"])
    return state


def test_adding_raises_the_highest_number(filled: Catalog) -> None:
    before = state(filled)
    add_chunks(filled, "a", "four")
    assert (state(filled).added, state(filled).removed) == (before.added + 1, 0)


def test_removing_is_counted_and_moves_no_number(filled: Catalog) -> None:
    before = state(filled)
    with filled.write() as connection:
        chunks.delete(connection, [before.added])
    assert (state(filled).added, state(filled).removed) == (before.added, 1)


def test_a_chunk_that_is_switched_off_can_no_longer_be_found(filled: Catalog) -> None:
    with filled.write() as connection:
        connection.execute("UPDATE chunks SET available = 0 WHERE id = 'c1'")
    assert state(filled).removed == 1
    with filled.read() as reading:
        ((_, numbers, _, _),) = vector_states.vectors_after(reading, {"d": 0}, 4)
    assert 1 not in numbers


def test_only_vectors_with_higher_numbers_are_read(filled: Catalog) -> None:
    with filled.read() as reading:
        ((id, numbers, documents, matrix),) = vector_states.vectors_after(reading, {"d": 1}, 4)
    assert id == "d"
    assert numbers.tolist() == [2, 3]
    assert len(set(documents.tolist())) == 1
    assert np.array_equal(matrix, np.array([[2] * 4, [3] * 4], np.float32))


def test_datasets_that_there_are_not_have_no_state(filled: Catalog) -> None:
    with filled.read() as reading:
        assert [one.id for one in vector_states.of(reading, ["gone", "d"])] == ["d"]


def test_what_waits_is_counted_up_to_a_number(filled: Catalog) -> None:
    with filled.write() as connection:
        assert vector_states.waiting(connection, "d", 10) == 3
        assert vector_states.waiting(connection, "d", 2) == 2
        vector_states.set_moved(connection, "d", 2)
        assert vector_states.waiting(connection, "d", 10) == 1
    assert state(filled).moved == 2


def test_what_was_taken_out_is_noted(filled: Catalog) -> None:
    with filled.write() as connection:
        vector_states.set_collected(connection, "d", 5)
    assert state(filled).collected == 5


def test_its_size_is_that_of_its_vectors() -> None:
    assert VectorState("d", 1, 384, 10, 10, 0, 0, 0).size_bytes == 10 * 384 * 4
