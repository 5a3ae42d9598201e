"""What a document is asked for that says it."""

from __future__ import annotations

import pytest

from ragflow_local.text.which import topic_of_which


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Which file mentions the boiler?", "boiler"),
        ("which of the documents talks about maternity pay", "maternity pay"),
        ("In which section can I find the fire drill?", "fire drill"),
        ("Where can I read about lost keys?", "lost keys"),
        ("Which letter is from Martha?", "Martha"),
        ("In welcher Datei geht es um Schimmel?", "Schimmel"),
        ("Welches Dokument handelt von Ladesäulen?", "Ladesäulen"),
        ("Wo steht etwas über Haustiere?", "Haustiere"),
        ("Quel fichier parle des poubelles ?", "poubelles"),
        ("Où puis-je lire quelque chose sur la piscine ?", "piscine"),
        ("¿Qué documento habla de las goteras?", "goteras"),
        ("Quale file parla della caldaia?", "caldaia"),
        ("Qual documento fala da garagem?", "garagem"),
        ("Welk bestand gaat over de tuin?", "tuin"),
        ("Który plik mówi o windzie?", "windzie"),
        ("В каком файле говорится о крыше?", "крыше"),
        ("Hangi dosyada asansörden bahsediliyor?", "asansörden"),
        ("哪个文件提到电梯？", "电梯"),
        ("哪個文件提到電梯？", "电梯"),
        ("どのファイルに駐車場について書いてありますか", "駐車場"),
        ("어느 문서에 주차장이 나와 있나요?", "주차장이"),
    ],
)
def test_what_the_document_says_is_left_of_the_question(question: str, topic: str) -> None:
    assert topic_of_which(question) == topic


@pytest.mark.parametrize(
    "question",
    [
        "What does the file say?",
        "Which documents do I need for a passport?",
        "Which part of the engine is broken?",
        "On which day is the library shut?",
        "Where can I find the key?",
        "Welche Dokumente brauche ich?",
        "Où puis-je trouver un logement ?",
        "Welches Auto ist rot?",
        "哪一天开会？",
        "部屋はどれですか",
        "Which file is it?",
    ],
)
def test_a_thing_that_is_asked_for_is_no_document_that_says_something(question: str) -> None:
    assert topic_of_which(question) is None


def test_a_recipe_that_is_asked_for_is_told_by_what_it_is_for() -> None:
    assert topic_of_which("Which file contains the recipe for pancakes?") == "pancakes"
    assert topic_of_which("Which file contains the recipe?") == "recipe"


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Is there a document about parental leave?", "parental leave"),
        ("Do any of the files mention asbestos?", "asbestos"),
        ("Find the letter about taxes", "taxes"),
        ("Y a-t-il un document sur les congés ?", "congés"),
        ("¿Hay algún documento sobre las becas?", "becas"),
    ],
)
def test_whether_there_is_a_document_about_something_asks_for_it_too(
    question: str, topic: str
) -> None:
    assert topic_of_which(question) == topic


@pytest.mark.parametrize("question", ["Is there a lift?", "Are there any reports of damage?"])
def test_whether_there_is_something_else_does_not(question: str) -> None:
    assert topic_of_which(question) is None
