"""Slides drawn plainly: what stands on them, where it stands."""

import io
from typing import Any

import pptx
import pytest
from PIL import Image
from pptx.util import Inches

from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.records import Block, Region
from ragflow_local.rendering import slide as slides
from ragflow_local.rendering.page import page_image


def deck() -> bytes:
    presentation = pptx.Presentation()
    slide: Any = presentation.slides.add_slide(presentation.slide_layouts[6])
    slide.shapes.add_textbox(Inches(1), Inches(2), Inches(3), Inches(1)).text_frame.text = "左 <b>&"
    cells = slide.shapes.add_table(1, 2, Inches(1), Inches(4), Inches(3), Inches(1)).table
    cells.cell(0, 0).text, cells.cell(0, 1).text = "kraken", "squid"
    slide.notes_slide.notes_text_frame.text = "never said aloud"
    out = io.BytesIO()
    presentation.save(out)
    return out.getvalue()


def words_of(page: bytes) -> dict[str, tuple[float, float]]:
    with mupdf.open(stream=page, filetype="pdf") as document:
        return {word[4]: (word[0], word[1]) for word in document[0].get_text("words")}


def test_texts_and_cells_stand_at_their_places() -> None:
    words = words_of(slides.slide_page(deck(), 1))
    assert set(words) == {"左", "<b>&", "kraken", "squid"}, "the notes are not on the slide"
    x, y = words["<b>&"]
    assert 72 <= x <= 144
    assert 140 <= y <= 216
    assert words["kraken"][1] >= 288
    assert words["squid"][0] > words["kraken"][0]


def test_a_slide_that_is_not_there_has_no_picture() -> None:
    assert page_image("pptx", deck(), 2, 72) == b""


def test_a_region_of_a_slide_is_its_own_picture() -> None:
    png = page_image("pptx", deck(), 1, 72, box=Region(1, 72, 144, 288, 216))
    assert Image.open(io.BytesIO(png)).size == (216, 72)


@pytest.mark.parametrize(
    "block",
    [
        Block("paragraph", "word " * 2000, place=Region(1, 10, 10, 16, 16)),
        Block("figure", "a drawing", place=Region(1, 10, 10, 90, 90), image=b"no picture"),
        Block("paragraph", "thin", place=Region(1, 10, 10, 10, 90)),
        Block("paragraph", "\x00", place=Region(1, 10, 10, 90, 90)),
    ],
    ids=["too much text", "broken picture", "no room", "control character"],
)
def test_what_cannot_be_drawn_leaves_its_place_empty(
    block: Block, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = (Region(1, 0, 0, 100, 100), [block])
    monkeypatch.setattr(slides, "read_slide", lambda data, page: slide)
    assert slides.slide_page(b"a deck", 1).startswith(b"%PDF")
