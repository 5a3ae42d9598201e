from __future__ import annotations

from dataclasses import replace

import pytest

from ragflow_local.answer.sayings import DocumentStates, missing, saying_of, without_greeting

FULL = DocumentStates(documents=("a.md", "b.md"))


@pytest.mark.parametrize(
    "question",
    ["hello", "Hi!", "Guten Tag", "Bonjour !", "¡Hola!", "你好", "Привет", "thanks!", "Merci"],
)
def test_a_greeting_gets_one(question: str) -> None:
    assert saying_of(question, lambda: FULL)


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("Hello, how are you?", "Hello!"),
        ("Bonjour, ça va ?", "Bonjour"),
        ("Hi! What can you do?", "I answer"),
        ("Hallo, was kannst du?", "Ich beantworte"),
        ("你好，你是谁？", "我根据"),
        ("Thanks! Which documents do you have?", "There are 2"),
        ("Hi\n\nWho are you", "I answer"),
        ("What’s up?", "Hello!"),
    ],
)
def test_of_several_sayings_the_one_that_asks_is_answered(message: str, answer: str) -> None:
    assert (saying_of(message, lambda: FULL) or "").startswith(answer)


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("Hi, what does parking cost?", "what does parking cost?"),
        ("Guten Tag! Danke. Wie hoch ist die Miete?", "Wie hoch ist die Miete?"),
        ("¡Hola! ¿Dónde está la llave?", "Dónde está la llave?"),
        ("你好，停车多少钱？", "停车多少钱？"),
        ("Where is the key? Thanks a lot!", "Where is the key?"),
        ("Where is the key", "Where is the key"),
        ("Hello!", "Hello!"),
        ("Dr. Smith: who is he?", "Dr. Smith: who is he?"),
        ("Hello world, in which language is it?", "Hello world, in which language is it?"),
        ("Help, where is the valve?", "Help, where is the valve?"),
        ("?", "?"),
    ],
)
def test_a_question_is_asked_without_the_greeting_around_it(message: str, question: str) -> None:
    assert without_greeting(message) == question
    assert (saying_of(message, lambda: FULL) is None) is (message != "Hello!")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Which documents do you have?", "There are 2 documents here: a.md, b.md."),
        ("Welche Dokumente hast du?", "Hier sind 2 Dokumente: a.md, b.md."),
        ("你有哪些文档？", "这里有 2 个文档：a.md, b.md."),
        ("What can you do?", "I answer questions from the documents here (2)"),
        ("Was kannst du?", "Ich beantworte Fragen"),
    ],
)
def test_what_is_there_is_told_in_the_language_of_the_question(question: str, said: str) -> None:
    assert (saying_of(question, lambda: FULL) or "").startswith(said)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Which documents do you have?", "There is one document here: a.md."),
        ("Welche Dokumente hast du?", "Hier ist ein Dokument: a.md."),
    ],
)
def test_one_document_is_told_as_one(question: str, sentence: str) -> None:
    assert saying_of(question, lambda: replace(FULL, documents=("a.md",))) == sentence


@pytest.mark.parametrize(
    "question",
    [
        "Which documents do I need for a visa?",
        "Hello world programs are written in which language?",
        "What can you do about rust?",
        "Who are you calling?",
        "Help with the pump",
    ],
)
def test_a_question_about_something_is_none_of_these(question: str) -> None:
    assert saying_of(question, lambda: FULL) is None


def test_what_is_missing_is_told() -> None:
    assert missing("Where?", FULL) == ""
    assert missing("Where is it?", DocumentStates()) == "There are no documents here yet."
    waiting = DocumentStates(documents=("a.md",), waiting=("b.md",), failed=("c.pdf",))
    assert missing("Where is it?", waiting) == (
        "Not parsed yet (1): b.md. Could not be parsed (1): c.pdf."
    )
    assert "deleted" in missing("Where is it?", DocumentStates(datasets=0, is_deleted=True))
    assert missing("Where is it?", DocumentStates(datasets=0)) == "This chat has no dataset."
    assert missing("Where is it?", DocumentStates(is_known=False)) == ""


@pytest.mark.parametrize(
    ("saying", "answer"),
    [
        ("hello", "Hello!"),
        ("Hi there", "Hello!"),
        ("hey!", "Hello!"),
        ("Hallo", "Hallo!"),
        ("Salut", "Bonjour"),
        ("hola", "¡Hola!"),
        ("Ciao", "Ciao!"),
        ("Olá", "Olá!"),
        ("cześć", "Cześć!"),
        ("Thanks", "You are welcome."),
        ("danke", "Gern geschehen."),
        ("grazie mille", "Prego."),
        ("help", "I answer"),
        ("Who are you?", "I answer"),
    ],
)
def test_a_saying_of_a_word_or_two_is_answered_in_its_language(saying: str, answer: str) -> None:
    assert (saying_of(saying, lambda: FULL) or "").startswith(answer)
