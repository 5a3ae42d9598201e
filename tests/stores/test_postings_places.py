import random

import numpy as np
import pytest

from ragflow_local.stores.catalog.postings_places import Places
from ragflow_local.stores.catalog.postings_segments import Segment


def segment(numbers: list[int], removed: list[int]) -> Segment:
    """Return a segment of ascending numbers, some of its places removed."""
    runs = [
        (place, number)
        for place, number in enumerate(numbers)
        if not place or number != numbers[place - 1] + 1
    ]
    return Segment(0, 0, len(numbers), np.array(runs, np.int64), np.array(removed, np.int64))


def expected(segments: list[tuple[list[int], list[int]]]) -> dict[int, int]:
    """Return the place of each live number, counted one by one."""
    places, place = {}, 0
    for numbers, removed in segments:
        for within, number in enumerate(numbers):
            if within not in removed:
                places[number] = place
            place += 1
    return places


@pytest.mark.parametrize("seed", range(20))
def test_places_and_numbers_are_those_counted_one_by_one(seed: int) -> None:
    rng = random.Random(seed)
    numbers = sorted(rng.sample(range(200), 60))
    made = [
        (part, sorted(rng.sample(range(len(part)), rng.randrange(len(part)))))
        for part in (numbers[:25], numbers[25:40], numbers[40:])
    ]
    rng.shuffle(made)  # merged segments may stand in any order
    places = Places.of([segment(*part) for part in made])
    live = expected(made)
    asked = np.arange(200)
    assert places.of_numbers(asked).tolist() == [live.get(n, -1) for n in range(200)]
    assert places.size == 60
    at = np.array(sorted(live.values()), np.int64)
    numbered = {place: number for number, place in live.items()}
    assert places.numbers_at(at).tolist() == [numbered[place] for place in at.tolist()]


def test_without_segments_no_number_has_a_place() -> None:
    places = Places.of([])
    assert places.size == 0
    assert places.of_numbers(np.array([1, 2])).tolist() == [-1, -1]


def test_a_segment_of_removed_chunks_has_no_live_place() -> None:
    places = Places.of([segment([3, 4], [0, 1])])
    assert places.of_numbers(np.array([3, 4])).tolist() == [-1, -1]
    assert places.size == 2
