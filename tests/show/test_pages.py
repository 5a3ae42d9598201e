"""Pictures through the API: thumbnails, a chunk's region, its page with the passage marked."""

import base64
import io

import pptx
import pytest
from PIL import Image, ImageDraw

from ragflow_local import DataSet, Document, RAGFlow
from ragflow_local.readers.pdf.library import mupdf
from tests.conftest import Parse
from tests.readers.pdf_samples import save, text_page

TEXT = "The kraken sleeps below the ice of the northern sea, and wakes in May."


def red_png(width: int = 320, height: int = 200) -> bytes:
    """Return a red picture with words on it."""
    picture = Image.new("RGB", (width, height), (220, 30, 30))
    ImageDraw.Draw(picture).text((20, 80), "KRAKEN", fill="white", font_size=48)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def slides() -> bytes:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    assert slide.shapes.title is not None
    slide.shapes.title.text = "The kraken"
    slide.shapes.add_picture(io.BytesIO(red_png()), 0, 0)
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def report() -> bytes:
    document = mupdf.open()
    text_page(document, TEXT)
    return save(document)


def opened(png: bytes) -> Image.Image:
    assert png.startswith(b"\x89PNG")
    return Image.open(io.BytesIO(png)).convert("RGB")


def thumbnail_of(document: Document) -> Image.Image:
    head, data = document.thumbnail.split(",")
    assert head == "data:image/png;base64"
    return opened(base64.b64decode(data))


@pytest.mark.parametrize(
    ("name", "data"), [("a.pdf", report()), ("a.png", red_png()), ("a.pptx", slides())]
)
def test_a_thumbnail_is_a_png_of_at_most_256_pixels(
    rag: RAGFlow, dataset: DataSet, name: str, data: bytes
) -> None:
    document = rag.add_document(dataset, name, data)
    assert max(thumbnail_of(document).size) <= 256


@pytest.mark.parametrize("data", [b"hello", b""])
def test_a_text_has_no_thumbnail(rag: RAGFlow, dataset: DataSet, data: bytes) -> None:
    assert rag.add_document(dataset, "a.txt", data).thumbnail == ""


def test_a_chunk_of_a_pdf_shows_where_it_stands(parsed: Parse) -> None:
    (chunk,) = parsed("report.pdf", report()).list_chunks()
    page, x0, x1, top, bottom = chunk.position[0]
    assert page == 1
    region = opened(chunk.image(dpi=72))
    assert chunk.image_id
    assert region.width == pytest.approx(x1 - x0, abs=3)
    assert region.height == pytest.approx(bottom - top, abs=3)
    assert region.convert("L").histogram()[:100] != [0] * 100, "its letters are there"


def test_the_page_of_a_chunk_has_the_passage_marked(parsed: Parse) -> None:
    (chunk,) = parsed("report.pdf", report()).list_chunks()
    page = opened(chunk.page_image(dpi=72))
    _, x0, _, top, _ = chunk.position[0]
    assert page.size == (595, 842)
    red, _, blue = page.crop((int(x0) + 1, int(top) + 1, int(x0) + 2, int(top) + 2)).split()
    assert sum(blue.histogram()[200:]) < sum(red.histogram()[200:]), "the mark is yellow"
    assert page.getpixel((5, 5)) == (255, 255, 255)


def test_a_slide_keeps_its_picture(dataset: DataSet, parsed: Parse) -> None:
    dataset.update({"parse_method": "presentation"})
    (chunk,) = parsed("talk.pptx", slides()).list_chunks()
    assert chunk.image_id == chunk.id
    assert opened(chunk.image()).getpixel((2, 2)) == (220, 30, 30)
    slide = opened(chunk.page_image(dpi=72))
    assert slide.size == (720, 540)
    assert slide.getpixel((20, 20)) != (255, 255, 255), "its picture is at its place"


@pytest.mark.slow
def test_a_picture_shows_where_its_words_stand(dataset: DataSet, parsed: Parse) -> None:
    dataset.update({"parse_method": "picture"})
    chunk, *_ = parsed("sign.png", red_png()).list_chunks()
    assert "KRAKEN" in chunk.content
    assert opened(chunk.page_image()).size == (320, 200)
    assert opened(chunk.image()).width <= 320


def test_a_text_has_no_pictures(parsed: Parse) -> None:
    (chunk,) = parsed("a.txt", b"Krakens are large.").list_chunks()
    assert (chunk.image_id, chunk.image(), chunk.page_image()) == ("", b"", b"")


@pytest.mark.cold
def test_without_ocr_the_document_says_which_pages_were_skipped_and_how_to_read_them(
    parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot = (
        "import sys, json; asked = json.loads(sys.argv[1]); sys.path[:] = asked['path'];"
        "from ragflow_local.readers import ocr; ocr.is_installed = lambda: False;"
        "from ragflow_local.ingest.worker import main; main(asked)"
    )
    monkeypatch.setattr("ragflow_local.processes.starting.BOOT", boot)
    document = mupdf.open()
    text_page(document, TEXT)
    page = document.new_page()
    picture = mupdf.Pixmap(mupdf.csRGB, mupdf.IRect(0, 0, 60, 80))
    picture.clear_with(200)
    page.insert_image(page.rect, pixmap=picture)
    found = parsed("scan.pdf", save(document))
    assert "Page 2 is a picture without text and skipped." in found.progress_msg
    assert 'pip install "ragflow-local[ocr]"' in found.progress_msg
    assert found.chunk_count == 1
