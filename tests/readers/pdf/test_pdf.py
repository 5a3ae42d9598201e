"""PDF as a whole: pages, places, running heads, broken files."""

import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import ocr, pdf
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.lines import Box, Line, Lines, Word
from ragflow_local.readers.pdf.page import read_lines
from ragflow_local.readers.pdf.ruled_tables import Rules
from ragflow_local.readers.ways import HowToRead
from ragflow_local.records import Block, Notice
from tests.readers.pdf_samples import LOREM, financial_table, one_page, save, text_page


def blocks_of(data: bytes, *, layout: bool = False) -> list[Block]:
    found = pdf.read_pages(data, 1, pdf.count_pages(data), how=HowToRead(layout))
    return pdf.join_pages([item for item in found if isinstance(item, Block)])


def report(n_pages: int) -> bytes:
    document = mupdf.open()
    for number in range(1, n_pages + 1):
        page = text_page(document, f"{LOREM}This is part {'abcdefgh'[number - 1]}.", top=120)
        page.insert_text((72, 40), "Annual Report of the Harbour Board", fontsize=9)
        page.insert_text((280, 820), f"Page {number} of {n_pages}", fontsize=9)
    return save(document)


def test_a_paragraph_is_one_block_with_its_place() -> None:
    blocks = blocks_of(one_page(LOREM))
    assert [block.kind for block in blocks] == ["paragraph"]
    assert blocks[0].text == LOREM.strip()
    place = blocks[0].place
    assert place is not None
    assert place.page == 1
    assert 70 <= place.x0 < place.x1 <= 525
    assert 70 <= place.top < place.bottom <= 200


def test_running_heads_and_feet_are_kept_once() -> None:
    blocks = blocks_of(report(5))
    heads = [block for block in blocks if block.text.startswith("Annual Report")]
    feet = [block for block in blocks if block.text.startswith("Page ")]
    assert [block.kind for block in heads] == ["paragraph"] + ["running"] * 4
    assert [block.kind for block in feet] == ["paragraph"] + ["running"] * 4
    assert sum(LOREM.strip()[:40] in block.text for block in blocks) == 5


def test_pages_read_apart_are_the_pages_read_together() -> None:
    data = report(6)
    together = list(pdf.read_pages(data, 1, 6))
    apart = [block for page in range(1, 7) for block in pdf.read_pages(data, page, page)]
    assert together == apart


def test_the_whole_is_its_pages_settled() -> None:
    data = report(3)
    pages = [item for item in pdf.read_pages(data, 1, 3) if isinstance(item, Block)]
    assert list(pdf.read(data)) == pdf.join_pages(pages)


def test_headings_of_two_sizes_have_two_levels_without_a_gap() -> None:
    document = mupdf.open()
    page = text_page(document, LOREM, top=160)
    page.insert_text((72, 80), "The harbour in winter", fontsize=22)
    page.insert_text((72, 140), "Of ice and ships", fontsize=15)
    headings = [block for block in blocks_of(save(document)) if block.kind == "heading"]
    assert [(block.text, block.level) for block in headings] == [
        ("The harbour in winter", 1),
        ("Of ice and ships", 2),
    ]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_places_are_those_of_the_page_as_it_is_shown(rotation: int) -> None:
    document = mupdf.open()
    page = document.new_page(width=400, height=600)
    page.insert_text((50, 60), "Northwest corner words", fontsize=12)
    page.set_rotation(rotation)
    data = save(document)
    (block,) = blocks_of(data)
    assert block.text == "Northwest corner words"
    assert block.place is not None
    with mupdf.open(stream=data, filetype="pdf") as shown:
        page = shown[0]
        word = mupdf.Rect(page.get_text("words")[0][:4]) * page.rotation_matrix
        width, height = page.rect.width, page.rect.height
    place = block.place
    assert place.x0 - 1 <= word.x0 <= word.x1 <= place.x1 + 1
    assert place.top - 1 <= word.y0 <= word.y1 <= place.bottom + 1
    assert 0 <= place.x0 <= place.x1 <= width
    assert 0 <= place.top <= place.bottom <= height


def test_a_cropped_page_counts_from_its_crop() -> None:
    document = mupdf.open()
    page = document.new_page(width=400, height=600)
    page.insert_text((150, 260), "inside the crop", fontsize=12)
    page.insert_text((150, 60), "outside of it", fontsize=12)
    page.set_cropbox(mupdf.Rect(100, 200, 400, 500))
    (block,) = blocks_of(save(document))
    assert block.text == "inside the crop"
    assert block.place is not None
    assert 45 <= block.place.x0 <= 55
    assert 40 <= block.place.top <= 60


def test_a_line_that_the_edge_of_the_page_cuts_is_read() -> None:
    document = mupdf.open()
    page = document.new_page(width=400, height=600)
    page.insert_text((50, 100), "in the middle", fontsize=12)
    page.insert_text((50, 602), "half of it shows", fontsize=12)
    page.insert_text((50, 640), "none of it shows", fontsize=12)
    blocks = blocks_of(save(document))
    assert " ".join(block.text for block in blocks) == "in the middle half of it shows"
    assert all(block.place is not None and block.place.bottom <= 600 for block in blocks)


