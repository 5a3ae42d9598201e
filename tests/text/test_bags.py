"""Bags of terms as arrays are the same bags."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ragflow_local.text.bags import Bags

BAG = st.dictionaries(st.sampled_from("abcdefghij"), st.integers(1, 5), max_size=6)


@given(st.lists(BAG, max_size=8))
def test_bags_come_back_one_by_one(bags: list[dict[str, int]]) -> None:
    assert Bags.of(bags).each() == bags


@given(st.lists(st.lists(BAG, max_size=4), max_size=4))
def test_bags_of_several_documents_are_joined_over_one_vocabulary(
    parts: list[list[dict[str, int]]],
) -> None:
    joined = Bags.joined([Bags.of(part) for part in parts])
    assert joined.each() == [bag for part in parts for bag in part]
    assert len(set(joined.vocabulary)) == len(joined.vocabulary)


@given(st.lists(BAG, max_size=8), st.integers(0, 8), st.integers(0, 10))
def test_a_part_is_the_bags_of_some_chunks(
    bags: list[dict[str, int]], first: int, end: int
) -> None:
    first = min(first, len(bags))
    assert Bags.of(bags).part(first, max(first, end)).each() == bags[first : max(first, end)]


def test_nothing_is_a_bag_too() -> None:
    assert Bags.of([{}, {}]).each() == [{}, {}]
    assert Bags.joined([]).each() == []
    assert Bags.of([]).terms.dtype == np.int64
