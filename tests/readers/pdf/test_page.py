"""Tables of a page where rules and geometry do not say the same."""

from typing import Any

from ragflow_local.readers import pdf
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.records import Block
from tests.readers.pdf_samples import save

ROWS = (
    ("Country", "Own", "Foreign", "Total"),
    ("Austria", "92.9", "7.1", "5,821"),
    ("Belgium", "12.0", "88.0", "5,906"),
    ("Cyprus", "98.0", "2.0", "158"),
    ("Denmark", "30.5", "69.5", "3,353"),
)
XS, TOP, HIGH = (76, 176, 276, 376), 110, 18


def drawn(*lines: tuple[float, float, float, float]) -> list[tuple[tuple[str, ...], ...]]:
    """Return the tables of a page with the rows above and these rules."""
    document = mupdf.open()
    page: Any = document.new_page()
    for number, row in enumerate(ROWS):
        for x, text in zip(XS, row, strict=True):
            page.insert_text((x, TOP + HIGH * number), text, fontsize=9)
    for x0, y0, x1, y1 in lines:
        page.draw_line((x0, y0), (x1, y1), width=0.6)
    return [b.rows for b in pdf.read(save(document)) if isinstance(b, Block) and b.rows]


def across(number: float, x0: float = 70, x1: float = 430) -> tuple[float, float, float, float]:
    y = TOP - 13 + HIGH * number
    return (x0, y, x1, y)


def down(x: float, first: float, last: float) -> tuple[float, float, float, float]:
    return (x, TOP - 13 + HIGH * first, x, TOP - 13 + HIGH * last)


def test_an_open_body_under_a_boxed_head_has_the_columns_of_its_cells() -> None:
    boxes = [down(x, 0, 1) for x in (70, 170, 270, 370, 430)]
    rules = [across(n) for n in range(6)]
    assert drawn(*boxes, *rules, down(70, 1, 5), down(430, 1, 5)) == [ROWS]


def test_a_rule_under_every_second_row_parts_no_rows() -> None:
    posts = [down(x, 0, 5) for x in (70, 170, 270, 370, 430)]
    assert drawn(*posts, across(0), across(1), across(3), across(5)) == [ROWS]


def test_rules_between_groups_of_columns_part_the_groups_only() -> None:
    posts = [down(x, 0, 5) for x in (70, 170, 430)]
    assert drawn(*posts, *(across(n) for n in range(6))) == [ROWS]


def test_a_frame_around_the_last_cells_of_a_column_is_no_table() -> None:
    frames = [
        rule
        for x0, x1 in ((170, 210), (270, 310), (370, 410))
        for rule in (
            across(3, x0, x1),
            across(4, x0, x1),
            across(5, x0, x1),
            down(x0, 3, 5),
            down(x1, 3, 5),
        )
    ]
    assert drawn(*frames) == [ROWS]


def test_cells_of_several_lines_stay_one_where_rules_part_the_rows() -> None:
    document = mupdf.open()
    page: Any = document.new_page()
    for y in (97, 115, 145, 175):
        page.draw_line((70, y), (330, y), width=0.6)
    for x in (70, 200, 330):
        page.draw_line((x, 97), (x, 175), width=0.6)
    texts = {(76, 110): "Part", (206, 110): "Use", (76, 128): "Pump", (206, 128): "moves water"}
    more = {
        (206, 139): "to the roof",
        (76, 158): "Valve",
        (206, 158): "holds it",
        (206, 169): "there",
    }
    for point, text in {**texts, **more}.items():
        page.insert_text(point, text, fontsize=9)
    (rows,) = [b.rows for b in pdf.read(save(document)) if isinstance(b, Block) and b.rows]
    assert rows == (
        ("Part", "Use"),
        ("Pump", "moves water to the roof"),
        ("Valve", "holds it there"),
    )
