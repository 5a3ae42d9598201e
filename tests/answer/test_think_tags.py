from __future__ import annotations

import pytest

from ragflow_local.answer.think_tags import ThinkTagSplitter


@pytest.mark.parametrize("size", [1, 3, 100])
def test_thoughts_are_no_part_of_the_answer(size: int) -> None:
    text = "<think>\nHm < 3.\n</think>\n\nIt is 2 < 3. <think>And?</think>Yes."
    made = ThinkTagSplitter()
    said = "".join(made.feed(text[at : at + size]) for at in range(0, len(text), size))
    said += made.feed("", is_last=True)
    assert said == "It is 2 < 3. Yes."
    assert made.thought == "\nHm < 3.\nAnd?"


def test_a_thought_that_never_ends_leaves_no_answer() -> None:
    made = ThinkTagSplitter()
    assert made.feed("<think>on and on </thi", is_last=True) == ""
    assert made.thought == "on and on </thi"


def test_text_without_thoughts_passes() -> None:
    made = ThinkTagSplitter()
    assert made.feed(" a<b") == "a<b"
    assert made.feed("<thinker>") == "<thinker>"
