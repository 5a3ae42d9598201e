"""A question whose answer leads on is answered in two steps, the second read under the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from ragflow_local.answer.quoting import extract
from ragflow_local.answer.reading import Read
from ragflow_local.answer.steps import SIGNS, is_linked
from ragflow_local.embedders import Reading, Section
from ragflow_local.records import Hit
from tests.answer.made import hit

HALL = hit(
    "The town hall was designed by Ilse Brandt. It has a copper roof and forty windows.",
    0,
    name="hall.txt",
)
PEOPLE = hit(
    "Ilse Brandt was born in Bergen. Aled Pugh came from Swansea. Mail is sorted at noon.",
    1,
    name="people.txt",
)
QUESTION = "Where was the designer of the town hall born?"


def reader(likes: Callable[[str, str], float]) -> Read:
    """Return a reader that gives each sentence under its heading a score; none has 0."""

    def read(question: str, sections: Sequence[Section], worth: Sequence[float]) -> Reading:
        scores = [likes(text, one.heading) for one in sections for text in one.sentences]
        return Reading(np.array(scores, np.float32), 0.0)

    return read


def knowing(first: str, second: str) -> Read:
    """Return a reader that thinks one sentence best, and under it another."""

    def likes(text: str, heading: str) -> float:
        if first in heading:
            return 8.0 if second in text else -6.0
        return 2.0 if first in text else -6.0

    return reader(likes)


def told(question: str, hits: Sequence[Hit], read: Read, found: Sequence[Hit] = ()) -> list[str]:
    return [quote.text for quote in extract(question, hits, search=lambda _: found, read=read)]


READ = knowing("designed by Ilse Brandt", "Brandt was born in Bergen")


def test_the_second_step_is_quoted_after_the_first() -> None:
    assert told(QUESTION, [HALL, PEOPLE], READ) == [
        "The town hall was designed by Ilse Brandt.",
        "Ilse Brandt was born in Bergen.",
    ]


def test_it_is_searched_for_by_what_the_first_says() -> None:
    asked: list[str] = []

    def search(text: str) -> Sequence[Hit]:
        asked.append(text)
        return [PEOPLE]

    quotes = extract(QUESTION, [HALL], search=search, read=READ)
    assert asked == ["The town hall was designed by Ilse Brandt."]
    assert quotes[-1].text == "Ilse Brandt was born in Bergen."
    assert quotes[-1].source == PEOPLE


def test_nothing_is_added_where_the_reader_finds_no_second_step() -> None:
    read = knowing("designed by Ilse Brandt", "no such sentence")
    assert told(QUESTION, [HALL, PEOPLE], read) == ["The town hall was designed by Ilse Brandt."]


def test_nothing_is_looked_for_where_the_first_says_all_of_the_question() -> None:
    asked: list[str] = []

    def search(text: str) -> Sequence[Hit]:
        asked.append(text)
        return [PEOPLE]

    quotes = extract("Who designed the town hall?", [HALL], search=search, read=READ)
    assert asked == []
    assert [quote.text for quote in quotes] == ["The town hall was designed by Ilse Brandt."]


def test_without_a_reader_or_a_search_no_step_is_taken() -> None:
    assert extract(QUESTION, [HALL, PEOPLE], read=READ) == extract(
        QUESTION, [HALL, PEOPLE], read=knowing("designed by Ilse Brandt", "no such sentence")
    )


def test_a_row_of_the_same_table_is_a_step_only_if_the_first_names_it() -> None:
    rows = "| Name | Desk | Reports to |\n|---|---|---|\n| Mara Quill | 4 | Tom Hale |\n"
    table = hit(f"{rows}| Tom Hale | 9 | Ann Orr |\n| Eve Lund | 7 | Ann Orr |", 0)
    colleague = hit(f"{rows}| Eve Lund | 7 | Tom Hale |\n| Pia Lind | 8 | Ann Orr |", 0)
    question = "At which desk does the superior of Mara Quill sit?"
    boss, other = (knowing("Mara Quill", name) for name in ("Name: Tom Hale", "Name: Eve Lund"))
    assert told(question, [table], boss)[-1] == "Name: Tom Hale; Desk: 9; Reports to: Ann Orr"
    assert not any("Eve Lund" in text for text in told(question, [colleague], other))


def test_what_stands_under_another_subject_is_no_step_unless_the_first_names_it() -> None:
    leaflet = hit(
        "# Travel insurance\n\nThe deductible is 75 euros.\n\n# Home insurance\n\nBicycles are"
        " covered up to 1,000 euros.",
        0,
    )
    question = "Up to what amount are bicycles covered by the travel insurance?"
    read = knowing("The deductible is 75", "Bicycles are covered")
    assert not any("Bicycles" in text for text in told(question, [leaflet], read))


def test_the_same_statement_about_another_thing_is_no_step() -> None:
    basic = hit("The tariff Basic includes 5 GB of data.", 0, name="basic.txt")
    large = hit("The tariff Large includes 20 GB of data.", 1, name="large.txt")
    read = knowing("Basic includes 5 GB", "Large includes 20 GB")
    question = "How big a volume do customers of Basic get every month?"
    texts = told(question, [basic, large], read)
    assert not any("20 GB" in text for text in texts)


@pytest.mark.parametrize("question", ["Was the designer of the town hall born in Bergen?"])
def test_questions_for_yes_or_no_take_no_step(question: str) -> None:
    assert len(told(question, [HALL], READ, [PEOPLE])) <= 1


def test_the_question_of_a_text_is_no_step() -> None:
    page = hit("Where was Ilse Brandt born?", 1, name="quiz.txt")
    read = knowing("designed by Ilse Brandt", "Where was Ilse Brandt born?")
    assert len(told(QUESTION, [HALL], read, [page])) == 1


def test_what_says_nothing_of_the_first_step_or_the_question_is_none() -> None:
    read = knowing("designed by Ilse Brandt", "Mail is sorted")
    assert len(told(QUESTION, [HALL, PEOPLE], read)) == 1


def unsure(first: str, second: str) -> Read:
    """Return a reader that thinks none of the sentences answers, until it has read the first."""

    def likes(text: str, heading: str) -> float:
        if first in heading:
            return 8.0 if second in text else -9.0
        return -6.0 if first in text else -9.0

    return reader(likes)


def test_a_first_step_that_answers_nothing_is_quoted_with_a_second_that_names_what_it_names() -> (
    None
):
    hall = hit("The guild house was drawn by Ilse Brandt.", 0, name="hall.txt")
    read = unsure("drawn by Ilse Brandt", "was born in Bergen")
    question = "In which place did the life of the one behind the guild house begin?"
    assert told(question, [hall, PEOPLE], read) == [
        "The guild house was drawn by Ilse Brandt.",
        "Ilse Brandt was born in Bergen.",
    ]


def test_it_is_not_quoted_with_one_that_says_more_of_the_question_alone() -> None:
    hall = hit("The guild house was drawn by Ilse Brandt.", 0, name="hall.txt")
    other = hit("The life of a mayfly may begin in any place.", 1, name="pond.txt")
    read = unsure("drawn by Ilse Brandt", "mayfly")
    question = "In which place did the life of the one behind the guild house begin?"
    assert told(question, [hall, other], read) == []


def test_it_is_not_quoted_with_one_that_the_reader_likes_no_better_than_none() -> None:
    hall = hit("The guild house was drawn by Ilse Brandt.", 0, name="hall.txt")

    def likes(text: str, heading: str) -> float:
        return -1.0 if "Brandt was born" in text and heading else -9.0

    question = "In which place did the life of the one behind the guild house begin?"
    assert told(question, [hall, PEOPLE], reader(likes)) == []


def test_a_list_that_is_asked_for_is_not_cut_to_two_steps() -> None:
    steps = hit(
        "How to bleed the pump:\n\n1. Close the valve.\n2. Ask Ilse Brandt for the key.\n3. Open"
        " the screw.\n4. Wait for water.",
        0,
    )
    read = knowing("How to bleed the pump", "Brandt was born")
    texts = told("How do I bleed the pump after a longer winter break?", [steps, PEOPLE], read)
    assert len(texts) == 5


def test_a_long_question_goes_on_from_the_second_step() -> None:
    film = hit("Tessa Moran made her screen debut beside the singer Aled Pugh in The Salt Road.", 0)
    road = hit("The Salt Road was directed by Ilse Brandt.", 1, name="The Salt Road.txt")
    person = hit("Ilse Brandt lives in the harbour town of Bergen.", 2, name="Ilse Brandt.txt")
    question = (
        "In which harbour town does the director live of the drama in which the Irish actress"
        " Tessa Moran made her screen debut beside the singer Aled Pugh?"
    )
    read = knowing("Tessa Moran made her screen debut", "was directed by Ilse Brandt")
    texts = told(question, [film, road, person], read)
    assert texts[:2] == [film.chunk.content, road.chunk.content]
    assert texts[2:] == [person.chunk.content]


@pytest.mark.parametrize(
    ("lead", "named", "title", "linked"),
    [
        (0.1, 0.4, 0.0, True),
        (0.1, 0.0, 0.5, True),
        (-0.1, 0.9, 0.9, False),
        (5.0, 0.2, 0.2, False),
    ],
    ids=["named", "titled", "worse than none", "hardly named"],
)
def test_a_step_after_no_answer_is_better_than_none_and_says_what_is_named(
    lead: float, named: float, title: float, linked: bool
) -> None:
    known = {"lead": lead, "named": named, "title": title}
    signs = np.array([[known.get(name, 0.5) for name in SIGNS]], np.float32)
    assert is_linked(signs).tolist() == [linked]


def test_a_first_step_of_another_year_leads_nowhere() -> None:
    hall = hit("In 2019 the guild hired Ilse Brandt.", 0, name="hall.txt")
    read = unsure("hired Ilse Brandt", "was born in Bergen")
    question = "What is the birthplace of whoever planned for the guild in {}?"
    assert told(question.format(2019), [hall, PEOPLE], read) != []
    assert told(question.format(2031), [hall, PEOPLE], read) == []
