from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ragflow_local.answer.candidates import Asked, candidates_of
from ragflow_local.answer.quoting import extract
from ragflow_local.answer.reading import Read, sections_of
from ragflow_local.embedders import Reading, Section
from ragflow_local.records import ChunkRow, Hit
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
    assert max(quotes, key=lambda quote: quote.score).text == text


def test_where_the_reader_finds_none_nothing_is_quoted() -> None:
    assert extract("Who described the squid?", SEA, read=reads("nowhere")) == []
    assert extract("Who described the squid?", SEA, read=reads("Robson", none=9)) == []


def test_the_reader_is_not_asked_where_yes_or_no_would_answer() -> None:
    asked = "Was the squid described by Guy Robson?"
    assert extract(asked, SEA, read=reads("nowhere")) == extract(asked, SEA)
    assert "Robson" in extract(asked, SEA, read=reads("nowhere"))[0].text


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
