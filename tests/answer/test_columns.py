"""What a question says of the cells and columns of rows."""

from __future__ import annotations

import pytest

from ragflow_local.answer.candidates import Asked, candidates_of, weights_of
from ragflow_local.answer.columns import says, truth_asked_for
from ragflow_local.answer.quoting import extract
from ragflow_local.answer.statements import best_of_each_kind
from tests.answer.made import hit

ROOMS = "Room\tSeats\tProjector\nLinde\t12\tyes\nEiche\t30\tno\nBuche\t8\tyes"


@pytest.mark.parametrize(
    ("question", "cell", "is_said"),
    [
        ("Who was born on 12 May 1990?", "1990-05-12", True),
        ("Who was born on 13 May 1990?", "1990-05-12", False),
        ("Who was born in May 1990?", "1990-05-12", False),
        ("Welche Wohnung kostet 1020 Euro?", "1.020,00 €", True),
        ("Welche Wohnung kostet 1020 Euro?", "1.020,50 €", False),
        ("Which cable is 12 m long?", "12 kg", False),
        ("Whose number is 070 4422?", "070-4422", True),
        ("Whose number is 1070 4422?", "070-4422", False),
        ("Who works in Sales?", "Sales", True),
        ("Who works in Sales?", "", False),
    ],
)
def test_a_cell_is_said_as_a_date_an_amount_or_a_code(
    question: str, cell: str, is_said: bool
) -> None:
    assert says(Asked.of(question), cell) is is_said


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Which rooms have a projector?", [1, -1, 1]),
        ("Which rooms have no projector?", [-1, 1, -1]),
        ("Which rooms have seats?", [0, 0, 0]),
        ("Has Linde a projector?", [0, 0, 0]),
    ],
)
def test_a_column_of_yes_and_no_parts_the_rows(question: str, wanted: list[int]) -> None:
    asked = Asked.of(question)
    rows = candidates_of([hit(ROOMS)], asked.language)
    assert [truth_asked_for(asked, row, rows) for row in rows] == wanted


def test_the_rows_with_the_wanted_truth_are_quoted_and_no_other() -> None:
    said = " ".join(q.text for q in extract("Which rooms have a projector?", [hit(ROOMS)]))
    assert "Linde" in said
    assert "Buche" in said
    assert "Eiche" not in said


def test_the_asked_column_decides_between_rows_with_the_same_cell() -> None:
    table = "Project\tLead\tDeputy\nDelta\tRiis\tMoe\nSigma\tMoe\tRiis"
    said = [quote.text for quote in extract("Which project does Riis lead?", [hit(table)])]
    assert said == ["Project: Delta; Lead: Riis; Deputy: Moe"]


def test_a_column_with_another_word_is_none_of_yes_and_no() -> None:
    table = f"{ROOMS}\nAhorn\t20\ton request"
    asked = Asked.of("Which rooms have a projector?")
    rows = candidates_of([hit(table)], asked.language)
    assert [truth_asked_for(asked, row, rows) for row in rows] == [0, 0, 0, 0]


def test_all_rows_with_the_wanted_truth_are_quoted() -> None:
    names = [f"Hall{number}" for number in range(6)]
    table = "\n".join(["Room\tProjector", *(f"{name}\tyes" for name in names), "Linde\tno"])
    said = " ".join(q.text for q in extract("Which rooms have a projector?", [hit(table)]))
    assert all(name in said for name in names)
    assert "Linde" not in said


def test_an_amount_in_other_letters_decides_between_rows() -> None:
    table = "Flat\tRent\nOst\t1.020,00 €\nWest\t980,00 €"
    asked = Asked.of("Welche Wohnung kostet 1020 Euro?")
    rows = candidates_of([hit(table)], asked.language)
    (best,) = best_of_each_kind(asked, rows, weights_of(asked.terms, rows))
    assert best.unit.label == "Ost"
