from __future__ import annotations

from collections.abc import Callable

import pytest

from ragflow_local.answer.followup import completed, rewriting, rewritten, standalone
from ragflow_local.records import ChatMessage

REVENUE = "What was Apple's revenue in 2020?"


def asked(*questions: str) -> list[ChatMessage]:
    turns = ((ChatMessage("user", text), ChatMessage("assistant", "So.")) for text in questions)
    return [message for turn in turns for message in turn]


@pytest.mark.parametrize(
    ("question", "before", "expected"),
    [
        ("And in 2021?", REVENUE, "What was Apple's revenue in 2021?"),
        ("What about 2021?", REVENUE, "What was Apple's revenue in 2021?"),
        ("What about NVIDIA?", REVENUE, "What was NVIDIA revenue in 2020?"),
        ("Why?", REVENUE, REVENUE),
        (
            "Und eine Inspektion?",
            "Was kostet ein Reifenwechsel beim Opel Astra?",
            "Was kostet ein Inspektion beim Opel Astra?",
        ),
        (
            "Et une révision ?",
            "Combien coûte un changement de pneus de la Renault Clio ?",
            "Combien coûte un révision de la Renault Clio ?",
        ),
        ("保养呢？", "更换轮胎的价格是多少？", "保养的价格是多少？"),
        ("Where does it live?", "What is the kraken?", "Where does it live? kraken"),
        ("它有多大？", "大王乌贼是什么？", "它有多大？ 大王乌贼"),
        ("那2021年呢？", "苹果公司2020年的收入是多少？", "苹果公司2021年的收入是多少？"),
    ],
)
def test_a_follow_up_is_completed(question: str, before: str, expected: str) -> None:
    assert standalone(question, asked(before)) == expected


@pytest.mark.parametrize(
    "question",
    [
        "What did NVIDIA spend on research in 2022?",
        "How large is the colossal squid?",
        "苹果公司2022年的收入是多少？",
        "Who is the mayor of Springfield?",
    ],
)
def test_a_question_that_stands_alone_is_left_as_it_is(question: str) -> None:
    assert standalone(question, asked(REVENUE)) == question


def test_a_question_of_small_words_that_asks_anew_is_not_the_old_one() -> None:
    history = [
        ChatMessage("user", "Qui dirige le musée ?"),
        ChatMessage("assistant", "Le musée est dirigé par Claire Morel."),
    ]
    assert standalone("Quand est-elle née ?", history) == "Quand est-elle née ? Claire Morel"


def test_without_history_nothing_changes() -> None:
    assert standalone("And in 2021?", []) == "And in 2021?"


def test_a_chain_of_follow_ups_leads_back_to_its_first() -> None:
    found = standalone("And in 2022?", asked(REVENUE, "And in 2021?"))
    assert found == "What was Apple's revenue in 2022?"


def test_the_model_is_shown_the_last_turns_and_the_question() -> None:
    system, told = rewriting("And in 2021?", asked(*"abcdef", REVENUE))
    assert "last question" in system.content
    assert told.content.endswith(f"User: {REVENUE}\nAssistant: So.\nUser: And in 2021?")
    assert "User: a\n" not in told.content


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("What was Apple's profit in 2021?", "What was Apple's profit in 2021?"),
        ('Question: "What was the profit?"\nBecause', "What was the profit?"),
        ("", "What was Apple's revenue in 2021?"),
        ("…!", "What was Apple's revenue in 2021?"),
        ("word " * 200, "What was Apple's revenue in 2021?"),
    ],
    ids=["a question", "with a label and more", "nothing", "no word", "an answer"],
)
def test_what_a_model_wrote_is_taken_where_it_is_a_question(said: str, expected: str) -> None:
    assert rewritten(said, "And in 2021?", asked(REVENUE)) == expected


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        (
            "How much is a tyre change of the Tesla Model 3?",
            "What about a service?",
            "How much is a service of the Tesla Model 3?",
        ),
        ("Where does Anna Berg work?", "When was she born?", "When was she born? Anna Berg"),
        ("Wo steht die Pumpe?", "Und der Kessel?", "Wo steht die Kessel?"),
        ("Où est la pompe ?", "Et la chaudière ?", "Où est la chaudière ?"),
        ("¿Dónde está la bomba?", "¿Y la caldera?", "¿Dónde está la caldera?"),
        ("Где стоит насос?", "А котёл?", "Где стоит котёл?"),
        ("水泵在哪里？", "那锅炉呢？", "锅炉在哪里？"),
        ("ポンプはどこにありますか？", "ボイラーは？", "ボイラーどこにありますか？"),
    ],
)
def test_the_new_topic_takes_the_place_of_the_old(
    before: str, question: str, expected: str
) -> None:
    assert standalone(question, asked(before)) == expected


