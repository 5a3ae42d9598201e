import io
from typing import Any

import pptx
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from ragflow_local.readers.pptx import read
from tests.samples import file_of, only_blocks


def deck() -> tuple[Any, Any]:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Squids"
    return deck, slide


def saved(deck: Any) -> bytes:
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def test_a_shape_has_its_slide_and_its_box_in_points() -> None:
    presentation, slide = deck()
    slide.shapes.add_textbox(Inches(1), Inches(2), Inches(3), Inches(1)).text_frame.text = "here"
    block = only_blocks(read(saved(presentation)))[-1]
    assert block.text == "here"
    place = block.place
    assert place is not None
    assert (place.page, place.x0, place.top, place.x1, place.bottom) == (1, 72, 144, 288, 216)


def test_the_title_comes_first_as_a_heading() -> None:
    presentation, _ = deck()
    (block,) = only_blocks(read(saved(presentation)))
    assert (block.kind, block.level, block.text) == ("heading", 1, "Squids")
    assert block.place is not None
    assert block.place.x1 > block.place.x0  # its box stands in the layout only


def test_shapes_in_groups_are_placed_on_the_slide() -> None:
    presentation, slide = deck()
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(2), Inches(3), Inches(1)).text_frame.text = "inner"
    group.left, group.width = Inches(2), Inches(6)
    place = only_blocks(read(saved(presentation)))[-1].place
    assert place is not None
    assert (place.x0, place.x1) == (144, 576)


def test_tables_and_charts_have_rows() -> None:
    presentation, slide = deck()
    table = slide.shapes.add_table(2, 2, 0, 0, Inches(4), Inches(1)).table
    for index, text in enumerate(("arm", "length", "left", "9 m")):
        table.cell(index // 2, index % 2).text = text
    data: Any = CategoryChartData()  # type: ignore[no-untyped-call]  # it has no types
    data.categories = ["2019", "2020"]
    data.add_series("Sightings", (12, 30))
    slide.shapes.add_chart(XL_CHART_TYPE.LINE, 0, 0, Inches(4), Inches(3), data)
    rows = [block.rows for block in only_blocks(read(saved(presentation))) if block.kind == "table"]
    assert rows == [
        (("arm", "length"), ("left", "9 m")),
        (("", "Sightings"), ("2019", "12"), ("2020", "30")),
    ]


def test_notes_are_kept() -> None:
    presentation, slide = deck()
    slide.notes_slide.notes_text_frame.text = "Say it slowly."
    assert only_blocks(read(saved(presentation)))[-1].text == "Notes: Say it slowly."


def test_a_picture_is_there_with_its_bytes_and_once() -> None:
    presentation, slide = deck()
    picture = io.BytesIO(file_of("image")[1])
    for _ in range(2):
        slide.shapes.add_picture(picture, 0, 0)
    figures = [block for block in only_blocks(read(saved(presentation))) if block.kind == "figure"]
    assert [figure.image for figure in figures] == [picture.getvalue()]


def test_boxes_are_read_from_the_top_however_they_were_made() -> None:
    presentation, slide = deck()
    for text, top in (("third", 5), ("second", 3), ("first", 2)):
        box = slide.shapes.add_textbox(Inches(1), Inches(top), Inches(3), Inches(0.5))
        box.text_frame.text = text
    texts = [block.text for block in only_blocks(read(saved(presentation)))]
    assert texts == ["Squids", "first", "second", "third"]


def test_raised_digits_and_addresses_of_links_are_told_and_hidden_shapes_are_not() -> None:
    presentation, slide = deck()
    frame = slide.shapes.add_textbox(Inches(1), Inches(2), Inches(3), Inches(1)).text_frame
    for text in ("10", "6", " l, see ", "it"):
        frame.paragraphs[0].add_run().text = text
    frame.paragraphs[0].runs[1].font._element.set("baseline", "30000")
    frame.paragraphs[0].runs[3].hyperlink.address = "https://a.example/x"
    ghost = slide.shapes.add_textbox(Inches(1), Inches(4), Inches(3), Inches(1))
    ghost.text_frame.text = "ghost"
    ghost._element.nvSpPr.cNvPr.set("hidden", "1")
    texts = [block.text for block in only_blocks(read(saved(presentation)))]
    assert texts == ["Squids", "10^6 l, see it (https://a.example/x)"]
