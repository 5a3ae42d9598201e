"""Entities and relations by a chat model, and the chunks they cite."""

import json
from collections.abc import Iterator, Mapping, Sequence

import pytest

from ragflow_local import RAGFlow
from ragflow_local.ingest.graph import by_model
from ragflow_local.records import ChatMessage, Draft
from ragflow_local.settings import LLMSettings, ParserSettings
from tests.invariants import check_invariants

ANSWER = """<think>R | x | y</think>
E | Alice Moray | a diver
- E | Port Ellen | a town on Islay
R | Alice Moray | Port Ellen | she was born there
E | Atlantis | the text does not say it
E |
R | Alice Moray | alice moray | itself
And so on."""


class Said:
    """A chat model that always says the same."""

    name = "said.gguf"
    context_tokens = 4096

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return 0

    def generate(
        self,
        messages: Sequence[ChatMessage],
        settings: LLMSettings,
        *,
        schema: Mapping[str, object] | None = None,
        is_side: bool = False,
    ) -> Iterator[str]:
        yield self.answer

    def retire(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_model_names_what_the_text_says_and_nothing_else() -> None:
    texts = [Draft("Alice Moray was born in Port Ellen."), Draft("Port Ellen has a harbour.")]
    found, notices = by_model(
        [*texts, Draft("old", kind="entity")], Said(ANSWER), lambda done: None
    )
    assert notices == ()
    assert found[:2] == texts
    data = [json.loads(draft.data) for draft in found[2:]]
    assert {item["key"]: item["sources"] for item in data} == {
        "port ellen": [0, 1],
        "alice moray": [0],
        "alice moray — port ellen": [0],
    }
    assert [draft.kind for draft in found[2:]] == ["entity", "entity", "relation"]
    assert found[2].content == "Port Ellen\na town on Islay"


def test_the_parser_config_asks_for_it(rag: RAGFlow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def generator(llm: LLMSettings) -> Said:
        asked.append(llm.model_name)
        return Said(ANSWER)

    monkeypatch.setattr(rag.project, "generator", generator)
    dataset = rag.create_dataset("sea", parse_method="knowledge_graph")
    dataset.update({"parser_config": {"graph_model": "said.gguf"}})
    document = rag.add_document(dataset, "a.txt", b"Alice Moray was born in Port Ellen.")
    document.async_parse()
    *_, (progress, message) = document.join(interval=0.01, timeout=60)
    assert progress == 100, message
    assert asked == ["said.gguf"]
    text, *graph = document.list_chunks()
    assert {chunk.kind for chunk in graph} == {"entity", "relation"}
    assert all([source.id for source in chunk.sources()] == [text.id] for chunk in graph)
    check_invariants(rag)  # the terms are those of what the model named


def test_without_a_graph_model_the_settings_are_those_of_the_reference() -> None:
    assert "graph_model" not in ParserSettings().to_dict()
    config = ParserSettings(graph_model="a.gguf")
    assert ParserSettings.from_dict(config.to_dict()) == config


def test_where_the_model_names_nothing_that_the_text_says_rules_have_the_word() -> None:
    drafts = [Draft("Ada met Bob."), Draft("Ada", kind="entity")]
    found, notices = by_model(drafts, Said("E | Nobody | a ghost"), lambda done: None)
    assert found == drafts
    assert "by rules" in notices[0]
