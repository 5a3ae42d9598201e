from __future__ import annotations

from dataclasses import replace

from ragflow_local.answer.found import joined, readable, relevant, stands_out
from ragflow_local.records import Hit
from tests.answer.made import hit


def scored(number: int, similarity: float, near: float) -> Hit:
    return replace(hit("text", number), similarity=similarity, vector_similarity=near)


def test_what_passes_the_threshold_is_found() -> None:
    hits = [scored(0, 0.3, 0.1), scored(1, 0.1, 0.1)]
    assert relevant(hits, 0.2) == hits[:1]
    assert relevant([], 0.2) == []


def test_a_paraphrase_without_a_common_word_is_found_by_its_meaning() -> None:
    near = scored(0, 0.15, 0.5)
    assert relevant([near], 0.2) == [near]


def test_what_is_rather_near_is_found_where_the_others_are_far() -> None:
    rather, far = scored(0, 0.11, 0.37), [scored(at, 0.02, 0.05) for at in (1, 2, 3)]
    assert relevant([rather, *far], 0.2) == [rather]
    assert stands_out(rather, [rather, *far])
    alike = [scored(at, 0.1, 0.33) for at in (1, 2, 3)]
    assert relevant([rather, *alike], 0.2) == []


def test_both_forms_of_a_question_are_joined_by_the_better_similarity() -> None:
    whole = [scored(0, 0.6, 0.6), scored(1, 0.2, 0.2)]
    asked = [scored(1, 0.9, 0.9), scored(2, 0.5, 0.5)]
    both = joined(whole, asked, 0.5, 8)
    assert [one.chunk.id for one in both] == ["c0", "c1", "c2"]
    assert [round(one.similarity, 2) for one in both] == [0.6, 0.45, 0.25]
    assert len(joined(whole, asked, 1.0, 1)) == 1
    assert joined(whole, asked, 1.0, 1)[0].chunk.id == "c1"


def test_a_reader_looks_in_the_first_few_that_are_not_far_and_in_all_that_are_relevant() -> None:
    first = [scored(at, 0.05, 0.15) for at in range(4)]
    far, late, right = scored(4, 0.04, 0.05), scored(5, 0.03, 0.15), scored(6, 0.3, 0.02)
    hits = [*first, far, late, right]
    assert relevant(hits, 0.2) == [right]
    assert readable(hits, 0.2) == [*first, right]
    assert readable([far], 0.2) == []
