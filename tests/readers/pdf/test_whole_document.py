from ragflow_local.readers.pdf.whole_document import join_pages
from ragflow_local.records import Block, Region


def test_a_line_that_counts_pages_runs_wherever_it_stands() -> None:
    foots = [
        Block("paragraph", f"Report of 2031 | {page}", place=Region(page + 2, 9, top, 80, top + 9))
        for page, top in ((1, 100.0), (2, 300.0), (3, 500.0), (4, 700.0))
    ]
    texts = [
        Block("paragraph", f"Item {page * 7}", place=Region(page, 9, 50, 80, 60)) for page in (3, 4)
    ]
    kinds = [block.kind for block in join_pages([*foots, *texts])]
    assert kinds == ["paragraph", "running", "running", "running", "paragraph", "paragraph"]


def table(page: int, *rows: tuple[str, ...], x0: float = 72, x1: float = 400) -> Block:
    text = "\n".join("\t".join(row) for row in rows)
    return Block("table", text, place=Region(page, x0, 60, x1, 700), rows=rows)


HEAD = ("Valve", "Torque")


def test_a_table_that_goes_on_over_a_page_has_its_header_there_too() -> None:
    first, second = table(1, HEAD, ("V1", "1 Nm"), ("V2", "2 Nm")), table(2, ("V3", "3 Nm"))
    foot = Block("running", "page 1", place=Region(1, 72, 800, 90, 810))
    found = join_pages([first, foot, second])
    assert found[-1].rows == (HEAD, ("V3", "3 Nm"))
    assert found[-1].text == "Valve\tTorque\nV3\t3 Nm"


def test_a_header_that_is_printed_again_is_not_put_in_twice() -> None:
    first, second = table(1, HEAD, ("V1", "1 Nm")), table(2, HEAD, ("V3", "3 Nm"))
    assert join_pages([first, second])[-1].rows == (HEAD, ("V3", "3 Nm"))


def test_a_table_over_three_pages_has_its_header_on_each() -> None:
    parts = [table(1, HEAD, ("V1", "1 Nm")), table(2, ("V2", "2 Nm")), table(3, ("V3", "3 Nm"))]
    assert [block.rows[0] for block in join_pages(parts)] == [HEAD] * 3


def test_another_table_keeps_its_own_header() -> None:
    first = table(1, HEAD, ("V1", "1 Nm"), ("V2", "2 Nm"))
    others = [
        table(2, ("Pump", "Power"), ("P1", "7 kW")),
        table(2, ("V3", "3 Nm"), x1=200),
        table(2, ("V3", "3 Nm", "new")),
        table(3, ("V3", "3 Nm")),
    ]
    for other in others:
        assert join_pages([first, other])[-1].rows == other.rows


def test_text_between_tables_parts_them() -> None:
    between = Block("paragraph", "The next table is of valves.", place=Region(2, 72, 40, 300, 50))
    found = join_pages([table(1, HEAD, ("V1", "1 Nm")), between, table(2, ("V3", "3 Nm"))])
    assert found[-1].rows == (("V3", "3 Nm"),)
