"""The demo's documents: what they must be for the demo to show anything."""

from importlib import import_module
from typing import Any

from ragflow_local.cli.demo import DOCUMENTS, QUESTIONS
from tests.cli.handbook import PDF, SOURCE

pymupdf: Any = import_module("pymupdf")

# The answer to each of the demo's questions, and the only page of the handbook that has it.
ANSWERS = {
    QUESTIONS[0]: ("1.8 metres", 3),
    QUESTIONS[1]: ("46 litres", 4),
    QUESTIONS[2]: ("Marit Solheim", 8),
}


def pages() -> list[str]:
    with pymupdf.open(PDF) as document:
        return [" ".join(page.get_text().split()) for page in document]


def test_the_handbook_has_ten_pages_or_more_with_a_table_and_a_figure() -> None:
    with pymupdf.open(PDF) as document:
        assert len(document) >= 10
        ruled = [number for number, page in enumerate(document, 1) if page.get_drawings()]
        assert ruled == [6]
        assert any(page.get_images() for page in document)


def test_every_font_of_the_handbook_is_embedded_and_the_file_is_small() -> None:
    with pymupdf.open(PDF) as document:
        kinds = {font[1] for page in document for font in page.get_fonts()}
    assert "n/a" not in kinds
    assert PDF.stat().st_size < 200_000


def test_each_answer_stands_on_one_page_of_the_handbook() -> None:
    found = {
        question: [number for number, text in enumerate(pages(), start=1) if answer in text]
        for question, (answer, _) in ANSWERS.items()
    }
    assert found == {question: [page] for question, (_, page) in ANSWERS.items()}


def test_the_handbook_is_made_from_its_source() -> None:
    assert len(pages()) == len(SOURCE.read_text().split("<hr>"))
    assert "139 winter days" in pages()[3]


def test_the_box_holds_four_formats() -> None:
    assert {path.suffix for path in DOCUMENTS.iterdir()} == {".pdf", ".md", ".html", ".csv"}
