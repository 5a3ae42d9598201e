from __future__ import annotations

import pytest

from ragflow_local.text.number_words import with_digits


@pytest.mark.parametrize(
    ("language", "words", "digits"),
    [
        ("en", "the twenty-fifth of May", "the 25 of May"),
        ("en", "three hundred and twenty-five", "325"),
        ("de", "am dreiundzwanzigsten", "am 23"),
        ("de", "zweihundert", "200"),
        ("fr", "quatre-vingt-dix-sept", "97"),
        ("fr", "soixante et onze", "71"),
        ("es", "treinta y cinco", "35"),
        ("it", "ventuno", "21"),
        ("nl", "tweeëntwintig", "22"),
        ("ru", "двадцать пятого", "25"),
    ],
)
def test_numbers_of_several_words_become_digits(language: str, words: str, digits: str) -> None:
    assert with_digits(words, language) == digits


@pytest.mark.parametrize("text", ["two, three or four", "twenty or five", "the second of three"])
def test_numbers_beside_one_another_stay_apart(text: str) -> None:
    assert with_digits(text, "en") == text
