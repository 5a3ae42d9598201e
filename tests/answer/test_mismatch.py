"""Nothing is quoted of another time or number than the one a question names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ragflow_local.answer.candidates import Asked, candidates_of
from ragflow_local.answer.mismatch import names_what_is_asked, of_what_is_asked
from ragflow_local.answer.quoting import extract
from ragflow_local.records import Marked
from tests.answer.made import hit

SALES = "In 2019 Acme sold goods for 41 million. In 2021 Acme sold goods for 47 million."
ROOMS = "Room 214 has a projector. Room 215 has a whiteboard. The third floor is closed."
LEASE = "Artikel 6. Huisdieren zijn niet toegestaan.\n\nArtikel 7. De opzegtermijn is een maand."
NEWS = "## 2.5 (2023-11-14)\n\n- Added a dark theme.\n\n## 2.3 (2023-06-02)\n\n- Added an export."
TABLE = "Year\tFee\tReserve\n2018\t2.10\t12,000\n2019\t2.25\t13,500\n2022\t2.90\t15,000"
BUILDINGS = "3号楼有电梯。4号楼没有电梯。"


def said(question: str, text: str, name: str = "a.md") -> str:
    return " ".join(quote.text for quote in extract(question, [hit(text, name=name)]))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("For how much did Acme sell goods in 2020?", SALES),
        ("What does room 216 have?", ROOMS),
        ("What does room 3 have?", ROOMS),
        ("What is not allowed by article 8?", "Article 6 says pets are not allowed."),
        ("Wat is niet toegestaan volgens artikel 8?", LEASE),
        ("What was added in version 2.4?", NEWS),
        ("What was the fee in 2020?", TABLE),
        ("When does the office close in June?", "In July the office does close at four."),
        ("5号楼有电梯吗？", BUILDINGS),
        ("Has room 216 a projector?", "Room 214 has a projector. Room 215 has a projector."),
        ("What does part B-19 cost?", "Part B-18 costs 15 euros, at most 19 are sold."),
        ("Where does the bus go in June?", "In March the bus goes to the lake."),
        ("How much was sold in the third quarter of 2021?", "In Q1 2021 much was sold: 5 tons."),
        ("What was the staff in April 2021?", "2021 went well. The staff was 310 in March 2021."),
        ("What export was added in version 2.4?", NEWS),
        ("What export was added in version 3.0.1?", NEWS),
        ("What was fixed in 3.3.0?", "What was fixed in 3.2.1: the export. In 3.2.0 nothing was."),
        ("Was regelt § 9 der Miete?", "§ 1 regelt die Miete.\n\n§ 2 regelt die Kaution der Miete."),
    ],
)
def test_what_its_document_does_not_name_is_not_found(question: str, text: str) -> None:
    assert said(question, text) == ""


@pytest.mark.parametrize(
    ("question", "text", "wanted"),
    [
        ("For how much did Acme sell goods in 2021?", SALES, "47 million"),
        ("What does room 215 have?", ROOMS, "whiteboard"),
        ("What was added in version 2.3?", NEWS, "export"),
        ("What was the fee in 2019?", TABLE, "2.25"),
        ("4号楼有电梯吗？", BUILDINGS, "4号楼没有"),
        ("What do rooms 210 to 220 have?", "Rooms 210 to 220 have a desk.", "desk"),
        ("What does room 216 have?", "Rooms 210 to 220 have a desk.", "desk"),
        ("Who leads the museum in 2020?", "Since 2018 Ms Lind leads the museum.", "Lind"),
        ("Who led the museum in 2020?", "Ms Lind led the museum from 2018 to 2022.", "Lind"),
        ("Is the registry in room 216?", "The registry is in room 214.", "214"),
        ("Was the bridge built in 1932?", "The bridge was built in 1936.", "1936"),
        ("What was sold before 2020?", "In 2019 wool was sold.", "wool"),
        ("Can the hall hold 500 people?", "The hall can hold 800 people.", "800"),
        ("What did the boat cost in 2020?", "The boat did cost 1800 euros.", "1800"),
        ("Which hall is for 2000 people?", "The hall of 1950 is for 1800 people.", "1800"),
        ("What was decided in May 2021?", "It was decided to mow in May.", "mow"),
        ("What was the staff in April 2021?", "In 2021 the staff was 310.", "310"),
        ("Where does the bus go in June?", "In 2021 the bus goes to the lake.", "lake"),
        (
            "What did goods cost in 2020?",
            "2020 was dull. Goods cost 5 euros, as in 2019.",
            "5 euros",
        ),
        ("When is the fair in 2022?", "The fair is on Whit Monday, by a rule of 1914.", "Monday"),
        ("What export was added in version 2.3?", NEWS, "export"),
        ("What export was added in version 2?", NEWS, "export"),
        ("What export was added in version 2.3?", NEWS.replace("2.3", "2.3.1"), "export"),
        ("Is the registry in room 216?", "The registry is in room 214. Room 215 is dark.", "214"),
        (
            "Who was the first woman to hold the office?",
            "She was the second woman to hold the office, the first being Ms Lind.",
            "Lind",
        ),
        (
            "What does version 2.4 need?",
            "Version 2.3 needs little, but 2.4 does need Java.",
            "Java",
        ),
        ("Who leads the museum in 2020?", "Ms Lind (born in 1971) leads the museum.", "Lind"),
        ("Who leads it in the year 2020?", "Since the year 2018 Ms Lind leads it.", "Lind"),
    ],
)
def test_what_it_names_in_whatever_way_is_quoted(question: str, text: str, wanted: str) -> None:
    assert wanted in said(question, text)


def test_the_name_of_a_document_names_the_time_of_what_says_none() -> None:
    text = "The roof was discussed at the meeting."
    question = "What was discussed at the meeting of 4 May 2021?"
    assert "roof" in said(question, text, "minutes-2021-05-04.md")
    assert said(question, text, "minutes-2020-05-05.md") == ""


def test_of_two_the_one_that_is_named_in_other_words_is_quoted() -> None:
    text = "Section 1 meets in the hall Neva. Section 2 meets in the hall Ladoga."
    assert said("In which hall does the second section meet?", text) == text.split(". ")[1]


@pytest.mark.parametrize(("has_steps", "kept"), [(True, [0, 1]), (False, [])])
def test_of_a_question_of_several_steps_any_document_may_name_the_time(
    has_steps: bool, kept: list[int]
) -> None:
    hits = [
        hit("She starred in a show in 1997.", name="a.md"),
        hit("The film of 2001 featured her.", 1, name="b.md"),
    ]
    units = candidates_of(hits, "en")
    asked = Asked.of("In what show did the actress of the film of 2001 star?")
    ranked = [units[0], units[0]]
    assert of_what_is_asked(asked, ranked, units, hits, has_steps=has_steps) == kept


def test_steps_on_the_way_may_be_of_another_number() -> None:
    hits = [hit("Ann wrote the third episode. The fourth episode was her last.", name="a.md")]
    units = candidates_of(hits, "en")
    asked = Asked.of("Who wrote the third episode?")
    assert of_what_is_asked(asked, units, units, hits) == [0]
    assert of_what_is_asked(asked, units, units, hits, has_steps=True) == [0, 1]


@pytest.mark.parametrize(
    ("question", "is_named"),
    [
        ("What is in room 214?", True),
        ("What was painted in 2021?", True),
        ("What is in room 215?", False),
        ("What was painted in 2020?", False),
        ("What was painted?", False),
    ],
)
def test_a_unit_names_the_number_or_time_of_a_question(question: str, is_named: bool) -> None:
    (unit,) = candidates_of([hit("Room 214 was painted in May 2021.")], "en")
    assert names_what_is_asked(Asked.of(question), unit) is is_named


def test_where_nothing_else_is_shared_all_are_alike() -> None:
    hits = [hit("§ 1 Die Miete ist hoch.\n\n§ 2 Die Kaution auch.")]
    units = candidates_of(hits, "nl")
    asked = Asked.of("Was regelt § 9?")
    assert asked.is_yes_or_no  # as Dutch
    assert of_what_is_asked(asked, units, units, hits) == []


def test_an_item_of_a_numbered_list_names_its_step() -> None:
    asked = Asked.of("What is step 2?")
    found = candidates_of([hit("1. Unplug the cable.\n2. Press the button.\n- Be patient.")])
    assert [names_what_is_asked(asked, one) for one in found] == [False, True, False]


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("What changed in 2.3?", [0, 1]),
        ("What changed in version 2.2?", [2]),
        ("What changed in 2.1?", [0, 1, 2]),  # no heading is of it
        ("What changed?", [0, 1, 2]),
        ("Is the crash of 2.3 gone?", [0, 1, 2]),
        ("Which version fixed the crash of 2.2?", [0, 1, 2]),
        ("What changed in 2.2 or in 2.3?", [0, 1, 2]),
        ("How heavy is the box of 2.3 litres?", [0, 1, 2]),
    ],
)
def test_a_question_for_one_section_keeps_to_it(question: str, kept: list[int]) -> None:
    log = hit("2.3 (2024)\n- Added colours\n- Fixed a crash\n2.2 (2023)\n- Added sounds")
    marked = (Marked(0, 1, 1), Marked(3, 1, 1))
    log = replace(log, chunk=replace(log.chunk, marked=marked))
    units = candidates_of([log], "en")
    assert of_what_is_asked(Asked.of(question), units, units, [log]) == kept
