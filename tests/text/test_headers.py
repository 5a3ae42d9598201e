"""Which rows of a table name its columns, and which title the rows under them."""

import pytest

from ragflow_local.text.headers import is_like, parts_of

BODY = [["North", "5", "6", "7", "8"], ["South", "1", "2", "3", "4"]]
YEARS = ["Region", "2023", "2023", "2024", "2024"]
STACKED = ("Region", "2023 Q1", "2023 Q2", "2024 Q1", "2024 Q2")


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ([YEARS, ["", "Q1", "Q2", "Q1", "Q2"]], STACKED),
        ([YEARS, ["Region", "Q1", "Q2", "Q1", "Q2"]], STACKED),
        ([["", "2023", "", "2024", ""], ["Region", "Q1", "Q2", "Q1", "Q2"]], STACKED),
        (
            [["", "Plan", "", "Actual", ""], ["", "2023", "2024", "2023", "2024"]],
            ("", "Plan 2023", "Plan 2024", "Actual 2023", "Actual 2024"),
        ),
        (
            [["Part", "Weight", "Price", "Depth", "Width"], ["", "kg", "EUR", "mm", "mm"]],
            ("Part", "Weight kg", "Price EUR", "Depth mm", "Width mm"),
        ),
        ([["Part", "a", "b", "c", "d"]], ("Part", "a", "b", "c", "d")),
        (
            [
                ["", "Three Months Ended", "", "", ""],
                ["", "July 1,", "July 2,", "April 1,", "April 2,"],
                ["", "2023", "2022", "2023", "2022"],
            ],
            (
                "",
                "Three Months Ended July 1, 2023",
                "Three Months Ended July 2, 2022",
                "Three Months Ended April 1, 2023",
                "Three Months Ended April 2, 2022",
            ),
        ),
    ],
    ids=[
        "stacked",
        "spanned rows",
        "cells not said again",
        "years below",
        "units",
        "one row",
        "three rows",
    ],
)
def test_a_name_is_made_of_all_rows_of_the_header(
    header: list[list[str]], names: tuple[str, ...]
) -> None:
    parts = parts_of([*header, *BODY])
    assert parts.names == names
    assert [list(row) for row in parts.body] == BODY


def test_rows_above_the_header_are_titles() -> None:
    parts = parts_of([["Prices of 2023", "", ""], ["Part", "Weight", "Price"], ["P1", "5", "6"]])
    assert parts.above == (("Prices of 2023", "", ""),)
    assert parts.names == ("Part", "Weight", "Price")


@pytest.mark.parametrize(
    "rows",
    [
        [["Dept", "Name", "Phone"], ["", "Ana", "111"], ["", "Bert", "222"]],
        [["Dept", "Name", "Phone"], ["IT", "Ana", "111"], ["Sales", "Bert", "222"]],
        [["Name", "Town"], ["Ana", "Bonn"], ["Bert", "Ulm"]],
        [["Player", "Score", "Player", "Score"], ["Ana", "3", "Bert", "4"], ["Cy", "1", "Di", "2"]],
        [["Term", "Meaning"], ["", "of no name"], ["Pump", "moves water"]],
    ],
)
def test_a_record_is_no_row_of_the_header(rows: list[list[str]]) -> None:
    parts = parts_of(rows)
    assert len(parts.header) == 1
    assert len(parts.body) == 2


def test_a_table_of_numbers_alone_has_no_names() -> None:
    parts = parts_of([["1", "2"], ["3", "4"]])
    assert parts.header == ()
    assert parts.names == ("", "")
    assert len(parts.body) == 2


@pytest.mark.parametrize(
    "rows",
    [
        [["Part", "Price"], ["Pumps"], ["P1", "5"]],
        [["Part", "Price", "Weight"], ["Pumps", "", ""], ["P1", "5", "6"]],
    ],
    ids=["one cell over all columns", "the first of three cells"],
)
def test_a_row_that_spans_the_table_titles_a_section(rows: list[list[str]]) -> None:
    assert parts_of(rows).sections == {0}


def test_a_record_without_its_second_value_is_no_section() -> None:
    assert parts_of([["Part", "Price"], ["P1", ""], ["P2", "5"]]).sections == frozenset()


@pytest.mark.parametrize(
    ("row", "alike"),
    [(("V3", "3 Nm"), True), (("Pump", "Power"), False), (("V3", ""), False)],
)
def test_a_row_is_like_others_where_it_has_numbers_too(row: tuple[str, ...], alike: bool) -> None:
    assert is_like(row, [("V1", "1 Nm"), ("V2", "2 Nm")]) is alike
