import pytest

from ragflow_local.text.questions import (
    begins_answer,
    begins_choices,
    is_about_questions,
    is_question,
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Do you deliver?",
        "**Do you deliver?**",
        "Q: Do you deliver?",
        "「返品できますか？」",
        "返品できますか。",
        "可以退货吗？",
        "هل توصلون إلى البيت؟",
        "Πότε ανοίγετε;",
        "반품할 수 있나요?",
        "반품은 어떻게 합니까.",
        "What now?!",
        "“Who pays?”",
        "Mr Asante asked why the lamps went off at midnight.",
        "Mr Dunmore asked about dogs on the pitch.",
        "Frau Nguyen fragt, wohin mit alten Batterien.",
        "M. Petit demande si la cour sera fermée.",
        "El señor Gil preguntó por las obras.",
        "Signor Neri chiede se si può parcheggiare.",
        "Pani Nowak zapytała, kiedy wróci ciepła woda.",
        "Иванов спросил, будет ли ремонт.",
        "王先生询问是否可以停车。",
    ],
)
def test_a_sentence_that_asks_is_a_question(sentence: str) -> None:
    assert is_question(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "We deliver.",
        'The treasurer asked: "Who pays?"',
        "Er fragte: „Wer zahlt?“",
        "Η τιμή είναι δέκα ευρώ.",
        "Two kinds are sold; both are red;",
        "これは静か。",
        "The city (Greek: Ῥώμη;",
        "Patients were asked about their pain every week.",
        "He went to the king and asked whether there was work.",
        "La demande que vous avez faite est acceptée.",
        "La pregunta por la herencia sigue abierta.",
        "Ask about parking at the desk.",
        "Dennis asked for 30 pounds for material.",
        "Mr Tennant asked that phones be switched off.",
        "If you ask how, we will explain.",
        "Wer fragt, wann der Bus fährt, bekommt Auskunft.",
        "顾问由谁担任由董事会决定。",
        "",
    ],
)
def test_a_sentence_that_tells_something_is_none(sentence: str) -> None:
    assert not is_question(sentence)


@pytest.mark.parametrize(
    "text", ["A: Yes", "Answer: yes", "答：可以", "**Antwort:** Ja", "Ответ: да"]
)
def test_the_mark_of_an_answer_is_known(text: str) -> None:
    assert begins_answer(text)


@pytest.mark.parametrize("text", ["A yes", "Address: Mill Lane", "Bob: at nine", "Area: 5"])
def test_other_marks_are_none(text: str) -> None:
    assert not begins_answer(text)


def test_lettered_choices_are_told_from_lists() -> None:
    assert begins_choices("a) Rome")
    assert begins_choices("A. Rome")
    assert not begins_choices("- a passport")
    assert not begins_choices("A passport")


@pytest.mark.parametrize(
    ("question", "is_about"),
    [
        ("Which questions are still open?", True),
        ("What did the treasurer ask?", True),
        ("Welche Fragen sind offen?", True),
        ("還有哪些問題？", True),
        ("Who brings the projector?", False),
        ("What tasks are open?", False),
    ],
)
def test_a_question_about_questions_is_known(question: str, is_about: bool) -> None:
    assert is_about_questions(question) is is_about
