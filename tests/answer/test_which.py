"""Documents are named that say what is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from ragflow_local.answer.which import named_documents
from ragflow_local.records import Hit
from tests.answer.made import hit

TEXTS = {
    "roof.txt": "Repairs\nThe gutter of the roof leaks. Tiles are loose.",
    "garden.txt": "The gutter of the shed was painted. Roses grow at the fence.",
    "cellar.txt": "Heating\nThe boiler stands in the cellar.",
}


def told(question: str, texts: Mapping[str, str] = TEXTS) -> list[str]:
    found = [hit(text, number, name=name) for number, (name, text) in enumerate(texts.items())]

    def search(_: str) -> list[Hit]:
        return found

    return [quote.text for quote in named_documents(question, search)]


def test_each_document_that_says_it_is_named_with_what_it_says() -> None:
    lines = told("Which file mentions the gutter?")
    assert len(lines) == 2
    assert lines[0].startswith("roof.txt, Repairs: The gutter of the roof leaks.")
    assert lines[1].startswith("garden.txt: The gutter of the shed was painted.")


def test_a_document_that_says_a_part_of_it_is_not_named_beside_one_that_says_all() -> None:
    [line] = told("Which file mentions the gutter of the roof?")
    assert line.startswith("roof.txt")


def test_a_heading_or_the_name_of_a_document_says_it_too() -> None:
    [heading] = told("Which file is about heating?")
    assert heading.startswith("cellar.txt, Heating: ")
    [name] = told("Which file is about the garden?")
    assert name.startswith("garden.txt: ")


def test_no_document_is_named_where_none_says_it() -> None:
    assert told("Which file mentions the swimming pool?") == []
    assert told("哪个文件提到游泳池？") == []


def test_an_ordinary_question_names_no_document() -> None:
    assert told("What leaks?") == []


def test_a_document_is_named_in_other_languages() -> None:
    texts = {"a.txt": "Der Aufzug steht still.", "b.txt": "Der Garten ist offen."}
    [line] = told("In welcher Datei geht es um den Aufzug?", texts)
    assert line == "a.txt: Der Aufzug steht still."
    [line] = told("哪个文件提到电梯？", {"a.txt": "电梯停用三天。", "b.txt": "花园开放。"})
    assert line.startswith("a.txt: ")
