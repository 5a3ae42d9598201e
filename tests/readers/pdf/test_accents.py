"""Accents printed over letters are put on them; those between letters stay where they are."""

from typing import Any

import pytest

from ragflow_local.readers import pdf
from ragflow_local.readers.pdf.library import mupdf
from tests.readers.pdf_samples import save


def printed(text: str) -> str:
    """Return what is read of ``text`` where ``~X`` before a letter prints the accent X over it."""
    document = mupdf.open()
    sheet = document.new_page()
    x = 72.0
    index = 0
    while index < len(text):
        if text[index] == "~":
            accent, letter = text[index + 1], text[index + 2]
            width = mupdf.get_text_length(letter, fontname="tiro", fontsize=11)
            shift = (width - mupdf.get_text_length(accent, fontname="tiro", fontsize=11)) / 2
            sheet.insert_text((x + shift, 100), accent, fontname="tiro", fontsize=11)
            index += 2
        letter = text[index]
        sheet.insert_text((x, 100), letter, fontname="tiro", fontsize=11)
        x += mupdf.get_text_length(letter, fontname="tiro", fontsize=11)
        index += 1
    return " ".join(block.text for block in pdf.read(save(document)) if hasattr(block, "kind"))


@pytest.mark.parametrize(
    ("printed_as", "said"),
    [
        ("J~´an Min~´ar", "Ján Minár"),
        ("M~¨uller", "Müller"),
        ("ma~¸cade", "maçade"),
    ],
)
def test_an_accent_over_a_letter_is_part_of_it(printed_as: str, said: str) -> None:
    assert printed(printed_as) == said


@pytest.mark.parametrize("text", ["don´t", "l´eau", "90´ north", "a ` b"])
def test_an_accent_beside_a_letter_is_an_apostrophe(text: str) -> None:
    assert printed(text) == text


def test_letters_without_accents_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr("ragflow_local.readers.pdf.accents._mended", lambda *a: calls.append(a))
    assert printed("plain") == "plain"
    assert not calls
