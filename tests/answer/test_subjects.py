"""What is quoted of chunks that hold several subjects, times, rows, and contradictions."""

from __future__ import annotations

import pytest

from ragflow_local.answer.quoting import extract
from tests.answer.made import hit

PLANTS = """Rose
Needs water every two days. Grows to 150 cm. Flowers in June.
Cactus
Needs water once a month. Grows to 40 cm. Flowers in April.
Fern
Needs water every day. Grows to 60 cm. It has no flowers."""
ROOMS = """Room: Aurora
Seats: 12
Floor: 3
Room: Borealis
Seats: 40
Floor: 1
Room: Cirrus
Seats: 6
Floor: 2"""
PEOPLE_DE = """Anna Berg
Geboren 1980. Arbeitet in Kiel. Telefon 111.
Carl Dahl
Geboren 1975. Arbeitet in Bremen. Telefon 222."""
LIFE = (
    "Ada Lund was born in Turku in 1901. She studied chemistry. "
    "Bo Ek was born in Vaasa in 1915. He studied law."
)
SERVERS = """Host: web-prod-01
OS: Debian 12
City: Oslo
Contact: Mira

Host: web-prod-02
OS: Ubuntu 22
City: Cork
Contact: Timo

Host: web-test-01
OS: Rocky 9
Contact: Inga"""
FIRMS = (
    "Norr Tools was founded in Leeds in 1962. It employs 340 people.",
    "Norr Paints was founded in Hull in 1987. It employs 95 people.",
    "Zenit was founded in York in 2001. Its chair is Lily Hart.",
)
TABLE = "City\tMayor\tPeople\nTurku\tLund\t195\nVaasa\tEk\t67\nPori\tLund\t83"


def said(question: str, *contents: str, names: tuple[str, ...] = ()) -> str:
    found = [
        hit(content, number, name=names[number] if names else "notes.md")
        for number, content in enumerate(contents)
    ]
    return " ".join(quote.text for quote in extract(question, found))


@pytest.mark.parametrize(
    ("question", "content", "wanted", "unwanted"),
    [
        (
            "How often does the cactus need water?",
            PLANTS,
            ["once a month"],
            ["two days", "every day"],
        ),
        ("How tall does a rose grow?", PLANTS, ["150"], ["40 cm", "60 cm"]),
        ("When does the cactus flower?", PLANTS, ["April"], ["June"]),
        ("How many seats has Borealis?", ROOMS, ["40"], ["12", "Cirrus"]),
        ("On which floor is the room Cirrus?", ROOMS, ["Floor: 2"], ["Floor: 1", "Floor: 3"]),
        ("Wo arbeitet Carl Dahl?", PEOPLE_DE, ["Bremen"], ["Kiel", "111"]),
        ("What did Bo Ek study?", LIFE, ["law"], ["chemistry"]),
        ("Which OS runs on web-prod-02?", SERVERS, ["Ubuntu"], ["Rocky", "Debian"]),
        ("Who is the contact for web-prod-01?", SERVERS, ["Mira"], ["Inga", "Timo"]),
        ("In which city is web-test-01?", SERVERS, [], ["Oslo", "Cork"]),
        ("How many people does Norr Paints employ?", "\n".join(FIRMS), ["95"], ["340"]),
        (
            "Wie ist die Telefonnummer von Sabine Maier?",
            "Thomas Maier\nTelefon 0171 555 21.\nSabine Maier\nKassenwartin seit 2019.",
            [],
            ["555"],
        ),
        (
            "When is the exam of Algebra I?",
            "course: Algebra I\nexam: 2 May\n\ncourse: Algebra II\nexam: 17 July",
            ["2 May"],
            ["17 July"],
        ),
        (
            "¿Cuál es la nota de Eva Gil?",
            "Alumna: Eva Gil\nTutora: Sra. Ramos\nNota: 7\n\n"
            "Alumna: Ana Paz\nTutora: Sr. Mora\nNota: 9",
            ["7"],
            ["9"],
        ),
    ],
)
def test_facts_keep_to_the_subject_that_is_named(
    question: str, content: str, wanted: list[str], unwanted: list[str]
) -> None:
    answer = said(question, content)
    assert all(text in answer for text in wanted), answer
    assert not any(text in answer for text in unwanted), answer


