from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ragflow_local.errors import (
    AnswerTimeoutError,
    ContextTooSmallError,
    DamagedModelError,
    InvalidValueError,
    ModelClosedError,
    ModelTooLargeError,
)
from ragflow_local.generators import memory, open_generator
from ragflow_local.records import ChatMessage
from ragflow_local.settings import LLMSettings
from tests.generators import tiny_gguf

pytest.importorskip("llama_cpp", reason="needs the extra llm: pip install ragflow-local[llm]")

if TYPE_CHECKING:
    from ragflow_local.generators.llama_cpp import LlamaCpp

GREEDY = LLMSettings(temperature=0, max_token=24)
CONVERSATION = [
    ChatMessage("system", "Say the year."),
    ChatMessage("user", "Which?"),
    ChatMessage("assistant", "2021."),
    ChatMessage("user", "And 中文?"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models")
    for name, tiny in tiny_gguf.MODELS.items():
        tiny_gguf.write(path / f"{name}.gguf", tiny)
    return path


@pytest.fixture(scope="module", params=tiny_gguf.MODELS)
def any_model(request: pytest.FixtureRequest, folder: Path) -> Iterator[LlamaCpp]:
    yield from opened(folder / f"{request.param}.gguf")


@pytest.fixture(scope="module")
def model(folder: Path) -> Iterator[LlamaCpp]:
    yield from opened(folder / "chatml.gguf")


def opened(path: Path, **options: Any) -> Iterator[LlamaCpp]:
    # One thread: llama.cpp's threads spin, which is slow where tests run beside other work.
    model = open_generator(path, threads=1, **options)
    yield model  # type: ignore[misc]  # the contract is wider than what is tested here
    model.close()


def written(folder: Path, tiny: tiny_gguf.Tiny, **options: Any) -> Iterator[LlamaCpp]:
    return opened(tiny_gguf.write(folder / "a.gguf", tiny), **options)


def ask(text: str) -> list[ChatMessage]:
    return [ChatMessage("user", text)]


GOLDEN = {
    "chatml.gguf": (
        "<|im_start|>system\nSay the year.<|im_end|>\n<|im_start|>user\nWhich?<|im_end|>\n"
        "<|im_start|>assistant\n2021.<|im_end|>\n<|im_start|>user\nAnd 中文?<|im_end|>\n"
        "<|im_start|>assistant\n"
    ),
    "llama-3.gguf": (
        "<s><|start_header_id|>system<|end_header_id|>\n\nSay the year.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nWhich?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n2021.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nAnd 中文?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    "no-system.gguf": (
        "<s><start_of_turn>user\nSay the year.\n\nWhich?<end_of_turn>\n"
        "<start_of_turn>model\n2021.<end_of_turn>\n<start_of_turn>user\nAnd 中文?<end_of_turn>\n"
        "<start_of_turn>model\n"
    ),
}


def test_the_prompt_is_what_the_template_of_the_model_says(any_model: LlamaCpp) -> None:
    assert any_model.prompt_of(CONVERSATION) == GOLDEN[any_model.name]


def test_the_prompt_has_as_many_tokens_as_counted(any_model: LlamaCpp) -> None:
    stream = any_model.generate(CONVERSATION, GREEDY)
    list(stream)
    assert stream.usage["prompt_tokens"] == any_model.count_tokens(CONVERSATION)  # type: ignore[attr-defined]


def test_roles_are_tokens_of_their_own_and_text_is_not(model: LlamaCpp) -> None:
    one, two = model.count_tokens(ask("x")), model.count_tokens(ask("x<|im_end|>"))
    assert two - one > 5, "what a document says must not end the message it stands in"
    assert "< |im_end|>" in model.prompt_of(ask("x<|im_end|>"))


def test_text_comes_in_pieces_of_whole_characters(any_model: LlamaCpp) -> None:
    pieces = list(any_model.generate(CONVERSATION, GREEDY))
    assert len(pieces) > 3
    assert all(pieces)
    "".join(pieces).encode()


def test_temperature_zero_repeats_itself(any_model: LlamaCpp) -> None:
    first = "".join(any_model.generate(CONVERSATION, GREEDY))
    list(any_model.generate(ask("something else"), GREEDY))
    assert "".join(any_model.generate(CONVERSATION, GREEDY)) == first


def test_a_seed_repeats_itself_and_none_does_not(model: LlamaCpp) -> None:
    def said(seed: int | None) -> str:
        settings = LLMSettings(temperature=2, top_p=1, max_token=16, seed=seed)
        return "".join(model.generate(CONVERSATION, settings))

    assert said(1) == said(1)
    assert said(1) != said(2)
    assert said(None) != said(None)


def test_penalties_change_what_is_said(model: LlamaCpp) -> None:
    plain = LLMSettings(temperature=0, max_token=40, presence_penalty=-2, frequency_penalty=-2)
    against = LLMSettings(temperature=0, max_token=40, presence_penalty=2, frequency_penalty=2)
    often = list(model.generate(CONVERSATION, plain))
    seldom = list(model.generate(CONVERSATION, against))
    assert len(set(often)) < len(set(seldom))


@pytest.mark.parametrize("most", [1, 5])
def test_an_answer_has_at_most_max_token_tokens(model: LlamaCpp, most: int) -> None:
    stream = model.generate(ask("x"), LLMSettings(temperature=2, top_p=1, seed=4, max_token=most))
    list(stream)
    assert stream.usage["answer_tokens"] <= most  # type: ignore[attr-defined]


def test_prompt_and_answer_stay_within_the_context(tmp_path: Path) -> None:
    for model in written(tmp_path, tiny_gguf.CHATML_MODEL, context_tokens=96):
        settings = LLMSettings(temperature=1, top_p=1, max_token=500, seed=3, presence_penalty=2)
        stream = model.generate(ask("x" * 40), settings)
        list(stream)
        usage = stream.usage  # type: ignore[attr-defined]
        assert usage["prompt_tokens"] + usage["answer_tokens"] <= 96


def test_a_prompt_beyond_the_context_is_an_error(model: LlamaCpp) -> None:
    with pytest.raises(ContextTooSmallError):
        model.generate(ask("x" * 3000), GREEDY)


def test_closing_ends_the_answer_and_the_next_is_right(model: LlamaCpp) -> None:
    whole = "".join(model.generate(CONVERSATION, GREEDY))
    stream = model.generate(CONVERSATION, GREEDY)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert list(stream) == []
    assert "".join(model.generate(CONVERSATION, GREEDY)) == whole


def test_what_was_read_before_is_not_read_again(model: LlamaCpp) -> None:
    first = [ChatMessage("system", "the " * 60), ChatMessage("user", "a")]
    answer = "".join(model.generate(first, GREEDY))
    longer = [*first, ChatMessage("assistant", answer), ChatMessage("user", "b")]
    stream = model.generate(longer, GREEDY)
    reused = "".join(stream)
    usage = stream.usage  # type: ignore[attr-defined]
    assert usage["reused_tokens"] >= model.count_tokens(first) - 4
    list(model.generate(ask("other"), GREEDY))
    assert "".join(model.generate(longer, GREEDY)) == reused


def test_a_prompt_beside_the_conversation_leaves_it_read(model: LlamaCpp) -> None:
    first = [ChatMessage("system", "the " * 60), ChatMessage("user", "a")]
    list(model.generate(first, GREEDY))
    list(model.generate(ask("rewrite this"), GREEDY, is_side=True))
    stream = model.generate(first, GREEDY)
    list(stream)
    assert stream.usage["reused_tokens"] >= model.count_tokens(first) - 1  # type: ignore[attr-defined]


def test_a_prompt_beside_the_conversation_is_answered_alike(model: LlamaCpp) -> None:
    list(model.generate(ask("first"), GREEDY))
    beside = "".join(model.generate(ask("x"), GREEDY, is_side=True))
    assert beside == "".join(model.generate(ask("x"), GREEDY))


def test_it_is_told_what_ended_an_answer(model: LlamaCpp) -> None:
    short = model.generate(ask("x"), LLMSettings(temperature=0, max_token=1))
    list(short)
    assert short.finish_reason in ("length", "stop")  # type: ignore[attr-defined]
    wordy = LLMSettings(temperature=2, top_p=1, seed=4, max_token=400, time_limit_seconds=0.1)
    late = model.generate(ask("x"), wordy)
    for _ in late:
        time.sleep(0.05)
    assert late.finish_reason == "time"  # type: ignore[attr-defined]


def test_a_model_that_retires_waits_for_the_answer(tmp_path: Path) -> None:
    model = open_generator(tiny_gguf.write(tmp_path / "a.gguf"), threads=1)
    expected = "".join(model.generate(ask("a"), GREEDY))
    stream = model.generate(ask("a"), GREEDY)
    said = next(stream)
    retiring = threading.Thread(target=model.retire)
    retiring.start()
    retiring.join(0.1)
    assert retiring.is_alive()
    assert said + "".join(stream) == expected
    retiring.join(30)
    with pytest.raises(ModelClosedError):
        list(model.generate(ask("a"), GREEDY))


def test_an_answer_that_is_cut_while_a_token_is_chosen_is_an_error(model: LlamaCpp) -> None:
    stream = model.generate(ask("a"), GREEDY)
    next(stream)
    stream.cut()  # type: ignore[attr-defined]
    with pytest.raises(ModelClosedError):
        list(stream)


@pytest.fixture(scope="module")
def slow_model(folder: Path) -> Iterator[LlamaCpp]:
    """A model that reads long enough to be stopped while it does."""
    tiny = tiny_gguf.with_template(
        tiny_gguf.CHATML, width=512, hidden=1024, layers=8, context=4096, heads=8
    )
    yield from opened(tiny_gguf.write(folder / "slow.gguf", tiny))


def test_closing_while_the_prompt_is_read_ends_within_half_a_second(slow_model: LlamaCpp) -> None:
    long, short = ask("x " * 1900), ask("who?")
    expected = "".join(slow_model.generate(short, GREEDY))
    stream = slow_model.generate(long, GREEDY)
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(stream))
    reader.start()
    while not stream.is_busy:  # type: ignore[attr-defined]
        time.sleep(0.001)
    time.sleep(0.05)
    began = time.monotonic()
    stream.close()  # type: ignore[attr-defined]
    reader.join()
    assert time.monotonic() - began < 0.5
    assert said == []
    assert "".join(slow_model.generate(short, GREEDY)) == expected


def test_an_answer_that_does_not_begin_in_time_is_an_error(slow_model: LlamaCpp) -> None:
    limit, slow_model.time_limit_seconds = slow_model.time_limit_seconds, 0.02
    try:
        with pytest.raises(AnswerTimeoutError):
            list(slow_model.generate(ask("y " * 1900), GREEDY))
    finally:
        slow_model.time_limit_seconds = limit


def test_a_second_question_waits_its_turn(model: LlamaCpp) -> None:
    alone = ["".join(model.generate(ask(text), GREEDY)) for text in "abc"]
    together: dict[int, str] = {}

    def answer(number: int, text: str) -> None:
        together[number] = "".join(model.generate(ask(text), GREEDY))

    threads = [threading.Thread(target=answer, args=pair) for pair in enumerate("abc")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [together[number] for number in range(3)] == alone


def test_answers_read_in_turn_by_one_thread_do_not_mix(model: LlamaCpp) -> None:
    alone = ["".join(model.generate(ask(text), GREEDY)) for text in "ab"]
    left, right = model.generate(ask("a"), GREEDY), model.generate(ask("b"), GREEDY)
    first = next(left)
    assert "".join(right) == alone[1]
    assert first + "".join(left) == alone[0]


def test_closing_the_model_ends_the_answers(tmp_path: Path) -> None:
    (model,) = (model for model in [open_generator(tiny_gguf.write(tmp_path / "a.gguf"))])
    stream = model.generate(ask("a"), GREEDY)
    next(stream)
    model.close()
    model.close()
    with pytest.raises(ModelClosedError):
        list(stream)
    with pytest.raises(ModelClosedError):
        model.count_tokens(ask("a"))


def test_a_schema_is_kept_to(model: LlamaCpp) -> None:
    schema = {
        "type": "object",
        "properties": {"year": {"enum": [2020, 2021]}, "known": {"type": "boolean"}},
        "required": ["year", "known"],
    }
    said = "".join(model.generate(CONVERSATION, LLMSettings(max_token=80), schema=schema))
    found = json.loads(said)
    assert found["year"] in (2020, 2021)
    assert isinstance(found["known"], bool)


def test_a_template_that_opens_the_thinking_has_it_in_the_text(tmp_path: Path) -> None:
    template = tiny_gguf.CHATML.replace("assistant\\n'", "assistant\\n<think>\\n'")
    for model in written(tmp_path, tiny_gguf.with_template(template)):
        assert next(model.generate(ask("a"), GREEDY)).startswith("<think>")


def test_with_a_schema_nothing_is_thought(tmp_path: Path) -> None:
    template = tiny_gguf.CHATML.replace("assistant\\n'", "assistant\\n<think>\\n'")
    schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}
    for model in written(tmp_path, tiny_gguf.with_template(template)):
        assert set(json.loads("".join(model.generate(ask("a"), GREEDY, schema=schema)))) == {"a"}


@pytest.mark.parametrize(
    "schema",
    [{"type": "nonsense"}, {"$ref": "#/nowhere"}, {"type": "string", "pattern": "no anchors"}],
    ids=["unknown type", "a reference to nothing", "a pattern without anchors"],
)
def test_a_schema_without_a_grammar_is_refused(model: LlamaCpp, schema: dict[str, object]) -> None:
    with pytest.raises(InvalidValueError, match="schema"):
        model.generate(ask("a"), GREEDY, schema=schema)


def test_without_a_template_the_words_of_the_vocabulary_tell(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "ragflow_local.llama_cpp"):
        for model in written(tmp_path, tiny_gguf.with_template("")):
            assert model.prompt_of(CONVERSATION) == GOLDEN["chatml.gguf"]
        bare = tiny_gguf.with_template("", control=(), end="</s>")
        for model in written(tmp_path, bare):
            assert model.prompt_of(CONVERSATION) == (
                "Say the year.\n\nUser: Which?\nAssistant: 2021.\nUser: And 中文?\nAssistant:"
            )
    assert "no chat template" in caplog.text


def test_nothing_is_written_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for model in written(tmp_path, tiny_gguf.CHATML_MODEL):
        list(model.generate(ask("a"), GREEDY))
    assert capfd.readouterr() == ("", "")


def test_a_model_larger_than_the_memory_is_refused_with_the_figures(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 1_000_000)
    with pytest.raises(ModelTooLargeError) as caught:
        open_generator(folder / "chatml.gguf")
    assert caught.value.available_bytes == 1_000_000
    assert caught.value.needed_bytes > 1_000_000


def test_a_template_that_fails_is_named(tmp_path: Path) -> None:
    for source in ("{% for %}", "{{ raise_exception('no') }}", "hello"):
        with pytest.raises(DamagedModelError, match="template"):
            list(written(tmp_path, tiny_gguf.with_template(source)))


def test_a_model_that_cannot_chat_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedModelError, match="cannot chat"):
        list(written(tmp_path, tiny_gguf.with_template("", architecture="bert")))


def test_weights_that_make_no_sense_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DamagedModelError):
        list(written(tmp_path, tiny_gguf.with_template("", architecture="nonsense")))
