from ragflow_local.answer.matches import matched
from ragflow_local.text.statement_parser import parse


def test_a_word_stands_in_the_sentence_or_over_it_or_is_missing() -> None:
    above = parse("Boiler room", "en").tokens
    match = matched(parse("The old boiler leaks.", "en"), parse("It leaks.", "en"), above)
    assert [token.text for token in match.missing] == ["old"]
    assert [
        (token.text, places) for (_, token), places in zip(match.pieces, match.places, strict=True)
    ] == [
        ("boiler", []),
        ("leaks", [0]),
    ]


def test_a_run_is_parted_into_what_the_sentence_has_of_it() -> None:
    match = matched(parse("冬季停航", "zh"), parse("游船冬季不停航。", "zh"), ())
    assert "".join(token.text for _, token in match.pieces) == "冬季停航"


def test_what_a_sign_before_it_makes_another_is_not_there() -> None:
    match = matched(parse("馆长", "zh"), parse("副馆长", "zh"), ())
    assert [token.text for token in match.missing] == ["馆长"]
    assert not matched(parse("副馆长", "zh"), parse("副馆长", "zh"), ()).missing
