"""How many units are quoted: what is needed, all rows that match, both sides of a dispute."""

from __future__ import annotations

import pytest

from ragflow_local.answer.candidates import Asked, Candidate, candidates_of, weights_of
from ragflow_local.answer.picking import BY_READER, BY_WORDS, Stopping, picked
from tests.answer.made import hit


def texts(
    question: str, chances: list[float], stopping: Stopping, *contents: str
) -> list[tuple[str, bool]]:
    """Return what is quoted of units in the order given: the text, and whether it is disputed."""
    asked = Asked.of(question)
    hits = [hit(content, number) for number, content in enumerate(contents)]
    units: list[Candidate] = candidates_of(hits, asked.language)
    weights = weights_of(asked.terms, units)
    picks = picked(asked, units, chances, weights, stopping)
    return [(unit.unit.text, disputed) for unit, _, disputed in picks]


def test_a_sure_unit_is_quoted_alone() -> None:
    told = texts(
        "When does the pool open?",
        [0.9, 0.1],
        BY_READER,
        "The pool opens at seven.",
        "The pool opens at a new place.",
    )
    assert told == [("The pool opens at seven.", False)]


def test_an_unsure_one_is_quoted_with_the_next() -> None:
    told = texts(
        "When does the pool open?",
        [0.5, 0.4],
        BY_READER,
        "The pool opens at seven.",
        "Early swimmers are let in before breakfast.",
    )
    assert len(told) == 2


def test_no_more_than_three_sentences_are_quoted() -> None:
    said = [f"The {animal} of the zoo is old." for animal in ("bear", "wolf", "lynx", "seal")]
    assert len(texts("Which animals are old?", [0.25] * 4, BY_READER, *said)) == 3


def test_by_words_a_unit_with_another_half_of_the_question_is_quoted_too() -> None:
    said = ("The boiler was mended by Anna Berg.", "Its chimney was swept by Tom Hale.")
    question = "Who mended the boiler and who swept the chimney?"
    assert len(texts(question, [0.95, 0.05], BY_WORDS, *said)) == 2
    assert len(texts(question, [0.95, 0.05], BY_READER, *said)) == 1


def test_statements_that_contradict_each_other_are_both_quoted_newest_first() -> None:
    asked = Asked.of("How many seats does the hall have?")
    hits = [
        hit("The hall has 120 seats.", 0, name="plan 2019.txt"),
        hit("The hall has 150 seats.", 1, name="plan 2023.txt"),
    ]
    units = candidates_of(hits, asked.language)
    picks = picked(asked, units, [0.9, 0.1], weights_of(asked.terms, units), BY_READER)
    assert [(unit.unit.text, disputed) for unit, _, disputed in picks] == [
        ("The hall has 150 seats.", True),
        ("The hall has 120 seats.", True),
    ]


@pytest.mark.parametrize("stopping", [BY_WORDS, BY_READER], ids=["words", "reader"])
def test_all_rows_that_are_asked_for_are_quoted(stopping: Stopping) -> None:
    table = "| Room | Floor |\n|---|---|\n| Oak | second |\n| Elm | second |\n| Ash | first |"
    told = texts("Which rooms are on the second floor?", [0.9, 0.05, 0.05], stopping, table)
    assert [text for text, _ in told] == [
        "Room: Oak; Floor: second",
        "Room: Elm; Floor: second",
    ]
