import numpy as np

from ragflow_local.answer.scorer import FEATURES
from ragflow_local.answer.weighing import weigh
from tests.answer.made import hit

QUESTION = "Who planted the pear tree?"
SAYS = hit("The pear tree was planted by Walter Kemp. It rains in spring.", 0)
OTHER = hit("The pear tree was planted by nobody.", 1)


def test_what_was_not_found_is_weighed_and_never_the_best() -> None:
    weighed = weigh(QUESTION, [SAYS], None, [OTHER])
    assert weighed is not None
    known = [candidate.hit == 0 for candidate in weighed.chosen]
    assert np.isfinite(weighed.scores).tolist() == known
    assert weighed.chosen[weighed.best].unit.text == "The pear tree was planted by Walter Kemp."


def test_without_a_term_or_a_hit_there_is_nothing_to_weigh() -> None:
    assert weigh("Who?", [SAYS], None) is None
    assert weigh(QUESTION, [], None, [OTHER]) is None


def test_meaning_counts_where_somebody_looked() -> None:
    by_words = weigh(QUESTION, [SAYS], None)
    by_meaning = weigh(QUESTION, [SAYS], lambda question, texts: np.full(len(texts), 0.5))
    assert by_words is not None and by_meaning is not None
    assert (by_words.mode, by_meaning.mode) == ("words", "meaning")
    assert not by_words.near.any() and by_meaning.near.all()


def test_a_word_of_one_character_is_shared_though_terms_are_pairs() -> None:
    weighed = weigh("왕은 누구인가?", [hit("세종은 조선의 왕이다.")], None)
    assert weighed is not None
    assert weighed.features[0, FEATURES.index("own")] == 1.0
