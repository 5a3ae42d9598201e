"""Figures of a ranking, against numbers worked out by hand."""

import math

import pytest

from ragflow_local.evaluation.measures import interval, ndcg, recall, reciprocal_rank

RELEVANT = {"a": 1.0, "b": 1.0}


def test_ndcg_of_the_best_order_is_1_and_of_none_0() -> None:
    assert ndcg(["a", "b", "x"], RELEVANT) == pytest.approx(1)
    assert ndcg(["b", "a"], RELEVANT) == pytest.approx(1)
    assert ndcg(["x", "y"], RELEVANT) == 0


def test_ndcg_is_less_the_later_something_comes() -> None:
    ideal = 1 + 1 / math.log2(3)
    assert ndcg(["x", "a"], RELEVANT) == pytest.approx((1 / math.log2(3)) / ideal)
    assert ndcg(["a", "x", "b"], RELEVANT) == pytest.approx((1 + 1 / 2) / ideal)
    assert ndcg(["x", "x", "a"], RELEVANT, depth=2) == 0


def test_ndcg_counts_the_gain() -> None:
    graded = {"a": 3.0, "b": 1.0}
    assert ndcg(["b", "a"], graded) < ndcg(["a", "b"], graded) == pytest.approx(1)


def test_recall_is_the_share_among_the_first() -> None:
    assert recall(["a", "x", "b"], RELEVANT, 2) == 0.5
    assert recall(["a", "x", "b"], RELEVANT, 3) == 1


def test_the_reciprocal_rank_is_of_the_first_alone() -> None:
    assert reciprocal_rank(["x", "y", "b", "a"], RELEVANT) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x"], RELEVANT) == 0


def test_an_interval_holds_the_mean_and_is_a_point_where_all_are_alike() -> None:
    mean, low, high = interval([0.0, 1.0] * 50)
    assert mean == 0.5
    assert 0.38 < low < 0.45 < 0.55 < high < 0.62
    assert interval([0.25] * 9) == (0.25, 0.25, 0.25)
