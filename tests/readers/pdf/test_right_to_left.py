"""Lines of Arabic and Hebrew: letters in the order they are read."""

from typing import Any

import pytest

from ragflow_local.readers.pdf.right_to_left import righted


class Page:
    """A page that has one line, of letters and where they stand."""

    def __init__(self, chars: list[tuple[str, float, float]]) -> None:
        self.chars = [{"c": c, "bbox": (x0, 0.0, x1, 10.0)} for c, x0, x1 in chars]

    def get_text(self, how: str, textpage: object) -> dict[str, Any]:
        """Return the line as MuPDF gives it."""
        span: dict[str, Any] = {"text": "".join(str(char["c"]) for char in self.chars)}
        span["chars"] = self.chars
        return {"blocks": [{"lines": [{"dir": (1.0, 0.0), "spans": [span]}]}]}

    def read(self) -> list[str]:
        """Return the words of the line."""
        words = [(0.0, 0.0, 0.0, 0.0, "as MuPDF has it", 0, 0, 0)]
        return [word[4] for word in righted(self, self.get_text("dict", None), None, words)]


def line(shown: str) -> Page:
    """Return a page whose line is shown so, from the left, each letter 5 points wide."""
    return Page([(letter, 5.0 * n, 5.0 * n + 5) for n, letter in enumerate(shown)])


@pytest.mark.parametrize(
    ("shown", "read"),
    [
        ("םולש", ["שלום"]),
        ("םלוע ,םולש", ["שלום,", "עולם"]),
        ("םידומע 2024", ["2024", "עמודים"]),
        ("שי 3.5 הז", ["זה", "3.5", "יש"]),
        ("שי local engine הז", ["זה", "local", "engine", "יש"]),
        ("(םולש) הז", ["זה", "(שלום)"]),
        ("English only", ["as MuPDF has it"]),
    ],
    ids=["word", "comma", "year", "decimal", "phrase", "brackets", "no such letters"],
)
def test_a_line_is_read_from_the_right(shown: str, read: list[str]) -> None:
    assert line(shown).read() == read


def test_the_letters_of_a_ligature_keep_their_order() -> None:
    # The glyph of lam and alef ends at 20, where MuPDF puts its second letter, before the first.
    page = Page([("م", 20, 25), ("ا", 20, 20), ("ل", 12, 20), ("س", 4, 12)])
    assert page.read() == ["ملاس"]


def test_a_blank_at_the_end_of_a_line_parts_no_word() -> None:
    page = Page([("م", 20, 25), (" ", 0, 5), ("ن", 15, 20)])
    assert page.read() == ["من"]


def test_a_vowel_sign_stays_with_its_letter() -> None:
    page = Page([("ש", 20, 25), ("\u05b8", 16, 18), ("ל", 15, 20)])
    assert page.read() == ["של\u05b8"]
