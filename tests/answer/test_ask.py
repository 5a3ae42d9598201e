from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import cast

import numpy as np
import pytest

from ragflow_local.answer.ask import Turn, answer
from ragflow_local.embedders import Reader, Reading, Section
from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.embedders.vectors import unit_rows
from ragflow_local.generators import Generator
from ragflow_local.records import Answer, ChatMessage, Hit, Matrix, Vector
from ragflow_local.settings import EMPTY_RESPONSE, LLMSettings, PromptSettings
from tests.answer.made import Scripted, hit, hits

SEA = hits(
    "The colossal squid lives around Antarctica. It was described in 1925.",
    "Name\tLength\nColossal squid\t14 m\nGiant squid\t12 m",
)


def turn(
    question: str,
    found: Sequence[Hit] = SEA,
    generator: Generator | None = None,
    history: Sequence[ChatMessage] = (),
    *,
    show_quote: bool = True,
) -> Turn:
    return Turn(
        question=question,
        history=history,
        prompt=PromptSettings(show_quote=show_quote),
        llm=LLMSettings(),
        search=lambda _: list(found),
        open_generator=lambda: generator,
    )


def read(asked: Turn) -> list[Answer]:
    answers = list(answer(asked))
    for earlier, later in pairwise(answers):
        assert later.content.startswith(earlier.content)
        assert not earlier.is_last
        assert earlier.hits == ()
    assert answers[-1].is_last
    return answers


def test_without_a_model_sentences_are_quoted_with_their_source() -> None:
    last = read(turn("When was the colossal squid described?"))[-1]
    assert "It was described in 1925. [ID:0]" in last.content
    assert last.model == "extractive"
    assert last.hits == tuple(SEA)


def test_a_greeting_before_a_question_is_not_searched_for() -> None:
    searched: list[str] = []

    def search(question: str) -> list[Hit]:
        searched.append(question)
        return SEA

    last = read(replace(turn("Hi! When was the colossal squid described?"), search=search))[-1]
    assert "1925" in last.content
    assert searched == ["When was the colossal squid described?"]


def test_the_right_row_of_a_table_answers_with_its_columns() -> None:
    last = read(turn("What is the length of the giant squid?"))[-1]
    assert "Name: Giant squid; Length: 12 m [ID:1]" in last.content


def test_a_model_answers_from_the_chunks_and_is_cited() -> None:
    model = Scripted("The colossal squid", " lives around Ant", "arctica. It", " is large.")
    last = read(turn("Where?", generator=model))[-1]
    assert last.content == "The colossal squid lives around Antarctica. [ID:0] It is large."
    assert last.unsupported == ("It is large.",)
    assert last.model == "scripted.gguf"
    assert model.messages[0].content.count("[ID:1] report.pdf") == 1
    assert model.messages[-1] == ChatMessage("user", "Where?")


def test_thoughts_are_kept_apart() -> None:
    last = read(turn("Where?", generator=Scripted("<think>Hm.", "</think>", " There.")))[-1]
    assert (last.content, last.thinking) == ("There.", "Hm.")


def test_nothing_found_is_the_empty_response_and_no_model_runs() -> None:
    model = Scripted("x")
    (last,) = read(turn("Where?", [], model))
    assert last.content == EMPTY_RESPONSE
    assert (last.hits, last.model) == ((), "")
    assert not model.messages


def test_what_no_sentence_supports_is_not_found_either() -> None:
    (last,) = read(turn("Which bakery sells pumpernickel in Oldenburg?"))
    assert last.content == EMPTY_RESPONSE
    assert last.hits == ()


@pytest.mark.parametrize(
    "model", [None, Scripted("It lives there [ID:0]. So.")], ids=["quoting", "a model"]
)
def test_without_quotes_there_are_no_marks_and_no_hits(model: Generator | None) -> None:
    asked = turn("Where does the colossal squid live?", generator=model, show_quote=False)
    last = read(asked)[-1]
    assert last.content
    assert "[ID:" not in last.content
    assert last.hits == ()


def test_a_follow_up_is_searched_for_as_a_whole_question() -> None:
    searched: list[str] = []

    def search(question: str) -> list[Hit]:
        searched.append(question)
        return SEA

    model = Scripted("x")
    history = [ChatMessage("user", "Sales in 2020?"), ChatMessage("assistant", "Two. [ID:0]")]
    asked = Turn("And in 2021?", history, PromptSettings(), LLMSettings(), search, lambda: model)
    read(asked)
    assert searched == ["And in 2021?", "Sales in 2021?"]
    assert [message.content for message in model.messages[1:]] == [
        "Sales in 2020?",
        "Two.",
        "And in 2021?",
    ]


