"""What is said of a stretch of time."""

from __future__ import annotations

import pytest

from ragflow_local.text.periods import asks_beside_a_time, may_hold_in


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("She was president from 2001 to 2009.", 2001),
        ("Von 2001 bis 2009 leitete er das Amt.", 2001),
        ("2001–2009", 2001),
        ("2001年至2009年", 2001),
        ("من عام ٢٠٠١ إلى عام ٢٠٠٩", 2001),
        ("The director since 2003 is Ms Lind.", 2003),
        ("Depuis 2003, c'est Mme Cazal.", 2003),
        ("自2003年起由張醫師負責。", 2003),
        ("Ms Lind was elected chair in 2003 for four years.", 2003),
    ],
)
def test_it_may_hold_in_a_year_that_it_does_not_name(text: str, first: int) -> None:
    assert may_hold_in(text, 2005, first, "Who is chair in 2005?")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("In 2003 sales were 41 million.", "What were sales in 2005?"),
        ("In 2003 sales were 41 million, in 2007 47.", "What were sales in 2005?"),
        ("The director since 2008 is Ms Lind.", "Who was the director in 2005?"),
        ("She was president from 2001 to 2003.", "Who was president in 2005?"),
        ("Ms Lind was elected in 2003.", "Who was elected in 2005?"),
    ],
)
def test_what_is_of_other_years_alone_does_not_hold(text: str, question: str) -> None:
    first = min(int(word.strip(".,")) for word in text.split() if word.strip(".,").isdigit())
    assert not may_hold_in(text, 2005, first, question)


@pytest.mark.parametrize(
    ("question", "is_beside"),
    [
        ("What was sold between 2019 and 2021?", True),
        ("Who led it before 2010?", True),
        ("Was geschah nach 2010?", True),
        ("2005年之後誰負責？", True),
        ("What was popular in the 1990s?", True),
        ("What was sold in 2020?", False),
        ("Wie hoch war das Hausgeld 2021?", False),
        ("2019年的物业费是多少？", False),
    ],
)
def test_a_question_may_be_about_what_is_beside_a_time(question: str, is_beside: bool) -> None:
    assert asks_beside_a_time(question) is is_beside
