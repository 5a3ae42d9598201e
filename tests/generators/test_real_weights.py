from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import RAGFlow
from ragflow_local.answer.ask import Turn, answer
from ragflow_local.answer.followup import rewriting
from ragflow_local.answer.support import Support
from ragflow_local.generators import open_generator, resolve_generator
from ragflow_local.model_files import models_in
from ragflow_local.records import ChatMessage
from ragflow_local.settings import LLMSettings, PromptSettings
from ragflow_local.text.sentences import sentences
from tests.answer.made import hits
from tests.smollm import path_of_smollm

GREEDY = LLMSettings(temperature=0, max_token=24, presence_penalty=0, frequency_penalty=0)
FOUND = hits(
    "The water pump is in the cellar. It was installed by Harris in May 2014.",
    "The hedge is cut every March.",
)


@pytest.fixture(scope="module")
def model() -> Iterator[Any]:
    opened = open_generator(path_of_smollm(), context_tokens=1024, threads=1)
    yield opened
    opened.close()


def ask(text: str) -> list[ChatMessage]:
    return [ChatMessage("user", text)]


def test_its_template_is_chatml_with_a_system_message(model: Any) -> None:
    prompt = model.prompt_of([ChatMessage("system", "Be brief."), *ask("Hi?")])
    assert prompt == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi?<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_it_ends_its_answer_itself_and_says_so(model: Any) -> None:
    stream = model.generate(ask("Say yes."), GREEDY)
    said = "".join(stream)
    assert said
    assert "<|im_end|>" not in said
    assert stream.finish_reason in ("stop", "length")
    assert stream.finish_reason == "length" or stream.usage["answer_tokens"] < 24


def test_a_small_model_says_nothing_that_no_chunk_says(model: Any) -> None:
    question = "Where is the water pump, and who installed it?"
    turn = Turn(question, [], PromptSettings(), GREEDY, lambda _: FOUND, lambda: model)
    seen = ""
    for now in answer(turn):
        assert now.content.startswith(seen)
        seen = now.content
    from ragflow_local.answer.citations import strip_marks

    support = Support(FOUND, question=question)
    for sentence in sentences(strip_marks(seen)):
        assert support.of(sentence) or "not found" in sentence, sentence
    assert now.usage["prompt_tokens"] > 0
    assert "After each sentence" not in model.prompt_of(ask(seen))


def test_a_schema_is_kept_to(model: Any) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}
    said = "".join(model.generate(ask("Is water wet?"), GREEDY, schema=schema))
    assert isinstance(json.loads(said)["a"], bool)


def test_a_rewritten_question_costs_the_conversation_nothing(model: Any) -> None:
    first = ask("Where is the pump?")
    list(model.generate(first, GREEDY))
    history = [*first, ChatMessage("assistant", "In the cellar.")]
    assert "".join(model.generate(rewriting("And the boiler?", history), GREEDY, is_side=True))
    again = model.generate(first, GREEDY)
    list(again)
    assert again.usage["reused_tokens"] == again.usage["prompt_tokens"] - 1


def test_it_is_told_to_be_too_small_to_write_and_is_no_default(tmp_path: Path) -> None:
    (tmp_path / "smol.gguf").symlink_to(path_of_smollm())
    (found,) = models_in(tmp_path)
    assert "too small to write" in found.remark
    assert resolve_generator(None, tmp_path / "elsewhere") is None


@pytest.mark.slow
def test_two_chats_with_two_models_answer_at_once_as_each_alone(tmp_path: Path) -> None:
    import shutil
    import threading

    paths = [tmp_path / "a.gguf", tmp_path / "b.gguf"]
    for path in paths:
        shutil.copy(path_of_smollm(), path)
    with RAGFlow.temporary(embedding_model="hashing", workers=1) as rag:
        dataset = rag.create_dataset("box")
        document = rag.add_document(dataset, "a.txt", FOUND[0].chunk.content.encode())
        document.async_parse()
        list(document.join(interval=1))
        chats = []
        for path in paths:
            chat = rag.create_chat(path.stem, knowledgebases=[dataset])
            llm = {"model_name": str(path), "temperature": 0, "max_token": 16, "threads": 1}
            chat.update({"llm": llm})
            chats.append(chat)
        question = "Where is the water pump?"
        alone = [chat.create_session("s").ask(question).content for chat in chats]
        together: dict[int, str] = {}

        def run(number: int) -> None:
            together[number] = chats[number].create_session("s").ask(question).content

        threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert [together[number] for number in range(2)] == alone
