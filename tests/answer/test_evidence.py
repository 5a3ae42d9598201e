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
    claim = "The pump was overhauled by Anna in March 2021."
    assert not is_supported(claim)
    assert is_supported(claim, near=0.97)
    assert not is_supported("The pump was overhauled by Peter in March 2021.", near=0.97)


def test_a_sentence_may_take_its_subject_from_the_heading_over_it() -> None:
    claim, sentence = (
        parse("The boiler is inspected in March.", "en"),
        parse("It is inspected in March.", "en"),
    )
    assert not supports(claim, sentence)
    assert supports(claim, sentence, headings_of(("Boiler",), "en"))


@pytest.mark.parametrize(
    ("language", "claim", "sentence"),
    [
        ("en", "The president is Ann Lee.", "The vice president is Ann Lee."),
        ("de", "Leiter ist Emil Sandt.", "Ehemaliger Leiter ist Emil Sandt."),
        ("zh", "馆长是孙立。", "馆长是赵敏，副馆长是孙立。"),
        ("en", "The guard is Aylin Demir.", "The guard is Jonas Reuter, his deputy Aylin Demir."),
        (
            "de",
            "Meister ist Aylin Demir.",
            "Meister ist Jonas Reuter, seine Vertretung Aylin Demir.",
        ),
    ],
    ids=["vice", "former", "vice of one sign", "his deputy", "seine Vertretung"],
)
def test_what_is_said_of_a_deputy_is_not_said_of_another(
    language: str, claim: str, sentence: str
) -> None:
    assert supports(parse(sentence, language), parse(sentence, language))
    assert not supports(parse(claim, language), parse(sentence, language))


@pytest.mark.parametrize(
    ("language", "claim", "sentence"),
    [
        (
            "en",
            "Since 2016 the section has been run by Hannah Cole.",
            "Hannah Cole has run the section since 2016, Piotr Zielinski the archive.",
        ),
        ("en", "It is closed on Mondays.", "It is closed every Monday."),
        ("fr", "Le marché a lieu tous les samedis.", "Le marché a lieu chaque samedi."),
        ("ru", "Ольга Смирнова проводит экскурсии.", "Экскурсии проводит Ольга Смирнова."),
    ],
    ids=["a year before the next clause", "days", "french days", "russian order"],
)
def test_what_is_said_in_another_order_or_form_is_supported(
    language: str, claim: str, sentence: str
) -> None:
    assert supports(parse(claim, language), parse(sentence, language))


def test_who_does_what_is_told_by_endings_where_words_stand_in_any_order() -> None:
    sentence = parse("Ольга любит Бориса.", "ru")
    assert supports(parse("Бориса любит Ольга.", "ru"), sentence)
    assert not supports(parse("Борис любит Ольгу.", "ru"), sentence)
