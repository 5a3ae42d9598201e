from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.errors import StoreError
from ragflow_local.records import Matrix
from ragflow_local.stores.vectors import Batch, Vectors

DIM = 16
DATASET = "d" * 32


@pytest.fixture
def matrix() -> Matrix:
    rows = np.random.default_rng(7).standard_normal((60, DIM)).astype(np.float32)
    unit: Matrix = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


@pytest.fixture
def vectors(tmp_path: Path, matrix: Matrix) -> Vectors:
    """Chunks 1 to 60, ten a document, in three batches."""
    made = Vectors(tmp_path)
    for start in range(0, 60, 20):
        made.table(DATASET).add([batch(matrix, start, start + 20)], watermark=start)
    return made


def batch(matrix: Matrix, start: int, end: int) -> Batch:
    numbers = np.arange(start + 1, end + 1)
    return numbers, (numbers - 1) // 10, matrix[start:end]


def nearest(vectors: Vectors, row: Matrix, top_k: int = 1) -> list[int]:
    return [int(number) for number in vectors.table(DATASET).search(row, top_k)[0]]


def test_the_nearest_come_first_with_their_cosines(vectors: Vectors, matrix: Matrix) -> None:
    numbers, cosines = vectors.table(DATASET).search(matrix[7] * 3, 10)
    expected = matrix @ matrix[7]
    best = np.argsort(-expected)[:10]
    np.testing.assert_array_equal(numbers, best + 1)
    np.testing.assert_allclose(cosines, expected[best], atol=1e-5)


def test_documents_are_chosen_before_the_search(vectors: Vectors, matrix: Matrix) -> None:
    numbers, _ = vectors.table(DATASET).search(matrix[7], 10, documents=[4])
    assert sorted(numbers.tolist()) == list(range(41, 51))


def test_what_a_crash_left_above_the_watermark_is_taken_out_before_more_is_added(
    vectors: Vectors, matrix: Matrix
) -> None:
    table = vectors.table(DATASET)
    stray = np.array([41, 99]), np.array([1, 1]), -matrix[:2]
    table.add([stray], watermark=60)
    table.add([batch(matrix, 40, 50)], watermark=40)
    assert sorted(table.numbers().tolist()) == list(range(1, 51))
    assert nearest(vectors, matrix[40]) == [41]


def test_with_no_watermark_the_table_is_written_anew(vectors: Vectors, matrix: Matrix) -> None:
    vectors.table(DATASET).add([batch(matrix, 30, 33)], watermark=0)
    assert sorted(vectors.table(DATASET).numbers().tolist()) == [31, 32, 33]


def test_removed_chunks_are_gone(vectors: Vectors, matrix: Matrix) -> None:
    vectors.table(DATASET).remove(np.array([8, 9, 999]))
    assert nearest(vectors, matrix[7]) != [8]
    assert len(vectors.table(DATASET).numbers()) == 58


def test_a_table_opened_again_has_what_it_had(
    vectors: Vectors, matrix: Matrix, tmp_path: Path
) -> None:
    vectors.close()
    again = Vectors(tmp_path)
    assert sorted(again.table(DATASET).read()[0].tolist()) == list(range(1, 61))
    assert nearest(again, matrix[33]) == [34]


def test_what_another_process_adds_is_found(
    vectors: Vectors, matrix: Matrix, tmp_path: Path
) -> None:
    reader = Vectors(tmp_path)
    assert nearest(reader, -matrix[7]) != [61]
    vectors.table(DATASET).add([(np.array([61]), np.array([9]), -matrix[7:8])], watermark=60)
    assert nearest(reader, -matrix[7]) == [61]


def test_a_torn_table_is_told_and_can_be_written_anew(
    vectors: Vectors, matrix: Matrix, tmp_path: Path
) -> None:
    for manifest in (tmp_path / f"{DATASET}.lance" / "_versions").glob("*.manifest"):
        manifest.write_bytes(b"")
    torn = Vectors(tmp_path).table(DATASET)
    for use in (
        lambda: torn.search(matrix[0], 1),
        torn.numbers,
        torn.read,
        lambda: torn.add([batch(matrix, 0, 1)], watermark=60),
    ):
        with pytest.raises(StoreError, match="damaged"):
            use()
    torn.add([batch(matrix, 1, 3), batch(matrix, 9, 10)], watermark=0)
    assert sorted(torn.numbers().tolist()) == [2, 3, 10]


def test_a_table_that_is_gone_is_told_where_more_is_to_be_added(
    vectors: Vectors, matrix: Matrix, tmp_path: Path
) -> None:
    vectors.drop(DATASET)
    assert list(tmp_path.iterdir()) == []
    assert len(vectors.table(DATASET).numbers()) == 0
    with pytest.raises(StoreError, match="missing"):
        vectors.table(DATASET).add([batch(matrix, 0, 1)], watermark=60)


def test_many_small_additions_are_put_together(
    tmp_path: Path, matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than putting together takes: what it makes on its way goes too.
    monkeypatch.setattr("ragflow_local.stores.vectors._SHORT", timedelta(milliseconds=50))
    table = Vectors(tmp_path).table(DATASET)
    for number in range(40):
        table.add([batch(matrix, number, number + 1)], watermark=number)
    table.tidy(keep_versions=False)
    assert len(list((tmp_path / f"{DATASET}.lance" / "data").iterdir())) == 1
    assert len(table.numbers()) == 40


def test_a_changed_vector_is_told_when_all_are_read(
    vectors: Vectors, matrix: Matrix, tmp_path: Path
) -> None:
    place = matrix[13].tobytes()
    [file] = [
        path
        for path in (tmp_path / f"{DATASET}.lance" / "data").iterdir()
        if place[:32] in path.read_bytes()
    ]
    data = file.read_bytes()
    at = data.index(place[:32]) + 5
    file.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
    with pytest.raises(StoreError, match="not those that were written"):
        Vectors(tmp_path).table(DATASET).read()
