import numpy as np
import pytest

from ragflow_local.records import Matrix
from ragflow_local.stores.vector_memory import (
    Memory,
    Numbers,
    exact_cosines,
    nearest,
    unit,
)

DIM = 8
CHANCE = np.random.default_rng(3)
MATRIX = unit(CHANCE.standard_normal((300, DIM)).astype(np.float32))
NUMBERS: Numbers = np.arange(1, 301)


def filled() -> Memory:
    memory = Memory()
    for start in range(0, 300, 7):
        rows = slice(start, start + 7)
        memory = memory.added(NUMBERS[rows], NUMBERS[rows] // 10, MATRIX[rows])
    return memory


def test_the_nearest_are_the_exact_ones_whatever_the_blocks() -> None:
    direction = MATRIX[17]
    numbers, cosines = nearest(filled().scored(direction, None), 12)
    expected = np.argsort(-(MATRIX @ direction))[:12]
    np.testing.assert_array_equal(numbers, expected + 1)
    np.testing.assert_allclose(cosines, (MATRIX @ direction)[expected], atol=1e-6)


def test_of_equal_ones_the_older_come_first() -> None:
    same: Matrix = np.ones((9, DIM), np.float32)
    memory = Memory().added(np.arange(1, 10), np.ones(9, np.int64), same)
    near, _ = nearest(memory.scored(unit(same[:1])[0], None), 4)
    assert near.tolist() == list(range(1, 10)), "as near as the fourth: told, for others to choose"


@pytest.mark.parametrize("gone", [range(3, 9), range(1, 290, 2)], ids=["a few", "many"])
def test_removed_chunks_are_neither_found_nor_known(gone: range) -> None:
    memory = filled().removed(np.array(gone))
    left = [number for number in range(1, 301) if number not in gone]
    assert sorted(memory.numbers().tolist()) == left
    parts = memory.scored(MATRIX[4], None)
    assert sorted(nearest(parts, 300)[0].tolist()) == left
    cosines = exact_cosines([memory], MATRIX[4], np.array([gone[0], left[0], 1000]))
    assert np.isnan(cosines).tolist() == [True, False, True]


@pytest.mark.parametrize("documents", [[2], list(range(25)), []])
def test_only_the_documents_asked_for_are_searched(documents: list[int]) -> None:
    parts = filled().scored(MATRIX[4], np.array(documents, np.int64))
    found = nearest(parts, 300)[0]
    assert sorted(found.tolist()) == [n for n in range(1, 301) if n // 10 in documents]


@pytest.mark.parametrize("count", [1, 50], ids=["few", "many"])
def test_cosines_are_found_in_many_memories_as_in_few(count: int) -> None:
    memories = [
        Memory().added(NUMBERS[at::count], NUMBERS[at::count], MATRIX[at::count])
        for at in range(count)
    ]
    asked = np.array([300, 2, 77, 400])
    found = exact_cosines(memories, MATRIX[0], asked)
    np.testing.assert_allclose(found[:3], MATRIX[asked[:3] - 1] @ MATRIX[0], atol=1e-6)
    assert np.isnan(found[3])


@pytest.mark.parametrize("dim", [8, 64, 256, 384])
def test_a_text_is_as_near_wherever_it_stands(dim: int) -> None:
    chance = np.random.default_rng(dim)
    matrix = unit(chance.standard_normal((101, dim)).astype(np.float32))
    direction = unit(chance.standard_normal((1, dim)).astype(np.float32))[0]
    numbers = np.arange(101)
    whole = exact_cosines([Memory().added(numbers, numbers, matrix)], direction, numbers)
    for first, end in ((0, 1), (3, 10), (98, 101), (50, 99)):
        part = Memory().added(numbers[first:end], numbers[first:end], matrix[first:end])
        cosines = exact_cosines([part], direction, numbers[first:end])
        assert cosines.tobytes() == whole[first:end].tobytes()


def test_a_text_without_words_is_like_nothing() -> None:
    memory = Memory().added(np.array([1, 2]), np.array([1, 1]), np.zeros((2, DIM), np.float32))
    assert nearest(memory.scored(MATRIX[0], None), 5)[1].tolist() == [0.0, 0.0]
