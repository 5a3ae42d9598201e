"""What could not be read of a PDF is told, once a kind, with the pages and the way out."""

import pytest

from ragflow_local.readers import ocr, pdf
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.unread import Unread
from ragflow_local.readers.ways import HowToRead
from ragflow_local.records import Block, Notice
from tests.readers.pdf_samples import save


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Unread(pictures=[2]), ["Page 2 is a picture", ocr.INSTALL]),
        (Unread(pictures=[2, 3, 4, 7]), ["Pages 2-4, 7 are pictures"]),
        (Unread(parts=[1, 3]), ["Pictures on pages 1, 3", ocr.INSTALL]),
        (Unread(mute=[5]), ["Page 5 has fonts", ocr.INSTALL]),
        (Unread(damaged=[1]), ["Page 1 is damaged"]),
    ],
)
def test_each_kind_has_its_notice(told: Unread, words: list[str]) -> None:
    (notice,) = told.notices()
    assert all(word in notice.text for word in words)


def test_nothing_is_told_where_all_was_read() -> None:
    assert list(Unread().notices()) == []


def test_a_picture_beside_text_is_told_where_it_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    document = mupdf.open()
    page = document.new_page()
    page.insert_text((72, 72), "Letter head of the company and its address.", fontsize=11)
    scan = mupdf.Pixmap(mupdf.csRGB, mupdf.IRect(0, 0, 40, 40))
    scan.clear_with(250)
    page.insert_image((72, 200, 500, 700), pixmap=scan)
    notices = [item.text for item in pdf.read(save(document)) if isinstance(item, Notice)]
    assert notices and "page 1" in notices[0]


def test_slow_pages_are_read_plainly_or_left_out_and_told() -> None:
    document = mupdf.open()
    for text in ("one", "two", "three"):
        document.new_page().insert_text((72, 72), text, fontsize=11)
    begun: list[int] = []
    how = HowToRead(plain=(2,), skipped=(3,), begins=begun.append)
    found = list(pdf.read_pages(save(document), 1, 3, how=how))
    assert [item.text for item in found if isinstance(item, Block)] == ["one", "two"]
    told = " ".join(item.text for item in found if isinstance(item, Notice))
    assert "Page 2 took too long and was read without" in told
    assert "Page 3 was left out" in told
    assert "page_seconds" in told
    assert begun == [1, 2, 3]
