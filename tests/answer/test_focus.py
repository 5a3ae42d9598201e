"""A conversation stays with what the last answer quoted, until a question names another subject."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ragflow_local.answer.answered import units_of_chunk
from ragflow_local.answer.candidates import Asked, candidates_of
from ragflow_local.answer.focus import Focus
from ragflow_local.answer.quoting import extract
from ragflow_local.answer.units import units_of
from ragflow_local.records import Hit
from tests.answer.made import hit

TRIPS = (
    "Group Fox goes to Visby on 12 May. Mrs Lind leads the tour. The bus leaves at 8:15.\n"
    "Group Owl goes to Kalmar on 3 June. Mr Holm leads the tour. The bus leaves at 7:30."
)
STAFF = "Name: Lund\nRoom: 12\nPhone: 101\nName: Ek\nRoom: 14\nPhone: 202"


def answered(question: str, last: str, *found: Hit) -> str:
    focus = Focus.of(last, found)
    return " ".join(quote.text for quote in extract(question, found, focus=focus))


@pytest.mark.parametrize(
    ("content", "last", "question", "wanted", "unwanted"),
    [
        (TRIPS, "Group Fox goes to Visby on 12 May.", "Who leads the tour?", "Lind", "Holm"),
        (TRIPS, "Group Owl goes to Kalmar on 3 June.", "Who leads the tour?", "Holm", "Lind"),
        (TRIPS, "The bus leaves at 7:30.", "Who leads the tour?", "Holm", "Lind"),
        (STAFF, "Name: Ek; Room: 14; Phone: 202", "What is the phone?", "202", "101"),
        (
            "北湖公园\n门票为20元。停车场有200个车位。\n西山公园\n门票为35元。停车场有80个车位。",
            "门票为35元。",
            "停车场有多少个车位？",
            "80个",
            "200个",
        ),
    ],
)
def test_a_question_that_names_no_subject_stays_with_the_last(
    content: str, last: str, question: str, wanted: str, unwanted: str
) -> None:
    said = answered(question, last, hit(content))
    assert wanted in said
    assert unwanted not in said


def test_it_stays_with_the_row_of_a_wide_table() -> None:
    names = [f"Column {number}" for number in range(9)]
    rows = []
    for number, name in enumerate(("Lund", "Ek")):
        cells = {"Name": name, **dict.fromkeys(names, f"a rather long text of {name}")}
        made = hit("\n".join(f"{key}: {cell}" for key, cell in cells.items()), number, name="t.csv")
        rows.append(replace(made, chunk=replace(made.chunk, data=json.dumps(cells))))
    (lund,), (ek,) = (units_of_chunk(row.chunk) for row in rows)
    focus = Focus.of(ek.text, rows)
    assert [focus.nearness(rows[0], lund), focus.nearness(rows[1], ek)] == [0, 1]


def test_it_stays_in_the_document_as_well() -> None:
    fox, owl = (
        hit(text, number, name=f"{number}.md") for number, text in enumerate(TRIPS.split("\n"))
    )
    assert "Lind" not in answered(
        "Who leads the tour?", "Group Owl goes to Kalmar on 3 June.", fox, owl
    )


def test_a_question_that_names_another_subject_leaves_the_last() -> None:
    said = answered("Who leads the tour of group Fox?", "Mr Holm leads the tour.", hit(TRIPS))
    assert "Lind" in said
    assert "Holm" not in said


def test_without_an_answer_before_both_are_quoted() -> None:
    quotes = [quote.text for quote in extract("Who leads the tour?", [hit(TRIPS)])]
    assert any("Lind" in text for text in quotes)
    assert any("Holm" in text for text in quotes)


def test_of_a_written_answer_nothing_was_quoted() -> None:
    assert Focus.of("The tour is led by Mrs Lind.", [hit(TRIPS)]).quoted == ()


def test_what_is_nearer_to_the_quoted_is_worth_more() -> None:
    found = hit(TRIPS)
    focus = Focus.of("Mrs Lind leads the tour.", [found])
    units = units_of(TRIPS)
    other = hit("It rains.", 1, name="weather.md")
    near = [focus.nearness(found, unit) for unit in units]
    assert near[0] == near[2] > near[3] > focus.nearness(other, units_of("It rains.")[0]) == 0


def test_a_question_that_names_what_others_stand_under_is_nearer_to_those() -> None:
    found = [hit(TRIPS)]
    asked = Asked.of("Who leads the tour of group Fox?")
    near = Focus.of("Mr Holm leads the tour.", found).near(asked, candidates_of(found), found)
    assert near.tolist() == [0, 1, 1, 0, 0, 0]


def test_an_answer_to_a_question_of_the_text_is_known_with_it() -> None:
    shop = hit("Do you deliver?\nYes, always.\nDo you sell tea?\nYes, always.")
    focus = Focus.of("Do you sell tea? Yes, always.", [shop])
    assert [unit.question for _, unit in focus.quoted] == ["Do you sell tea?"]
