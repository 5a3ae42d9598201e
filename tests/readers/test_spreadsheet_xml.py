from lxml import etree

from ragflow_local.readers.spreadsheet_xml import sheets_of

SHEET = 'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'


def rows_of(rows: str) -> list[tuple[str, ...]]:
    book = (
        f'<ss:Workbook {SHEET}><ss:Worksheet ss:Name="Fees"><ss:Table>{rows}</ss:Table>'
        "</ss:Worksheet></ss:Workbook>"
    )
    heading, *tables = sheets_of(etree.fromstring(book))
    assert heading.text == "Fees"
    return [row for table in tables for row in table.rows]


def cell(kind: str, text: str, said: str = "") -> str:
    return f'<ss:Cell {said}><ss:Data ss:Type="{kind}">{text}</ss:Data></ss:Cell>'


def test_values_are_shown_and_cells_stand_where_they_say() -> None:
    head = "".join(cell("String", name) for name in ("Name", "Fee", "Day", "Paid"))
    values = (
        cell("String", "Ana"),
        cell("Number", "5.0"),
        cell("DateTime", "2024-05-01T00:00:00.000"),
        cell("Boolean", "1"),
    )
    later = cell("String", "Bo") + cell("Boolean", "0", 'ss:Index="4"')
    rows = rows_of("".join(f"<ss:Row>{r}</ss:Row>" for r in (head, "".join(values), later)))
    assert rows[1:] == [("Ana", "5", "2024-05-01", "TRUE"), ("Bo", "", "", "FALSE")]


def test_merged_cells_are_said_in_each_row() -> None:
    rows = (
        (cell("String", "a"), cell("String", "b")),
        (cell("String", "x", 'ss:MergeDown="1"'), cell("Number", "1")),
        (cell("Number", "2", 'ss:Index="2"'),),
    )
    joined = "".join(f"<ss:Row>{''.join(row)}</ss:Row>" for row in rows)
    assert rows_of(joined) == [("a", "b"), ("x", "1"), ("x", "2")]
