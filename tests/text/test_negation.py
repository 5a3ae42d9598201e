from __future__ import annotations

import pytest

from ragflow_local.text.negation import is_negated


@pytest.mark.parametrize(
    "text",
    ["It is not cut.", "Es gibt keinen.", "Il n'est pas là.", "不能退款", "Никогда", "It doesn’t."],
)
def test_a_negation_is_seen(text: str) -> None:
    assert is_negated(text)


@pytest.mark.parametrize("text", ["It is a note.", "Der Kessel", "不同的颜色", "nothing"])
def test_what_denies_nothing_is_no_negation(text: str) -> None:
    assert not is_negated(text)
