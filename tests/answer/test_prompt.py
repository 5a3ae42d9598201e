from __future__ import annotations

import random

import pytest

from ragflow_local.answer.prompt import CITE, Prompt, Shape, Window, build
from ragflow_local.errors import ContextTooSmallError
from ragflow_local.records import ChatMessage, Hit
from ragflow_local.settings import DEFAULT_PROMPT, PromptSettings
from tests.answer.made import Scripted, hit, hits

HISTORY = [
    ChatMessage("user", "first?"),
    ChatMessage("assistant", "One. [ID:0]"),
    ChatMessage("user", "second?"),
    ChatMessage("assistant", "Two. [ID:1]"),
]
SHORT = PromptSettings(prompt="{knowledge}", show_quote=False)


def made(
    found: list[Hit],
    context: int = 100_000,
    history: list[ChatMessage] | None = None,
    settings: PromptSettings = SHORT,
    answer_tokens: int = 100,
) -> Prompt:
    window = Window(context, answer_tokens, Scripted().count_tokens)
    return build("why?", found, history or [], settings, window)


def test_the_default_prompt_is_the_references_text_with_the_chunks_in_it() -> None:
    found = [hit("Squid.", page=3), hit("Kraken.", 1, name="b.txt")]
    system = made(found, settings=PromptSettings()).messages[0].content
    knowledge = "[ID:0] report.pdf, page 3\nSquid.\n\n[ID:1] b.txt\nKraken."
    assert system == f"{CITE}\n" + DEFAULT_PROMPT.replace("{knowledge}", knowledge)


def test_the_call_for_citations_goes_with_show_quote() -> None:
    assert (
        CITE not in made(hits("a"), settings=PromptSettings(show_quote=False)).messages[0].content
    )


def test_only_knowledge_is_replaced() -> None:
    settings = PromptSettings(prompt='{"a": {x}} {knowledge} {{y}} {question}', show_quote=False)
    system = made(hits("{knowledge} {z}"), settings=settings).messages[0].content
    assert system == '{"a": {x}} [ID:0] report.pdf\n{knowledge} {z} {{y}} {question}'


def test_history_goes_between_without_its_marks() -> None:
    messages = made(hits("a"), history=HISTORY).messages
    assert [message.content for message in messages[1:]] == [
        "first?",
        "One.",
        "second?",
        "Two.",
        "why?",
    ]


def test_a_question_without_an_answer_is_left_out() -> None:
    lone = [ChatMessage("assistant", "Hi!"), ChatMessage("user", "lost?"), *HISTORY]
    assert made(hits("a"), history=lone).messages[1].content == "first?"


def test_the_oldest_turn_goes_first_when_it_does_not_fit() -> None:
    whole = made(hits("a" * 300), history=HISTORY)
    less = made(hits("a" * 300), whole.tokens + 100 - 1, HISTORY)
    assert [message.content for message in less.messages[1:]] == ["second?", "Two.", "why?"]


def test_chunks_go_from_the_end_when_they_do_not_fit() -> None:
    found = hits("a" * 100, "b" * 100, "c" * 100)
    prompt = made(found, 400)
    assert prompt.hits == tuple(found[:2])
    assert prompt.tokens <= 300


def test_the_turn_before_is_worth_some_chunks() -> None:
    found = hits(*(letter * 100 for letter in "abcdef"))
    history = [ChatMessage("user", "q" * 60), ChatMessage("assistant", "r" * 60)]
    prompt = made(found, made(found).tokens + 100, history)
    assert len(prompt.messages) == 4
    assert 3 <= len(prompt.hits) < 6


