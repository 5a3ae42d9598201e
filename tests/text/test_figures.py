from __future__ import annotations

import pytest

from ragflow_local.text.figures import HAN_NUMBER, figures_of


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("two days a week", {"2"}),
        ("1,234.5 euros", {"1234.5"}),
        ("zwei Tage, drei Nächte", {"2", "3"}),
        ("三个工作日", {"3"}),
        ("В течение двух недель", {"2"}),
        ("version 2.10", {"2.10"}),
        ("none at all", {"0"}),
    ],
)
def test_numbers_count_in_digits_and_in_words(text: str, figures: set[str]) -> None:
    assert figures_of(text) == figures


def test_of_a_version_each_place_counts() -> None:
    assert figures_of("release 2.10") != figures_of("release 2.1")
    assert figures_of("2.10 euros") == figures_of("2.1 euros")


@pytest.mark.parametrize("text", ["九十二平方公里", "三十二页", "两千毫升", "十五册"])
def test_a_chinese_number_ends_before_the_measure_it_counts(text: str) -> None:
    number = HAN_NUMBER.match(text)
    assert number is not None
    assert text.startswith(number[0])
    assert HAN_NUMBER.match("一部分") is None
