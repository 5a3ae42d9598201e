"""Codes of a large dataset: the nearest of those that live, whatever has become of the files."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ragflow_local.errors import DamagedProjectError
from ragflow_local.records import Matrix
from ragflow_local.stores import vector_codes
from ragflow_local.stores.vector_codes import Batch, VectorCodes
from ragflow_local.stores.vector_memory import Numbers, unit

DIM = 16


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few chunks, and few that are compared."""
    monkeypatch.setattr(vector_codes, "_STEP", 8)
    monkeypatch.setattr(vector_codes, "_LARGEST", 32)
    monkeypatch.setattr(vector_codes, "_LIKELY", 16)
    monkeypatch.setattr(vector_codes, "_LEAST_COMPARED", 8)


def rows(first: int, last: int) -> Matrix:
    """Return the vector of each chunk; a number has the same whoever asks."""
    made = [np.random.default_rng(number).standard_normal(DIM) for number in range(first, last + 1)]
    return np.array(made, np.float16).astype(np.float32).reshape(-1, DIM)


def batches(first: int, last: int) -> Iterator[Batch]:
    for start in range(first, last + 1, 5):
        end = min(start + 4, last)
        numbers = np.arange(start, end + 1)
        yield numbers, numbers // 10, rows(start, end)


def brought(path: Path, last: int = 100) -> VectorCodes:
    codes = VectorCodes(path, is_durable=False)
    codes.bring(batches(1, last), DIM)
    return codes


def all_live(numbers: Numbers) -> NDArray[np.bool_]:
    return np.ones(len(numbers), np.bool_)


def best(codes: VectorCodes, number: int, top_k: int = 1) -> list[int]:
    numbers, cosines = codes.parts(DIM).nearest(unit(rows(number, number))[0], top_k, all_live)
    return [int(found) for found in numbers[np.argsort(-cosines, kind="stable")[:top_k]]]


def test_each_chunk_is_nearest_to_itself(tmp_path: Path) -> None:
    codes = brought(tmp_path / "codes")
    assert codes.parts(DIM).last == 100
    assert [best(codes, number) for number in (1, 50, 100)] == [[1], [50], [100]]
    again = VectorCodes(tmp_path / "codes")
    assert best(again, 77) == [77]


def test_as_many_as_there_are_are_returned_for_a_large_top_k(tmp_path: Path) -> None:
    codes = brought(tmp_path / "codes")
    direction = unit(rows(3, 3))[0]
    numbers, cosines = codes.parts(DIM).nearest(direction, 2**31, all_live)
    assert numbers.tolist() == list(range(1, 101))
    assert np.allclose(cosines, unit(rows(1, 100)) @ direction, atol=1e-6)


def test_cosines_are_those_of_the_vectors_and_nan_for_what_is_not_there(tmp_path: Path) -> None:
    parts = brought(tmp_path / "codes").parts(DIM)
    direction = unit(rows(3, 3))[0]
    asked = np.array([0, 3, 44, 100, 101])
    cosines = parts.cosines(direction, asked)
    assert np.isnan(cosines).tolist() == [True, False, False, False, True]
    assert np.array_equal(
        cosines[1:4], np.einsum("ij,j->i", unit(rows(1, 100))[[2, 43, 99]], direction)
    )


def test_small_parts_are_carried_into_larger_ones(tmp_path: Path) -> None:
    codes = VectorCodes(tmp_path / "codes", is_durable=False)
    for first in range(1, 200, 4):
        codes.bring(batches(first, first + 3), DIM)
        assert codes.parts(DIM).last == first + 3
    assert len(list((tmp_path / "codes").iterdir())) <= 200 / 16 + 5
    assert [best(codes, number) for number in (1, 77, 200)] == [[1], [77], [200]]


def test_what_is_gone_is_not_proposed_and_others_take_its_place(tmp_path: Path) -> None:
    codes = brought(tmp_path / "codes")
    direction = unit(rows(3, 3))[0]

    def few_live(numbers: Numbers) -> NDArray[np.bool_]:
        return np.isin(numbers, [5, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99])

    numbers, _ = codes.parts(DIM).nearest(direction, 8, few_live)
    assert numbers.tolist() == [5, *range(90, 100)]


def test_only_chunks_of_the_documents_asked_for_are_proposed(tmp_path: Path) -> None:
    parts = brought(tmp_path / "codes").parts(DIM)
    direction = unit(rows(3, 3))[0]
    numbers, _ = parts.nearest(direction, 50, all_live, np.array([4, 9]))
    assert numbers.tolist() == [*range(40, 50), *range(90, 100)]
    numbers, _ = parts.nearest(direction, 1, all_live, np.array([], np.int64))
    assert not len(numbers)


def test_of_equal_vectors_the_oldest_are_proposed(tmp_path: Path) -> None:
    codes = VectorCodes(tmp_path / "codes", is_durable=False)
    numbers = np.arange(1, 101)
    codes.bring([(numbers, numbers, np.ones((100, DIM), np.float32))], DIM)
    found, cosines = codes.parts(DIM).nearest(unit(rows(1, 1))[0], 2, all_live)
    assert found.tolist() == list(range(1, 9))
    assert len(set(cosines.tolist())) == 1


