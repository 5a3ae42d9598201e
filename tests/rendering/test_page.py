"""Pages, regions and thumbnails as pictures."""

import io

import pytest
from PIL import Image

from ragflow_local.records import Region
from ragflow_local.rendering.page import page_image, thumbnail
from tests.readers.pdf_samples import LOREM, one_page
from tests.readers.test_image import picture_of


def size_of(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        return picture.size


def test_a_page_is_rendered_with_its_marks() -> None:
    data = one_page(LOREM)
    plain = page_image("pdf", data, 1, 72)
    marked = page_image("pdf", data, 1, 72, marks=(Region(1, 70, 70, 300, 100),))
    other = page_image("pdf", data, 1, 72, marks=(Region(2, 70, 70, 300, 100),))
    assert size_of(plain) == size_of(marked) == (595, 842)
    assert other == plain != marked


def test_a_region_is_rendered_at_its_size() -> None:
    png = page_image("pdf", one_page(LOREM), 1, 144, box=Region(1, 70, 70, 170, 120))
    assert size_of(png) == (200, 100)
    picture = picture_of("region")
    assert size_of(page_image("image", picture, 1, 72, Region(1, 0, 0, 100, 50))) == (
        100,
        50,
    )


@pytest.mark.parametrize(
    ("kind", "data", "page"),
    [("pdf", one_page(LOREM), 2), ("pdf", b"", 1), ("text", b"words", 1), ("image", b"", 1)],
    ids=["no such page", "empty pdf", "no picture", "empty picture"],
)
def test_what_has_no_picture_renders_to_nothing(kind: str, data: bytes, page: int) -> None:
    assert page_image(kind, data, page, 72) == b""


def test_a_thumbnail_is_256_pixels_at_its_longest() -> None:
    assert max(size_of(thumbnail("pdf", one_page(LOREM)))) == 256
    assert max(size_of(thumbnail("image", picture_of("small")))) == 256


def test_a_thumbnail_of_anything_else_is_nothing() -> None:
    assert thumbnail("docx", b"PK") == b""
    assert thumbnail("pptx", b"PK") == b""
    assert thumbnail("pdf", b"broken") == b""


def test_a_picture_turned_by_its_camera_is_shown_upright() -> None:
    picture = Image.new("RGB", (300, 100), "white")
    exif = picture.getexif()
    exif[0x0112] = 6
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    assert size_of(page_image("image", out.getvalue(), 1, 72)) == (100, 300)
