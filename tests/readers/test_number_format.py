import pytest

from ragflow_local.readers.number_format import general, show

SHOWN = [
    (1234.5, "#,##0.00", "1,234.50"),
    (1234.5, "0", "1234"),
    (0.256, "0.0%", "25.6%"),
    (-5, "0.00;(0.00)", "(5.00)"),
    (-5, "#,##0.00", "-5.00"),
    (12, '"$"#,##0', "$12"),
    (12, "[$€-407] #,##0.00", "€12.00"),
    (7, '0" kg"', "7 kg"),
    (1.5, "0.##", "1.5"),
    (2, "0.##", "2"),
    (45000, "yyyy-mm-dd", "2023-03-15"),
    (45000.75, "dd/mm/yyyy hh:mm", "15/03/2023 18:00"),
    (45000.75, "d-mmm-yy h:mm AM/PM", "15-Mar-23 6:00 PM"),
    (0.5, "h:mm:ss", "12:00:00"),
    (1.5, "[h]:mm", "36:00"),
    (1, "yyyy-mm-dd", "1900-01-01"),
    (3, "General", "3"),
]


@pytest.mark.parametrize(("value", "shape", "text"), SHOWN, ids=[s for _, s, _ in SHOWN])
def test_a_number_is_shown_as_its_cell_shows_it(value: float, shape: str, text: str) -> None:
    assert show(value, shape) == text


def test_days_may_count_from_1904() -> None:
    assert show(0, "yyyy-mm-dd", is_1904=True) == "1904-01-01"


def test_general_numbers_keep_their_digits() -> None:
    assert [general(v) for v in (3.0, 0.1, 1e20, 12.3456789)] == ["3", "0.1", "1e+20", "12.3456789"]
