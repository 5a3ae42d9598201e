from __future__ import annotations

import pytest

from ragflow_local.text.wordings import in_one_wording


@pytest.mark.parametrize(
    ("language", "said", "other"),
    [
        ("en", "a quarter of them", "25 percent of them"),
        ("de", "zwei Drittel davon", "67 Prozent davon"),
        ("fr", "un quart des trains", "vingt-cinq pour cent des trains"),
        ("ru", "четверть из них", "25 процентов из них"),
        ("zh", "其中四分之一", "其中百分之二十五"),
        ("en", "from 2 to 5 pm", "from 14 to 17"),
        ("en", "at 12 am", "at 0:00"),
        ("zh", "下午两点", "14点"),
        ("en", "not only dogs but also cats", "dogs and cats"),
        ("de", "nicht nur Hunde, sondern auch Katzen", "Hunde und Katzen"),
        ("ru", "не только от платы, но и от сбора", "от платы и от сбора"),
        ("en", "neither dogs nor cats are let in", "not dogs and not cats are let in"),
        ("de", "Rauchen ist verboten", "Rauchen ist nicht erlaubt"),
        ("fr", "Le bain n'est pas interdit", "Le bain est autorisé"),
        ("en", "each year", "annually"),
        ("ru", "ежедневно", "каждый день"),
        ("fr", "le premier avril", "le 1er avril"),
    ],
)
def test_two_ways_to_say_one_thing_become_one(language: str, said: str, other: str) -> None:
    first, second = (" ".join(in_one_wording(text, language).split()) for text in (said, other))
    assert first == second


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "the third quarter"),
        ("en", "the quarter"),
        ("fr", "un quart d'heure"),
        ("de", "im Jahr 2019"),
        ("en", "It is not only cold."),
        ("en", "at 22:30"),
    ],
)
def test_what_only_looks_alike_is_left(language: str, text: str) -> None:
    assert in_one_wording(text, language) == text
