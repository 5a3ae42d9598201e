from __future__ import annotations

import pytest

from ragflow_local.answer.answered import units_of_chunk
from ragflow_local.answer.focus import Focus
from ragflow_local.answer.quoting import extract
from ragflow_local.answer.reading import sections_of
from ragflow_local.answer.scorer import text_of
from ragflow_local.answer.support import Support
from ragflow_local.answer.weighing import weigh
from tests.answer.made import hit, hits

CALL = (
    "Anna Berg: I looked at the budget. We are 12,000 euros over it.\n"
    "Tom Reyes: That is not good. I will call the printer on Friday.\n"
    "Nobody said more. It was late."
)


def quoted(content: str) -> list[str]:
    return [unit.quoted for unit in units_of_chunk(hit(content).chunk)]


def test_a_sentence_is_quoted_with_who_says_it() -> None:
    assert quoted(CALL) == [
        "Anna Berg: I looked at the budget.",
        "Anna Berg: … We are 12,000 euros over it.",
        "Tom Reyes: That is not good.",
        "Tom Reyes: … I will call the printer on Friday.",
        "Nobody said more.",
        "It was late.",
    ]


@pytest.mark.parametrize(
    ("beginning", "speaker"),
    [
        ("Tom:", "Tom"),
        ("[10:03] Bob Lee:", "Bob Lee"),
        ("10:03 – Bob:", "Bob"),
        ("Dr. Fell:", "Dr. Fell"),
        ("Jan van der Berg:", "Jan van der Berg"),
        ("MODERATOR:", "MODERATOR"),
        ("Иван Петров:", "Иван Петров"),
        ("Ünal Şen:", "Ünal Şen"),
        ("记者：", "记者"),
        ("한소정:", "한소정"),
    ],
)
def test_a_speaker_is_known_by_the_colon(beginning: str, speaker: str) -> None:
    units = units_of_chunk(hit(f"{beginning} It is cold here. I will go home now.").chunk)
    assert [unit.speaker for unit in units] == ["", speaker]


@pytest.mark.parametrize(
    "beginning",
    ["The result is clear:", "He said:", "At 10:30", "See http://x.org", "A ratio of 3:1"],
)
def test_what_else_has_a_colon_is_no_speaker(beginning: str) -> None:
    units = units_of_chunk(hit(f"{beginning} it is cold here. I will go home now.").chunk)
    assert not any(unit.speaker for unit in units)


def test_what_a_speaker_says_answers_questions_about_him() -> None:
    for question in ("Who will call the printer?", "What did Tom Reyes say of the printer?"):
        quotes = extract(question, hits(CALL))
        best = max(quotes, key=lambda quote: quote.score)
        assert best.text == "Tom Reyes: … I will call the printer on Friday."


def test_a_speaker_is_named_once_of_two_sentences_in_a_row() -> None:
    quotes = extract("What did Anna Berg say about the budget in euros?", hits(CALL))
    assert [quote.text for quote in quotes][:2] == [
        "Anna Berg: I looked at the budget.",
        "We are 12,000 euros over it.",
    ]
    focus = Focus.of(" ".join(quote.text for quote in quotes), hits(CALL))
    assert len(focus.quoted) == len(quotes)


def test_an_answer_to_a_question_has_its_speaker() -> None:
    content = "Tom: It is late. Who locks the gate?\nAnna: I do."
    assert quoted(content)[-1] == "Tom: It is late. Who locks the gate? Anna: I do."
    content = "Anna: I am there at nine. Who locks the gate? I do."
    assert quoted(content)[-1] == "Who locks the gate? Anna: … I do."


def test_a_claim_is_supported_by_who_says_it() -> None:
    support = Support([hit(CALL)])
    assert support.of("Tom Reyes will call the printer on Friday.") == [0]
    assert support.of("Anna Berg will call the printer on Friday.") == []
    later = "Tom Reyes: That is not good. It is late today. I will call the printer on Friday."
    assert Support([hit(later)]).of("Tom Reyes will call the printer on Friday.") == [0]


def test_a_sentence_is_compared_and_read_with_who_says_it() -> None:
    weighed = weigh("Who will call the printer?", hits(CALL), None)
    assert weighed is not None
    said = "Tom Reyes: I will call the printer on Friday."
    assert said in [text_of(one) for one in weighed.chosen]
    sections = sections_of(weighed.chosen, weighed.hits, weighed.asked)
    assert said in [text for section in sections for text in section.sentences]


MAIL = (
    "From: Anna Berg <anna@example.org>\nTo: Tom\nDate: 3 May 2024\nSubject: Keys\n"
    "Hi Tom, the keys are with Mrs Lowe. I changed the lock.\n\n"
    "On 2 May 2024 Tom Reyes wrote:\n> Who has the keys? I stood before the door.\n"
)


def test_what_stands_in_a_mail_is_written_by_its_sender() -> None:
    assert quoted(MAIL)[1:3] == [
        "Anna Berg: Hi Tom, the keys are with Mrs Lowe.",
        "Anna Berg: … I changed the lock.",
    ]


def test_what_a_mail_cites_is_written_by_whom_it_names() -> None:
    units = units_of_chunk(hit(MAIL).chunk)
    cited = next(unit for unit in units if "before the door" in unit.text)
    assert cited.said_by == "On 2 May 2024 Tom Reyes wrote"


def test_a_form_that_is_no_mail_has_no_sender() -> None:
    content = "From: Berlin\nTo: Hamburg\nPrice: 20\nThe train is slow. It is old."
    assert not any(unit.said_by for unit in units_of_chunk(hit(content).chunk))


def test_who_speaks_in_a_mail_keeps_his_words() -> None:
    mail = MAIL.replace("Hi Tom,", "Lea Frey: I come. I bring cake.\n\nHi Tom,")
    units = {unit.text: unit.said_by for unit in units_of_chunk(hit(mail).chunk)}
    assert units["I bring cake."] == "Lea Frey"
    assert units["I changed the lock."] == "Anna Berg"
