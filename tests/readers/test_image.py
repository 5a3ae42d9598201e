"""Pictures: what is refused, what is read, and how documents are rendered."""

import io
import struct

import pytest
from PIL import Image, ImageDraw

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import image, ocr, render
from ragflow_local.records import Block, Notice, Region
from tests.readers.pdf_samples import LOREM, one_page

needs_ocr = pytest.mark.skipif(not ocr.is_installed(), reason="rapidocr is not installed")


def picture_of(text: str, kind: str = "PNG", turn: int = 0) -> bytes:
    picture = Image.new("RGB", (640, 120), "white")
    ImageDraw.Draw(picture).text((20, 30), text, fill="black", font_size=44)
    out = io.BytesIO()
    picture.rotate(turn, expand=True).save(out, kind)
    return out.getvalue()


def size_of(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        return picture.size


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


def test_a_page_is_rendered_with_its_marks() -> None:
    data = one_page(LOREM)
    plain = render.page_image("pdf", data, 1, 72)
    marked = render.page_image("pdf", data, 1, 72, marks=(Region(1, 70, 70, 300, 100),))
    other = render.page_image("pdf", data, 1, 72, marks=(Region(2, 70, 70, 300, 100),))
    assert size_of(plain) == size_of(marked) == (595, 842)
    assert other == plain != marked


def test_a_region_is_rendered_at_its_size() -> None:
    png = render.page_image("pdf", one_page(LOREM), 1, 144, box=Region(1, 70, 70, 170, 120))
    assert size_of(png) == (200, 100)
    picture = picture_of("region")
    assert size_of(render.page_image("image", picture, 1, 72, Region(1, 0, 0, 100, 50))) == (
        100,
        50,
    )


@pytest.mark.parametrize(
    ("kind", "data", "page"),
    [("pdf", one_page(LOREM), 2), ("pdf", b"", 1), ("text", b"words", 1), ("image", b"", 1)],
    ids=["no such page", "empty pdf", "no picture", "empty picture"],
)
def test_what_has_no_picture_renders_to_nothing(kind: str, data: bytes, page: int) -> None:
    assert render.page_image(kind, data, page, 72) == b""


def test_a_thumbnail_is_256_pixels_at_its_longest() -> None:
    assert max(size_of(render.thumbnail("pdf", one_page(LOREM)))) == 256
    assert max(size_of(render.thumbnail("image", picture_of("small")))) == 256


def test_a_thumbnail_of_anything_else_is_nothing() -> None:
    assert render.thumbnail("docx", b"PK") == b""
    assert render.thumbnail("pptx", b"PK") == b""
    assert render.thumbnail("pdf", b"broken") == b""


def test_a_picture_turned_by_its_camera_is_shown_upright() -> None:
    picture = Image.new("RGB", (300, 100), "white")
    exif = picture.getexif()
    exif[0x0112] = 6
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    assert size_of(render.page_image("image", out.getvalue(), 1, 72)) == (100, 300)


def test_a_picture_that_does_not_say_how_wide_it_is_is_damage() -> None:
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, "TIFF")
    data = out.getvalue()
    entry = data.index(struct.pack("<H", 256), struct.unpack("<I", data[4:8])[0])
    with pytest.raises(DamagedFileError, match="broken"):
        image.open_page(data[:entry] + b"\xfe\xff" + data[entry + 2 :], 1)
