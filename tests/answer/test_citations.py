from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache

import pytest

from ragflow_local.answer.citation_stream import CitationStream
from ragflow_local.answer.citations import footnotes_of, strip_marks
from ragflow_local.answer.support import Support
from ragflow_local.embedders.calibration import Calibration
from tests.answer.made import hits
from tests.embedders.made import Crowded

HITS = hits(
    "Net sales in fiscal 2022 were 394 billion dollars. Dr. Smith ran the unit.",
    "The colossal squid lives in the deep sea around Antarctica.",
    "小明出生于1990年，毕业于北京大学。",
)


def believing(sentence: str, numbers: Sequence[int]) -> list[int]:
    """Take the marks that a model set for right, so that the tests are about their form."""
    return list(dict.fromkeys(numbers)) or supporting(sentence)


@cache
def supporting(sentence: str) -> list[int]:
    return Support(HITS).of(sentence)


def cited(text: str, size: int = 3, *, count: int = 3, has_marks: bool = True) -> str:
    """Return the text with citations, fed in pieces of ``size``; it must only grow."""
    made = CitationStream(count, believing, has_marks=has_marks)
    seen = ""
    for start in range(0, len(text), size):
        made.feed(text[start : start + size])
        assert made.text.startswith(seen)
        seen = made.text
    made.finish()
    assert made.text.startswith(seen)
    return made.text


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    "given",
    [
        "It rose. [ID:0]",
        "It rose [ID:0].",
        "It rose[ID: 0] .".replace(" .", "."),
        "It rose. (ID:0)",
        "It rose. （ID：0）",
        "It rose. 【ID:0】",
        "It rose. [id:0]",
        "It rose. [ID 0]",
        "It rose [0].",
        "It rose. ##0$$",
        "It rose. [ID:0, ID:9]",
        "It rose [ID:0][ID:0].",
        "It rose. [ID:7] [ID:0]",
    ],
)
def test_a_mark_however_written_stands_after_its_sentence(given: str, size: int) -> None:
    assert cited(given, size) == "It rose. [ID:0]"


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("It rose. [ID:0][ID:1] It fell.", "It rose. [ID:0] [ID:1] It fell."),
        ("It rose. [ID:0,2]", "It rose. [ID:0] [ID:2]"),
        ("It rose [ID:0], and fell [ID:1].", "It rose, and fell. [ID:0] [ID:1]"),
        ("It rose. [ID:9]", "It rose."),
        ("See [12] and (a) and [x].", "See [12] and (a) and [x]."),
        ("An array a[0] is text.", "An array a[0] is text."),
        ("- It rose [ID:0]\n- It fell [ID:1]\n", "- It rose [ID:0]\n- It fell [ID:1]"),
        ("它上升了。[ID:2]它下降了。", "它上升了。 [ID:2]它下降了。"),
        ("Open [ID", "Open [ID"),
        ("a [b](c) d", "a [b](c) d"),
    ],
)
def test_marks_stand_where_they_belong(given: str, expected: str, size: int) -> None:
    assert cited(given, size) == expected


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_a_sentence_without_a_mark_gets_that_of_the_chunk_that_says_it(size: int) -> None:
    text = "Net sales in 2022 were 394 billion. The colossal squid lives around Antarctica! Hm."
    assert cited(text, size) == (
        "Net sales in 2022 were 394 billion. [ID:0]"
        " The colossal squid lives around Antarctica! [ID:1] Hm."
    )


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    assert cited("Dr. Smith ran the unit.") == "Dr. Smith ran the unit. [ID:0]"
    assert cited("Sales were 3.5 in the U.S. unit.") == "Sales were 3.5 in the U.S. unit."


def test_chinese_sentences_are_cited() -> None:
    assert cited("小明出生于1990年。今天天气很好。") == "小明出生于1990年。 [ID:2]今天天气很好。"


def test_a_figure_the_chunk_lacks_gets_no_mark() -> None:
    assert cited("Net sales in fiscal 2022 were 395 billion dollars.").endswith("dollars.")


def test_what_no_chunk_supports_is_listed() -> None:
    made = CitationStream(3, believing)
    made.feed("Dr. Smith ran the unit. Whales eat cheese on Sundays.")
    made.finish()
    assert made.unsupported == ["Whales eat cheese on Sundays."]


def test_without_quotes_no_mark_is_left() -> None:
    assert cited("It rose [ID:0]. Dr. Smith ran the unit.", has_marks=False) == (
        "It rose. Dr. Smith ran the unit."
    )


def test_white_space_and_lines_stay() -> None:
    text = "A list:\n\n- one  two\n- three\n\n```\nx = 1\n```"
    assert cited(text, 1) == text


def test_meaning_counts_where_half_of_the_words_fit() -> None:
    sentence = "The colossal squid lives in cold remote abysses."
    assert Support(HITS).of(sentence) == []
    assert Support(HITS, Crowded(apart=0.0)).of(sentence) == [1]


def test_meaning_is_calibrated_before_it_counts() -> None:
    sentence = "The colossal squid lives in cold remote abysses."
    raw = Crowded(apart=0.3)
    vectors = raw.embed([sentence, HITS[1].chunk.content])
    assert vectors[0] @ vectors[1] > 0.9
    raw.calibration = Calibration(floor=0.92)
    assert Support(HITS, raw).of(sentence) == []


def test_the_text_does_not_depend_on_the_size_of_the_pieces() -> None:
    chance = random.Random(1)
    letters = "ab AB.!?。[ID:0](1)【】#$\n\t|-中文 0,<>"
    for _ in range(500):
        text = "".join(chance.choice(letters) for _ in range(chance.randint(0, 60)))
        assert len({cited(text, size) for size in (1, 3, 1000)}) == 1, text


def test_stripping_leaves_the_text() -> None:
    assert strip_marks("It rose. [ID:0] [ID:12] See [3]. (ID: 4)") == "It rose. See [3]."
    assert strip_marks("") == ""


@pytest.mark.parametrize(
    ("content", "count", "numbers"),
    [
        ("a [ID:4] b [ID:1] c [ID:4]", 5, {4: 1, 1: 2}),
        ("a [ID:9] b [ID:1]", 5, {1: 1}),
        ("nothing", 5, {}),
    ],
    ids=["by appearance", "none for what is not there", "no marks"],
)
def test_footnotes_are_numbered_by_appearance(
    content: str, count: int, numbers: dict[int, int]
) -> None:
    assert footnotes_of(content, count) == numbers
