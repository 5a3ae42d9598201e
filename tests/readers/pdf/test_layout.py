"""Pages of columns, tables and figures: what geometry tells, and what the model adds."""

import pytest

from ragflow_local.readers import pdf
from ragflow_local.readers.pdf import layout
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.ways import HowToRead
from ragflow_local.records import Block
from tests.readers.pdf_samples import LOREM, financial_table, ruled_table, save, text_page


def blocks_of(data: bytes, *, layout: bool) -> list[Block]:
    found = pdf.read_pages(data, 1, pdf.count_pages(data), how=HowToRead(layout))
    return pdf.join_pages([item for item in found if isinstance(item, Block)])


def two_columns() -> bytes:
    document = mupdf.open()
    page = document.new_page()
    page.insert_text((72, 60), "A title across both of the columns", fontsize=18)
    page.insert_textbox((72, 90, 285, 500), "Left one. " + LOREM * 2 + "Left end.", fontsize=10)
    page.insert_textbox((310, 90, 523, 500), "Right one. " + LOREM * 2 + "Right end.", fontsize=10)
    return save(document)


@pytest.mark.parametrize("layout", [False, True], ids=["by geometry", "by the model"])
def test_columns_are_read_one_after_the_other(layout: bool) -> None:
    text = " ".join(block.text for block in blocks_of(two_columns(), layout=layout))
    marks = ["A title", "Left one.", "Left end.", "Right one.", "Right end."]
    assert [text.index(mark) for mark in marks] == sorted(text.index(mark) for mark in marks)


def test_the_model_loses_no_word() -> None:
    data = two_columns()
    plain, seen = ([b.text for b in blocks_of(data, layout=flag)] for flag in (False, True))
    assert sorted(" ".join(plain).split()) == sorted(" ".join(seen).split())


def test_a_ruled_table_has_its_cells_whole() -> None:
    document = mupdf.open()
    ruled_table(document.new_page())
    (table,) = blocks_of(save(document), layout=False)
    assert table.kind == "table"
    assert table.rows == (
        ("Animal", "Says", "Legs"),
        ("Cat", "Meow and purr", "4"),
        ("Both of them together", "", "8"),
    )


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("the layout model was asked")

    monkeypatch.setattr(layout, "regions_of", refuse)


@pytest.mark.usefixtures("no_model")
def test_plain_pages_do_not_need_the_model() -> None:
    document = mupdf.open()
    text_page(document, LOREM)
    financial_table(text_page(document, LOREM))
    assert len(blocks_of(save(document), layout=True)) == 3


@pytest.mark.usefixtures("no_model")
def test_without_layout_the_model_is_never_asked() -> None:
    assert blocks_of(two_columns(), layout=False)


def test_a_figure_has_its_caption() -> None:
    document = mupdf.open()
    page = text_page(document, LOREM * 2)
    picture = mupdf.Pixmap(mupdf.csRGB, mupdf.IRect(0, 0, 30, 30))
    picture.clear_with(120)
    page.insert_image((150, 300, 450, 500), pixmap=picture)
    page.insert_text((180, 520), "Figure 1: The harbour from above", fontsize=10)
    page.insert_textbox((72, 560, 523, 780), LOREM * 2, fontsize=11)
    figures = [b.text for b in blocks_of(save(document), layout=True) if "Figure 1" in b.text]
    assert figures == ["Figure 1: The harbour from above"]


def test_a_word_cut_at_the_end_of_a_line_is_made_whole() -> None:
    document = mupdf.open()
    page = document.new_page()
    lines = ("They spoke of the infor-", "mation that a well-", "known witness gave, and left.")
    for number, line in enumerate(lines):
        page.insert_text((72, 80 + 13 * number), line, fontsize=11)
    (block,) = blocks_of(save(document), layout=False)
    assert block.text == ("They spoke of the information that a well-known witness gave, and left.")


def test_a_list_keeps_its_items_apart() -> None:
    document = mupdf.open()
    page = document.new_page()
    for number, text in enumerate(("first the anchor", "then the sails", "last the rudder")):
        page.insert_text((72, 80 + 14 * number), f"{number + 1}.", fontsize=11)
        page.insert_text((92, 80 + 14 * number), text, fontsize=11)
    blocks = blocks_of(save(document), layout=False)
    assert [(block.kind, block.text) for block in blocks] == [
        ("list_item", "1. first the anchor"),
        ("list_item", "2. then the sails"),
        ("list_item", "3. last the rudder"),
    ]


def test_invisible_characters_are_left_out() -> None:
    from ragflow_local.readers.pdf.lines import clean

    assert clean("of\ufb01ce\u00ad \u200bwork\x07") == "office work"
