import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.errors import StoreError
from ragflow_local.records import Matrix
from ragflow_local.stores import vector_cache
from ragflow_local.stores.vectors import Vectors

DIM = 16


@pytest.fixture
def matrix() -> Matrix:
    rows = np.random.default_rng(7).standard_normal((60, DIM)).astype(np.float32)
    unit: Matrix = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


@pytest.fixture
def vectors(tmp_path: Path, matrix: Matrix) -> Vectors:
    """Chunks 0 to 59, ten a document, in three batches."""
    made = Vectors(tmp_path)
    for start in range(0, 60, 20):
        add(made, np.arange(start, start + 20), matrix[start : start + 20])
    return made


def add(
    vectors: Vectors, numbers: np.ndarray[tuple[int], np.dtype[np.int64]], rows: Matrix
) -> None:
    vectors.add("d", (numbers, numbers // 10, np.ones_like(numbers), rows))


def nearest(vectors: Vectors, row: Matrix, top_k: int = 1) -> list[int]:
    return [int(number) for number in vectors.search("d", row, top_k)[0]]


def test_the_nearest_come_first_with_their_cosines(vectors: Vectors, matrix: Matrix) -> None:
    numbers, cosines = vectors.search("d", matrix[7] * 3, 10)
    expected = matrix @ matrix[7]
    best = np.argsort(-expected)[:10]
    np.testing.assert_array_equal(numbers, best)
    np.testing.assert_allclose(cosines, expected[best], atol=1e-5)


def test_documents_are_chosen_before_the_search(vectors: Vectors, matrix: Matrix) -> None:
    numbers, _ = vectors.search("d", matrix[7], 10, documents=[4])
    assert sorted(numbers.tolist()) == list(range(40, 50))
    assert len(vectors.search("d", matrix[7], 10, documents=[])[0]) == 0


def test_a_dataset_without_chunks_finds_nothing(vectors: Vectors, matrix: Matrix) -> None:
    assert len(vectors.search("other", matrix[0], 5)[0]) == 0
    assert len(vectors.numbers("other")) == 0


def test_removed_chunks_are_not_found_and_may_come_back(vectors: Vectors, matrix: Matrix) -> None:
    vectors.remove("d", np.array([7, 8, 999]))
    assert nearest(vectors, matrix[7]) != [7]
    assert 7 not in vectors.numbers("d")
    add(vectors, np.array([7]), matrix[7:8])
    assert nearest(vectors, matrix[7]) == [7]
    assert sorted(vectors.numbers("d").tolist()) == [n for n in range(60) if n != 8]


def test_a_table_opened_again_has_what_it_had(
    vectors: Vectors, matrix: Matrix, tmp_path: Path
) -> None:
    vectors.remove("d", np.arange(20, 30))
    vectors.maintain()
    vectors.close()
    again = Vectors(tmp_path)
    assert sorted(again.numbers("d").tolist()) == [*range(20), *range(30, 60)]
    assert nearest(again, matrix[33]) == [33]
    assert nearest(again, matrix[23]) != [23]


def test_what_another_process_adds_is_found(
    vectors: Vectors, matrix: Matrix, tmp_path: Path
) -> None:
    reader = Vectors(tmp_path)
    assert nearest(reader, -matrix[7]) != [60]
    add(vectors, np.array([60]), -matrix[7:8])
    assert nearest(reader, -matrix[7]) == [60]


def test_a_torn_table_is_told_and_can_be_written_anew(
    vectors: Vectors, matrix: Matrix, tmp_path: Path
) -> None:
    for manifest in (tmp_path / "d.lance" / "_versions").glob("*.manifest"):
        manifest.write_bytes(b"")
    torn = Vectors(tmp_path)
    for use in (
        lambda: torn.search("d", matrix[0], 1),
        lambda: torn.numbers("d"),
        lambda: add(torn, np.array([70]), matrix[:1]),
    ):
        with pytest.raises(StoreError, match="damaged"):
            use()
    torn.rebuild("d", [([1, 2], [1, 1], [1, 1], matrix[1:3]), ([9], [1], [1], matrix[9:10])])
    assert nearest(torn, matrix[9]) == [9]
    assert sorted(torn.numbers("d").tolist()) == [1, 2, 9]


def test_a_lost_table_is_empty(vectors: Vectors, matrix: Matrix, tmp_path: Path) -> None:
    vectors.drop("d")
    assert list(tmp_path.iterdir()) == []
    assert len(vectors.numbers("d")) == 0
    add(vectors, np.array([3]), matrix[3:4])
    assert nearest(vectors, matrix[3]) == [3]


def test_many_small_additions_are_put_together(tmp_path: Path, matrix: Matrix) -> None:
    vectors = Vectors(tmp_path)
    for number in range(66):
        add(vectors, np.array([number]), matrix[number % 60][None])
    parts = list((tmp_path / "d.lance" / "data").iterdir())
    assert len(vectors.numbers("d")) == 66
    vectors.maintain()
    assert len(parts) < 70


def test_cosines_are_exact_and_missing_ones_are_said_to_be(
    vectors: Vectors, matrix: Matrix
) -> None:
    nearest(vectors, matrix[0])
    vectors.remove("d", np.array([5]))
    cosines = vectors.cosines("d", matrix[0], np.array([0, 5, 59, 1000]))
    np.testing.assert_allclose(cosines[[0, 2]], (matrix @ matrix[0])[[0, 59]], atol=1e-5)
    assert np.isnan(cosines[[1, 3]]).all()


def test_a_text_without_words_is_like_nothing(tmp_path: Path) -> None:
    vectors = Vectors(tmp_path)
    add(vectors, np.array([1, 2]), np.zeros((2, DIM), np.float32))
    _, cosines = vectors.search("d", np.ones(DIM, np.float32), 5)
    assert cosines.tolist() == [0.0, 0.0]


def test_a_dataset_beyond_memory_is_searched_on_the_disk(
    vectors: Vectors, matrix: Matrix, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(vector_cache, "_MEMORY_BYTES", 100)
    vectors.remove("d", np.array([8]))
    large = Vectors(tmp_path)
    large.remove("d", np.array([8]))
    numbers, cosines = large.search("d", matrix[8], 3)
    expected = matrix @ matrix[8]
    best = [number for number in np.argsort(-expected).tolist() if number != 8][:3]
    assert numbers.tolist() == best
    np.testing.assert_allclose(cosines, expected[best], atol=1e-3)
    numbers, _ = large.search("d", matrix[8], 3, documents=[1])
    assert set(numbers.tolist()) <= set(range(10, 20))
    for thread in threading.enumerate():
        if thread.name == "vector index":
            thread.join(timeout=30)


def test_searches_go_on_while_chunks_come_and_go(vectors: Vectors, matrix: Matrix) -> None:
    errors: list[BaseException] = []
    stop = threading.Event()

    def searching() -> None:
        while not stop.is_set():
            try:
                found = nearest(vectors, matrix[3], 5)
                assert found[0] == 3
                assert len(set(found)) == 5
            except BaseException as error:
                errors.append(error)
                raise

    threads = [threading.Thread(target=searching) for _ in range(4)]
    for thread in threads:
        thread.start()
    ends = time.monotonic() + 1.5
    number = 100
    while time.monotonic() < ends:
        add(vectors, np.arange(number, number + 5), matrix[40:45])
        vectors.remove("d", np.arange(number, number + 5))
        number += 5
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(vectors.numbers("d").tolist()) == list(range(60))


def test_the_last_maintenance_leaves_one_copy_of_each_vector(
    tmp_path: Path, matrix: Matrix
) -> None:
    made = Vectors(tmp_path)
    for number in range(40):
        add(made, np.array([number]), matrix[number : number + 1])
    made.maintain(last=True)
    assert len(list((tmp_path / "d.lance" / "data").iterdir())) == 1
    assert nearest(Vectors(tmp_path), matrix[33]) == [33]
