"""What is told of documents that are asked about as such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from ragflow_local.answer.ask import Turn, answer
from ragflow_local.records import Answer, ChatMessage
from ragflow_local.settings import LLMSettings, PromptSettings
from tests.answer.made import Scripted, hit

MANUAL = (
    "Stove manual\nThis manual shows how to heat without smoke.\n\nLighting\nLay thin wood on top.",
    "Ashes\nEmpty the box every morning.\n\nCleaning\nThe flue is swept each autumn.",
)
TEXTS = {
    "manual.txt": MANUAL,
    "mail.txt": ("Subject: broken glass\nDear Ann, the pane of the stove broke on Sunday.",),
}


def turn(
    question: str,
    texts: Mapping[str, Sequence[str]] = TEXTS,
    history: Sequence[ChatMessage] = (),
) -> Turn:
    chunks = {
        name: [
            hit(text, 100 * place + number, name=name).chunk for number, text in enumerate(contents)
        ]
        for place, (name, contents) in enumerate(texts.items())
    }
    return Turn(
        question=question,
        history=history,
        prompt=PromptSettings(),
        llm=LLMSettings(),
        search=lambda _: [],
        documents=lambda: {name: name for name in texts},
        reading=lambda name, most: chunks[name][:most],
    )


def last(asked: Turn) -> Answer:
    *_, found = answer(asked)
    return found


def test_several_documents_are_told_in_a_line_each_with_their_sources() -> None:
    found = last(turn("What are these documents about?"))
    assert found.content == (
        "manual.txt: Stove manual. This manual shows how to heat without smoke."
        " Lay thin wood on top. [ID:0]\n"
        "mail.txt: Subject: broken glass. the pane of the stove broke on Sunday. [ID:1]"
    )
    assert [one.chunk.document_name for one in found.hits] == ["manual.txt", "mail.txt"]
    assert found.model == "extractive"


def test_one_document_is_told_with_its_sections() -> None:
    found = last(turn("Which sections does the manual have?"))
    lines = found.content.split("\n")
    assert lines[0].startswith("manual.txt: Stove manual. This manual shows")
    assert lines[1:] == ["- Lighting [ID:0]", "- Ashes [ID:1]", "- Cleaning [ID:1]"]


def test_of_many_documents_ten_are_told_and_the_others_counted() -> None:
    many = {f"page{number}.txt": (f"Plot {number} is let to Ann.",) for number in range(13)}
    for question, ending in (
        ("What are these files about?", "And 3 more documents."),
        ("Worum geht es in diesen Dateien?", "Und 3 weitere Dokumente."),
    ):
        found = last(turn(question, many)).content
        assert found.count("[ID:") == 10
        assert found.endswith(f"\n{ending}")


def test_a_conclusion_is_told_where_a_section_is_called_so() -> None:
    texts = {"study.txt": ("Rust in pipes\n\nWater was soft.", "Conclusion\nCopper lasts longest.")}
    found = last(turn("What is the conclusion?", texts))
    assert found.content == "study.txt: Copper lasts longest. [ID:0]"
    assert "Copper" not in last(turn("What is the conclusion?", {"a.txt": ("No end.",)})).content


def test_a_document_without_chunks_is_not_told() -> None:
    found = last(turn("What are these files about?", {"empty.txt": (), **TEXTS}))
    assert "empty.txt" not in found.content


def test_without_documents_nothing_is_told() -> None:
    asked = turn("What are these files about?", {})
    assert last(asked).content == asked.prompt.empty_response


def test_a_model_reads_the_openings_of_the_documents() -> None:
    model = Scripted("A stove manual and a mail about a pane.")
    asked = replace(turn("Summarise the documents"), open_generator=lambda: model)
    found = last(asked)
    prompt = " ".join(message.content for message in model.messages)
    assert "This manual shows how to heat" in prompt
    assert "the pane of the stove broke" in prompt
    assert found.content.startswith("A stove manual")
    assert found.model == "scripted.gguf"


@pytest.mark.parametrize("is_first", [True, False])
def test_what_is_this_is_asked_of_the_documents_only_at_first(is_first: bool) -> None:
    history = [] if is_first else [ChatMessage("user", "Who came?"), ChatMessage("assistant", "A.")]
    assert ("manual.txt: " in last(turn("What is this?", history=history)).content) is is_first
