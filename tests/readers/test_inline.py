import pytest

from ragflow_local.readers.inline import linked, lowered, raised, with_fractions


@pytest.mark.parametrize(
    ("before", "text", "shown"),
    [
        ("holds 10", "6", "^6"),
        ("10", "−3", "^(−3)"),
        ("20 m", "2", "²"),
        ("the note", "12", "¹²"),
        ("the 1", "st", "st"),
        ("Brand", "TM", "TM"),
        ("e", "x", "^x"),
        ("Na", "+", "⁺"),
        ("2", "n+1", "^(n+1)"),
        ("", " ", " "),
        ("businesses", "(d)", "(d)"),
        ("12", "(3)", "^(3)"),
        ("price", "*", "*"),
    ],
)
def test_a_raised_text_is_no_part_of_the_number_before_it(
    before: str, text: str, shown: str
) -> None:
    assert raised(before, text) == shown


@pytest.mark.parametrize(
    ("before", "text", "shown"),
    [("CO", "2", "₂"), ("x", "i", "_i"), ("T", "max", "_max"), ("water", "left", "left")],
)
def test_a_lowered_text_keeps_its_place(before: str, text: str, shown: str) -> None:
    assert lowered(before, text) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [("¹/₂ cup", "1/2 cup"), ("3^1⁄₂", "3 1/2"), ("³⁄₁₀", "3/10"), ("a²/b", "a²/b")],
)
def test_a_set_fraction_reads_as_one(line: str, shown: str) -> None:
    assert with_fractions(line) == shown


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("the manual", "https://a.example/m?id=1", "the manual (https://a.example/m?id=1)"),
        ("write us ", "mailto:x@a.example?subject=Hi", "write us (x@a.example) "),
        ("www.a.example", "https://www.a.example/", "www.a.example"),
        ("a.example", "https://www.a.example", "a.example"),
        ("below", "#part", "below"),
        ("a file", "manual.pdf", "a file"),
        ("run", "javascript:run()", "run"),
        ("", "https://a.example", ""),
        ("long", "https://a.example/" + "x" * 600, "long"),
    ],
)
def test_an_address_stands_beside_its_text_unless_the_text_says_it(
    text: str, address: str, shown: str
) -> None:
    assert linked(text, address) == shown
