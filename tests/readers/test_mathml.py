import pytest
from lxml import etree

from ragflow_local.readers.mathml import formula


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ("<mfrac><mn>1</mn><mn>2</mn></mfrac>", "1/2"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a + b)/2"),
        ("<msup><mi>r</mi><mn>2</mn></msup>", "r^2"),
        ("<msub><mi>x</mi><mi>i</mi></msub>", "x_i"),
        ("<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x_1^2"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>", "√(x + 1)"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "3√x"),
        ("<semantics><mi>x</mi><annotation>\\alpha</annotation></semantics>", "x"),
        ("<mfenced><mi>a</mi><mi>b</mi></mfenced>", "(a,b)"),
        ("<munderover><mo>∑</mo><mn>1</mn><mi>n</mi></munderover><mi>k</mi>", "∑_1^n k"),
        ("<mi>f</mi><mo>&#x2061;</mo><mi>x</mi>", "fx"),
        ("<mfrac><mn>1</mn></mfrac>", "1"),
    ],
)
def test_a_formula_is_written_on_one_line(inside: str, shown: str) -> None:
    assert formula(etree.fromstring(f"<math>{inside}</math>")) == shown


def test_a_formula_nested_deeper_than_any_is_its_text() -> None:
    inside = "<mrow>" * 90 + "<mn>7</mn>" + "</mrow>" * 90
    assert formula(etree.fromstring(f"<math>{inside}</math>")) == "7"
