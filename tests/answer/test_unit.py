from __future__ import annotations

import pytest

from ragflow_local.answer.unit import Unit, introduces


def test_a_unit_is_quoted_as_it_stands() -> None:
    assert Unit("It sleeps.").quoted == "It sleeps."


def test_a_sentence_amid_a_turn_is_quoted_after_its_speaker() -> None:
    unit = Unit("I pay.", speaker="Ann")
    assert (unit.said, unit.quoted) == ("Ann: I pay.", "Ann: … I pay.")


def test_the_first_of_a_turn_leaves_nothing_out() -> None:
    assert Unit("I pay.", speaker="Ann", begins_turn=True).quoted == "Ann: I pay."


def test_an_answer_is_quoted_after_its_question() -> None:
    unit = Unit("I pay.", question="Who pays?", begins_answer=True, speaker="Ann")
    assert unit.quoted == "Who pays? Ann: … I pay."


@pytest.mark.parametrize(
    ("text", "is_so"), [("Run this:", True), ("**Run**：", True), ("At 10:30", False)]
)
def test_a_colon_at_the_end_introduces(text: str, is_so: bool) -> None:
    assert introduces(text) is is_so
