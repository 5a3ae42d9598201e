"""Ranges of characters by script."""

import re

import pytest

from ragflow_local.text import scripts


@pytest.mark.parametrize(
    ("ranges", "inside", "outside"),
    [
        (scripts.HAN, "中國𠮷", "あア한aé"),
        (scripts.KANA, "あアㇰ", "中한a"),
        (scripts.HANGUL, "한글", "中あa"),
        (scripts.HAN_AND_KANA, "中あア々〇", "한aก"),
        (scripts.SOUTH_EAST_ASIAN, "กລက", "中aत"),
        (scripts.UNSPACED, "中あ한กབ", "aéжתע"),
        (scripts.SIGNS, "\u0301\u0651\u093f", "a中é"),
    ],
    ids=["Han", "kana", "Hangul", "Han and kana", "south-east Asia", "without spaces", "signs"],
)
def test_a_range_holds_its_script_and_no_other(ranges: str, inside: str, outside: str) -> None:
    pattern = re.compile(f"[{ranges}]")
    assert [char for char in inside if not pattern.match(char)] == []
    assert [char for char in outside if pattern.match(char)] == []