@pytest.mark.parametrize(
    "question",
    [
        "Why is the sky blue?",
        "What does Marie Curie say about her husband?",
        "Which one of the valves of the pump closes first?",
        "公司的其他员工在哪里工作？",
        "应该如何更换轮胎？",
        "Wie viele Einwohner hat die Stadt Kiel?",
    ],
)
def test_a_question_with_its_own_subject_stands_alone(question: str) -> None:
    assert standalone(question, asked(REVENUE)) == question


def test_what_is_pointed_to_may_stand_in_the_answer_before() -> None:
    history = [
        ChatMessage("user", "who leads the company?"),
        ChatMessage("assistant", "The company is led by Ann Miller."),
    ]
    assert standalone("When was she born?", history) == "When was she born? Ann Miller"


def told(*subjects: str) -> Callable[[str], bool]:
    """Return what takes these phrases for subjects."""
    return lambda phrase: phrase in subjects


@pytest.mark.parametrize(
    ("before", "question", "subjects", "expected"),
    [
        (
            "What is the usual dose of senna?",
            "And the highest daily dose?",
            ("senna",),
            "What is the highest daily dose of senna?",
        ),
        (
            "What is the usual dose of senna?",
            "What about valerian?",
            ("senna", "valerian"),
            "What is the usual dose of valerian?",
        ),
        (
            "Who leads the tour?",
            "And for group Owl?",
            ("group", "Owl"),
            "Who leads the tour? group Owl",
        ),
        (
            "Quelle est la franchise pour un bris ?",
            "Et pour un vol ?",
            ("bris", "vol"),
            "Quelle est la franchise pour un vol ?",
        ),
        (
            "Combien coûte un changement de pneus de la Renault Clio ?",
            "Et une révision ?",
            ("Renault Clio",),
            "Combien coûte un révision de la Renault Clio ?",
        ),
        ("Was kostet das Buch?", "Und die Miete vom Haus?", ("Haus",), "die Miete vom Haus"),
    ],
)
def test_a_subject_takes_the_place_of_a_subject_and_what_is_asked_of_it_that_of_what_was_asked(
    before: str, question: str, subjects: tuple[str, ...], expected: str
) -> None:
    found = completed(question, asked(before), is_subject=told(*subjects)).whole
    assert found == expected


@pytest.mark.parametrize(
    ("question", "before", "expected"),
    [
        ("No, I meant the diesel.", "How thirsty is the petrol?", "How thirsty is the diesel?"),
        ("Nein, ich meinte den Polo.", "Was kostet der Golf?", "Was kostet der Polo?"),
        ("Non, je parlais de la pompe.", "Où est la chaudière ?", "Où est la pompe ?"),
        ("不是，我是说锅炉。", "水泵在哪里？", "锅炉在哪里？"),
    ],
)
def test_a_correction_takes_the_place_of_what_was_not_meant(
    question: str, before: str, expected: str
) -> None:
    assert standalone(question, asked(before)) == expected


@pytest.mark.parametrize(
    "question",
    [
        "¿En qué planta está el jardín?",
        "¿A qué hora abre el museo?",
        "En quelle année a-t-il ouvert le musée ?",
    ],
)
def test_a_preposition_is_not_the_tie_of_another_language(question: str) -> None:
    whole = standalone(question, asked("¿Cuánto cuesta la entrada?"))
    assert whole.startswith(question)


def test_a_tied_question_that_asks_anew_keeps_its_words() -> None:
    whole = standalone("And how much is breakfast?", asked("How many beds does Hotel Krone have?"))
    assert whole == "And how much is breakfast? Hotel Krone"


def test_a_german_noun_before_its_pronoun_is_not_what_that_points_to() -> None:
    whole = standalone("Wie viel Speicher hat er?", asked("Was kostet der Tarif Basis?"))
    assert whole == "Wie viel Speicher hat er? Basis"
