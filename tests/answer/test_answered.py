from __future__ import annotations

import pytest

from ragflow_local.answer.answered import units_of_chunk
from ragflow_local.answer.quoting import extract
from ragflow_local.answer.unit import Unit
from tests.answer.made import hit, hits


def units(content: str, *headings: str) -> list[Unit]:
    return units_of_chunk(hit(content, headings=headings).chunk)


def quoted(content: str, *headings: str) -> list[str]:
    return [unit.quoted for unit in units(content, *headings) if unit.kind != "question"]


def unanswered(content: str) -> list[str]:
    return [unit.text for unit in units(content) if unit.kind == "question"]


DELIVERY = "Within Cardiff we do so by bike. Newport costs 9 pounds."


@pytest.mark.parametrize(
    ("content", "first"),
    [
        (f"Do you deliver?\n{DELIVERY}", "Do you deliver? Within Cardiff we do so by bike."),
        (f"Do you deliver?\n\n{DELIVERY}", "Do you deliver? Within Cardiff we do so by bike."),
        (f"Do you deliver? {DELIVERY}", "Do you deliver? Within Cardiff we do so by bike."),
        (f"**Do you deliver?** {DELIVERY}", "**Do you deliver?** Within Cardiff we do so by bike."),
        (
            f"Q: Do you deliver?\nA: {DELIVERY}",
            "Q: Do you deliver? A: Within Cardiff we do so by bike.",
        ),
        (f"1. Do you deliver?\n{DELIVERY}", "1. Do you deliver? Within Cardiff we do so by bike."),
        (
            f"- Q: Do you deliver?\n- A: {DELIVERY}",
            "- Q: Do you deliver? - A: Within Cardiff we do so by bike.",
        ),
        ("可以退货吗？\n七天内可以。需要小票。", "可以退货吗？ 七天内可以。 需要小票。"),
        ("س: متى تفتحون؟\nج: في التاسعة.", "س: متى تفتحون؟ ج: في التاسعة."),
        ("Πότε ανοίγετε; Στις εννέα το πρωί.", "Πότε ανοίγετε; Στις εννέα το πρωί."),
        ("Q3. Can I come?\nA3. On Mondays only.", "Q3. Can I come? A3. On Mondays only."),
        ("Do you deliver?\nYes\nDo you sell tea?\nNo", "Do you deliver? Yes"),
        (
            "My plant has yellow leaves. What is wrong?\nNearly always too much water.",
            "My plant has yellow leaves. What is wrong? Nearly always too much water.",
        ),
        (
            "Anna: When do we meet?\nBob: At nine, at the station.",
            "Anna: When do we meet? Bob: At nine, at the station.",
        ),
    ],
)
def test_a_question_of_a_text_is_quoted_with_what_answers_it(content: str, first: str) -> None:
    assert quoted(content)[0] == first


@pytest.mark.parametrize(
    "content",
    [
        "- Who brings the projector?\n- Anna pays the bill.",
        "1. Who brings the projector?\n2. Where do we eat?\n3. Anna pays the bill.",
        "What is the capital?\na) Rome\nb) Paris",
        "Anna pays the bill.\nWho brings the projector?",
        "I wonder. Who was it? And why? Nobody I know was there at that time.",
    ],
    ids=["items", "numbered items", "choices", "the last line", "several amid a paragraph"],
)
def test_a_question_without_an_answer_is_left_alone(content: str) -> None:
    assert unanswered(content)
    assert not any(unit.question for unit in units(content))


def test_of_two_questions_in_a_row_the_second_is_answered() -> None:
    content = "Who pays?\nDo you deliver?\nWe do."
    assert unanswered(content) == ["Who pays?"]
    assert quoted(content) == ["Do you deliver? We do."]


def test_an_answer_ends_with_the_next_question() -> None:
    content = "Do you deliver?\nYes, we do.\n- Who pays?\n- Anna sells tea."
    assert [unit.question for unit in units(content)] == ["Do you deliver?", "", ""]
    content = "Do you sell tea? Yes. Do you deliver?\nNo, never."
    assert quoted(content) == ["Do you sell tea? Yes.", "Do you deliver? No, never."]


def test_a_question_reaches_eight_units() -> None:
    content = "Do you deliver?\n" + " ".join(
        f"We sold {number} of them then." for number in range(12)
    )
    asked = [unit.question for unit in units(content)]
    assert asked == ["Do you deliver?"] * 8 + [""] * 4


def test_a_question_begins_with_few_sentences() -> None:
    said = ["I have a plant.", "It is old.", "It is red."]
    for content in (" ".join(said), "It is " + "very " * 60 + "old."):
        found = units(f"{content} What is wrong?\nToo much water.")
        assert found[-1].quoted == "What is wrong? Too much water."
    found = units(f"{' '.join(said[:2])} What is wrong?\nToo much water.")
    assert found[-1].quoted == f"{' '.join(said[:2])} What is wrong? Too much water."


def test_a_row_with_a_question_in_a_cell_is_a_row() -> None:
    found = units("Name\tNote\nAnn\tIs she away?\nBob\tHe is back.")
    assert [(unit.kind, unit.question) for unit in found] == [("row", ""), ("row", "")]


