"""Check boxes say whether they are ticked, and letters of symbol fonts what they show."""

from typing import Any

from ragflow_local.readers import pdf
from ragflow_local.readers.pdf.library import mupdf
from tests.readers.pdf_samples import save


def text_of(document: Any) -> str:
    return "\n".join(block.text for block in pdf.read(save(document)) if hasattr(block, "kind"))


def form(*ticked: bool) -> str:
    document = mupdf.open()
    page = document.new_page()
    for number, is_ticked in enumerate(ticked):
        top = 100 + 30 * number
        widget = mupdf.Widget()
        widget.field_name = f"box{number}"
        widget.field_type = mupdf.PDF_WIDGET_TYPE_CHECKBOX
        widget.field_value = is_ticked
        widget.rect = mupdf.Rect(72, top, 86, top + 14)
        page.add_widget(widget)
        page.insert_text((100, top + 11), f"choice {number}", fontsize=11)
    return text_of(document)


def test_a_ticked_box_is_a_tick_and_an_open_one_is_none() -> None:
    text = form(False, True, False)
    assert [line.split()[0] for line in text.split("\n")] == ["☐", "☑", "☐"]


def test_a_letter_of_a_font_of_signs_is_the_sign() -> None:
    document = mupdf.open()
    page = document.new_page()
    page.insert_text((72, 100), "4", fontname="zadb", fontsize=12)
    page.insert_text((90, 100), "done", fontsize=11)
    assert text_of(document) in ("✔ done", "✔\tdone")
