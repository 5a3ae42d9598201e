"""Raised and lowered signs are written as such, so that no figure becomes another."""

import pytest

from ragflow_local.readers import pdf
from ragflow_local.readers.pdf.library import mupdf
from tests.readers.pdf_samples import save


def printed(*parts: tuple[str, float]) -> str:
    """Return what is read of parts in a line, each this far above it; those off it are small."""
    document = mupdf.open()
    sheet = document.new_page()
    x = 72.0
    for text, above in parts:
        size = 7 if above else 11
        sheet.insert_text((x, 100 - above), text, fontsize=size)
        x += mupdf.get_text_length(text, fontsize=size)
    return " ".join(block.text for block in pdf.read(save(document)) if hasattr(block, "kind"))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([("holds 10", 0), ("6", 4), (" litres", 0)], "holds 10^6 litres"),
        ([("CO", 0), ("2", -2), (" rises", 0)], "CO₂ rises"),
        ([("12 m", 0), ("2", 4), (" of floor", 0)], "12 m² of floor"),
        ([("the note", 0), ("3", 4), (" says", 0)], "the note³ says"),
        ([("the 1", 0), ("st", 4), (" of May", 0)], "the 1st of May"),
        ([("6 of 66", 0), ("6", 4), (" parts", 0)], "6 of 66^6 parts"),
    ],
)
def test_what_is_raised_or_lowered_reads_so(parts: list[tuple[str, float]], said: str) -> None:
    assert printed(*parts) == said


def test_small_print_on_the_line_stays_as_it_is() -> None:
    assert printed(("total 10", 0), (" 6", 0.01)) == "total 10 6"
