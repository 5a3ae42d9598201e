import pytest

from ragflow_local.chunkers.delimiter import Delimiter

DEFAULT = "\n!?。；！？"


def cut(text: str, delimiter: str = DEFAULT) -> list[str]:
    return [text[a:b].strip() for a, b, _ in Delimiter.parse(delimiter).spans(text)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(r"\n", "\n"), (r"\\n", "\n"), (r"\n\t;", "\n\t;"), (r"\r\n", "\n"), ("\\", "\\")],
)
def test_a_line_end_typed_as_two_signs_is_one(typed: str, meant: str) -> None:
    assert Delimiter.parse(typed).marks == meant


def test_an_authors_own_word_with_a_backslash_is_no_line_end() -> None:
    assert Delimiter.parse(r"`\newpage`").cuts == (r"\newpage",)
    assert Delimiter.parse(r"`\n\n`").cuts == ("\n\n",)


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/x?lang=en&id=2!3",
        "if a != b",
        "user?.name",
        "x ?: y",
        "www.a.example/q?查询=1",
        "!important",
    ],
)
def test_nothing_is_cut_within_a_word(text: str) -> None:
    assert cut(text) == [text]


def test_what_stands_behind_an_address_ends_the_sentence() -> None:
    assert cut("See https://a.example/x! Now.") == ["See https://a.example/x!", "Now."]


def test_a_mark_before_chinese_or_a_closing_sign_ends_a_sentence() -> None:
    assert cut("Really?是的。好") == ["Really?", "是的。", "好"]
    assert cut("“Go!” she said") == ["“Go!”", "she said"]


def test_other_signs_are_cut_at_wherever_they_stand() -> None:
    assert cut("a;b|c", ";|") == ["a;", "b|", "c"]


@pytest.mark.parametrize(
    ("text", "source", "mark", "places"),
    [
        ("Pump", "## Pump", "##", [0]),
        ("About", "About\n=====", "=====", [5]),
        ("Two", "---\n\nTwo", "---", [0]),
        ("Two", "<!-- split -->\nTwo", "<!-- split -->", [0]),
        ("Q: x A: y", "**Q:** x **A:** y", "**A:", [8]),
        ("a ## b", "a ## b", "##", []),
        ("Two", "Two", "---", []),
    ],
)
def test_a_mark_is_looked_for_in_what_the_author_wrote(
    text: str, source: str, mark: str, places: list[int]
) -> None:
    assert Delimiter.parse(f"`{mark}`").cuts_in_source(text, source) == places
