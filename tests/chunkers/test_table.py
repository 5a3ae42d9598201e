import json

from ragflow_local.chunkers.table import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft, Notice
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


def table(*rows: tuple[str, ...]) -> Block:
    return Block("table", "\n".join("\t".join(row) for row in rows), rows=rows)


def drafts(*blocks: Block, window: int = 1 << 20) -> list[Draft]:
    found = chunk(blocks, ParserSettings(), Tools(count_tokens, window))
    return [item for item in found if isinstance(item, Draft)]


def test_a_row_is_a_chunk_with_the_names_of_its_columns() -> None:
    found = drafts(table(("arm", "length"), ("1", "9 m"), ("2", "8 m")))
    assert [d.content for d in found] == ["arm: 1\nlength: 9 m", "arm: 2\nlength: 8 m"]


def test_values_are_typed_by_their_columns() -> None:
    rows = (("n", "share", "is old", "zip", "name"), ("1,200", "0.5", "yes", "01234", "a"))
    found = drafts(table(*rows, ("7", "", "no", "99999", "")))
    assert json.loads(found[0].data) == {
        "n": 1200,
        "share": 0.5,
        "is old": True,
        "zip": "01234",
        "name": "a",
    }
    assert json.loads(found[1].data) == {
        "n": 7,
        "share": None,
        "is old": False,
        "zip": "99999",
        "name": None,
    }


def test_the_header_is_found_below_titles() -> None:
    found = drafts(table(("Arms of 2024", ""), ("arm", "length"), ("1", "9 m")))
    assert [(d.headings, d.content) for d in found] == [(("Arms of 2024",), "arm: 1\nlength: 9 m")]


def test_rows_of_numbers_have_no_header() -> None:
    assert [d.content for d in drafts(table(("1", "2"), ("3", "4")))] == ["1\n2", "3\n4"]


def test_years_above_numbers_are_a_header() -> None:
    found = drafts(table(("2022", "2023"), ("3", "4")))
    assert [d.content for d in found] == ["2022: 3\n2023: 4"]


def test_each_sheet_has_its_own_header() -> None:
    found = drafts(
        Block("heading", "One", level=1),
        table(("a", "b"), ("1", "2")),
        Block("heading", "Two", level=1),
        table(("c", "d"), ("3", "4")),
    )
    assert [(d.headings, d.content) for d in found] == [
        (("One",), "a: 1\nb: 2"),
        (("Two",), "c: 3\nd: 4"),
    ]


def test_names_said_twice_are_told_apart_in_the_data() -> None:
    found = drafts(table(("a", "a", ""), ("x", "y", "z")))
    assert json.loads(found[0].data) == {"a": "x", "a 2": "y", "column 3": "z"}


def test_a_row_beyond_the_window_is_cut_with_its_names() -> None:
    found = drafts(table(("a", "b"), ("x " * 30, "y")), window=12)
    assert all(count_tokens(d.content) <= 12 for d in found)
    assert [d.content[:2] for d in found][:2] == ["a:", "a:"]


def test_a_text_without_a_table_is_packed_and_says_so() -> None:
    found = list(chunk([Block("paragraph", "The kraken sleeps.")], ParserSettings(), TOOLS))
    assert [type(item) for item in found] == [Draft, Notice]


def test_values_are_named_by_all_rows_of_a_stacked_header() -> None:
    found = drafts(table(("Region", "2023", "2023"), ("", "Q1", "Q2"), ("North", "5", "6")))
    assert [d.content for d in found] == ["Region: North\n2023 Q1: 5\n2023 Q2: 6"]


def test_rows_stand_under_the_title_of_their_section() -> None:
    rows = (("Part", "Price"), ("Pumps",), ("P1", "5"), ("Valves",), ("V1", "7"), ("V2", "8"))
    found = drafts(table(*rows))
    assert [(d.headings, d.content.split("\n")[0]) for d in found] == [
        (("Pumps",), "Part: P1"),
        (("Valves",), "Part: V1"),
        (("Valves",), "Part: V2"),
    ]


def test_a_title_without_rows_under_it_is_not_lost() -> None:
    found = drafts(table(("Part", "Price"), ("P1", "5"), ("None of the above",)))
    assert [d.content for d in found] == ["Part: P1\nPrice: 5", "Part: None of the above"]
