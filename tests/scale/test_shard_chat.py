"""A conversation over several projects says what one over one project says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.errors import InvalidValueError, ModelError, NotFoundError, ProjectClosedError
from ragflow_local.scale import Shards
from tests.scale.libraries import Libraries, Pair, fill

PARTS: list[dict[str, list[str]]] = [
    {"boiler.md": ["The boiler is inspected every second March.", "It stands in the cellar."]},
    {"pump.md": ["The pump is bled at the valve beside the tank.", "The pump hums in winter."]},
    {
        "roof.md": ["The roof was mended in May 2023 by Carpenter Ltd.", "The gutter leaks."],
        "copy.md": ["The boiler is inspected every second March."],
    },
]
QUESTIONS = [
    "When is the boiler inspected?",
    "Where is the pump bled?",
    "Who mended the roof?",
    "And when?",
    "Which kraken sleeps?",
    "What are these files about?",
    "Summarise pump.md",
    "Which file mentions the gutter?",
]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with Libraries.of(tmp_path_factory.mktemp("chats"), *PARTS).open() as pair:
        yield pair


def test_answers_and_citations_are_those_of_one_project(pair: Pair, tmp_path: Path) -> None:
    chat = pair.shards.create_chat(["kb"])
    fill(tmp_path / "one", {name: texts for part in PARTS for name, texts in part.items()})
    with RAGFlow(project_dir=tmp_path / "one", embedding_model="hashing", workers=1) as rag:
        session = rag.create_chat("one", knowledgebases=["kb"]).create_session()
        for question in QUESTIONS:
            one, many = session.ask(question), chat.ask(question)
            assert many.content == one.content
            assert [chunk.id for chunk in many.reference] == [chunk.id for chunk in one.reference]
            assert many.model == one.model
        assert [message.role for message in chat.messages] == ["user", "assistant"] * len(QUESTIONS)


def test_what_is_cited_knows_its_shard(pair: Pair) -> None:
    answer = pair.shards.create_chat().ask("Where is the pump bled?")
    assert answer.content == "The pump is bled at the valve beside the tank. [ID:0]"
    assert pair.shards.where(answer.reference[0]).endswith("part1")
    assert answer.reference[0].document_name == "pump.md"
    assert "pump.md" in answer.to_html()
    assert answer.page_images() == []


def test_a_streamed_answer_grows_and_may_be_closed(pair: Pair) -> None:
    chat = pair.shards.create_chat(["kb"])
    contents = [message.content for message in chat.ask("Where is the pump bled?", stream=True)]
    assert contents[-1].startswith(contents[0][:20])
    stream = chat.ask("When is the boiler inspected?", stream=True)
    stream.close()
    assert chat.ask("When is the boiler inspected?").content.startswith("The boiler")


def test_neighbours_and_other_settings_are_those_of_a_chat(pair: Pair) -> None:
    chat = pair.shards.create_chat(["kb"], prompt={"neighbours": 1, "top_n": 2})
    answer = chat.ask("Where is the pump bled?")
    assert answer.content.startswith("The pump is bled")


def test_what_cannot_be_asked_is_told(pair: Pair) -> None:
    with pytest.raises(NotFoundError):
        pair.shards.create_chat(["other"])
    chat = pair.shards.create_chat()
    for wrong in ("", " \n"):
        with pytest.raises(InvalidValueError):
            chat.ask(wrong)
    with pytest.raises(InvalidValueError, match="extractive answerer writes no JSON"):
        chat.ask("Where?", schema={"type": "object"})
    with pytest.raises(ModelError):
        pair.shards.create_chat(llm={"model_name": "nothing.gguf"}).ask("Where is the pump bled?")


def test_a_conversation_ends_with_its_shards(tmp_path: Path) -> None:
    fill(tmp_path / "a", PARTS[0])
    with Shards([tmp_path / "a"], processes=False) as shards:
        chat = shards.create_chat()
        assert chat.ask("When is the boiler inspected?").reference
    with pytest.raises(ProjectClosedError):
        chat.ask("When is the boiler inspected?")
