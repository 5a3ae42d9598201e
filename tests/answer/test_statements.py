import pytest

from ragflow_local.answer.candidates import Asked, Candidate, candidates_of, weights_of
from ragflow_local.answer.statements import (
    alike,
    best_of_each_kind,
    contradict,
    of_the_subject,
    of_the_time,
    repeats,
)
from tests.answer.made import hit


def unit(
    text: str, *, number: int = 0, name: str = "a.md", headings: tuple[str, ...] = ()
) -> Candidate:
    (made,) = candidates_of([hit(text, number, name=name, headings=headings)], "en")
    return made


def texts(candidates: list[Candidate]) -> list[str]:
    return [candidate.unit.text for candidate in candidates]


@pytest.mark.parametrize(
    ("one", "other", "is_repeated"),
    [
        ("The pump is bled each autumn.", "Each autumn the pump is bled.", True),
        ("The pump is bled each autumn.", "The pump is not bled each autumn.", False),
        ("The pump has 42 valves.", "The pump has 43 valves.", False),
        ("The pump is bled each autumn.", "The roof is white.", False),
    ],
)
def test_a_repetition_says_the_same_with_its_figures_and_negations(
    one: str, other: str, is_repeated: bool
) -> None:
    assert repeats(unit(one), unit(other, number=1, name="b.md")) is is_repeated


@pytest.mark.parametrize(
    ("one", "other", "is_contradiction"),
    [
        ("The tank holds 300 litres.", "The tank holds 400 litres.", True),
        ("The tank is rusty inside.", "The tank is not rusty inside.", True),
        ("The tank holds 300 litres.", "The tank holds 300 litres of oil.", False),
        ("The tank held 300 litres in 2020.", "The tank held 400 litres in 2021.", False),
        ("The tank holds 300 litres.", "The roof was painted by 4 men.", False),
    ],
)
def test_a_contradiction_is_of_the_same_thing_at_the_same_time(
    one: str, other: str, is_contradiction: bool
) -> None:
    assert contradict(unit(one), unit(other, number=1, name="b.md")) is is_contradiction


def test_statements_that_differ_in_names_are_alike() -> None:
    assert alike(unit("Anna leads the sales team."), unit("Peter leads the sales team.", number=1))
    assert not alike(unit("Anna leads the sales team."), unit("The roof is white.", number=1))


def test_units_under_another_heading_than_the_asked_one_are_left_out() -> None:
    units = [
        unit("It is inspected in March.", headings=("Boiler",)),
        unit("It is inspected in June.", number=1, headings=("Pump",)),
    ]
    assert texts(of_the_subject(Asked.of("When is the boiler inspected?"), units)) == [
        "It is inspected in March."
    ]
    assert len(of_the_subject(Asked.of("When is it inspected?"), units)) == 2


def test_units_of_another_year_are_left_out_where_one_of_the_asked_year_is_alike() -> None:
    units = [
        unit("Sales were 10 million in 2020."),
        unit("Sales were 12 million in 2021.", number=1),
        unit("The company sells pumps.", number=2),
    ]
    kept = texts(of_the_time(Asked.of("What were the sales of 2021?"), units))
    assert kept == ["Sales were 12 million in 2021.", "The company sells pumps."]
    assert len(of_the_time(Asked.of("What were the sales of 1999?"), units)) == 3
    assert len(of_the_time(Asked.of("What were the sales?"), units)) == 3


def test_of_rows_the_asked_cell_decides() -> None:
    units = candidates_of([hit("name\tplace\nAnna\tOslo\nPeter\tRome")], "en")
    asked = Asked.of("Where does Peter live?")
    kept = best_of_each_kind(asked, units, weights_of(asked.terms, units))
    assert any("Rome" in text for text in texts(kept))
    assert not any("Oslo" in text for text in texts(kept))
