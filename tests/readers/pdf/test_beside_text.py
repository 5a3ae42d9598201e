"""Notes, bookmarks and embedded files of a PDF are read with its pages."""

from typing import Any

from ragflow_local.readers import pdf
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.records import Block, Notice
from tests.readers.pdf_samples import one_page, save


def read(document: Any) -> list[Block | Notice]:
    return list(pdf.read(save(document)))


def blocks(document: Any) -> list[Block]:
    return [item for item in read(document) if isinstance(item, Block)]


def pages(*texts: str) -> Any:
    document = mupdf.open()
    for text in texts:
        document.new_page().insert_text((72, 100), text, fontsize=11)
    return document


def test_sticky_notes_and_notes_on_highlights_are_read_where_they_are() -> None:
    document = pages("Contract text stands here.")
    page = document[0]
    page.add_text_annot((300, 90), "The price must be 950 EUR")
    page.add_highlight_annot(page.search_for("Contract")[0]).set_info(
        content="Check this", title="Ann"
    )
    found = {block.text: block.place for block in blocks(document)}
    assert "The price must be 950 EUR" in " ".join(found)
    assert "Ann: Check this" in found
    assert all(place is not None and place.page == 1 for place in found.values())


def test_a_typed_remark_is_read_once() -> None:
    document = pages("Contract")
    document[0].add_freetext_annot((72, 200, 300, 230), "Approved on 3 May", fontsize=11)
    assert " ".join(block.text for block in blocks(document)).count("Approved") == 1


def test_bookmarks_that_no_page_says_are_headings() -> None:
    document = pages("The boiler room lies in the cellar.", "The roof is flat.")
    document.set_toc([[1, "Use of the plant", 1], [2, "In winter", 1], [1, "Repairs", 2]])
    found = [(b.kind, b.level, b.text) for b in blocks(document)]
    assert found == [
        ("heading", 1, "Use of the plant"),
        ("heading", 2, "In winter"),
        ("paragraph", 0, "The boiler room lies in the cellar."),
        ("heading", 1, "Repairs"),
        ("paragraph", 0, "The roof is flat."),
    ]


def test_a_bookmark_that_the_page_says_is_that_line() -> None:
    document = pages("1. Safety")
    document[0].insert_text((72, 160), "Wear gloves at all times, even in the summer.", fontsize=11)
    document.set_toc([[1, "1 Safety", 1]])
    found = [(b.kind, b.text) for b in blocks(document)]
    assert found[0] == ("heading", "1. Safety")
    assert len(found) == 2


def test_bookmarks_of_page_numbers_say_nothing() -> None:
    document = pages("text", "more")
    document.set_toc([[1, "Page 1", 1], [1, "2", 2]])
    assert [b.text for b in blocks(document)] == ["text", "more"]


def test_an_embedded_file_is_read_under_its_name() -> None:
    document = pages("Cover letter of the invoice.")
    document.embfile_add("terms.txt", b"Payable within 14 days.", filename="terms.txt")
    texts = [b.text for b in blocks(document)]
    assert texts == ["Cover letter of the invoice.", "terms.txt", "Payable within 14 days."]


def test_an_embedded_file_of_an_unknown_kind_is_named() -> None:
    document = pages("Cover letter.")
    document.embfile_add("model.step", b"\x00\x01\x02\x03" * 9, filename="model.step")
    notices = [item.text for item in read(document) if isinstance(item, Notice)]
    assert any("model.step" in notice for notice in notices)


def test_files_within_files_end() -> None:
    data = one_page("The innermost page.")
    for _ in range(8):
        document = pages("A page around it.")
        document.embfile_add("inner.pdf", data, filename="inner.pdf")
        data = save(document)
    found = list(pdf.read(data))
    assert any(isinstance(item, Notice) and "too deep" in item.text for item in found)


def test_the_files_come_with_the_last_pages_only() -> None:
    document = pages("one", "two")
    document.embfile_add("terms.txt", b"Payable within 14 days.", filename="terms.txt")
    data = save(document)
    first = [b.text for b in pdf.read_pages(data, 1, 1) if isinstance(b, Block)]
    second = [b.text for b in pdf.read_pages(data, 2, 2) if isinstance(b, Block)]
    assert first == ["one"]
    assert second == ["two", "terms.txt", "Payable within 14 days."]
