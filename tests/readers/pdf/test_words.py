"""Words as they are meant: printed twice for bold, spaced out, or set downwards."""

from typing import Any

import pytest

from ragflow_local.readers import pdf
from ragflow_local.readers.pdf.library import mupdf
from tests.readers.pdf_samples import save


def page() -> tuple[Any, Any]:
    document = mupdf.open()
    return document, document.new_page()


def text_of(document: Any) -> str:
    return "\n".join(block.text for block in pdf.read(save(document)) if hasattr(block, "kind"))


def test_a_text_printed_over_itself_to_look_bold_is_said_once() -> None:
    document, sheet = page()
    for step in range(3):
        sheet.insert_text((72 + 0.3 * step, 80), "Heavy heading", fontsize=16)
    assert text_of(document) == "Heavy heading"


def test_the_same_word_on_the_next_line_is_said_again() -> None:
    document, sheet = page()
    sheet.insert_text((72, 80), "row", fontsize=8)
    sheet.insert_text((72, 90), "row", fontsize=8)
    assert text_of(document).split() == ["row", "row"]


@pytest.mark.parametrize(
    ("spaced", "said"),
    [
        ("A N N U A L   R E P O R T", "ANNUAL REPORT"),
        ("Z u s a t z", "Zusatz"),
        ("О Т Ч Ё Т", "ОТЧЁТ"),
        ("A B C D E", "A B C D E"),
        ("I am a B", "I am a B"),
        ("x y z", "x y z"),
    ],
)
def test_spaced_out_letters_are_words_but_not_lists_of_choices(spaced: str, said: str) -> None:
    document, sheet = page()
    sheet.insert_text(
        (72, 80), spaced, fontsize=16, fontname="helv" if spaced.isascii() else "china-s"
    )
    assert text_of(document) == said


def put(sheet: Any, x: float, y: float, sign: str) -> None:
    sheet.insert_text((x, y), sign, fontsize=14, fontname="china-s")


def test_signs_set_downwards_are_read_from_the_right_column() -> None:
    document, sheet = page()
    for column, text in enumerate(["锅炉房在地下室", "钥匙由物业保管", "每年三月检查"]):
        for row, sign in enumerate(text):
            put(sheet, 500 - 30 * column, 100 + 17 * row, sign)
    assert "".join(text_of(document).split()) == "锅炉房在地下室钥匙由物业保管每年三月检查"


def test_a_table_of_single_signs_is_no_column_of_text() -> None:
    document, sheet = page()
    for row, cells in enumerate([("甲", "有", "一"), ("乙", "无", "二"), ("丙", "有", "三")]):
        for column, sign in enumerate(cells):
            put(sheet, 100 + 90 * column, 100 + 40 * row, sign)
    assert "".join(text_of(document).split()).startswith("甲有一")