@pytest.mark.parametrize(
    ("question", "contents", "wanted", "unwanted"),
    [
        (
            "What did a ticket cost in 2019?",
            ["In 2018 a ticket cost 20 euros. In 2019 a ticket cost 25 euros."],
            ["25"],
            ["20 euros"],
        ),
        (
            "How many visitors came in May?",
            ["In April 300 visitors came. In May 500 visitors came. In June 700 visitors came."],
            ["500"],
            ["300", "700"],
        ),
        (
            "Combien de visiteurs en 2021 ?",
            ["En 2020, le musée a eu 300 visiteurs. En 2021, le musée a eu 500 visiteurs."],
            ["500"],
            ["300"],
        ),
        (
            "2022年有多少员工？",
            ["2021年公司有120名员工。2022年公司有150名员工。"],
            ["150"],
            ["120"],
        ),
        (
            "What is new in version 2.1?",
            ["Version 2.0 adds dark mode. Version 2.1 adds offline search."],
            ["offline"],
            ["dark"],
        ),
    ],
)
def test_the_time_or_version_that_is_asked_for_decides(
    question: str, contents: list[str], wanted: list[str], unwanted: list[str]
) -> None:
    answer = said(question, *contents)
    assert all(text in answer for text in wanted), answer
    assert not any(text in answer for text in unwanted), answer


@pytest.mark.parametrize(
    ("question", "old", "new"),
    [
        (
            "How many days can be cancelled?",
            "Orders can be cancelled within 14 days.",
            "Orders can be cancelled within 30 days.",
        ),
        (
            "Is smoking allowed in the yard?",
            "Smoking is allowed in the yard.",
            "Smoking is not allowed in the yard.",
        ),
        (
            "Wie viele Urlaubstage gibt es?",
            "Es gibt zwanzig Urlaubstage im Jahr.",
            "Es gibt dreißig Urlaubstage im Jahr.",
        ),
        ("会员费是多少？", "会员费是每年100元。", "会员费是每年120元。"),
        (
            "When does the library close?",
            "The library closes at six in the evening.",
            "The library closes at eight in the evening.",
        ),
    ],
)
def test_of_contradictions_both_are_quoted_the_newest_first(
    question: str, old: str, new: str
) -> None:
    found = [hit(old, 0, name="rules-2019.md"), hit(new, 1, name="rules-2023.md")]
    quotes = extract(question, found)
    assert [quote.text for quote in quotes] == [new, old]
    assert all(quote.is_disputed for quote in quotes)


@pytest.mark.parametrize(
    ("question", "wanted", "unwanted"),
    [
        ("Who is the mayor of Vaasa?", ["Ek"], ["Turku", "Pori"]),
        ("Where is Lund mayor?", ["Turku", "Pori"], ["Vaasa"]),
        ("Which city has 67 people?", ["Vaasa"], ["Turku", "Pori"]),
        ("How many people has Pori?", ["83"], ["195", "67"]),
        ("Is Ek the mayor of Vaasa?", ["Vaasa"], ["Pori"]),
    ],
)
def test_rows_are_found_by_any_column(
    question: str, wanted: list[str], unwanted: list[str]
) -> None:
    answer = said(question, TABLE)
    assert all(text in answer for text in wanted), answer
    assert not any(text in answer for text in unwanted), answer


@pytest.mark.parametrize(
    ("question", "content", "wanted"),
    [
        ("住宿费每年多少？", "学费每年3000元。住宿费每年1200元。", "1200"),
        ("What does a service cost?", "A wash costs 12 euros. A service costs 80 euros.", "80"),
        (
            "Was kostet eine Inspektion?",
            "Ein Ölwechsel kostet 60. Eine Inspektion kostet 90.",
            "90",
        ),
    ],
    ids=["zh", "en", "de"],
)
def test_prices_of_two_things_are_no_contradiction(
    question: str, content: str, wanted: str
) -> None:
    quotes = extract(question, [hit(content)])
    assert [wanted in quote.text for quote in quotes] == [True]
    assert not quotes[0].is_disputed


def test_a_chinese_line_without_a_stop_is_a_heading() -> None:
    content = "北湖公园\n门票价格为20元。\n西山公园\n门票价格为35元。"
    text = said("西山公园的门票价格是多少？", content)
    assert "35元" in text
    assert "20元" not in text