def test_dots_that_lead_to_a_page_number_are_few() -> None:
    document = mupdf.open()
    page = document.new_page()
    page.insert_text((72, 100), "Feeding the kraken" + " ." * 40 + " 12", fontsize=11)
    page.insert_text((72, 140), "It sleeps... for now.", fontsize=11)
    text = "\n".join(block.text for block in blocks_of(save(document)))
    assert "Feeding the kraken …… 12" in text
    assert "It sleeps... for now." in text


def test_a_line_of_no_size_is_read_as_text() -> None:
    line = Line((Word("tiny", Box(10, 10, 30, 20)),), 0.0, False)
    pieces = read_lines(Lines((line,), (), 100, 100, 0), Rules()).pieces
    assert [piece.text for piece in pieces] == ["tiny"]


def test_text_up_the_page_is_read_as_text() -> None:
    document = mupdf.open()
    page = document.new_page()
    for number, line in enumerate(("Every line of this page", "runs up along its side")):
        page.insert_text((200 + 15 * number, 500), line, fontsize=12, rotate=90)
    (block,) = blocks_of(save(document))
    assert block.text == "Every line of this page runs up along its side"


def test_a_table_without_rules_keeps_its_rows() -> None:
    document = mupdf.open()
    page = text_page(document, LOREM)
    financial_table(page)
    tables = [block for block in blocks_of(save(document)) if block.kind == "table"]
    assert tables[0].rows == (
        ("", "2022", "2021"),
        ("Net sales", "82,959", "81,434"),
        ("Cost of sales", "47,074", "46,179"),
        ("Gross margin", "35,885", "35,255"),
        ("Net loss", "(721)", "188"),
    )
    assert tables[0].text.splitlines()[1] == "Net sales\t82,959\t81,434"


def test_an_empty_file_has_no_pages_and_no_blocks() -> None:
    assert pdf.count_pages(b"") == 0
    assert list(pdf.read(b"")) == []


@pytest.mark.parametrize(
    "data",
    [b"%PDF-1.7\nnothing more", b"no pdf at all", one_page(LOREM)[:120]],
    ids=["head only", "no pdf", "cut off"],
)
def test_a_broken_file_is_named(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DamagedFileError, match=r"report\.pdf"):
        list(pdf.read(data, "report.pdf"))
    assert capfd.readouterr() == ("", "")


def test_a_damaged_index_is_repaired_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    data = one_page(LOREM)
    damaged = data[: data.rindex(b"xref")] + b"xref\n0 99\ngarbage"
    assert [block.text for block in blocks_of(damaged)] == [LOREM.strip()]
    assert capfd.readouterr() == ("", "")


def test_a_file_with_a_password_is_refused() -> None:
    document = mupdf.open()
    text_page(document, LOREM)
    locked = document.tobytes(
        encryption=mupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", user_pw="user"
    )
    with pytest.raises(DamagedFileError, match="encrypted"):
        pdf.count_pages(locked, "locked.pdf")
    with pytest.raises(DamagedFileError, match="encrypted"):
        list(pdf.read_pages(locked, 1, 1))


def test_a_file_that_the_empty_password_opens_is_read() -> None:
    document = mupdf.open()
    text_page(document, LOREM)
    owned = document.tobytes(encryption=mupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", user_pw="")
    assert [block.text for block in blocks_of(owned)] == [LOREM.strip()]


def test_an_enormous_page_is_read() -> None:
    document = mupdf.open()
    page = document.new_page(width=14_400, height=14_400)
    page.insert_text((7000, 7000), "far away from everything", fontsize=40)
    assert [block.text for block in blocks_of(save(document), layout=True)] == [
        "far away from everything"
    ]


def test_a_page_of_ten_thousand_strokes_is_read_soon() -> None:
    document = mupdf.open()
    page = text_page(document, LOREM)
    shape = page.new_shape()
    for number in range(10_000):
        x, y = 72 + number % 100 * 4, 300 + number // 100 * 4
        shape.draw_line((x, y), (x + 3, y))
        shape.draw_line((x, y), (x, y + 3))
    shape.finish()
    shape.commit()
    assert LOREM.strip() in [block.text for block in blocks_of(save(document))]


def test_without_ocr_a_notice_names_the_pages_and_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    document = mupdf.open()
    text_page(document, LOREM)
    picture = mupdf.Pixmap(mupdf.csRGB, mupdf.IRect(0, 0, 60, 80))
    picture.clear_with(200)
    for _ in range(2):
        page = document.new_page()
        page.insert_image(page.rect, pixmap=picture)
    items = list(pdf.read(save(document)))
    assert [item.text for item in items if isinstance(item, Notice)] == [
        "Pages 2-3 are pictures without text and skipped."
        ' To read them: pip install "ragflow-local[ocr]"'
    ]
    assert [item.text for item in items if isinstance(item, Block)] == [LOREM.strip()]


def test_a_link_keeps_its_address_unless_the_text_says_it() -> None:
    document = mupdf.open()
    page = document.new_page()
    page.insert_text((72, 80), "Read the minutes of May, or see www.harbour.example", fontsize=11)
    for words, address in (
        ("minutes of May", "https://harbour.example/2023-05.pdf"),
        ("www.harbour.example", "https://www.harbour.example/"),
    ):
        (box,) = page.search_for(words)
        page.insert_link({"kind": mupdf.LINK_URI, "from": box, "uri": address})
    (block,) = blocks_of(save(document))
    assert block.text == (
        "Read the minutes of May, (https://harbour.example/2023-05.pdf) or see www.harbour.example"
    )
