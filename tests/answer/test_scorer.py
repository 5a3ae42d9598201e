import numpy as np

from ragflow_local.answer.candidates import Asked, candidates_of, weights_of
from ragflow_local.answer.scorer import FEATURES, SIGNS, features, is_found, scores, signs
from tests.answer.made import hits

HITS = hits(
    "The boiler is inspected every second March.",
    "The roof is painted white. The garden is large.",
)


def scored(question: str, near: list[float] | None = None) -> tuple[list[str], np.ndarray]:
    asked, units = Asked.of(question), candidates_of(HITS, "en")
    cosines = np.array(near or [0.0] * len(units), np.float32)
    rows = features(asked, units, weights_of(asked.terms, units), HITS, cosines)
    assert rows.shape == (len(units), len(FEATURES))
    return [unit.unit.text for unit in units], scores(rows, cosines)


def test_the_unit_with_the_questions_words_scores_best() -> None:
    texts, chances = scored("When is the boiler inspected?")
    assert texts[int(chances.argmax())].startswith("The boiler")


def test_meaning_decides_where_no_word_is_shared() -> None:
    texts, chances = scored("Which colour covers the house?", [0.1, 0.8, 0.1])
    assert texts[int(chances.argmax())] == "The roof is painted white."


def test_features_of_a_question_for_a_number_see_new_numbers() -> None:
    asked = Asked.of("How many valves has the pump?")
    units = candidates_of(hits("The pump has 42 valves.", "The pump has valves."), "en")
    rows = features(
        asked, units, weights_of(asked.terms, units), hits("", ""), np.zeros(2, np.float32)
    )
    number = FEATURES.index("number")
    assert rows[:, number].tolist() == [1.0, 0.0]


def test_an_answer_is_found_where_all_is_said_and_not_where_nothing_is() -> None:
    for question, near, is_there in (
        ("When is the boiler inspected?", [0.9, 0.1, 0.1], True),
        ("Who won the football match on Sunday?", [0.02, 0.01, 0.03], False),
    ):
        asked, units = Asked.of(question), candidates_of(HITS, "en")
        cosines = np.array(near, np.float32)
        told = signs(units, units, weights_of(asked.terms, units), cosines, int(cosines.argmax()))
        assert told.shape == (len(SIGNS),)
        assert is_found(told, cosines) is is_there


def test_no_unit_has_no_features() -> None:
    asked = Asked.of("Where?")
    rows = features(asked, [], {}, [], np.zeros(0, np.float32))
    assert rows.shape == (0, len(FEATURES))


def test_a_sentence_alone_stands_out_as_one_beside_an_unrelated_one() -> None:
    def gap(*contents: str) -> float:
        units = candidates_of(hits(*contents), "en")
        near = np.array([0.6 if "boiler" in unit.unit.text else 0.0 for unit in units], np.float32)
        told = signs(units, units, weights_of(("boiler",), units), near, int(near.argmax()))
        return float(told[SIGNS.index("gap")])

    alone, beside = gap("The boiler is old."), gap("The boiler is old.", "Pears are green.")
    assert alone == beside > 0.25
