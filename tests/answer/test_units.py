from __future__ import annotations

import pytest

from ragflow_local.answer.unit_rows import row_of
from ragflow_local.answer.units import units_of
from ragflow_local.records import Marked


def texts(content: str) -> list[str]:
    return [unit.text for unit in units_of(content)]


def test_sentences_are_units_over_line_breaks() -> None:
    assert texts("The kraken sleeps in the deep sea, far below\nthe ships. It wakes. Dr. Who?") == [
        "The kraken sleeps in the deep sea, far below the ships.",
        "It wakes.",
        "Dr. Who?",
    ]


def test_chinese_lines_join_without_a_space() -> None:
    long = "这是一个很长的句子" * 6
    assert texts(f"{long}，它在这里\n继续下去了。第二句。") == [
        f"{long}，它在这里继续下去了。",
        "第二句。",
    ]


def test_a_row_names_its_columns() -> None:
    units = units_of(
        "Sales by year:\nYear\tNet sales\tCosts\n2021\t365\t200\n2022\t\t223\nSo it was."
    )
    assert [unit.text for unit in units] == [
        "Sales by year:",
        "Year: 2021; Net sales: 365; Costs: 200",
        "Year: 2022; Costs: 223",
        "So it was.",
    ]
    assert [unit.kind for unit in units] == ["sentence", "row", "row", "sentence"]
    assert units[1].label == "2021"


def test_markdown_rows_are_rows() -> None:
    assert texts("| a | b |\n|---|:-:|\n| 1 | 2 |") == ["a: 1; b: 2"]


def test_rows_without_names_stand_as_they_are() -> None:
    assert texts("1\t2\n3\t4") == ["1; 2", "3; 4"]


def test_items_are_units() -> None:
    assert texts("You need:\n- a boat\n- 2. a net\n* luck") == [
        "You need:",
        "- a boat",
        "- 2. a net",
        "* luck",
    ]


@pytest.mark.parametrize(
    ("content", "heading"),
    [
        ("7.1 Storm petrels\nThe colony was found in 1986.", "7.1 Storm petrels"),
        ("Boiler\nIt is inspected in March.", "Boiler"),
        ("## The pump of the house and all that belongs to it\nIt is bled.", "## The pump"),
        (
            "3.2 What the wardens of the station have to do in the winter\nThey read the gauges.",
            "3.2 What",
        ),
        ("第二章 总则\n公司应当遵守本法。", "第二章"),
        ("Chapter 4 of the long history of the house\nIt burned.", "Chapter 4"),
    ],
)
def test_a_heading_ends_at_its_line_and_is_no_sentence(content: str, heading: str) -> None:
    units = units_of(content)
    assert [unit.kind for unit in units] == ["sentence"]
    assert units[0].heads[-1].startswith(heading)


def test_a_heading_known_as_such_is_one_whatever_it_looks_like() -> None:
    title = "what nobody at the station would have thought of before the winter"
    units = units_of(f"{title}\nThe colony was found.", ["Birds", title])
    assert [(unit.kind, unit.heads) for unit in units] == [("sentence", ("Birds", title))]


@pytest.mark.parametrize(
    "content",
    [
        "1. Open the valve\n2. Bleed the pump\n3. Close the valve",
        "The colony was found by the wardens of it in\n1986 Marit Solheim came.",
        "Author: Marit Solheim\nIt was printed in Bergen.",
    ],
    ids=["numbered items", "a number at the beginning of a line", "a line of a form"],
)
def test_what_only_looks_like_a_heading_is_none(content: str) -> None:
    assert all(not unit.heads for unit in units_of(content))


def test_lines_that_say_little_are_told_from_sentences() -> None:
    units = units_of("It grew.\n\nApple Inc. | Q3 2023 Form 10-Q | 11")
    assert units[-1].kind == "line"
    assert units[0].kind == "sentence"


def test_a_run_without_stops_is_cut() -> None:
    units = units_of("word " * 1000)
    assert max(len(unit.text) for unit in units) <= 600
    assert "".join("".join(texts("word " * 1000)).split()) == "word" * 1000


def test_empty_in_empty_out() -> None:
    assert units_of("") == []
    assert units_of(" \n\t\n|\n") == [] or all(unit.text for unit in units_of(" \n\t\n|\n"))


def test_a_line_that_ends_with_a_sentence_ends_a_paragraph() -> None:
    content = (
        "The pump is old. It leaks.\n"
        "The boiler in the second cellar is new and\nneeds no care. It is green."
    )
    found = [(unit.paragraph, unit.text) for unit in units_of(content)]
    assert found == [
        (0, "The pump is old."),
        (0, "It leaks."),
        (1, "The boiler in the second cellar is new and needs no care."),
        (1, "It is green."),
    ]


def test_rows_keep_their_header_where_a_cell_ends_with_a_sentence() -> None:
    table = "Name\tNote\nAnn\tShe is away.\nBob\tHe is back."
    assert [unit.text for unit in units_of(table)] == [
        "Name: Ann; Note: She is away.",
        "Name: Bob; Note: He is back.",
    ]