@pytest.mark.parametrize("odd", [0.0, np.nan, np.inf])
def test_a_vector_that_is_none_is_similar_to_nothing(tmp_path: Path, odd: float) -> None:
    codes = VectorCodes(tmp_path / "codes", is_durable=False)
    matrix = rows(1, 40)
    matrix[6] = odd
    codes.bring([(np.arange(1, 41), np.arange(1, 41), matrix)], DIM)
    parts = codes.parts(DIM)
    assert best(codes, 8) == [8]
    assert parts.cosines(unit(rows(1, 1))[0], np.array([7])).tolist() == [0.0]
    numbers, cosines = parts.nearest(np.zeros(DIM, np.float32), 3, all_live)
    assert len(numbers) >= 3
    assert not cosines.any()


@pytest.mark.parametrize("damage", ["cut", "gone", "flipped", "old", "folder"])
def test_a_damaged_part_ends_what_there_is_and_is_written_anew(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "codes"
    brought(path)
    spans = sorted(path.iterdir(), key=lambda part: int(part.name.partition("-")[0], 16))
    assert len(spans) > 2
    torn = spans[1]
    data = torn.read_bytes()
    torn.unlink()
    if damage == "cut":
        torn.write_bytes(data[:-3])
    elif damage == "flipped":
        torn.write_bytes(data[:100] + bytes([data[100] ^ 4]) + data[101:])
    elif damage == "old":
        torn.write_bytes(b"codes  0" + data[8:])
    elif damage == "folder":
        torn.mkdir()
    codes = VectorCodes(path, is_durable=False)
    end = int(spans[0].name.partition("-")[2], 16)
    assert codes.parts(DIM).last == end < 100
    if damage == "folder":
        torn.rmdir()
    codes.bring(batches(end + 1, 100), DIM)
    assert codes.parts(DIM).last == 100
    assert best(codes, 100) == [100]


def test_what_a_crash_left_is_passed_over_and_deleted(tmp_path: Path) -> None:
    path = tmp_path / "codes"
    codes = brought(path, 60)
    kept = {part.name for part in path.iterdir()}
    before = VectorCodes(tmp_path / "other", is_durable=False)
    before.bring(batches(1, 7), DIM)
    [smaller] = (tmp_path / "other").iterdir()
    shutil.copy(smaller, path)  # one that was joined into another, and not deleted yet
    (path / ".new-abcdefgh").write_bytes(b"half")
    again = VectorCodes(path, is_durable=False)
    assert best(again, 55) == [55]
    assert again.parts(DIM).last == 60
    again.bring([], DIM)
    assert {part.name for part in path.iterdir()} == kept
    assert codes.parts(DIM).last == 60


def test_a_vector_torn_on_the_disk_is_told_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "codes"
    codes = brought(path, 8)
    [part] = path.iterdir()
    data = part.read_bytes()
    part.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(DamagedProjectError):
        VectorCodes(path).parts(DIM).nearest(unit(rows(1, 1))[0], 3, all_live)
    codes.drop()
    assert not codes.parts(DIM).last
    assert not path.exists()


def test_another_process_sees_what_the_writer_adds(tmp_path: Path) -> None:
    reader = VectorCodes(tmp_path / "codes")
    assert reader.parts(DIM).last == 0
    writer = brought(tmp_path / "codes", 50)
    held = reader.parts(DIM)
    assert held.last == 50
    writer.bring(batches(51, 100), DIM)
    assert reader.parts(DIM).last == 100
    assert best(reader, 80) == [80]
    assert held.last == 50
    writer.drop()
    assert reader.parts(DIM).last == 0
    numbers, _ = held.nearest(unit(rows(7, 7))[0], 1, all_live)
    assert 7 in numbers, "who has parts in hand goes on with them"


def test_vectors_of_another_length_are_none_of_these(tmp_path: Path) -> None:
    codes = brought(tmp_path / "codes", 20)
    assert codes.parts(DIM + 1).last == 0
    numbers = np.arange(21, 31)
    codes.bring([(numbers, numbers, np.ones((10, DIM + 1), np.float32))], DIM + 1)
    assert codes.parts(DIM + 1).last == 30
    assert codes.parts(DIM).last == 0


def test_parts_are_written_without_what_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "codes"
    codes = brought(path)
    held = codes.parts(DIM)
    size = sum(part.stat().st_size for part in path.iterdir())
    codes.without(np.arange(60, 101), DIM)
    assert codes.parts(DIM).last == 100
    assert sum(part.stat().st_size for part in path.iterdir()) < 0.6 * size
    assert best(codes, 60) == [60]
    assert np.isnan(codes.parts(DIM).cosines(unit(rows(1, 1))[0], np.array([3]))).all()
    assert not np.isnan(held.cosines(unit(rows(1, 1))[0], np.array([3]))).any()
    codes.without(np.empty(0, np.int64), DIM)
    assert not path.exists()


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    brought(tmp_path / "elsewhere", 20)
    (tmp_path / "codes").symlink_to(tmp_path / "elsewhere")
    codes = VectorCodes(tmp_path / "codes")
    assert codes.parts(DIM).last == 0
    codes.drop()
    assert (tmp_path / "elsewhere").is_dir()