def rewritten_turn(model: Scripted, *, asks: bool, history: Sequence[ChatMessage]) -> list[str]:
    """Return what is searched for."""
    searched: list[str] = []

    def search(question: str) -> list[Hit]:
        searched.append(question)
        return SEA

    settings = PromptSettings(refine_multiturn=asks)
    asked = Turn("And in 2021?", history, settings, LLMSettings(), search, lambda: model)
    read(asked)
    return searched


def test_a_chat_that_asks_for_it_has_follow_ups_rewritten_by_its_model() -> None:
    history = [ChatMessage("user", "Sales in 2020?"), ChatMessage("assistant", "Two.")]
    model = Scripted("<think>Hm.</think>", "What were the sales of 2021?")
    found = rewritten_turn(model, asks=True, history=history)
    assert found == ["And in 2021?", "What were the sales of 2021?"]
    assert model.closed == 2
    assert model.messages[-1].content == "And in 2021?", "the model answers what was asked"
    assert rewritten_turn(model, asks=False, history=history) == ["And in 2021?", "Sales in 2021?"]
    assert rewritten_turn(model, asks=True, history=[]) == ["And in 2021?"]


def test_closing_stops_the_model() -> None:
    model = Scripted("a ", "b ", "c ")
    stream = answer(turn("Where?", generator=model))
    next(stream)
    stream.close()
    assert model.closed == 1
    assert list(stream) == []


def test_an_answer_nobody_holds_stops_too() -> None:
    model = Scripted("a ", "b ", "c ")
    stream = answer(turn("Where?", generator=model))
    next(stream)
    del stream
    assert model.closed == 1


def test_usage_says_the_time() -> None:
    last = read(turn("Where?", generator=Scripted("x")))[-1]
    assert last.usage["total_seconds"] >= 0
    assert last.usage["prompt_tokens"] > 0


def test_what_the_last_answer_quoted_may_be_quoted_again_though_search_does_not_find_it() -> None:
    fox = hit("Group Fox goes to Visby. Mrs Lind leads the tour.", 0, name="fox.md")
    owl = hit("Group Owl goes to Kalmar. Mr Holm leads the tour.", 1, name="owl.md")
    history = [
        ChatMessage("user", "Where does group Owl go?"),
        ChatMessage("assistant", "Group Owl goes to Kalmar."),
    ]
    asked = replace(turn("Who leads the tour?", [fox], history=history), earlier=(owl,))
    assert "Holm" in read(asked)[-1].content
    assert "Lind" not in read(asked)[-1].content


def test_a_heading_that_was_found_is_no_part_of_what_is_asked_of_it() -> None:
    searched: list[str] = []

    def search(question: str) -> list[Hit]:
        searched.append(question)
        return hits("Senna\nThe usual dose is 12 mg.", "Valerian\nThe usual dose is 400 mg.")

    history = [
        ChatMessage("user", "What is the usual dose of senna?"),
        ChatMessage("assistant", "The usual dose is 12 mg."),
    ]
    read(replace(turn("And the highest daily dose?", history=history), search=search))
    assert searched == ["And the highest daily dose?", "What is the highest daily dose of senna?"]


def test_what_only_a_reader_looks_in_is_quoted_where_it_answers_and_else_not_shown() -> None:
    """So a question that shares no word with its answer is answered."""

    class Reads:
        def read(
            self, question: str, sections: Sequence[Section], worth: Sequence[float]
        ) -> Reading:
            texts = [text for section in sections for text in section.sentences]
            return Reading(np.array([9.0 if "tablet" in text else -9.0 for text in texts]), 0.0)

    class Near(HashingEmbedder):
        def embed(self, texts: Sequence[str]) -> Matrix:
            return unit_rows(np.array([[1.0, 9.0 * ("tablet" not in text)] for text in texts]))

        def embed_query(self, question: str) -> Vector:
            return np.array([1.0, 0.0])

    dose, store = hits("Adults take one tablet every eight hours.", "Keep it in the dark.")
    far = [replace(one, similarity=0.04, vector_similarity=0.12) for one in (dose, store)]
    asked = replace(turn("How often do I swallow the pill?", far), embedder=Near())
    assert read(asked)[-1].content == EMPTY_RESPONSE
    reading = replace(asked, open_reader=lambda: cast(Reader, Reads()))
    last = read(reading)[-1]
    assert last.content == "Adults take one tablet every eight hours. [ID:0]"
    assert [one.chunk.id for one in last.hits] == [dose.chunk.id]
    refused = replace(reading, question="Who paints the fence?", search=lambda _: far[1:])
    assert read(refused)[-1].content == EMPTY_RESPONSE