def test_what_follows_an_answer_stands_under_its_question() -> None:
    content = f"Do you deliver?\n{DELIVERY}\n\nOn Sundays nobody works.\n\nAre dogs allowed?\nNo."
    found = [(unit.text, unit.question, unit.begins_answer) for unit in units(content)]
    assert found == [
        ("Within Cardiff we do so by bike.", "Do you deliver?", True),
        ("Newport costs 9 pounds.", "Do you deliver?", False),
        ("On Sundays nobody works.", "Do you deliver?", False),
        ("No.", "Are dogs allowed?", True),
    ]


def test_a_question_may_begin_with_a_sentence_under_another_one() -> None:
    content = "Do you sell tea?\nWe do.\n\nA box arrived broken. What now?\nTake a picture first."
    assert quoted(content) == [
        "Do you sell tea? We do.",
        "A box arrived broken. What now? Take a picture first.",
    ]


def test_what_is_cited_in_a_mail_is_a_paragraph() -> None:
    content = (
        "Hi,\n> When will it be repaired?\nOn Thursday, by Harlow.\n> Who pays?\nThe landlord."
    )
    assert quoted(content) == [
        "> When will it be repaired? On Thursday, by Harlow.",
        "> Who pays? The landlord.",
    ]


def test_the_same_question_is_answered_by_its_own_answer_alone() -> None:
    content = "Do you deliver to Leeds?\nBy tram.\n\nDo you deliver?\nBy bike. Newport costs 9."
    for asked in ("Do you deliver?", "do you deliver"):
        found = extract(asked, hits(content))
        assert [quote.text for quote in found][:1] == ["Do you deliver? By bike. Newport costs 9."]
        assert not any("Leeds" in quote.text for quote in found)
    where = "Where can it be neutered?\nAt Dr Fell's.\nWhen can it be neutered?\nFrom four months."
    found = extract("When can it be neutered?", hits(where))
    assert [quote.text for quote in found] == ["When can it be neutered? From four months."]


def test_a_question_amid_a_paragraph_reaches_to_its_end() -> None:
    content = "Bees dance. Why do they? It tells where food is. They see it.\n\nWasps do not dance."
    asked = [unit.question for unit in units(content)]
    assert asked == ["", "Why do they?", "Why do they?", ""]


def test_a_question_amid_a_long_paragraph_reaches_three_units() -> None:
    content = "Bees dance. Why? " + " ".join(
        f"It tells {number} ways to food." for number in range(6)
    )
    assert [unit.question for unit in units(content)] == ["", *["Why?"] * 3, *[""] * 3]


def test_a_question_above_another_heading_is_not_answered() -> None:
    content = "## Shop\nWe sell tea.\nDo you deliver?\n## Staff\nAnna runs the shop."
    assert unanswered(content) == ["Do you deliver?"]


def test_a_question_reaches_no_further_than_its_section() -> None:
    content = "Do you deliver?\nYes, we do.\n## Staff\nAnna runs the shop."
    assert [unit.question for unit in units(content)] == ["Do you deliver?", ""]


def test_a_short_answer_is_quoted_with_what_explains_it() -> None:
    assert quoted("Do you deliver?\nYes. Within Cardiff only. It costs nothing.") == [
        "Do you deliver? Yes. Within Cardiff only.",
        "It costs nothing.",
    ]


def test_a_heading_that_asks_heads_nothing_after_the_next_question() -> None:
    first, second = "Can I return it?", "Do you deliver?"
    found = units(f"{first}\nWithin a week.\n{second}\nWithin Cardiff.", "Shop", first)
    assert [(unit.heads, unit.question) for unit in found] == [
        (("Shop",), first),
        (("Shop",), second),
    ]


def test_the_rows_of_a_table_stand_under_the_question_above() -> None:
    table = "What does it cost?\nSize\tPrice\nSmall\t3\nLarge\t5"
    found = units(table)
    assert [unit.question for unit in found] == ["What does it cost?"] * 2
    assert [unit.quoted for unit in found] == ["Size: Small; Price: 3", "Size: Large; Price: 5"]


def test_a_question_of_the_text_is_never_the_answer() -> None:
    answer = extract("Who brings the projector?", hits("Anna pays.\nWho brings the projector?"))
    assert answer == []


def test_a_question_is_quoted_where_questions_are_asked_for() -> None:
    found = extract(
        "Which questions are open?", hits("Open questions\n- Who brings the projector?")
    )
    assert [quote.text for quote in found] == ["- Who brings the projector?"]


def test_whoever_asks_what_the_text_asks_gets_its_answer() -> None:
    content = f"Are dogs allowed?\nOnly on the terrace.\n\nDo you deliver?\n{DELIVERY}"
    found = extract("Do you deliver?", hits(content))
    assert found[0].text == "Do you deliver? Within Cardiff we do so by bike."


def test_the_time_and_the_number_of_the_question_above_are_those_of_the_answer() -> None:
    content = (
        "What did the club earn in 2019?\n41 pounds.\nWhat did the club earn in 2020?\n12 pounds.\n"
        "What is in room 214?\nThe archive.\nWhat is in room 215?\nThe stage."
    )
    earned = extract("What did the club earn in 2020?", hits(content))
    assert [quote.text for quote in earned] == ["What did the club earn in 2020? 12 pounds."]
    assert extract("What did the club earn in 2021?", hits(content)) == []
    assert extract("What is in room 216?", hits(content)) == []
