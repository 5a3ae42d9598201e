"""Pictures inside documents are read in their place, or told: how many, which, the way out."""

import base64
import io
from collections.abc import Callable, Iterator

import docx
import openpyxl
import pptx
import pytest
from openpyxl.drawing.image import Image as SheetImage
from PIL import Image, ImageDraw
from pptx.util import Inches

from ragflow_local.errors import RecognitionError
from ragflow_local.readers import image, ocr, read
from ragflow_local.records import Block, Notice
from tests.samples import zipped


def picture(
    text: str = "INVOICE 4711", *, kind: str = "PNG", size: tuple[int, int] = (400, 120)
) -> bytes:
    sheet = Image.new("RGB", size, "white")
    ImageDraw.Draw(sheet).text((20, 30), text, fill="black", font_size=40)
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def word(*pictures: bytes) -> bytes:
    document = docx.Document()
    document.add_paragraph("Before it.")
    for data in pictures:
        document.add_picture(io.BytesIO(data))
    document.add_paragraph("After it.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def slides(data: bytes) -> bytes:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    slide.shapes.add_picture(io.BytesIO(data), Inches(1), Inches(1))
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def book(data: bytes) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.append(["Part", "Price"])
    sheet.append(["P1", 5])
    sheet.add_image(SheetImage(io.BytesIO(data)), "D4")
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def page(data: bytes) -> bytes:
    address = base64.b64encode(data).decode()
    return f'<p>Before it. <img src="data:image/png;base64,{address}"></p><p>After it.</p>'.encode()


def markdown(data: bytes) -> bytes:
    return f"Before it.\n\n![](data:image/png;base64,{base64.b64encode(data).decode()})\n".encode()


def novel(data: bytes) -> bytes:
    container = '<container><rootfiles><rootfile full-path="o/c.opf"/></rootfiles></container>'
    package = (
        '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><manifest>'
        '<item id="a" href="t/a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    chapter = "<html><body><p>Before it.</p><img src='../i/p%201.png'/></body></html>"
    parts: dict[str, bytes | str] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container,
        "o/c.opf": package,
        "o/t/a.xhtml": chapter,
        "o/i/p 1.png": data,
    }
    return zipped(parts)


_NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
    ' xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def writer(data: bytes) -> bytes:
    content = (
        f"<office:document-content {_NAMES}><office:body><office:text><text:p>Before it."
        '<draw:frame><draw:image xlink:href="Pictures/1.png"/></draw:frame></text:p>'
        "</office:text></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.text"
    return zipped({"mimetype": kind, "content.xml": content, "Pictures/1.png": data})


def flat(data: bytes) -> bytes:
    held = base64.b64encode(data).decode()
    return (
        f"<office:document {_NAMES}><office:body><office:text><text:p>Before it."
        f"<draw:frame><draw:image><office:binary-data>{held}</office:binary-data></draw:image>"
        "</draw:frame></text:p></office:text></office:body></office:document>"
    ).encode()


DOCUMENTS: dict[str, Callable[[bytes], bytes]] = {
    "a.docx": word,
    "a.pptx": slides,
    "a.xlsx": book,
    "a.html": page,
    "a.md": markdown,
    "a.epub": novel,
    "a.odt": writer,
    "a.fodt": flat,
}


@pytest.fixture
def recognised(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Text recognition that answers at once; gives the pictures that it was asked for."""
    asked: list[bytes] = []

    def read_picture(data: bytes, name: str = "") -> Iterator[Block]:
        asked.append(data)
        yield Block("paragraph", "WORDS IN IT")

    monkeypatch.setattr(ocr, "is_installed", lambda: True)
    monkeypatch.setattr(image, "read", read_picture)
    yield asked


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "is_installed", lambda: False)


def blocks(name: str, data: bytes) -> list[Block]:
    return [item for item in read(name, data) if isinstance(item, Block)]


def notices(name: str, data: bytes) -> list[str]:
    return [item.text for item in read(name, data) if isinstance(item, Notice)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_text_of_a_picture_stands_in_its_place(name: str, recognised: list[bytes]) -> None:
    found = blocks(name, DOCUMENTS[name](picture()))
    (figure,) = [block for block in found if block.kind == "figure"]
    assert figure.text.endswith("WORDS IN IT")
    assert recognised == [picture()]


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.usefixtures("blind")
def test_a_picture_that_is_not_read_is_told(name: str) -> None:
    (notice,) = notices(name, DOCUMENTS[name](picture()))
    assert "1 picture was not looked at (" in notice
    assert ocr.INSTALL in notice


@pytest.mark.usefixtures("blind")
def test_many_pictures_are_counted_and_the_first_named() -> None:
    (notice,) = notices("a.docx", word(*(picture(f"page {n}") for n in range(8))))
    assert "8 pictures were not looked at (picture 1, picture 2" in notice
    assert "picture 6" not in notice


def test_a_picture_that_comes_again_is_read_once(recognised: list[bytes]) -> None:
    found = blocks("a.docx", word(picture(), picture(), picture("another")))
    assert len(recognised) == 2
    assert sum("WORDS IN IT" in block.text for block in found) == 2


@pytest.mark.parametrize("size", [(20, 400), (40, 40)], ids=["a rule", "an icon"])
@pytest.mark.usefixtures("blind")
def test_a_picture_too_small_for_words_is_not_told(size: tuple[int, int]) -> None:
    assert notices("a.docx", word(picture(size=size))) == []


def test_what_the_author_said_of_a_picture_stands_over_its_text(recognised: list[bytes]) -> None:
    from ragflow_local.readers import cleaned

    figure = Block("figure", "The invoice of May", image=picture())
    assert [item.text for item in cleaned([figure])] == ["The invoice of May\nWORDS IN IT"]


def test_a_drawing_that_nobody_can_open_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from ragflow_local.readers import cleaned

    monkeypatch.setattr(ocr, "is_installed", lambda: True)
    figure = Block("figure", "", image=b"\xd7\xcd\xc6\x9a" + b"\0" * 99)
    notices = [item.text for item in cleaned([figure]) if isinstance(item, Notice)]
    assert len(notices) == 1
    assert "picture 1 was not read" in notices[0]


def test_a_broken_recognition_is_told_as_that_and_the_rest_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> object:
        raise ImportError("libGL.so.1: cannot open shared object file")

    monkeypatch.setattr(ocr, "is_installed", lambda: True)
    monkeypatch.setattr(ocr, "_engine", broken)
    data = word(picture())
    assert [block.text for block in blocks("a.docx", data) if block.text] == [
        "Before it.",
        "After it.",
    ]
    (notice,) = notices("a.docx", data)
    assert "inside rapidocr" in notice and "libGL" in notice and "broken" in notice
    with pytest.raises(RecognitionError, match="libGL"):
        list(read("a.png", picture()))


def test_a_moving_picture_is_read_by_its_first_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [Image.new("RGB", (80, 80), color) for color in ("white", "black", "red")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    seen: list[int] = []
    monkeypatch.setattr(ocr, "is_installed", lambda: True)

    def frame(picture: Image.Image, dpi: float, number: int) -> Iterator[Block]:
        seen.append(number)
        return iter(())

    monkeypatch.setattr(image, "_frame", frame)
    assert blocks("a.gif", out.getvalue()) == []
    assert seen == [1]