def test_a_row_of_a_table_has_all_its_columns_though_a_cell_is_empty() -> None:
    row = row_of("Name: Ann\nPhone: 111", ("Staff",), '{"Name": "Ann", "Ward": null, "Phone": 111}')
    assert row is not None
    assert (row.names, row.cells) == (("Name", "Ward", "Phone"), ("Ann", "", "111"))
    assert (row.label, row.heads, row.text) == ("Ann", ("Staff",), "Name: Ann; Phone: 111")


@pytest.mark.parametrize("data", ["", "[1]", '{"Name": 1}', '{"Sum": 1, "Tax": 2}'])
def test_what_is_no_row_of_a_table_is_none(data: str) -> None:
    assert row_of("Name: Ann\nPhone: 111", (), data) is None


def heads(content: str, headings: tuple[str, ...], *marked: Marked) -> list[tuple[str, ...]]:
    return [unit.heads for unit in units_of(content, headings, marked)]


def test_a_marked_heading_stands_over_what_follows_whatever_its_form() -> None:
    content = "Gauge\nIt measures.\nLicense\nMIT\nWho may use it\nAll may."
    assert heads(content, ("Gauge",), Marked(0, 1, 1), Marked(2, 1, 2), Marked(4, 1, 2)) == [
        ("Gauge",),
        ("Gauge", "License"),
        ("Gauge", "Who may use it"),
    ]


def test_a_later_marked_heading_leaves_those_above_it() -> None:
    content = "It measures.\nLicense\nMIT"
    assert heads(content, ("Gauge", "Options"), Marked(1, 1, 2)) == [
        ("Gauge", "Options"),
        ("Gauge", "License"),
    ]


def test_a_line_like_a_heading_stands_under_the_marked_ones() -> None:
    content = "Options\nColours\nThey can be turned off.\nSounds\nThey cannot be."
    assert heads(content, ("Gauge", "Options"), Marked(0, 1, 2)) == [
        ("Gauge", "Options", "Colours"),
        ("Gauge", "Options", "Sounds"),
    ]
    assert heads("Colours\nThey can be turned off.", ("Gauge", "Options")) == [
        ("Gauge", "Options", "Colours")
    ]


def test_a_marked_question_is_one_of_the_text_and_no_heading() -> None:
    content = "Shop\nDo you deliver?\nYes, on Mondays."
    units = units_of(content, ("Shop", "Do you deliver?"), (Marked(0, 1, 1), Marked(1, 1, 2)))
    assert [(unit.text, unit.heads) for unit in units] == [
        ("Do you deliver?", ("Shop",)),
        ("Yes, on Mondays.", ("Shop",)),
    ]
    assert units[0].paragraph_key != units[1].paragraph_key


def test_headings_alone_are_told_as_lines() -> None:
    units = units_of("Gauge\nLicense", (), (Marked(0, 1, 1), Marked(1, 1, 2)))
    assert [(unit.text, unit.kind) for unit in units] == [("Gauge", "line"), ("License", "line")]


def test_a_short_line_above_a_marked_heading_is_kept() -> None:
    content = "House\nCall 112 in an emergency\nHours\nWe open at nine."
    units = units_of(content, ("House",), (Marked(0, 1, 1), Marked(2, 1, 2)))
    assert [(unit.text, unit.heads[-1]) for unit in units] == [
        ("Call 112 in an emergency", "House"),
        ("We open at nine.", "Hours"),
    ]


def test_what_a_narrator_says_after_a_chat_is_nobodys() -> None:
    content = "[10:00:01] Ann: I like it.\nThe house is old.\n[10:05:02] Bob: I do not.\nIt rains."
    assert [unit.said_by for unit in units_of(content)] == ["Ann", "", "Bob", ""]


def test_a_list_below_a_speaker_stays_a_list() -> None:
    content = "Nadia El-Amin  [9:15 AM]\nWe need:\n- a saw\n- a nail"
    assert [(unit.kind, unit.said_by) for unit in units_of(content)][1:] == [
        ("item", "Nadia El-Amin [9:15 AM]"),
        ("item", "Nadia El-Amin [9:15 AM]"),
    ]


def test_each_message_of_a_chat_is_a_paragraph_of_its_sender() -> None:
    content = "03.05.24, 18:22 - Anna: I bring the grill. And coal\n03.05.24, 18:25 - Tom: ok"
    units = units_of(content)
    assert [(unit.text, unit.speaker, unit.said_by) for unit in units] == [
        ("03.05.24, 18:22 - Anna: I bring the grill.", "", "Anna"),
        ("And coal", "Anna", "Anna"),
        ("03.05.24, 18:25 - Tom: ok", "", "Tom"),
    ]


def test_what_stands_below_a_name_and_a_time_is_said_by_that_name() -> None:
    content = "Nadia El-Amin  [9:15 AM]\nMorning team. Say hello.\n\nElliot starts today."
    assert [unit.quoted for unit in units_of(content)] == [
        "Nadia El-Amin [9:15 AM]: Morning team.",
        "Nadia El-Amin [9:15 AM]: … Say hello.",
        "Nadia El-Amin [9:15 AM]: … Elliot starts today.",
    ]


def test_a_line_that_is_a_heading_above_already_is_none_below_it() -> None:
    content = "Lengths in metres\nName\tArm\nAnn\t9\nMore\nThey grow."
    assert heads(content, ("Sea", "Lengths in metres"), Marked(3, 1, 1)) == [
        ("Sea", "Lengths in metres"),
        ("More",),
    ]
