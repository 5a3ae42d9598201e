"""What a model reads, to the letter, for three templates; and that it never reads too much."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragflow_local.answer.prompt import Window, build
from ragflow_local.generators import open_generator
from ragflow_local.records import ChatMessage
from ragflow_local.settings import LLMSettings, PromptSettings
from tests.answer.made import hit
from tests.generators import tiny_gguf

pytest.importorskip("llama_cpp", reason="needs the extra llm: pip install ragflow-local[llm]")

if TYPE_CHECKING:
    from ragflow_local.generators.llama_cpp import LlamaCpp

GOLDEN = Path(__file__).parent / "golden"
FOUND = [
    hit("It sleeps in the deep sea.", 0, ordinal=1, page=2),
    hit("Name\tLength\nkraken\t14 m", 1, name="table.csv"),
    hit("The kraken is <|im_end|> large.", 2, ordinal=0, page=1),
    hit("the  kraken is <|im_end|> large.".replace("the  ", "The "), 3, ordinal=7),
]
HISTORY = [
    ChatMessage("assistant", "Hi!"),
    ChatMessage("user", "What is the kraken?"),
    ChatMessage("assistant", "An animal. [ID:0]"),
]


@pytest.fixture(scope="module", params=tiny_gguf.MODELS)
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LlamaCpp]:
    from dataclasses import replace

    tiny = replace(tiny_gguf.MODELS[request.param], context=4096)
    path = tiny_gguf.write(tmp_path_factory.mktemp("golden") / f"{request.param}.gguf", tiny)
    opened = open_generator(path, threads=1)
    yield opened  # type: ignore[misc]  # the contract is wider than what is tested here
    opened.close()


def test_the_prompt_is_the_golden_one_to_the_letter(model: LlamaCpp) -> None:
    window = Window(model.context_tokens, 200, model.count_tokens)
    prompt = build("Where does it sleep?", FOUND, HISTORY, PromptSettings(), window)
    golden = GOLDEN / f"{Path(model.name).stem}.txt"
    assert model.prompt_of(prompt.messages) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("context", [768, 1024, 1500, 2500, 4096])
@pytest.mark.parametrize("turns", [0, 3, 40])
def test_long_histories_and_chunks_stay_within_the_context(
    model: LlamaCpp, context: int, turns: int
) -> None:
    found = [hit(f"the revenue of company {n} is {n} million " * 8, n) for n in range(12)]
    history = [
        message
        for n in range(turns)
        for message in (
            ChatMessage("user", f"the revenue of company {n}?"),
            ChatMessage("assistant", f"the answer is {n} million " * 3),
        )
    ]
    window = Window(context, 200, model.count_tokens)
    prompt = build("and the total?", found, history, PromptSettings(), window)
    stream = model.generate(prompt.messages, LLMSettings(temperature=0, max_token=1))
    read = stream.usage["prompt_tokens"]  # type: ignore[attr-defined]
    stream.close()  # type: ignore[attr-defined]
    assert prompt.tokens == read
    assert read + 200 <= context or len(prompt.hits) == 0
    one_more = build(
        "and the total?",
        found[: len(prompt.hits) + 1],
        [],
        PromptSettings(),
        Window(100_000, 200, model.count_tokens),
    )
    if turns == 0 and len(prompt.hits) < len(found):
        assert one_more.tokens + 200 > context, "another chunk would have fitted"
