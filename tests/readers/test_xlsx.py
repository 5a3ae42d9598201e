import io
import zipfile
from datetime import datetime

import openpyxl
import pytest
from openpyxl.comments import Comment

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.xlsx import read
from ragflow_local.records import Block
from tests.samples import only_blocks, zipped


def blocks_of(*sheets: tuple[str, list[list[object]]]) -> list[Block]:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return only_blocks(read(saved(book)))


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_each_sheet_has_its_name_as_heading_and_an_empty_one_nothing() -> None:
    found = blocks_of(("Arms", [["a", "b"], [1, 2]]), ("Empty", []), ("Eyes", [["c", "d"], [3, 4]]))
    assert [(b.kind, b.text) for b in found] == [
        ("heading", "Arms"),
        ("table", "a\tb\n1\t2"),
        ("heading", "Eyes"),
        ("table", "c\td\n3\t4"),
    ]


def test_dates_and_truth_are_shown_as_excel_shows_them() -> None:
    moment = datetime(2024, 2, 29)  # noqa: DTZ001  # a sheet knows no time zones
    (_, table) = blocks_of(("Log", [["when", "seen"], [moment, True]]))
    assert table.rows[1] == ("2024-02-29 0:00:00", "TRUE")


def test_a_title_above_a_table_is_a_paragraph() -> None:
    (_, title, table) = blocks_of(("Log", [["Sightings"], ["year", "count"], [1987, 3]]))
    assert (title.kind, title.text) == ("paragraph", "Sightings")
    assert table.rows[0] == ("year", "count")


def test_tables_apart_from_one_another_are_two() -> None:
    rows: list[list[object]] = [["a", "b"], [1, 2], [], ["c", "d", "e"], [3, 4, 5]]
    tables = [block.rows for block in blocks_of(("Log", rows)) if block.kind == "table"]
    assert tables == [(("a", "b"), ("1", "2")), (("c", "d", "e"), ("3", "4", "5"))]


def test_a_gap_between_rows_of_numbers_is_but_a_pause() -> None:
    rows: list[list[object]] = [["a", "b"], [1, 2], [], [3, 4]]
    (_, table) = blocks_of(("Log", rows))
    assert table.rows == (("a", "b"), ("1", "2"), ("3", "4"))


def test_a_merged_cell_is_said_over_each_name_below_it() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["name", "size", None], [None, "height", "width"], ["a", 1, 2]):
        sheet.append(row)
    sheet.merge_cells("B1:C1")
    table = only_blocks(read(saved(book)))[1]
    assert table.rows[0] == ("name", "size", "size")


def test_a_formula_never_computed_is_shown_itself() -> None:
    (_, table) = blocks_of(("Log", [["a", "b"], [1, "=A2+1"]]))
    assert table.rows[1] == ("1", "=A2+1")


def test_one_cell_far_away_does_not_make_a_huge_table() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = "near"
    book.worksheets[0]["XFD1048576"] = "far"
    assert {block.text for block in read(saved(book))} == {"Sheet", "near", "far"}


def test_comments_are_kept() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0]["B2"] = "9 m"
    book.worksheets[0]["B2"].comment = Comment("Measured twice.", "Ned")
    assert only_blocks(read(saved(book)))[-1].text == "Comment on B2: Measured twice."


def test_a_torn_sheet_is_damage_and_says_where() -> None:
    relation = (
        '<Relationships><Relationship Id="r1" Target="s.xml" Type="a/worksheet"/></Relationships>'
    )
    book = '<workbook xmlns:r="r"><sheets><sheet name="a" r:id="r1"/></sheets></workbook>'
    parts: dict[str, str | bytes] = {
        "xl/workbook.xml": book.replace("sheet", "sheet"),
        "xl/_rels/workbook.xml.rels": relation,
        "xl/s.xml": "<worksheet><sheetData><row><c t='inlineStr'><is><t>cut",
    }
    with pytest.raises(DamagedFileError, match=r"s\.xml"):
        only_blocks(read(zipped(parts), "a.xlsx"))


def test_escaped_characters_are_put_together_and_halves_are_none() -> None:
    (_, table) = blocks_of(("Log", [["_xD83D__xDC19_ arm", "_xD800_ half"], ["a", "b"]]))
    assert table.rows[0] == ("🐙 arm", "\ufffd half")


def test_an_entity_among_the_cells_is_passed_over() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Kraken", 9])
    with zipfile.ZipFile(io.BytesIO(saved(book))) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
        sheet = archive.read("xl/worksheets/sheet1.xml")
    head, row, rest = sheet.partition(b'<row r="1"')
    parts["xl/worksheets/sheet1.xml"] = (
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        + head
        + row
        + rest.replace(b">", b">&a;", 1)
    )
    (_, table) = only_blocks(read(zipped(parts)))
    assert table.text == "Kraken\t9"


def test_a_cell_with_a_link_has_its_address() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["part", "manual"])
    sheet.append(["pump", "see"])
    sheet["B2"].hyperlink = "https://a.example/p"
    found = only_blocks(read(saved(book)))
    assert found[-1].rows[1] == ("pump", "see (https://a.example/p)")


def test_raised_digits_of_a_rich_text_are_no_part_of_the_number() -> None:
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    book = openpyxl.Workbook()
    raised = TextBlock(InlineFont(vertAlign="superscript"), "6")
    book.worksheets[0].append(["a", CellRichText("10", raised, " l")])
    assert "10^6 l" in only_blocks(read(saved(book)))[-1].text


def test_tables_side_by_side_are_two() -> None:
    rows: list[list[object]] = [
        ["Name", "Fee", None, "Side", "Note"],
        ["Ana", 5, None, "s1", "n1"],
        ["Bert", 6, None, "s2", "n2"],
    ]
    tables = [block.rows for block in blocks_of(("Log", rows)) if block.kind == "table"]
    assert tables == [
        (("Name", "Fee"), ("Ana", "5"), ("Bert", "6")),
        (("Side", "Note"), ("s1", "n1"), ("s2", "n2")),
    ]


def test_numbers_behind_an_empty_column_belong_to_the_labels_before_it() -> None:
    rows: list[list[object]] = [
        ["Item", "Unit", None, "2023", "2022"],
        ["Sales", "EUR", None, 5, 6],
    ]
    tables = [block.rows for block in blocks_of(("Log", [*rows, ["Cost", "EUR", None, 3, 4]]))[1:]]
    assert len(tables) == 1


def test_a_cell_merged_over_the_table_spans_it() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["Part", "Price"], ["Pumps", None], ["P1", 5]):
        sheet.append(row)
    sheet.merge_cells("A2:B2")
    assert [b.rows for b in read(saved(book)) if isinstance(b, Block)][1] == (
        ("Part", "Price"),
        ("Pumps",),
        ("P1", "5"),
    )
