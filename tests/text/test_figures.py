from __future__ import annotations

import pytest

from ragflow_local.text.figures import Time, figures_of, is_negated, times_of


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


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("in July 2024", Time(2024, 7)),
        ("minutes-2024-07.md", Time(2024, 7)),
        ("on 5 May 2023", Time(2023, 5, 5)),
        ("am 3. März 2021", Time(2021, 3, 3)),
        ("15.07.2024", Time(2024, 7, 15)),
        ("2023年7月5日", Time(2023, 7, 5)),
        ("juillet 2020", Time(2020, 7)),
        ("Q3 2022", Time(2022, None, None, 3)),
        ("the third quarter of 2021", Time(2021, None, None, 3)),
        ("in 1998", Time(1998)),
    ],
)
def test_times_are_read_in_any_spelling(text: str, time: Time) -> None:
    assert times_of(text) == (time,)


@pytest.mark.parametrize("text", ["You may go.", "12,345 items", "the marches of the army"])
def test_what_only_looks_like_a_time_is_none(text: str) -> None:
    assert times_of(text) == ()


def test_times_agree_as_far_as_both_say_something() -> None:
    assert Time(2024, 7).agrees(Time(2024))
    assert Time(None, 7).agrees(Time(2024, 7, 3))
    assert Time(2022, None, None, 3).agrees(Time(2022, 8))
    assert not Time(2024).agrees(Time(2023))
    assert not Time(2024).agrees(Time(None, 7))


@pytest.mark.parametrize(
    "text",
    ["It is not cut.", "Es gibt keinen.", "Il n'est pas là.", "不能退款", "Никогда", "It doesn’t."],
)
def test_a_negation_is_seen(text: str) -> None:
    assert is_negated(text)


@pytest.mark.parametrize("text", ["It is a note.", "Der Kessel", "不同的颜色", "nothing"])
def test_what_denies_nothing_is_no_negation(text: str) -> None:
    assert not is_negated(text)
