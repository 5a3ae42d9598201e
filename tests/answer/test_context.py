from __future__ import annotations

import random
import re

import pytest

from ragflow_local.answer.context import format_context, in_reading_order
from tests.answer.made import hit, hits


def test_a_page_is_named() -> None:
    assert format_context([hit("a", page=3)]) == "[ID:0] report.pdf, page 3\na"


def test_marks_in_a_document_are_not_taken_for_ours() -> None:
    assert format_context(hits("As said [ID:7].")) == "[ID:0] report.pdf\nAs said."


def test_neighbours_are_given_in_their_order_where_the_best_of_them_stood() -> None:
    found = [
        hit("It sleeps.", 0, ordinal=5, page=2),
        hit("Far away.", 1, name="b.txt", ordinal=6),
        hit("The kraken is large.", 2, ordinal=4, page=1),
        hit("It wakes in May.", 3, ordinal=6, page=2),
        hit("Something else.", 4, ordinal=9, page=9),
    ]
    assert format_context(in_reading_order(found)) == (
        "[ID:0] report.pdf, page 1\nThe kraken is large.\n"
        "[ID:1] report.pdf, page 2\nIt sleeps.\n"
        "[ID:2]\nIt wakes in May.\n\n"
        "[ID:3] b.txt\nFar away.\n\n"
        "[ID:4] report.pdf, page 9\nSomething else."
    )


def test_an_overlap_is_said_once() -> None:
    first = "The kraken is large. It sleeps in the deep sea near Norway."
    second = "It sleeps in the deep sea near Norway. It wakes in May."
    found = in_reading_order([hit(second, 0, ordinal=1), hit(first, 1, ordinal=0)])
    assert format_context(found) == f"[ID:0] report.pdf\n{first}\n[ID:1]\nIt wakes in May."


@pytest.mark.parametrize(
    "head", ["7.1 Storm petrels", "Name\tLength"], ids=["a heading", "the names of columns"]
)
def test_a_repeated_head_is_said_once(head: str) -> None:
    found = [hit(f"{head}\na\t1", 0, ordinal=0), hit(f"{head}\nb\t2", 1, ordinal=1)]
    assert format_context(found) == f"[ID:0] report.pdf\n{head}\na\t1\n[ID:1]\nb\t2"


def test_each_hit_has_one_mark_and_loses_no_word() -> None:
    chance = random.Random(5)
    for _ in range(200):
        found = [
            hit(
                f"word{number} ends", number, ordinal=chance.randint(0, 6), name=chance.choice("ab")
            )
            for number in range(chance.randint(1, 8))
        ]
        text = format_context(found)
        marks = [int(mark) for mark in re.findall(r"\[ID:(\d+)\]", text)]
        assert sorted(marks) == list(range(len(found)))
        for number in marks:
            assert re.search(rf"\[ID:{number}\][^\[]*\nword{number} ends", text)


def test_what_is_written_stays_where_more_is_added() -> None:
    chance = random.Random(7)
    for _ in range(200):
        found = [
            hit(
                f"word{number} ends", number, ordinal=chance.randint(0, 6), name=chance.choice("ab")
            )
            for number in range(8)
        ]
        for size in range(1, 8):
            assert format_context(found).startswith(format_context(found[:size]))


def test_a_chunk_is_joined_to_the_one_before_it_alone() -> None:
    found = [hit("a", 0, ordinal=0), hit("b", 1, ordinal=5), hit("c", 2, ordinal=1)]
    blocks = format_context(found).split("\n\n")
    assert [block.split()[0] for block in blocks] == ["[ID:0]", "[ID:1]", "[ID:2]"]
