import pytest

from ragflow_local.answer.evidence import headings_of, supports
from ragflow_local.text.statement_parser import parse

SENTENCE = "The old pump in the cellar was repaired by Anna in March 2021 for 300 euros."


def is_supported(claim: str, sentence: str = SENTENCE, **others: float) -> bool:
    near = others.get("near")
    return supports(
        parse(claim, "en"), parse(sentence, "en"), (), None if near is None else lambda: near
    )


@pytest.mark.parametrize(
    "claim",
    [
        "The pump was repaired by Anna.",
        "The pump in the cellar was repaired in March 2021.",
        "The repaired pump cost 300 euros.",
        SENTENCE,
    ],
)
def test_a_claim_whose_words_are_bound_as_in_the_sentence_is_supported(claim: str) -> None:
    assert is_supported(claim)


@pytest.mark.parametrize(
    "claim",
    [
        "The pump was not repaired by Anna.",
        "The pump was repaired in April 2021.",
        "The pump was repaired by Peter.",
        "Anna was repaired by the pump.",
        "The pump was repaired for 400 euros.",
        "All pumps in the house were repaired by Anna.",
        "The boiler was repaired by Anna.",
    ],
    ids=["negation", "month", "name", "roles", "figure", "all", "another thing"],
)
def test_one_thing_that_is_otherwise_takes_the_support_away(claim: str) -> None:
    assert not is_supported(claim)


def test_a_sentence_that_says_nothing_of_it_supports_nothing() -> None:
    assert not is_supported("The roof is white.")
    assert not is_supported("It was.")


def test_other_words_of_one_meaning_count_where_names_and_figures_are_there() -> None:
    claim = "The pump was mended by Anna in March 2021."
    assert not is_supported(claim)
    assert is_supported(claim, near=0.97)
    assert not is_supported("The pump was mended by Peter in March 2021.", near=0.97)


def test_a_sentence_may_take_its_subject_from_the_heading_over_it() -> None:
    claim, sentence = (
        parse("The boiler is inspected in March.", "en"),
        parse("It is inspected in March.", "en"),
    )
    assert not supports(claim, sentence)
    assert supports(claim, sentence, headings_of(("Boiler",), "en"))
