from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ragflow_local.answer import reading, scorer
from ragflow_local.answer.candidates import Asked, candidates_of
from ragflow_local.answer.quoting import extract
from ragflow_local.answer.reading import (
    FOUND,
    LEAST_ELSEWHERE,
    LEAST_FOUND,
    SIGNS,
    Read,
    is_found,
    ranking,
    sections_of,
)
from ragflow_local.answer.scorer import text_of
from ragflow_local.answer.weighing import weigh
from ragflow_local.embedders import Reading, Section
from ragflow_local.records import ChunkRow, Hit, Vector
from tests.answer.made import hit


def hits(*contents: str, headings: tuple[str, ...] = ()) -> list[Hit]:
    rows = [
        ChunkRow(
            number, f"c{number}", "d", "s", "report.pdf", number, content, 1, 1, headings=headings
        )
        for number, content in enumerate(contents)
    ]
    return [Hit(row, 0.9 - row.number / 100, 0.9, 0.9) for row in rows]


SEA = hits(
    "The squid was described in 1925 by Guy Robson. It swims in the Southern Ocean.",
    "Name\tLength\nColossal squid\t14 m\nGiant squid\t12 m",
)


def reads(word: str, none: float = 0.0) -> Read:
    """Return a reader to which what holds a word is worth 5, and all else -5."""

    def read(question: str, sections: Sequence[Section], worth: Sequence[float]) -> Reading:
        texts = [text for section in sections for text in section.sentences]
        assert len(worth) == len(texts)
        return Reading(np.array([5.0 if word in text else -5.0 for text in texts]), none)

    return read


def test_what_the_reader_takes_for_the_answer_is_quoted_whatever_words_say() -> None:
    text = "It swims in the Southern Ocean."
    assert text not in [quote.text for quote in extract("Who described the squid?", SEA)]
    quotes = extract("Who described the squid?", SEA, read=reads("Southern"))
    assert max(quotes, key=lambda quote: quote.score).text.endswith(text)


def test_where_the_reader_finds_none_nothing_is_quoted() -> None:
    assert extract("Who described the squid?", SEA, read=reads("nowhere")) == []
    assert extract("Who described the squid?", SEA, read=reads("Robson", none=9)) == []


def test_the_reader_is_not_asked_where_yes_or_no_would_answer() -> None:
    asked = "Was the squid described by Guy Robson?"

    def fails(question: str, sections: Sequence[Section], worth: Sequence[float]) -> Reading:
        raise AssertionError(question)

    assert "Robson" in extract(asked, SEA, read=fails)[0].text


def test_of_a_question_for_yes_or_no_the_reader_finds_what_says_it_in_other_words() -> None:
    def near(_: str, texts: Sequence[str]) -> Vector:
        return np.array([0.4 if "Tobacco" in text else 0.05 for text in texts], np.float32)

    cellar = hits("Tobacco is forbidden in the cellar.", "The gate is painted green.")
    assert extract("May I smoke down there?", cellar, near) == []
    assert extract("May I smoke down there?", cellar, near, read=reads("nowhere", none=9)) == []
    [quote] = extract("May I smoke down there?", cellar, near, read=reads("Tobacco"))
    assert quote.text == "Tobacco is forbidden in the cellar."
    # A word that is shared leaves it to the scorer.
    ferry = "Does the winter ferry to Visby carry bicycles, dogs and heavy luggage?"
    assert extract(ferry, hits("The gate of Visby is green."), near, read=reads("gate")) == []


def test_a_row_whose_cell_is_asked_for_needs_no_reader() -> None:
    [quote] = extract("What is the length of the giant squid?", SEA, read=reads("nowhere"))[:1]
    assert "Giant squid" in quote.text


def test_a_passage_that_was_not_found_is_read_and_never_quoted() -> None:
    quotes = extract("Who described the squid?", SEA[1:], others=SEA[:1], read=reads("Robson"))
    assert all("Robson" not in quote.text for quote in quotes)


def test_sentences_of_one_text_under_one_heading_are_one_section() -> None:
    first = hits("Open it. Close it.", headings=("Guide", "Valves"))
    second = hits("Turn it off.")
    asked = Asked.of("How is the valve closed?")
    sections = sections_of(candidates_of([*first, *second]), [*first, *second], asked)
    assert [(section.heading, section.sentences) for section in sections] == [
        ("Valves", ("Open it.", "Close it.")),
        ("", ("Turn it off.",)),
    ]


