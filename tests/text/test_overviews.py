"""Which questions are about documents as such, and what they call them."""

from __future__ import annotations

import pytest

from ragflow_local.text.overviews import overview_of

ABOUT = [
    "What is this document about?",
    "what are these files about",
    "tl;dr",
    "TL;DR please",
    "Could you summarise the texts for me?",
    "Give me a short overview of everything that was uploaded",
    "Worum geht es in diesen Unterlagen?",
    "Bitte fass die Dokumente kurz zusammen",
    "De quoi s'agit-il dans ces documents ?",
    "Fais-moi un résumé des fichiers",
    "¿De qué va este texto?",
    "¿De qué tratan los documentos?",
    "Fammi un riassunto dei documenti",
    "Do que tratam estes ficheiros?",
    "Waar gaan deze documenten over?",
    "O czym są te dokumenty? Proszę o streszczenie",
    "Сделай обзор этих документов",
    "Bu dosyalar ne hakkında?",
    "لخص هذه المستندات",
    "请总结一下这些文件",
    "請總結一下這些文件",
    "这些文档主要讲了什么？",
    "これらの文書を要約してください",
    "この文書には何が書いてありますか",
    "이 문서들을 요약해 주세요",
]
ORDINARY = [
    "When was the bridge built?",
    "What about the roof?",
    "What about this file?",
    "What does the insurance cover?",
    "Who wrote the letter?",
    "Where is this file?",
    "Is this a letter?",
    "How many files are there?",
    "Why was it written?",
    "Wie lange dauert das?",
    "Wo ist das?",
    "¿Quién es este?",
    "这是谁？",
    "これはいつですか",
    "이것은 언제입니까?",
]


@pytest.mark.parametrize("question", ABOUT)
def test_a_question_for_what_texts_are_about_names_nothing_else(question: str) -> None:
    found = overview_of(question)
    assert found is not None
    assert found.names == ()
    assert found.is_sure


@pytest.mark.parametrize("question", ORDINARY)
def test_a_question_for_a_fact_is_an_ordinary_one(question: str) -> None:
    found = overview_of(question)
    assert found is None or found.names


@pytest.mark.parametrize(
    "question",
    [
        "Which topics are covered?",
        "Which sections does the guide have?",
        "Welche Themen werden behandelt?",
        "Quels sont les thèmes de ce document ?",
        "¿Qué temas trata el documento?",
        "Quali argomenti tratta il documento?",
        "Quais são os tópicos deste documento?",
        "Welke onderwerpen staan er in dit document?",
        "Jakie tematy porusza dokument?",
        "Какие темы в этом документе?",
        "这份文件有哪些章节？",
        "この資料の目次を教えてください",
        "이 자료의 목차는?",
    ],
)
def test_topics_and_sections_are_asked_for(question: str) -> None:
    found = overview_of(question)
    assert found is not None
    assert found.is_topics
    assert found.names == ()


@pytest.mark.parametrize(
    "question",
    ["What is the conclusion?", "Was ist das Fazit?", "Quelle est la conclusion ?", "结论是什么？"],
)
def test_a_conclusion_is_asked_for(question: str) -> None:
    found = overview_of(question)
    assert found is not None
    assert found.is_conclusion
    assert found.names == ()


@pytest.mark.parametrize(
    ("question", "names", "sorts"),
    [
        ("Summarise the letter from the bank", ("bank",), ("letter",)),
        ("Was steht im Brief der Gemeinde?", ("gemeinde",), ("brief",)),
        ("Résume le rapport de juin", ("juin",), ("rapport",)),
        ("总结一下装修合同", ("装修",), ("合同",)),
    ],
)
def test_what_is_left_names_the_document(
    question: str, names: tuple[str, ...], sorts: tuple[str, ...]
) -> None:
    found = overview_of(question)
    assert found is not None
    assert found.names == names
    assert found.sorts == sorts


def test_what_comes_after_about_is_a_topic_and_no_document() -> None:
    found = overview_of("Tell me about the weather")
    assert found is None or not found.is_about


def test_what_only_points_is_less_sure_than_what_speaks_of_documents() -> None:
    pointing, speaking = overview_of("What's this?"), overview_of("What is this file?")
    assert pointing is not None
    assert pointing.is_here
    assert not pointing.is_sure
    assert speaking is not None
    assert speaking.is_sure


def test_a_question_that_had_a_file_name_needs_no_other_word() -> None:
    assert overview_of("what is") is None
    assert overview_of("what is", is_named=True) is not None
    assert overview_of("who wrote", is_named=True) is None


def test_a_long_question_names_what_it_wants() -> None:
    assert overview_of("Summarise the text " + "very " * 40 + "briefly") is None


def test_a_verb_that_is_spelled_as_a_kind_of_document_is_no_document() -> None:
    found = overview_of("What did she report?")
    assert found is None or not found.asks


@pytest.mark.parametrize(
    "question",
    [
        "What are the main points?",
        "Give me a quick rundown of these files",
        "table of contents",
        "Was sind die wichtigsten Punkte?",
        "Wie ist das Handbuch gegliedert?",
        "Quels sont les points clés ?",
        "¿Cuáles son los puntos principales?",
        "Quali sono i punti salienti?",
        "Welke onderwerpen komen aan bod?",
        "Jakie tematy są omówione?",
        "Сделай выжимку",
        "這份文件在講什麼？",
        "목차를 보여 줘",
        "Hangi konular ele alınıyor?",
    ],
)
def test_points_parts_and_contents_are_asked_for_in_many_ways(question: str) -> None:
    found = overview_of(question)
    assert found is not None
    assert found.is_sure
    assert found.names == ()


def test_what_somebody_studied_is_no_study() -> None:
    found = overview_of("What did she study?")
    assert found is None or not found.sorts
