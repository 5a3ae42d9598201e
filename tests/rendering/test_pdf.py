"""Pages of PDF files as pictures: absurd sizes, and what cannot be drawn."""

import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.rendering import pdf
from tests.readers.pdf_samples import one_page, save


@pytest.mark.parametrize("width", [5e4, 9e7], ids=["as a road", "as a continent"])
def test_a_page_of_absurd_size_has_a_small_picture_or_none(width: float) -> None:
    document = mupdf.open()
    document.new_page(width=width, height=1.2)
    assert len(pdf.page_picture(save(document), 1, 72, None)) < 200_000


def test_a_page_that_cannot_be_drawn_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise RuntimeError("code=4: Invalid bandwriter header dimensions/setup")

    monkeypatch.setattr(pdf, "_drawn", refuse)
    with pytest.raises(DamagedFileError, match=r"cannot be drawn.*page 1"):
        pdf.page_picture(one_page("text"), 1, 72, None, "a.pdf")