def test_a_document_is_read_under_its_name_if_that_says_what_the_question_does_and_it_not() -> None:
    found = [hit("The farm made 342 GWh.", name="wind-report_2021.md")]
    names = [
        sections_of(candidates_of(found), found, Asked.of(question))[0].heading
        for question in (
            "What did the farm make in 2021?",
            "What did the wind make?",
            "What did the farm make?",
        )
    ]
    assert names == ["wind report 2021", "wind report 2021", ""]
    said = [hit("The farm made 342 GWh.", name="farm-report.md")]
    asked = Asked.of("What did the farm make?")
    assert sections_of(candidates_of(said, asked.language), said, asked)[0].heading == ""


def test_of_a_question_of_several_steps_the_scorer_may_find_what_the_reader_does_not() -> None:
    asked = (
        "In which ocean swims the squid that Guy Robson described in 1925, the one that weighs"
        " more than any other animal without a backbone and hunts for fish in the dark?"
    )
    assert extract(asked, SEA[:1])
    assert extract(asked, SEA[:1], read=reads("nowhere"))


KEMP = hits(
    "The pear tree was planted by Walter Kemp. His wife began the record of the flood."
    " The schoolmaster painted it in spring, when the storm had torn a branch from it."
)


def scored(**worth: float) -> Read:
    """Return a reader to which a sentence with a word is worth so much, and all else -5."""

    def read(question: str, sections: Sequence[Section], of: Sequence[float]) -> Reading:
        texts = [text for section in sections for text in section.sentences]
        scores = [max((worth[w] for w in worth if w in text), default=-5.0) for text in texts]
        return Reading(np.array(scores), 0.0)

    return read


def test_a_second_sentence_comes_only_where_the_reader_is_not_sure_of_the_first() -> None:
    question = "Who planted the pear tree?"
    assert len(extract(question, KEMP, read=scored(Kemp=9.0, flood=1.0))) == 1
    assert len(extract(question, KEMP, read=scored(Kemp=9.0, flood=8.9))) == 2


GATE = hits(
    "The old pear tree at the gate by the river was planted by Walter Kemp."
    " The schoolmaster painted it in spring."
)
PARTS = (
    "By whom was the old pear tree at the gate by the river planted, which the schoolmaster"
    " painted?"
)


def test_a_sentence_that_the_reader_is_sure_of_is_quoted_alone_however_long_the_question() -> None:
    [quote] = extract(PARTS, GATE, read=scored(Kemp=9.0))
    assert "Kemp" in quote.text
    assert len(extract(PARTS, GATE, read=scored(Kemp=0.1, painted=0.0))) == 2


def test_what_leaves_most_of_a_question_unsaid_is_followed_however_sure_the_reader_is() -> None:
    [first, second] = extract(PARTS, GATE, read=scored(painted=9.0))
    assert "schoolmaster" in first.text and "Kemp" in second.text


def test_a_question_that_says_no_asks_more_of_a_sentence_that_does_not() -> None:
    plain = hits("The pear tree was planted by Walter Kemp.")
    denied = hits("The pear tree was not planted by Walter Kemp.")
    question = "Who has not planted the pear tree?"
    weak = scored(Kemp=-1.0)
    assert extract(question, denied, read=weak)
    assert extract("Who planted the pear tree?", plain, read=weak)
    assert extract(question, plain, read=weak) == []


@pytest.mark.parametrize(
    ("sign", "value", "expected"),
    [
        pytest.param("lead", -3.0, True, id="no word is shared, and it is near"),
        pytest.param("lead", -8.0, False, id="the reader is against it"),
        pytest.param("near", 0.1, False, id="it is not near"),
        pytest.param("gap", 0.0, False, id="the others are as near"),
        pytest.param("support", 0.3, False, id="the words stand beside it"),
        pytest.param("own", 0.01, False, id="a common word is shared"),
    ],
)
def test_a_sentence_in_other_words_is_found_by_its_meaning(
    sign: str, value: float, expected: bool
) -> None:
    signs = {"lead": -3.0, "nearest": 0.35, "gap": 0.25, "near": 0.35} | {sign: value}
    signals = np.array([signs.get(name, 0.0) for name in SIGNS])
    assert is_found(signals, "meaning") is expected
    assert not is_found(signals, "words")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param("What makes me sleepy?", "Drowsiness is common.", id="no word is shared"),
        pytest.param("What is stored there?", "It is stored in the dark.", id="a word is"),
    ],
)
def test_nearness_outweighs_the_reader_where_the_best_sentence_shares_no_word(
    question: str, expected: str
) -> None:
    def near(_: str, texts: Sequence[str]) -> Vector:
        return np.array([0.9 if "Drowsiness" in text else 0.1 for text in texts], np.float32)

    found = hits("It is stored in the dark. Drowsiness is common.")
    weighed = weigh(question, found, near)
    assert weighed is not None
    scores = ranking(weighed, Reading(np.array([5.0, 0.0]), 0.0))
    assert weighed.chosen[int(np.argmax(scores))].unit.text == expected


