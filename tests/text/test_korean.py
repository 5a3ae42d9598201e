"""Particles at the end of Korean words."""

from __future__ import annotations

import pytest

from ragflow_local.text.content import asked_in_order
from ragflow_local.text.korean import without_particles


@pytest.mark.parametrize(
    ("word", "bare"),
    [
        ("수도는", "수도"),
        ("수도", "수도"),
        ("왕은", "왕"),
        ("은하수에는", "은하수"),
        ("지구상에서", "지구상"),
        ("도시로", "도시"),
        ("회의", "회의"),
        ("가을", "가을"),
        ("달까지의 거리를", "달까지 거리"),
        ("은", "은"),
    ],
)
def test_particles_are_taken_from_words_and_a_noun_is_left(word: str, bare: str) -> None:
    assert without_particles(word) == bare


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("프랑스의 수도는 어디인가요?", ("프랑", "랑스", "수도")),
        ("은하수에는 몇 개의 별이 있습니까?", ("은하", "하수", "별이")),
        ("뉴턴은 언제 사망했나요?", ("뉴턴", "사망")),
        ("조선의 첫 왕은 누구인가?", ("조선", "첫", "왕")),
        ("회의실은 어디에 있나요?", ("회의", "의실")),
    ],
)
def test_what_asks_is_no_term_of_a_korean_question_and_nouns_stay_whole(
    question: str, terms: tuple[str, ...]
) -> None:
    assert asked_in_order(question) == terms
