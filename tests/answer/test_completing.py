from __future__ import annotations

from dataclasses import replace

import pytest

from ragflow_local.answer.candidates import Asked, Candidate, candidates_of, weights_of
from ragflow_local.answer.completing import completed, heading_that_answers
from ragflow_local.records import Marked
from tests.answer.made import hit, hits


def quoted(question: str, content: str, begin: str, *others: str) -> str:
    """Return what is quoted of the unit that begins so, where others are quoted beside it."""
    asked = Asked.of(question)
    candidates = candidates_of(hits(content), asked.language, asked.terms)

    def unit(begin: str) -> Candidate:
        return next(one for one in candidates if one.unit.text.startswith(begin))

    weights = weights_of(asked.terms, candidates)
    chosen = [unit(text) for text in (begin, *others)]
    return completed(asked, weights, chosen[0], chosen, candidates)


BOX = "In trench A stood a small lead box. It weighs 214 grams. The lid is lost."


def test_a_sentence_that_points_back_comes_with_the_one_that_names_its_subject() -> None:
    assert quoted("How heavy is the lead box?", BOX, "It weighs") == (
        "In trench A stood a small lead box. It weighs 214 grams."
    )


def test_a_sentence_that_names_its_subject_comes_alone() -> None:
    text = "In trench A stood a box. The lead box weighs 214 grams."
    assert quoted("How heavy is the lead box?", text, "The lead") == (
        "The lead box weighs 214 grams."
    )


def test_a_sentence_before_that_names_nothing_of_the_question_is_left_out() -> None:
    text = "The weather was bad. It weighs 214 grams."
    assert quoted("How heavy is the lead box?", text, "It weighs") == "It weighs 214 grams."


def test_the_subject_may_be_named_two_sentences_before() -> None:
    text = "Ada Quill led the dig. She had a dog. He found the box in May."
    assert quoted("When did Ada Quill's dog find the box?", text, "He found") == text


def test_what_stands_in_another_paragraph_is_not_added() -> None:
    text = "In trench A stood a small lead box.\n\nIt weighs 214 grams."
    assert quoted("How heavy is the lead box?", text, "It weighs") == "It weighs 214 grams."


def test_what_is_quoted_anyway_is_not_said_twice() -> None:
    assert quoted("How heavy is the lead box?", BOX, "It weighs", "In trench") == (
        "It weighs 214 grams."
    )


@pytest.mark.parametrize(
    ("question", "text", "begin"),
    [
        ("Wie schwer ist die Kiste?", "Hier stand eine Kiste. Sie wiegt 214 Gramm.", "Sie"),
        ("Où se vend la Fournette ?", "La Fournette est ronde. Elle se vend à Aix.", "Elle"),
        ("¿Cuánto pesa la caja?", "Aquí había una caja. Esta pesa 214 gramos.", "Esta"),
        ("Сколько весит ящик?", "Здесь стоял ящик. Он весит 214 граммов.", "Он"),
        ("铅盒有多重？", "这里有一个铅盒。它重214克。", "它"),
    ],
)
def test_words_that_point_back_are_known_in_many_languages(
    question: str, text: str, begin: str
) -> None:
    assert quoted(question, text, begin) == text


def test_who_did_it_is_named_though_the_sentence_says_all_of_the_question() -> None:
    text = "Hortense Amiel came in 1880. It was she who had the pond drawn."
    assert quoted("Who had the pond drawn?", text, "It was") == text


def test_an_article_or_a_polite_word_points_at_nothing() -> None:
    text = "Il ponte è lungo. Il traffico è vietato ai camion."
    assert quoted("I camion possono attraversare il ponte?", text, "Il traffico") == (
        "Il traffico è vietato ai camion."
    )
    text = "Die Klasse hat eine Lehrerin. Zum Elternabend kommen Sie bitte in die Aula."
    assert quoted("Wohin soll ich zum Elternabend kommen?", text, "Zum") == (
        "Zum Elternabend kommen Sie bitte in die Aula."
    )


RUNNERS = "The race began at nine. Two runners turned back. Cloud had come down on the ridge."


def test_whoever_asks_why_gets_the_sentence_that_follows() -> None:
    assert quoted("Why did two runners turn back?", RUNNERS, "Two") == (
        "Two runners turned back. Cloud had come down on the ridge."
    )
    assert quoted("Did two runners turn back?", RUNNERS, "Two") == "Two runners turned back."