def test_more_is_asked_of_an_answer_in_another_language_than_english() -> None:
    signs = {"lead": 0.05, "own": 0.4, "support": 0.4, "nearest": 0.3, "gap": 0.1, "near": 0.2}
    signals = np.array([signs.get(name, 0.0) for name in SIGNS])
    chance = scorer.chance(FOUND["meaning"], signals)
    assert LEAST_FOUND["meaning"] < chance < LEAST_ELSEWHERE
    assert is_found(signals, "meaning")
    assert not is_found(signals, "meaning", is_elsewhere=True)


@pytest.mark.parametrize(
    ("question", "is_elsewhere"),
    [
        ("Who planted the pear tree in 1925?", False),
        ("Who planted the pear tree?", False),
        ("Wer hat den Birnbaum gepflanzt?", True),
        ("Wer hat 1925 den Birnbaum gepflanzt?", False),
        ("Wer hat 1926 den Birnbaum gepflanzt?", True),
    ],
)
def test_a_named_time_is_enough_in_any_language(
    question: str, is_elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def is_found(signals: Vector, mode: str, *, is_elsewhere: bool = False) -> bool:
        asked.append(is_elsewhere)
        return True

    monkeypatch.setattr(reading, "is_found", is_found)
    text = "1925 hat Walter Kemp den Birnbaum gepflanzt: he planted the pear tree."
    extract(question, hits(text), read=reads("Kemp"))
    assert asked == [is_elsewhere]


FAQ = hits("Do you deliver on weekdays?\nThe courier comes by bike.", "The gate is painted green.")


def test_a_sentence_under_a_question_of_the_text_is_read_under_it() -> None:
    weighed = weigh("When does the courier come?", FAQ, None)
    assert weighed is not None
    assert sections_of(weighed.chosen, FAQ, weighed.asked)[0] == Section(
        ("The courier comes by bike.",), "Do you deliver on weekdays?"
    )
    assert text_of(weighed.chosen[0]) == "Do you deliver on weekdays? The courier comes by bike."


@pytest.mark.parametrize(
    ("question", "none", "near", "is_there"),
    [
        ("When does the courier come?", 9.0, 0.9, True),
        ("When does the courier come?", 9.0, 0.1, False),
        ("When does the courier come?", 5.0, 0.3, True),
        ("Do you deliver on cold weekdays?", 5.0, 0.3, True),
        ("Do you deliver on cold weekdays?", 12.0, 0.3, False),
    ],
)
def test_the_reader_and_nearness_judge_what_stands_under_a_question_of_the_text(
    question: str, none: float, near: float, is_there: bool
) -> None:
    def nearness(_: str, texts: Sequence[str]) -> Vector:
        return np.array([near if "courier" in text else 0.05 for text in texts], np.float32)

    quotes = extract(question, FAQ, nearness, read=reads("courier", none))
    assert [quote.text for quote in quotes] == [
        "Do you deliver on weekdays? The courier comes by bike."
    ] * is_there


def test_whoever_asks_as_the_text_does_is_answered_whatever_the_reader_finds() -> None:
    read = reads("nowhere", none=9.0)
    asked = ("Do you deliver on weekdays?", "do you deliver on weekdays", "Deliver on weekdays?")
    for question in asked:
        assert "courier" in extract(question, FAQ, read=read)[0].text
    for question in ("When do you deliver on weekdays?", "How do you deliver on weekdays?"):
        assert extract(question, FAQ, read=read) == []
    numbered = hits("Q3. When does the courier come?\nA3. On weekdays, by bike.")
    assert "by bike" in extract("When does the courier come?", numbered, read=read)[0].text
