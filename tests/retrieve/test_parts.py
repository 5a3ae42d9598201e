"""Several projects are asked as if they were one."""

import numpy as np
import pytest

from ragflow_local.retrieve.parts import Asked, Proposed, merged
from ragflow_local.retrieve.query import Query

NAN = float("nan")


def asked(top_k: int, words_top_k: int) -> Asked:
    return Asked(Query((("pump",),), (1.0,), 1), None, 0.0, top_k, words_top_k)


def proposed(*numbers: int, cosines: list[float], scores: list[float]) -> Proposed:
    every = np.array(numbers, np.int64)
    return Proposed(
        every, np.array(numbers) / 10, np.array(numbers) / 20, np.array(cosines), np.array(scores)
    )


def places(proposals: list[Proposed], top_k: int, words_top_k: int) -> list[tuple[int, int]]:
    best = merged(proposals, asked(top_k, words_top_k))
    return list(zip(best.parts.tolist(), best.numbers.tolist(), strict=True))


ONE = proposed(1, 2, 3, cosines=[0.9, 0.2, NAN], scores=[NAN, 3.0, 1.0])
OTHER = proposed(2, 5, cosines=[0.5, 0.4], scores=[2.0, NAN])


@pytest.mark.parametrize(
    ("top_k", "words_top_k", "best"),
    [
        (9, 9, [(0, 1), (0, 2), (0, 3), (1, 2), (1, 5)]),
        (2, 1, [(0, 1), (0, 2), (1, 2)]),
        (1, 2, [(0, 1), (0, 2), (1, 2)]),
        (3, 1, [(0, 1), (0, 2), (1, 2), (1, 5)]),
    ],
)
def test_as_many_are_taken_of_all_together_as_one_project_would_propose(
    top_k: int, words_top_k: int, best: list[tuple[int, int]]
) -> None:
    assert places([ONE, OTHER], top_k, words_top_k) == best


def test_of_equal_ones_the_earlier_are_taken() -> None:
    same = proposed(4, 7, cosines=[0.5, 0.5], scores=[1.0, 1.0])
    assert places([same, same], 3, 1) == [(0, 4), (0, 7), (1, 4)]


def test_a_part_without_chunks_proposes_nothing() -> None:
    none = proposed(cosines=[], scores=[])
    assert places([none, OTHER, none], 9, 9) == [(1, 2), (1, 5)]
    assert places([none], 9, 9) == []


def test_candidates_keep_their_similarities() -> None:
    best = merged([ONE, OTHER], asked(1, 1))
    assert best.vector.tolist() == [0.1, 0.2]
    assert best.term.tolist() == [0.05, 0.1]
    assert best.at(np.array([1])).vector.tolist() == [0.2]
    assert len(best) == 2
