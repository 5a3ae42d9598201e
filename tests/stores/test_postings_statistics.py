import math

import pytest

from ragflow_local.stores.catalog.postings_statistics import Statistics, summed


def test_a_term_is_the_rarer_the_fewer_chunks_have_it() -> None:
    whole = Statistics(10, 55)
    assert whole.idf(0) > whole.idf(3) > whole.idf(10) > 0
    assert whole.idf(3) == pytest.approx(math.log(1 + 7.5 / 3.5))
    assert whole.average == 5.5


def test_chunks_without_a_word_have_the_length_of_one() -> None:
    assert Statistics(3, 0).average == 1.0


def test_the_statistics_of_parts_add_up() -> None:
    parts = [Statistics(3, 30, (1, 0)), Statistics(0, 0, (0, 0)), Statistics(2, 12, (2, 1))]
    assert summed(parts) == Statistics(5, 42, (3, 1))