def test_a_sentence_that_says_why_itself_comes_alone() -> None:
    text = "Two runners turned back because of the cloud. The tea was hot."
    assert quoted("Why did two runners turn back?", text, "Two") == (
        "Two runners turned back because of the cloud."
    )
    text = "De website lag plat door een verlopen certificaat. De thee was warm."
    assert quoted("Waarom lag de website plat?", text, "De website") == (
        "De website lag plat door een verlopen certificaat."
    )


def test_the_reason_may_stand_before_if_it_is_about_the_same() -> None:
    text = "Cloud lay over the runners. Two runners turned back."
    assert quoted("Why did two runners turn back?", text, "Two") == text
    text = "The tea was hot. Two runners turned back."
    assert quoted("Why did two runners turn back?", text, "Two") == "Two runners turned back."


ERRORS = "Errors:\n- E17: No answer. Check the cable.\n- E21: The disk is full."


def test_an_item_is_quoted_whole() -> None:
    assert quoted("What does E17 mean?", ERRORS, "- E17") == "- E17: No answer. Check the cable."
    assert quoted("What does E17 mean?", ERRORS, "Check") == "- E17: No answer. Check the cable."
    assert quoted("What does E21 mean?", ERRORS, "- E21") == "- E21: The disk is full."


def test_a_long_item_is_quoted_by_its_sentence() -> None:
    text = f"- E17: No answer. {'Check the cable again. ' * 20}\n- E21: Full."
    assert quoted("What does E17 mean?", text, "- E17") == "- E17: No answer."


LOG = "2.3 (2024-05-02)\n- Added colours\n2.2 (2024-01-11)\n- Added sounds"


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("What changed in 2.3?", "2.3 (2024-05-02)"),
        ("When were colours added?", "2.3 (2024-05-02)"),
        ("Which version added colours?", "2.3 (2024-05-02)"),
        ("Hangi sürüm renk ekledi?", "2.3 (2024-05-02)"),
        ("What about the colours?", ""),
    ],
)
def test_the_heading_is_told_that_says_what_is_asked_for(question: str, heading: str) -> None:
    found = hit(LOG)
    found = replace(found, chunk=replace(found.chunk, marked=(Marked(0, 1, 1), Marked(2, 1, 1))))
    asked = Asked.of(question)
    unit = candidates_of([found], asked.language, asked.terms)[0]
    assert heading_that_answers(asked, unit) == heading


def test_no_heading_is_told_where_the_unit_says_it_itself() -> None:
    asked = Asked.of("When were colours added?")
    unit = candidates_of(hits("Releases 2024\n\nColours were added in May 2023."), "en")[0]
    assert heading_that_answers(asked, unit) == ""


def test_what_the_heading_names_needs_no_sentence_before_unless_the_quote_begins_with_it() -> None:
    question = "How heavy is the lead box?"
    text = "Lead box\n\nThe lead box was found in May. In all, it weighs 214 grams."
    assert quoted(question, text, "In all") == "In all, it weighs 214 grams."
    text = text.replace("In all, it", "It")
    assert quoted(question, text, "It weighs") == (
        "The lead box was found in May. It weighs 214 grams."
    )


@pytest.mark.parametrize(
    ("question", "heading", "text"),
    [
        ("When was the mill destroyed?", "Guide to the town of Holt, 2019", "The mill burnt."),
        ("Which version added colours?", "2.3", "Colours came with 2.2."),
        ("What changed in 2.3?", "2.3", "In 2.3 colours were added."),
    ],
)
def test_a_heading_that_says_no_more_is_not_told(question: str, heading: str, text: str) -> None:
    found = hit(f"{heading}\n{text}")
    found = replace(found, chunk=replace(found.chunk, marked=(Marked(0, 1, 1),)))
    asked = Asked.of(question)
    (unit,) = candidates_of([found], asked.language, asked.terms)
    assert unit.unit.heads == (heading,)
    assert heading_that_answers(asked, unit) == ""


def test_a_sentence_that_says_little_of_the_question_or_much_besides_comes_alone() -> None:
    text = "Runners love tea. Cloud had come down."
    assert quoted("Why did two runners turn back?", text, "Runners") == "Runners love tea."
    text = "Two runners turned back, wet, cold, hungry, tired and late. The tea was hot."
    assert quoted("Why did two runners turn back?", text, "Two") == text.split(". ")[0] + "."
