import numpy as np
import pytest

from ragflow_local.embedders.calibration import Calibration
from ragflow_local.errors import InvalidValueError
from ragflow_local.retrieve.similarity import (
    BM25Parts,
    blend,
    calibrate,
    nearness,
    term_similarity,
    weighed,
)
from tests.embedders.made import Crowded

VECTOR = np.array([1.0, 0.5, 0.0], dtype=np.float32)
TERM = np.array([0.0, 0.5, 1.0], dtype=np.float32)


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        pytest.param(1.0, [1.0, 0.5, 0.0], id="meaning alone"),
        pytest.param(0.0, [0.0, 0.5, 1.0], id="words alone"),
        pytest.param(0.3, [0.3, 0.5, 0.7], id="the default"),
    ],
)
def test_weight_moves_between_meaning_and_words(weight: float, expected: list[float]) -> None:
    np.testing.assert_allclose(blend(VECTOR, TERM, weight), expected, rtol=1e-6)


def test_a_weight_outside_0_to_1_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="vector_similarity_weight"):
        blend(VECTOR, TERM, 1.5)


def matched(parts: list[list[float]], lengths: list[float]) -> BM25Parts:
    return BM25Parts(np.array(parts), np.array(lengths), np.array([2.0, 1.0]), 2.0)


def test_a_chunk_that_is_the_question_is_1() -> None:
    found = term_similarity(matched([[2.0], [1.0]], [2]), np.ones(2), 2)
    np.testing.assert_allclose(found, [1.0])


def test_more_and_rarer_words_are_more_similar() -> None:
    both, rare, common, none = term_similarity(
        matched([[2.0, 2.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0]], [90, 90, 90, 0]), np.ones(2), 2
    )
    assert 1 > both > rare > common > none == 0


def one_word_of(words: int, rarest: float = 5.0) -> float:
    """Return the similarity of a chunk that says once one of so many equally rare words."""
    parts = np.zeros((words, 1))
    parts[0] = 5.0
    found = BM25Parts(parts, np.array([90.0]), np.full(words, 5.0), rarest)
    return float(term_similarity(found, np.ones(words), words)[0])


def test_a_word_alone_is_asked_for_itself_however_rare_another_could_be() -> None:
    assert one_word_of(1, rarest=5.0) == one_word_of(1, rarest=9.0) > 0.5


def test_a_word_of_several_counts_less_than_its_share_of_them() -> None:
    assert one_word_of(3) < one_word_of(1) / 3 * 0.8
    # A word that no chunk has counts as one that a single chunk has.
    assert one_word_of(3, rarest=3.0) > one_word_of(3)


def test_words_that_all_chunks_have_ask_for_no_rarer_ones() -> None:
    idf = 0.05  # of a word that nine of nine chunks have
    parts = np.full((2, 1), idf)
    matched_all = BM25Parts(parts, np.array([60.0]), np.full(2, idf), rarest=1.9)
    assert term_similarity(matched_all, np.ones(2), 4)[0] > 0.25


def test_the_share_of_the_words_said_counts_more_the_more_are_asked() -> None:
    def half_of(words: int) -> float:
        parts = np.zeros((words, 1))
        parts[: words // 2] = 5.0
        found = BM25Parts(parts, np.array([90.0]), np.full(words, 5.0), 5.0)
        return float(term_similarity(found, np.ones(words), words)[0])

    assert half_of(2) < half_of(4) < half_of(8) < half_of(16)


def guessed_among(words: int, doubt: float) -> float:
    """Return the similarity of a chunk that says one word, of so many, that may be meant."""
    parts = np.zeros((words, 1))
    parts[0] = 5.0
    doubts = np.array([doubt, *np.zeros(words - 1)])
    found = BM25Parts(parts, np.array([90.0]), np.full(words, 5.0), 5.0, doubts)
    return float(term_similarity(found, np.ones(words), words)[0])


def test_a_word_that_may_be_meant_says_less_among_others() -> None:
    assert guessed_among(3, 0.0) == one_word_of(3) > guessed_among(3, 1.0) > guessed_among(3, 4.0)


def test_a_misspelled_word_alone_finds_as_if_it_were_right() -> None:
    assert guessed_among(1, 4.0) == one_word_of(1)


def test_words_alone_rank_as_bm25_does() -> None:
    chance = np.random.default_rng(3)
    parts, weights = chance.random((4, 50)) * 4, chance.random(4)
    found = BM25Parts(parts, np.full(50, 90.0), np.ones(4) * 4, 4.0)
    by_bm25 = np.argsort(-(weights @ parts), kind="stable")
    np.testing.assert_array_equal(
        np.argsort(-term_similarity(found, weights, 4), kind="stable"), by_bm25
    )


def test_a_question_of_terms_that_weigh_nothing_is_like_nothing() -> None:
    nothing = BM25Parts(np.zeros((0, 3)), np.zeros(3), np.zeros(0), 2.0)
    assert term_similarity(nothing, np.zeros(0), 0).tolist() == [0, 0, 0]


def test_a_cosine_at_the_floor_means_nothing_and_one_of_1_all() -> None:
    found = calibrate(np.array([-0.2, 0.5, 0.75, 0.875, 1.0]), 0.75)
    np.testing.assert_allclose(found, [0.0, 0.0, 0.0, 0.5, 1.0])
    np.testing.assert_allclose(calibrate(np.array([-0.2, 0.5]), 0.0), [0.0, 0.5])


def test_nearness_is_of_the_question_as_a_question_above_the_floor() -> None:
    model = Crowded(apart=0.5)
    raw = model.embed(["krakens sleep"])[0] @ model.embed_query("who sleeps")
    model.calibration = Calibration(floor=0.6)
    (near,) = nearness(model, "who sleeps", ["krakens sleep"])
    assert near == pytest.approx((raw - 0.6) / 0.4, abs=1e-5)
    assert model.asked == ["who sleeps"] * 2
    assert nearness(model, "who sleeps", []).tolist() == []


def test_nothing_is_near_a_question_that_the_model_cannot_read() -> None:
    model = Crowded(apart=0.5, unread=("Han",))
    assert nearness(model, "谁在睡觉？", ["巨妖在睡觉。", "谁"]).tolist() == [0, 0]
    assert model.asked == []


def test_a_sum_of_parts_is_rounded_alike_wherever_a_chunk_stands() -> None:
    chance = np.random.default_rng(7)
    parts, weights = chance.random((7, 1001)), chance.random(7)
    whole = weighed(weights, parts)
    np.testing.assert_allclose(whole, weights @ parts)
    for first, end in ((0, 1), (5, 8), (998, 1001), (17, 600)):
        assert weighed(weights, parts[:, first:end]).tobytes() == whole[first:end].tobytes()
