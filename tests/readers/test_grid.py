from ragflow_local.readers.grid import Cell, spread, table


def test_a_cell_is_said_again_in_the_rows_it_covers() -> None:
    rows = [[Cell("a"), Cell("b")], [Cell("x", rows=2), Cell("1")], [Cell("2")]]
    assert spread(rows) == [["a", "b"], ["x", "1"], ["x", "2"]]


def test_across_columns_it_is_said_again_only_in_a_header() -> None:
    rows = [[Cell("h", columns=2), Cell("i")], [Cell("x", columns=2), Cell("y")]]
    assert spread(rows) == [["h", "h", "i"], ["x", "", "y"]]


def test_empty_rows_and_columns_are_left_out() -> None:
    (block,) = table([["a", "", "b"], ["", " ", ""], ["c", "", "d"]])
    assert block.rows == (("a", "b"), ("c", "d"))


def test_a_table_without_text_is_none() -> None:
    assert list(table([["", " "], []])) == []


def test_line_ends_in_a_cell_become_spaces() -> None:
    (block,) = table([["a\n b", "c\td"]])
    assert block.rows == (("a b", "c d"),)
