from ragflow_local.chunkers.merge import Cutter
from ragflow_local.chunkers.rows import table_texts
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block
from ragflow_local.text.tokens import count_tokens


def texts(*rows: tuple[str, ...], budget: int, window: int = 1 << 20, lead: str = "") -> list[str]:
    table = Block("table", "\n".join("\t".join(row) for row in rows), rows=rows)
    return list(table_texts(table, Cutter("\n", budget, Tools(count_tokens, window)), lead))


ROWS = (("arm", "length"), ("one", "nine m"), ("two", "eight m"), ("three", "six m"))


def test_a_table_within_the_budget_is_whole() -> None:
    assert texts(*ROWS, budget=50) == ["arm\tlength\none\tnine m\ntwo\teight m\nthree\tsix m"]


def test_a_first_header_cell_that_is_empty_keeps_its_column() -> None:
    assert texts(("", "small", "large"), ("weight", "3 kg", "5 kg"), budget=50) == [
        "\tsmall\tlarge\nweight\t3 kg\t5 kg"
    ]


def test_each_part_repeats_the_header_and_holds_whole_rows() -> None:
    assert texts(*ROWS, budget=9) == [
        "arm\tlength\none\tnine m",
        "arm\tlength\ntwo\teight m",
        "arm\tlength\nthree\tsix m",
    ]


def test_what_stands_above_goes_with_the_first_part() -> None:
    found = texts(*ROWS, budget=10, lead="Arms")
    assert found[0].startswith("Arms\narm\tlength\none")
    assert found[1].startswith("arm\tlength\n")


def test_a_row_beyond_the_budget_is_whole_within_the_window() -> None:
    found = texts(("a", "b"), ("x " * 20, "y"), budget=8, window=40)
    assert found == ["a\tb\n" + ("x " * 20).strip() + "\ty"]


def test_a_row_beyond_the_window_is_cut_between_cells_with_their_names() -> None:
    found = texts(("a", "b"), ("x x x x", "y y y y"), budget=8, window=8)
    assert found == ["a\nx x x x", "b\ny y y y"]


def test_a_cell_beyond_the_window_is_cut_with_its_name() -> None:
    found = texts(("a", "b"), ("x " * 20, "y"), budget=8, window=8)
    assert all(count_tokens(text) <= 8 for text in found)
    assert found[0].startswith("a\nx x")
    assert found[-1] == "b\ny"
