"""Headings of texts that have none."""

import pytest

from ragflow_local.chunkers.implicit_headings import label_of, with_headings
from ragflow_local.records import Block


def outline(*paragraphs: str) -> list[tuple[int, str]]:
    """Return level and text of the headings that are found."""
    blocks = with_headings([Block("paragraph", text) for text in paragraphs])
    return [(block.level, block.text) for block in blocks if block.kind == "heading"]


def test_numbers_with_dots_stand_under_those_without() -> None:
    found = outline("1 Safety\nRead this.\n1.1 Fire\nNone.\n2 Setup\n2.1 Box\nOpen it.")
    assert found == [(2, "1 Safety"), (3, "1.1 Fire"), (2, "2 Setup"), (3, "2.1 Box")]


def test_items_of_a_list_are_no_headings() -> None:
    found = outline("1.1 Steps\n1. Open the box\n2. Plug it in\n3. Wait\n1.2 End\nDone.")
    assert (2, "1. Open the box") not in found
    assert (2, "2. Plug it in") not in found


def test_roman_numbers_alone_are_chapters() -> None:
    found = outline("THE KRAKEN", "I\nIt slept.", "II\nIt woke.", "III\nIt sang.", "Epilogue\nEnd.")
    assert [text for _, text in found] == ["I", "II", "III", "Epilogue"]


def test_capitals_behind_a_letter_are_a_heading() -> None:
    found = outline(
        "CHAPTER 1\nA.\tPURPOSE\nKrakens.\nB.\tFEES, COSTS\nNone.\nJ. R. Tolkien wrote."
    )
    assert found == [(2, "CHAPTER 1"), (3, "A.\tPURPOSE"), (3, "B.\tFEES, COSTS")]


def test_a_title_on_the_next_line_belongs_to_its_number() -> None:
    assert outline("CHAPTER I.\nThe Deep", "It slept.") == [(2, "CHAPTER I.\nThe Deep")]


def test_a_sentence_on_the_next_line_is_no_title() -> None:
    assert outline("CHAPTER I.\nIt slept.") == [(2, "CHAPTER I.")]


def test_a_text_with_headings_is_left_as_it_is() -> None:
    blocks = [Block("heading", "Krakens", level=1), Block("paragraph", "1.1 Food\nKrill.")]
    assert with_headings(blocks) == blocks


@pytest.mark.parametrize(
    ("line", "label"),
    [("Chapter 12. The Deep", "chapter12"), ("第一回　海", "第一回"), ("It slept.", "")],
    ids=["english", "chinese", "none"],
)
def test_the_number_of_a_chapter_is_its_label(line: str, label: str) -> None:
    assert label_of(line) == label
