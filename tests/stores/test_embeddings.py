import numpy as np
import pytest

from ragflow_local.errors import DamagedProjectError
from ragflow_local.records import Matrix
from ragflow_local.stores.catalog import Catalog, chunks, embeddings
from tests.stores.tables import add_chunks, add_dataset, add_document

RNG = np.random.default_rng(3)


def matrix_of(rows: int, dim: int = 8) -> Matrix:
    matrix = RNG.standard_normal((rows, dim)).astype(np.float32)
    made: Matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return made


def test_what_is_kept_is_read_back_as_it_was_rounded(catalog: Catalog) -> None:
    matrix = matrix_of(3)
    with catalog.write() as connection:
        embeddings.keep(connection, [b"a", b"b", b"c"], matrix)
        kept = embeddings.stored(connection, [b"c", b"a", b"none"])
    assert set(kept) == {b"a", b"c"}
    assert np.array_equal(kept[b"c"], embeddings.kept_exactly(matrix)[2])


def test_rounding_moves_no_cosine_by_a_ten_thousandth() -> None:
    matrix = matrix_of(64, 384)
    exact, rounded = matrix @ matrix.T, embeddings.kept_exactly(matrix)
    assert np.abs(rounded @ rounded.T - exact).max() < 5e-4
    assert np.array_equal(embeddings.kept_exactly(rounded), rounded)


def test_one_text_has_one_number_however_often_it_is_kept(catalog: Catalog) -> None:
    with catalog.write() as connection:
        first = embeddings.keep(connection, [b"a", b"b", b"a"], matrix_of(3))
        again = embeddings.keep(connection, [b"b", b"c"], matrix_of(2))
    assert first[0] == first[2] != first[1]
    assert again[0] == first[1]
    assert again[1] not in first


def test_a_vector_of_another_length_takes_the_place_of_a_stale_one(catalog: Catalog) -> None:
    with catalog.write() as connection:
        (number,) = embeddings.keep(connection, [b"a"], matrix_of(1, 4))
        assert embeddings.keep(connection, [b"a"], matrix_of(1, 8)) == [number]
        assert embeddings.stored(connection, [b"a"])[b"a"].shape == (8,)


def test_thousands_are_asked_for_at_once(catalog: Catalog) -> None:
    keys = [str(number).encode() for number in range(2500)]
    with catalog.write() as connection:
        embeddings.keep(connection, keys, np.zeros((2500, 4), np.float32))
        assert len(embeddings.stored(connection, keys)) == 2500


def test_those_that_no_chunk_has_are_collected(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    add_document(catalog, "a", "d")
    add_chunks(catalog, "a", "one", "two")
    with catalog.write() as connection:
        unused = embeddings.keep_one(connection, b"unused", np.zeros(4, np.float32))
        gone = chunks.delete(connection, [1])
        embeddings.collect(connection, [*gone, unused])
        assert set(embeddings.stored(connection, [b"one", b"two", b"unused"])) == {b"two"}


def test_a_flipped_bit_is_damage(catalog: Catalog) -> None:
    with catalog.write() as connection:
        embeddings.keep(connection, [b"a"], matrix_of(1))
        connection.execute("UPDATE embeddings SET vector = zeroblob(16)")
    with pytest.raises(DamagedProjectError), catalog.read() as reading:
        embeddings.stored(reading, [b"a"])


def test_vectors_of_chunks_come_in_the_asked_order_zeros_for_what_is_gone(
    catalog: Catalog,
) -> None:
    add_dataset(catalog, "d")
    add_document(catalog, "a", "d")
    add_chunks(catalog, "a", "one", "two")
    with catalog.read() as reading:
        matrix = embeddings.of_chunks(reading, [2, 99, 1], 4)
        assert embeddings.torn(reading, "d", 4) == 0
        assert embeddings.torn(reading, "d", 8) == 2
    assert matrix[:, 0].tolist() == [2, 0, 1]
