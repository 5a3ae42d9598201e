import pytest

from ragflow_local.readers import word_styles


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (105, "一百零五"), (1260, "一千二百六十")],
)
def test_articles_are_numbered_as_statutes_are(number: int, text: str) -> None:
    assert word_styles._chinese(number) == text


def test_letters_go_on_doubled_after_z() -> None:
    assert [word_styles._letters(n) for n in (1, 26, 27, 28)] == ["a", "z", "aa", "bb"]


def test_roman_numbers() -> None:
    assert [word_styles._roman(n) for n in (4, 9, 14, 1987)] == ["iv", "ix", "xiv", "mcmlxxxvii"]
