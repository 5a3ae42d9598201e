"""A model's answer is written, checked and, where it may not be trusted, replaced by quotes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from ragflow_local.answer.turn import Running, Turn
from ragflow_local.answer.writing import SMALL_PARAMETERS, Writing, write_json, write_text
from ragflow_local.records import Answer
from ragflow_local.settings import LLMSettings, PromptSettings
from tests.answer.made import Scripted, hits

PASSAGES = hits("The pump stands in the cellar.", "The roof leaks when it rains.")
SCHEMA = {"type": "object", "properties": {"where": {"type": ["string", "null"]}}}


class Sized(Scripted):
    """A scripted model of some size."""

    def __init__(self, *pieces: str, parameters: int = 0) -> None:
        super().__init__(*pieces)
        self.parameters = parameters


def writing(*pieces: str, parameters: int = 0, **prompt: Any) -> Writing:
    settings = PromptSettings(**prompt)
    question = "Where does the pump stand?"
    turn = Turn(question, [], settings, LLMSettings(), lambda text: PASSAGES)
    return Writing(turn, question, PASSAGES, Sized(*pieces, parameters=parameters), Running())


def last(answers: Iterator[Answer]) -> Answer:
    every = list(answers)
    assert [answer.is_last for answer in every] == [False] * (len(every) - 1) + [True]
    return every[-1]


def test_an_answer_grows_and_ends_with_its_hits_and_marks() -> None:
    answers = list(write_text(writing("The pump stands ", "in the cellar", ".")))
    for earlier, later in pairwise(answers):
        assert later.content.startswith(earlier.content)
    assert answers[0].hits == ()
    end = answers[-1]
    assert end.is_last
    assert end.content == "The pump stands in the cellar. [ID:0]"
    assert end.hits == tuple(PASSAGES)
    assert (end.model, end.unsupported) == ("scripted.gguf", ())


def test_what_no_chunk_says_is_listed_and_stays() -> None:
    end = last(write_text(writing("The pump stands in the attic.")))
    assert end.content == "The pump stands in the attic."
    assert end.unsupported == ("The pump stands in the attic.",)


@pytest.mark.parametrize(
    ("parameters", "grounding", "is_strict"),
    [
        (0, None, False),
        (SMALL_PARAMETERS, None, False),
        (SMALL_PARAMETERS - 1, None, True),
        (SMALL_PARAMETERS - 1, "marked", False),
        (SMALL_PARAMETERS, "strict", True),
    ],
)
def test_a_small_model_is_not_trusted_unless_that_is_asked_for(
    parameters: int, grounding: str | None, is_strict: bool
) -> None:
    made = writing("The pump stands in the attic.", parameters=parameters, grounding=grounding)
    assert made.is_strict() is is_strict
    end = last(write_text(made))
    assert ("attic" in end.content) is not is_strict


def test_in_place_of_a_sentence_without_support_stands_the_best_quote_with_its_mark() -> None:
    end = last(write_text(writing("The pump stands in the attic.", grounding="strict")))
    assert end.content == "The pump stands in the cellar. [ID:0]"


def test_where_there_is_nothing_to_quote_the_answer_is_that_nothing_was_found() -> None:
    made = writing("Krakens sleep.", grounding="strict", empty_response="Nothing is known.")
    end = last(write_text(replace(made, hits=(), question="xyzzy")))
    assert (end.content, end.hits) == ("Nothing is known.", ())


def test_without_quotes_neither_marks_nor_hits_are_given() -> None:
    end = last(write_text(writing("The pump stands in the cellar. [ID:0]", show_quote=False)))
    assert (end.content, end.hits) == ("The pump stands in the cellar.", ())


def test_thinking_is_kept_apart_from_the_answer() -> None:
    pieces = ("<think>The cel", "lar?</think>", "The pump stands in the cellar.")
    answers = list(write_text(writing(*pieces)))
    assert answers[-1].thinking == "The cellar?"
    assert answers[-1].content == "The pump stands in the cellar. [ID:0]"
    assert any(answer.thinking and not answer.content for answer in answers)


def test_an_answer_that_is_stopped_has_no_end_and_frees_its_model() -> None:
    made = writing("The pump stands in the cellar. ", "It hums. ", "It rattles.")
    answers = write_text(made)
    next(answers)
    made.running.is_closed.set()
    assert not any(answer.is_last for answer in answers)
    assert made.generator.closed == 1  # type: ignore[attr-defined]  # it is Scripted


def test_an_answer_that_is_stopped_before_it_begins_asks_no_model() -> None:
    made = writing("The pump stands in the cellar.")
    made.running.is_closed.set()
    assert list(write_text(made)) == []
    assert list(write_json(made, SCHEMA)) == []
    assert made.generator.messages == []  # type: ignore[attr-defined]  # it is Scripted


def test_what_it_cost_is_told_with_the_end() -> None:
    end = last(write_text(writing("The pump stands in the cellar.")))
    assert end.usage["prompt_tokens"] > 0
    assert end.usage["total_seconds"] >= end.usage["first_seconds"] >= 0
    assert "prompt_seconds" in end.usage


def test_json_is_written_by_the_schema_and_its_values_are_cited() -> None:
    made = writing('{"where": ', '"the cellar"}')
    answers = list(write_json(made, SCHEMA))
    assert json.loads(answers[-1].content) == {"where": "the cellar"}
    assert answers[-1].hits == (PASSAGES[0],)
    assert answers[0].content == '{"where": '
    assert made.generator.schema == SCHEMA  # type: ignore[attr-defined]  # it is Scripted
    assert "where" in made.generator.messages[0].content  # type: ignore[attr-defined]  # likewise


def test_json_of_a_model_that_is_not_trusted_comes_when_it_is_checked() -> None:
    answers = list(write_json(writing('{"where": "the attic"}', grounding="strict"), SCHEMA))
    assert [json.loads(answer.content) for answer in answers] == [{"where": None}]


def test_json_is_not_kept_from_repeating_itself() -> None:
    told: list[LLMSettings] = []

    class Noting(Scripted):
        def generate(self, messages: Any, settings: LLMSettings, **others: Any) -> Iterator[str]:
            told.append(settings)
            return super().generate(messages, settings, **others)

    made = replace(writing(), generator=Noting('{"where": "the cellar"}'))
    assert made.turn.llm.presence_penalty > 0
    list(write_json(made, SCHEMA))
    assert (told[0].presence_penalty, told[0].frequency_penalty) == (0, 0)


def test_the_chunks_of_the_turn_before_stay_first_in_the_prompt() -> None:
    before = writing("In the cellar.")
    turn = replace(before.turn, earlier=[PASSAGES[1], PASSAGES[0]])
    prompt = replace(before, turn=turn).prompt()
    assert [one.chunk.number for one in prompt.hits] == [1, 0]
