"""Recognised lines: which way a picture lies, where its words stand."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from ragflow_local.readers import ocr
from ragflow_local.readers.pdf.lines import Box

Quads = list[list[list[float]]]


class ScriptedEngine:
    """Sees one line; it is certain of it in an upright picture only."""

    def __init__(self, upright: tuple[int, int], quad: list[list[float]], sideways: bool) -> None:
        self.upright = upright
        self.quad = quad
        self.sideways = sideways
        self.calls = 0

    def __call__(self, pixels: NDArray[np.uint8], **_: bool) -> SimpleNamespace:
        self.calls += 1
        is_upright = pixels.shape[:2] == self.upright and pixels[0, 0, 0] == 255
        if is_upright:
            return SimpleNamespace(boxes=[self.quad], txts=["Harbour Board"], scores=[0.99])
        height, width = pixels.shape[:2]
        tall = [[10.0, 20.0], [30.0, 20.0], [30.0, height - 20.0], [10.0, height - 20.0]]
        flat = [[20.0, 10.0], [width - 20.0, 10.0], [width - 20.0, 30.0], [20.0, 30.0]]
        quad = tall if self.sideways else flat
        return SimpleNamespace(boxes=[quad], txts=["pJeog"], scores=[0.55])


def corner_marked(turns: int) -> NDArray[np.uint8]:
    """Return a picture of 100 by 400 whose upright top left corner is white, turned."""
    pixels = np.zeros((100, 400, 3), dtype=np.uint8)
    pixels[0, 0] = 255
    return np.ascontiguousarray(np.rot90(pixels, k=turns))


LINE = [[40.0, 30.0], [300.0, 30.0], [300.0, 50.0], [40.0, 50.0]]


@pytest.mark.parametrize(
    ("quarters", "turn", "calls"),
    [(0, 0, 1), (1, 90, 2), (2, 180, 2)],
    ids=["upright", "on its left side", "upside down"],
)
def test_a_picture_is_turned_until_its_lines_are_certain(
    quarters: int, turn: int, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ScriptedEngine((100, 400), LINE, sideways=quarters % 2 == 1)
    monkeypatch.setattr(ocr, "_engine", lambda: engine)
    lines = ocr.lines_of(corner_marked(quarters), 0.5)
    assert [line.text for line in lines.lines] == ["Harbour Board"]
    assert (lines.turn, lines.width, lines.height) == (turn, 200.0, 50.0)
    assert engine.calls == calls


def test_words_share_the_width_of_their_line(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = ScriptedEngine((100, 400), LINE, sideways=False)
    monkeypatch.setattr(ocr, "_engine", lambda: engine)
    (line,) = ocr.lines_of(corner_marked(0), 0.5).lines
    first, second = line.words
    assert first.box == Box(20.0, 15.0, 90.0, 25.0)
    assert second.box == Box(100.0, 15.0, 150.0, 25.0)


def test_a_sloping_line_keeps_its_words_low_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    sloping = [[40.0, 30.0], [300.0, 56.0], [298.0, 76.0], [38.0, 50.0]]
    engine = ScriptedEngine((100, 400), sloping, sideways=False)
    monkeypatch.setattr(ocr, "_engine", lambda: engine)
    (line,) = ocr.lines_of(corner_marked(0), 1.0).lines
    first, second = line.words
    assert first.box.top < second.box.top
    assert first.box.height < 30


def test_an_empty_picture_has_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = SimpleNamespace(boxes=None, txts=None, scores=None)
    monkeypatch.setattr(ocr, "_engine", lambda: lambda pixels, **_: nothing)
    assert ocr.lines_of(corner_marked(0), 1.0).lines == ()
