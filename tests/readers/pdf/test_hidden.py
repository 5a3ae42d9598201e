"""Words that nobody sees are no text of a page; what is merely pale, turned or small is."""

from typing import Any

import pytest

from ragflow_local.readers import pdf
from ragflow_local.readers.pdf.library import mupdf
from tests.readers.pdf_samples import save

WHITE, BLACK, BLUE = (1, 1, 1), (0, 0, 0), (0, 0, 0.5)


def text_of(draw: Any, *, rotation: int = 0) -> str:
    document = mupdf.open()
    page = document.new_page()
    page.insert_text((72, 72), "Seen by all.", fontsize=11)
    draw(page)
    page.set_rotation(rotation)
    return " ".join(block.text for block in pdf.read(save(document)) if hasattr(block, "kind"))


def covered(fill: tuple[float, float, float]) -> Any:
    def draw(page: Any) -> None:
        page.insert_text((72, 200), "planted", fontsize=11)
        page.draw_rect((60, 185, 200, 210), color=None, fill=fill)

    return draw


HIDDEN = {
    "white on white": lambda page: page.insert_text((72, 200), "planted", color=WHITE),
    "almost white": lambda page: page.insert_text((72, 200), "planted", color=(0.99, 0.98, 0.97)),
    "invisible mode": lambda page: page.insert_text((72, 200), "planted", render_mode=3),
    "transparent": lambda page: page.insert_text((72, 200), "planted", fill_opacity=0),
    "half a point high": lambda page: page.insert_text((72, 200), "planted", fontsize=0.5),
    "under a white box": covered(WHITE),
    "blacked out": covered(BLACK),
}


@pytest.mark.parametrize("draw", HIDDEN.values(), ids=HIDDEN.keys())
@pytest.mark.parametrize("rotation", [0, 90])
def test_what_cannot_be_seen_is_left_out(draw: Any, rotation: int) -> None:
    assert text_of(draw, rotation=rotation) == "Seen by all."


def on_a_dark_box(page: Any) -> None:
    page.draw_rect((60, 185, 200, 210), color=None, fill=BLUE)
    page.insert_text((72, 200), "planted", color=WHITE)


def on_a_white_box(page: Any) -> None:
    page.draw_rect((60, 185, 200, 210), color=None, fill=WHITE)
    page.insert_text((72, 200), "planted")


def on_a_dark_picture(page: Any) -> None:
    dark = mupdf.Pixmap(mupdf.csRGB, mupdf.IRect(0, 0, 40, 10))
    dark.clear_with(40)
    page.insert_image((60, 185, 200, 210), pixmap=dark)
    page.insert_text((72, 200), "planted", color=WHITE)


def layer_of_a_scan(page: Any) -> None:
    scan = mupdf.Pixmap(mupdf.csRGB, mupdf.IRect(0, 0, 40, 10))
    scan.clear_with(250)
    page.insert_image((60, 185, 200, 210), pixmap=scan)
    page.insert_text((72, 200), "planted", render_mode=3)


SHOWN = {
    "white on a dark box": on_a_dark_box,
    "black on a white box": on_a_white_box,
    "white on a dark picture": on_a_dark_picture,
    "the text layer of a scan": layer_of_a_scan,
    "light grey": lambda page: page.insert_text((72, 200), "planted", color=(0.8, 0.8, 0.8)),
    "four points high": lambda page: page.insert_text((72, 200), "planted", fontsize=4),
    "outlined only": lambda page: page.insert_text((72, 200), "planted", render_mode=1),
}


@pytest.mark.parametrize("draw", SHOWN.values(), ids=SHOWN.keys())
@pytest.mark.parametrize("rotation", [0, 90])
def test_what_can_be_seen_stays(draw: Any, rotation: int) -> None:
    assert "planted" in text_of(draw, rotation=rotation)
