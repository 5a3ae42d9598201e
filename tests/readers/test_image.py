"""Pictures: what is refused, and what is read."""

import io
import struct

import pytest
from PIL import Image, ImageDraw

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import image, ocr
from ragflow_local.records import Block, Notice

needs_ocr = pytest.mark.skipif(not ocr.is_installed(), reason="rapidocr is not installed")


def picture_of(text: str, kind: str = "PNG", turn: int = 0) -> bytes:
    picture = Image.new("RGB", (640, 120), "white")
    ImageDraw.Draw(picture).text((20, 30), text, fill="black", font_size=44)
    out = io.BytesIO()
    picture.rotate(turn, expand=True).save(out, kind)
    return out.getvalue()


@needs_ocr
def test_the_words_of_a_picture_are_read_with_their_box(capfd: pytest.CaptureFixture[str]) -> None:
    (block,) = image.read(picture_of("Harbour Board 1987"))
    assert isinstance(block, Block)
    assert block.text == "Harbour Board 1987"
    assert block.place is not None
    assert 10 <= block.place.x0 <= 30
    assert 20 <= block.place.top < block.place.bottom <= 100
    assert capfd.readouterr() == ("", "")


@needs_ocr
@pytest.mark.slow
@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_picture_is_righted(turn: int) -> None:
    (block,) = image.read(picture_of("Harbour Board 1987", turn=turn))
    assert isinstance(block, Block)
    assert block.text == "Harbour Board 1987"
    assert block.place is not None
    width, height = (120, 640) if turn in (90, 270) else (640, 120)
    assert 0 <= block.place.x0 < block.place.x1 <= width
    assert 0 <= block.place.top < block.place.bottom <= height


@needs_ocr
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "BMP", "TIFF"])
def test_every_format_is_read(kind: str) -> None:
    (block,) = image.read(picture_of("Harbour Board 1987", kind))
    assert isinstance(block, Block)
    assert block.text == "Harbour Board 1987"


@needs_ocr
@pytest.mark.slow
def test_each_frame_is_a_page() -> None:
    frames = [Image.open(io.BytesIO(picture_of(text))) for text in ("First page", "Second page")]
    out = io.BytesIO()
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:])
    blocks = [item for item in image.read(out.getvalue()) if isinstance(item, Block)]
    places = [block.place for block in blocks]
    assert [block.text for block in blocks] == ["First page", "Second page"]
    assert [place.page for place in places if place is not None] == [1, 2]


def test_without_ocr_a_notice_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    (notice,) = image.read(picture_of("unread"))
    assert isinstance(notice, Notice)
    assert 'pip install "ragflow-local[ocr]"' in notice.text


def test_nothing_is_read_in_an_empty_file() -> None:
    assert list(image.read(b"")) == []


@pytest.mark.parametrize(
    "data",
    [b"no picture", picture_of("cut")[:60], picture_of("cut")[:700]],
    ids=["no picture", "head only", "cut off"],
)
def test_a_broken_picture_is_named(data: bytes) -> None:
    with pytest.raises(DamagedFileError, match=r"scan\.png"):
        list(image.read(data, "scan.png"))


def test_a_picture_too_large_to_open_is_refused() -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 9_000)).save(out, "PNG")
    with pytest.raises(DamagedFileError, match="120 megapixels"):
        list(image.read(out.getvalue(), "bomb.png"))


def test_a_picture_that_does_not_say_how_wide_it_is_is_damage() -> None:
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, "TIFF")
    data = out.getvalue()
    entry = data.index(struct.pack("<H", 256), struct.unpack("<I", data[4:8])[0])
    with pytest.raises(DamagedFileError, match="broken"):
        image.open_page(data[:entry] + b"\xfe\xff" + data[entry + 2 :], 1)
