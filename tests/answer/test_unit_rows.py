from __future__ import annotations

import pytest

from ragflow_local.answer.unit_rows import cells_of, field_of, records_of, row_of, rows_of


def test_rows_have_the_names_of_their_columns() -> None:
    rows = list(rows_of([["Name", "Age"], ["Ann", "31"], ["Bob", ""]]))
    assert [row.text for row in rows] == ["Name: Ann; Age: 31", "Name: Bob"]
    assert [row.names for row in rows] == [("Name", "Age")] * 2


def test_a_first_row_of_figures_names_nothing() -> None:
    assert [row.text for row in rows_of([["Ann", "31"], ["Bob", "40"]])] == ["Ann; 31", "Bob; 40"]


@pytest.mark.parametrize(
    ("line", "cells"),
    [("a\tb", ["a", "b"]), ("| a | b |", ["a", "b"]), ("a | b", ["a | b"]), ("a", ["a"])],
)
def test_tabs_and_markdown_part_cells(line: str, cells: list[str]) -> None:
    assert cells_of(line) == cells


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("Phone: 12", ("Phone", "12")),
        ("- Phone = 12", ("Phone", "12")),
        ("Phone: Call us. We are there.", None),
        ("It is there", None),
    ],
)
def test_a_name_and_a_short_value_are_a_field(line: str, field: tuple[str, str] | None) -> None:
    assert field_of(line) == field


def test_a_record_begins_where_the_first_name_comes_again() -> None:
    lines = ("Name: Ann", "Phone: 12", "Name: Bob", "Phone: 13")
    fields = [(line, *(field_of(line) or ("", ""))) for line in lines]
    assert [(row.label, row.text) for row in records_of(fields)] == [
        ("Ann", "Name: Ann; Phone: 12"),
        ("Bob", "Name: Bob; Phone: 13"),
    ]


def test_a_chunk_of_a_table_is_one_row() -> None:
    row = row_of("Name: Ann\nAge: 31", ("People",), '{"Name": "Ann", "Age": 31, "City": ""}')
    assert row is not None
    assert (row.label, row.cells, row.heads) == ("Ann", ("Ann", "31", ""), ("People",))
    assert row_of("Text", (), "") is None