@pytest.mark.parametrize("context", range(150, 1500, 50))
def test_a_prompt_never_exceeds_its_room(context: int) -> None:
    found = hits(*(letter * 90 for letter in "abcdef"))
    prompt = made(found, context, HISTORY * 5, answer_tokens=80)
    assert prompt.tokens == Scripted().count_tokens(prompt.messages)
    assert prompt.tokens <= max(context - min(80, context // 2), 20)


def test_a_question_that_does_not_fit_alone_is_an_error() -> None:
    with pytest.raises(ContextTooSmallError):
        made(hits("a"), 60)


def test_a_chunk_said_twice_is_given_once() -> None:
    found = hits("The squid is large.", "The  squid\nis large.", "squid is", "Kraken")
    assert [one.chunk.id for one in made(found).hits] == ["c0", "c3"]


@pytest.mark.parametrize("chance", range(20))
def test_knowledge_of_earlier_turns_stays_where_it_is(chance: int) -> None:
    draw = random.Random(chance)
    everything = [hit(f"text {number}.", number, ordinal=number // 2) for number in range(30)]
    earlier: tuple[Hit, ...] = ()
    before = ""
    for _ in range(3):
        found = [*draw.sample(everything, 3), *earlier[:1]]
        window = Window(100_000, 100, Scripted().count_tokens)
        prompt = build("why?", found, [], SHORT, window, Shape(earlier=earlier))
        assert prompt.messages[0].content.startswith(before)
        assert prompt.hits[: len(earlier)] == earlier
        earlier, before = prompt.hits, prompt.messages[0].content


def test_a_few_hits_keep_the_many_that_were_read_before() -> None:
    earlier = tuple(hit(f"text {number}.", number) for number in range(8))
    window = Window(100_000, 100, Scripted().count_tokens)
    found = [hit("new.", 20), earlier[3]]
    prompt = build("why?", found, [], SHORT, window, Shape(earlier=earlier))
    assert [one.chunk.number for one in prompt.hits] == [*range(8), 20]


def test_where_nothing_is_found_again_the_earlier_go() -> None:
    earlier = tuple(hit(f"text {number}.", number) for number in range(8))
    window = Window(100_000, 100, Scripted().count_tokens)
    prompt = build("why?", [hit("new.", 20)], [], SHORT, window, Shape(earlier=earlier))
    assert [one.chunk.number for one in prompt.hits] == [20]


def after(found: list[Hit], earlier: list[Hit], context: int, *history: ChatMessage) -> Prompt:
    window = Window(context, 100, Scripted().count_tokens)
    return build("why?", found, history, SHORT, window, Shape(earlier=earlier))


def test_a_prompt_of_what_was_read_before_does_not_exceed_its_room_either() -> None:
    found = hits(*(letter * 90 for letter in "abcdef"))
    prompt = after(found, found, 500)
    assert prompt.tokens <= 400
    assert 1 < len(prompt.hits) < 6


def test_where_not_all_fits_what_was_found_now_is_given_alone() -> None:
    earlier = hits(*(letter * 90 for letter in "abcdef"))
    found = [hit("n" * 90, 20), earlier[5]]
    prompt = after(found, earlier, 600)
    assert [one.chunk.number for one in prompt.hits] == [20, 5]


def test_where_only_the_turn_before_does_not_fit_beside_them_the_earlier_go_too() -> None:
    earlier = hits(*(letter * 90 for letter in "abcdef"))
    found = [hit("n" * 90, 20), earlier[5]]
    whole = after(found, earlier, 100_000).tokens
    turn = (ChatMessage("user", "q" * 40), ChatMessage("assistant", "r" * 40))
    prompt = after(found, earlier, whole + 100 + 40, *turn)
    assert [one.chunk.number for one in prompt.hits] == [20, 5]
    assert len(prompt.messages) == 4


def test_what_is_found_now_alone_is_in_reading_order() -> None:
    earlier = hits(*(letter * 90 for letter in "abcdef"))
    found = [hit("second", 31, ordinal=101), hit("first", 30, ordinal=100), earlier[5]]
    prompt = after(found, earlier, 500)
    assert [one.chunk.number for one in prompt.hits][:2] == [30, 31]


def test_too_many_chunks_of_turns_before_are_not_kept() -> None:
    earlier = [hit(f"text {number}.", number) for number in range(17)]
    found = [hit("new.", 20), earlier[3]]
    assert len(after(found, earlier[:16], 100_000).hits) == 17
    assert [one.chunk.number for one in after(found, earlier, 100_000).hits] == [20, 3]


def test_beside_what_was_read_before_only_the_best_of_the_new_are_read() -> None:
    earlier = hits("text.")
    found = [*(hit(f"new {number}.", number) for number in range(1, 8)), earlier[0]]
    prompt = after(found, earlier, 100_000)
    assert [one.chunk.number for one in prompt.hits] == [0, 1, 2, 3]


def test_what_was_read_before_is_not_said_again_by_a_new_chunk() -> None:
    earlier = hits("The squid is large.")
    found = [hit("squid is", 5), earlier[0], hit("Kraken.", 6)]
    assert [one.chunk.number for one in after(found, earlier, 100_000).hits] == [0]


def test_what_was_read_before_is_given_once_though_its_text_has_become_the_same() -> None:
    earlier = hits("The squid is large.", "Kraken.")
    changed = hit("The squid is large.", 1)  # since it was read
    new = [hit("second", 31, ordinal=101), hit("first", 30, ordinal=100), *hits("x", "y", "z")]
    found = [*new[:2], *(hit(one.chunk.content, 40 + at) for at, one in enumerate(new[2:]))]
    prompt = after([*found, changed], earlier, 100_000)
    assert [one.chunk.number for one in prompt.hits] == [0, 30, 31]
