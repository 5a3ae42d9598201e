from __future__ import annotations

import pytest

from ragflow_local.text.dates import Time, times_of


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
        ("In 2019 l'équipe gagne", Time(2019)),
        ("2019年", Time(2019)),
        ("el 17 de junio de 2022", Time(2022, 6, 17)),
        ("en mars", Time(None, 3)),
        ("عام ٢٠١٩", Time(2019)),
        ("le premier trimestre 2021", Time(2021, None, None, 1)),
        ("T2 2021", Time(2021, None, None, 2)),
        ("во втором квартале 2021 года", Time(2021, None, None, 2)),
        ("im dritten Quartal 2020", Time(2020, None, None, 3)),
        ("2021年第3四半期", Time(2021, None, None, 3)),
    ],
)
def test_times_are_read_in_any_spelling(text: str, time: Time) -> None:
    assert times_of(text) == (time,)


@pytest.mark.parametrize(
    "text",
    [
        "You may go.",
        "12,345 items",
        "the marches of the army",
        "T2DM",
        "It costs 1800 euros.",
        "€ 1800",
        "2000 people",
        "1800元",
        "bis zu 1500 Gäste",
    ],
)
def test_what_only_looks_like_a_time_is_none(text: str) -> None:
    assert times_of(text) == ()


def test_times_agree_as_far_as_both_say_something() -> None:
    assert Time(2024, 7).agrees(Time(2024))
    assert Time(None, 7).agrees(Time(2024, 7, 3))
    assert Time(2022, None, None, 3).agrees(Time(2022, 8))
    assert not Time(2024).agrees(Time(2023))
    assert not Time(2024).agrees(Time(None, 7))
