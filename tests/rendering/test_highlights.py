"""Marks narrowed to the words of a passage: of paragraphs, of tables, and where that fails."""

import pytest

from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.records import Region
from ragflow_local.rendering.highlights import narrowed
from tests.readers.pdf_samples import financial_table, one_page, save

WHOLE = Region(1, 72, 60, 523, 770)
TEXT = (
    "The kraken sleeps below the ice. Nobody has seen it awake in many years. Some say that it"
    " dreams of the warmer waters of the south. Others think that it is only waiting there."
)


def words_under(data: bytes, marks: list[Region]) -> str:
    with mupdf.open(stream=data, filetype="pdf") as document:
        found = [
            word
            for x0, y0, x1, y1, word, *_ in document[0].get_text("words")
            if any(
                mark.x0 <= (x0 + x1) / 2 <= mark.x1 and mark.top <= (y0 + y1) / 2 <= mark.bottom
                for mark in marks
            )
        ]
    return " ".join(found)


@pytest.mark.parametrize(
    "passage",
    [
        "The kraken sleeps below the ice.",
        "Some say that it dreams of the warmer waters of the south.",
        "Others think that it is only waiting there.",
    ],
    ids=["its beginning", "its middle", "its end"],
)
def test_of_a_paragraph_only_the_passage_is_marked(passage: str) -> None:
    data = one_page(TEXT)
    assert words_under(data, narrowed(data, [WHOLE], passage)) == passage


def test_a_passage_that_is_all_of_it_is_one_mark() -> None:
    assert narrowed(one_page(TEXT), [WHOLE], f"Before it. {TEXT} And after it.") == [WHOLE]


@pytest.mark.parametrize(
    ("passage", "marked"),
    [
        (f"{'Other words stand here. ' * 9} The kraken sleeps", "The kraken sleeps"),
        (f"only waiting there. {'Other words stand here. ' * 9}", "only waiting there."),
        (f"{'Other words stand here. ' * 9} The", "The"),
    ],
    ids=["ends in it", "begins in it", "one word"],
)
def test_a_passage_may_have_few_words_of_a_paragraph(passage: str, marked: str) -> None:
    data = one_page(TEXT)
    assert words_under(data, narrowed(data, [WHOLE], passage)) == marked


@pytest.mark.parametrize(
    "text",
    [
        "Something else altogether is said in this passage.",
        "",
        "…",
        "这是另外的文字",
        "الكراكن ينام",
    ],
)
def test_what_cannot_be_compared_stays_marked_whole(text: str) -> None:
    assert narrowed(one_page(TEXT), [WHOLE], text) == [WHOLE]
    assert narrowed(one_page(""), [WHOLE], TEXT) == [WHOLE]
    assert narrowed(one_page(TEXT), [Region(9, 0, 0, 9, 9)], TEXT) == [Region(9, 0, 0, 9, 9)]


def test_of_a_table_the_rows_and_the_head_are_marked() -> None:
    document = mupdf.open()
    financial_table(document.new_page())
    data = save(document)
    marks = narrowed(
        data, [WHOLE], "2022\t2021\nGross margin\t35,885\t35,255\nNet loss\t(721)\t188"
    )
    assert words_under(data, marks) == "2022 2021 Gross margin 35,885 35,255 Net loss (721) 188"


def test_chinese_is_narrowed_by_its_characters() -> None:
    document = mupdf.open()
    page = document.new_page()
    page.insert_text((72, 100), "海妖在深海中睡觉。它在五月醒来。", fontname="china-s", fontsize=12)
    data = save(document)
    (mark,) = narrowed(data, [WHOLE], "它在五月醒来。")
    assert mark.x0 == pytest.approx(72 + 9 * 12, abs=2)
    assert mark.x1 == pytest.approx(72 + 15 * 12, abs=2)
