"""What is marked on a page is the passage: words under the mark in the picture, and the chunk's."""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ragflow_local import Chunk, RAGFlow
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.rendering.page import page_image
from tests.readers.pdf_samples import save, text_page

DPI = 100
SCALE = DPI / 72


def words_of(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def marked_words(data: bytes, chunk: Chunk) -> Counter[str]:
    """Return the words whose letters stand on marked pixels, over all pages of the chunk."""
    found: Counter[str] = Counter()
    with mupdf.open(stream=data, filetype="pdf") as document:
        for page in chunk.pages:
            plain = Image.open(io.BytesIO(page_image("pdf", data, page, DPI)))
            marked = Image.open(io.BytesIO(chunk.page_image(DPI, page=page)))
            assert plain.size == marked.size
            differs = (np.asarray(plain) != np.asarray(marked)).any(axis=2)
            shown = document[page - 1]
            for x0, y0, x1, y1, word, *_ in shown.get_text("words"):
                box = mupdf.Rect(x0, y0, x1, y1) * shown.rotation_matrix * SCALE
                under = differs[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]
                if under.size and under.mean() > 0.5:  # letters themselves stay black
                    found += words_of(word)
    return found


def sentences(start: int, count: int) -> str:
    return " ".join(
        f"Member{number} heard report{number} of treasurer{number} and asked for copy{number}."
        for number in range(start, start + count)
    )


def two_pages() -> bytes:
    document = mupdf.open()
    text_page(document, sentences(0, 30))
    text_page(document, sentences(30, 30))
    return save(document)


def columns() -> bytes:
    document = mupdf.open()
    page = document.new_page()
    page.insert_textbox((60, 72, 285, 780), sentences(0, 25), fontsize=9)
    page.insert_textbox((310, 72, 535, 780), sentences(25, 25), fontsize=9)
    return save(document)


def turned(degrees: int) -> bytes:
    document = mupdf.open()
    text_page(document, sentences(0, 30)).set_rotation(degrees)
    return save(document)


def cropped() -> bytes:
    document = mupdf.open()
    page = text_page(document, sentences(0, 20), top=150)
    page.set_cropbox(mupdf.Rect(40, 100, 560, 800))
    return save(document)


def shifted() -> bytes:
    """A page whose coordinates do not begin at zero."""
    document = mupdf.open()
    page = text_page(document, sentences(0, 20))
    document.xref_set_key(page.xref, "MediaBox", "[-30 -40 595 842]")
    return save(document)


SAMPLES: dict[str, Any] = {
    "two pages": two_pages,
    "two columns": columns,
    "turned by 90": lambda: turned(90),
    "turned by 180": lambda: turned(180),
    "turned by 270": lambda: turned(270),
    "cropped": cropped,
    "not from zero": shifted,
}


Chunks = Callable[[str], list[Chunk]]


@pytest.fixture(scope="module")
def chunks_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chunks]:
    """Gives the chunks of a sample; one engine has parsed them all, since workers start slowly."""
    folder = tmp_path_factory.mktemp("marks")
    with RAGFlow(project_dir=folder, embedding_model="hashing", workers=1) as rag:
        dataset = rag.create_dataset("reports")
        for name, sample in SAMPLES.items():
            rag.create_document(dataset, name, sample())
        whole = rag.add_document(dataset, "whole", two_pages())
        whole.update({"parse_method": "one"})
        documents = dataset.list_docs()
        rag.async_parse_documents([document.id for document in documents])
        for document in documents:
            assert list(document.join(timeout=60))[-1][0] == 100
        yield lambda name: rag.get_document(name=name).list_chunks()


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_words_under_the_mark_are_those_of_the_chunk(chunks_of: Chunks, sample: str) -> None:
    first, second, *_ = chunks_of(sample)
    for chunk in (first, second):  # the second begins within a paragraph
        assert marked_words(SAMPLES[sample](), chunk) == words_of(chunk.content)


def test_a_passage_over_two_pages_is_marked_on_both(chunks_of: Chunks) -> None:
    (chunk,) = chunks_of("whole")
    assert chunk.pages == [1, 2]
    assert marked_words(two_pages(), chunk) == words_of(chunk.content)


def test_a_page_that_the_passage_is_not_on_has_no_mark(chunks_of: Chunks) -> None:
    data = two_pages()
    first = chunks_of("two pages")[0]
    assert first.pages == [1]
    assert first.page_image(72, page=2) == page_image("pdf", data, 2, 72)
    assert first.page_image(72, page=3) == b""
