from __future__ import annotations

import pytest

from ragflow_local.answer.attribution import saying_of
from ragflow_local.answer.candidates import Asked, candidates_of
from ragflow_local.answer.quoting import extract
from tests.answer.made import hits

TALK = (
    "Anna Berg: The roof is rotten.\nTom Reyes: We have no money for the roof.\n"
    "Anna Berg: Then we borrow some.\nTom Reyes: Mr Lowe said the roof would hold.\n"
)


def said(question: str, talk: str = TALK) -> list[str]:
    """Return the units that a question about what somebody said may be answered by."""
    asked = Asked.of(question)
    candidates = candidates_of(hits(talk), asked.language, asked.terms)
    saying = saying_of(asked, candidates)
    if saying is None:
        return ["all"]
    return [one.unit.text for one in candidates if saying.is_by(one) and saying.is_about(one)]


def test_what_a_person_said_is_in_that_persons_words() -> None:
    assert said("What did Anna say about the roof?") == ["Anna Berg: The roof is rotten."]
    assert said("What did Tom Reyes say about money?") == [
        "Tom Reyes: We have no money for the roof."
    ]


def test_or_in_a_report_of_them() -> None:
    talk = f"{TALK}Tom Reyes: Anna told me that the garden is wild.\n"
    assert said("What did Anna say about the garden?", talk) == [
        "Tom Reyes: Anna told me that the garden is wild."
    ]


def test_two_of_one_surname_are_told_apart() -> None:
    talk = TALK.replace("Tom Reyes", "Tom Berg")
    assert said("What did Tom Berg say about money?", talk) == [
        "Tom Berg: We have no money for the roof."
    ]
    assert said("What did Anna Berg say about money?", talk) == []


def test_who_said_nothing_of_it_is_not_quoted() -> None:
    assert said("What did Anna say about money?") == []
    assert extract("What did Anna say about money?", hits(TALK)) == []


@pytest.mark.parametrize(
    ("question", "talk"),
    [
        ("Was hat Anna zum Dach gesagt?", "Anna: Das Dach ist morsch."),
        ("Qu'a dit Anna sur le toit ?", "Anna: Le toit est pourri."),
        ("¿Qué dijo Anna sobre el tejado?", "Anna: El tejado está podrido."),
        ("Что Анна сказала о крыше?", "Анна: Крыша гнилая, мы её чиним."),
        ("马德胜对屋顶怎么说？", "马德胜：屋顶坏了。"),
    ],
)
def test_who_is_asked_is_known_in_many_languages(question: str, talk: str) -> None:
    asked = Asked.of(question)
    name = talk[0:3].strip(":：") if talk[0] == "马" else talk.split(":")[0]
    other = talk.replace(name, "Bob" if talk[0] != "马" else "林平")
    text = "\n".join([talk, other] * 3)
    candidates = candidates_of(hits(text), asked.language, asked.terms)
    saying = saying_of(asked, candidates)
    assert saying is not None
    assert [saying.is_by(one) for one in candidates[:2]] == [True, False]
    assert saying.topic


@pytest.mark.parametrize(
    "question",
    [
        "How old is the roof?",
        "Who is Anna?",
        "What was decided about the roof?",
        "What does the manual say about the roof?",  # nobody who speaks
        "Who answered Anna about the roof?",
        "What did Anna answer Tom about the roof?",  # two who speak
    ],
)
def test_other_questions_take_everybodys_words(question: str) -> None:
    assert said(question) == ["all"]


def test_where_nobody_speaks_every_sentence_counts() -> None:
    assert said("What does the manual say about the roof?", "The roof is rotten. It leaks.") == [
        "all"
    ]


def test_a_topic_that_nobody_names_so_is_left_to_the_scorer() -> None:
    assert said("What did Anna say about the costs?") == [
        "Anna Berg: The roof is rotten.",
        "Anna Berg: Then we borrow some.",
    ]


def test_when_it_was_said_is_no_topic() -> None:
    assert said("What did Anna suggest on 3 May?") == [
        "Anna Berg: The roof is rotten.",
        "Anna Berg: Then we borrow some.",
    ]


def test_a_date_that_stands_in_the_texts_is_no_topic_either() -> None:
    talk = f"Log of 20260930\n\n{TALK}"
    assert said("What did Anna say on 20260930?", talk) == [
        "Anna Berg: The roof is rotten.",
        "Anna Berg: Then we borrow some.",
    ]


def test_a_sentence_about_a_person_is_none_of_that_persons() -> None:
    talk = f"{TALK}Tom Reyes: Anna owns the roof of the shed.\n"
    assert said("What did Anna say about the roof?", talk) == ["Anna Berg: The roof is rotten."]
