from __future__ import annotations

from ragflow_local.answer.lines import ends_of_paragraphs, lines_of
from ragflow_local.records import Marked


def ends(content: str, *marked: Marked) -> list[int]:
    return ends_of_paragraphs(lines_of(content.split("\n"), marked))


def test_blank_lines_end_paragraphs_and_are_no_lines() -> None:
    lines = lines_of(["One", "", " ", "two"], ())
    assert [(line.text, line.is_last) for line in lines] == [("One", True), ("two", False)]


def test_a_sentence_at_the_end_of_a_line_ends_a_paragraph_if_another_begins() -> None:
    assert ends("It sleeps.\nIt wakes.\nand sings.\nAgain") == [0, 2]


def test_marked_lines_are_paragraphs_of_their_own() -> None:
    assert ends("Gauge\nIt measures\nand tells", Marked(0, 1, 1)) == [0]
    assert ends("It measures\npip install\ngauge up\nand tells", Marked(1, 2, 0)) == [0, 2]


def test_marks_beyond_the_text_are_passed_over() -> None:
    lines = lines_of(["One", "two"], (Marked(1, 9, 1), Marked(20, 1, 1)))
    assert [line.mark is not None for line in lines] == [False, True]


def test_cited_lines_are_apart_from_others_and_from_who_wrote_them() -> None:
    assert ends("See below\n> On 2 May Tom wrote:\n> who has it\nThanks") == [0, 1, 2]


def test_what_is_set_in_below_an_item_is_its_line() -> None:
    lines = lines_of(["1. Convert it:", "     gauge migrate", "2. Start it", "Done"], ())
    assert [line.text for line in lines] == ["1. Convert it: gauge migrate", "2. Start it", "Done"]


def test_a_turn_ends_with_a_sentence_or_where_the_next_one_begins() -> None:
    content = "[10:00:01] Ann: I like\nthe roof.\nIt is old.\n[10:05:02] Bob: I do not"
    turns = [line.turn.speaker if line.turn else "" for line in lines_of(content.split("\n"), ())]
    assert turns == ["Ann", "Ann", "", "Bob"]


def test_a_marked_line_ends_a_turn() -> None:
    content = ["Ann [10:00 AM]", "We meet", "Notes", "The roof"]
    turns = [line.turn is not None for line in lines_of(content, (Marked(2, 1, 1),))]
    assert turns == [True, True, False, False]


def test_an_item_below_another_is_a_line_of_its_own() -> None:
    lines = lines_of(["1. You need:", "   - a saw", "   - a nail"], ())
    assert [line.text.strip() for line in lines] == ["1. You need:", "- a saw", "- a nail"]
