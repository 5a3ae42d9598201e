from __future__ import annotations

import pytest

from ragflow_local.text.content import asked_in_order, content_terms
from ragflow_local.text.languages import language_of
from ragflow_local.text.terms import iterate


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("Where does the pump stand?", "pump stand"),
        ("Quand la chaudière est-elle vérifiée ?", "chaudière vérifiée"),
        ("Où est la pompe ?", "pompe"),
        ("Wann wird der Kessel geprüft?", "Kessel geprüft"),
        ("¿Dónde está la bomba?", "bomba"),
        ("Onde fica a bomba?", "fica bomba"),
        ("Где стоит насос?", "стоит насос"),
        ("أين المضخة؟", "المضخة"),
        ("Waar staat de pomp?", "staat pomp"),
        ("Gdzie stoi pompa?", "stoi pompa"),
    ],
)
def test_of_a_question_what_it_is_about_is_left(question: str, left: str) -> None:
    terms = set(iterate(left, language_of(question)))
    assert terms & set(asked_in_order(question))
    assert set(asked_in_order(question)) <= terms


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("锅炉什么时候检查？", {"锅炉", "检查"}),
        ("ポンプはどこにありますか？", {"ポン", "ンプ"}),
        ("펌프는 어디에 있습니까?", {"펌프"}),
    ],
)
def test_of_scripts_without_spaces_pairs_are_left(question: str, left: set[str]) -> None:
    assert left <= set(asked_in_order(question))
    assert len(asked_in_order(question)) <= len(left) + 1


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("Who is in IT?", "it"),
        ("Where does the WHO sit?", "who"),
        ("What does Widget A cost?", "a"),
    ],
)
def test_a_code_in_upper_case_is_a_word(question: str, code: str) -> None:
    assert code in asked_in_order(question)
    assert code not in asked_in_order(question.upper())


def test_a_question_of_small_words_is_about_nothing() -> None:
    assert asked_in_order("What can you do?") == ()


def test_content_keeps_the_order_and_what_stands_twice() -> None:
    assert content_terms("The pump and the pump of the cellar") == ("pump", "pump", "cellar")


def test_words_that_tie_in_one_language_mean_in_another() -> None:
    assert "die" in content_terms("They die in the cold of the winter")
    assert "die" not in content_terms("Die Pumpe steht in der Kälte")


def test_a_command_asks_only_before_the_question_word() -> None:
    assert asked_in_order("Tell me who described the squid") == ("describ", "squid")
    assert asked_in_order("Describe the squid") == ("squid",)
