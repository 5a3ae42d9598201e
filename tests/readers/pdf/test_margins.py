"""Large initials belong to their word, and numbers that count lines are no text."""

from typing import Any

from ragflow_local.readers import pdf
from ragflow_local.readers.pdf.library import mupdf
from tests.readers.pdf_samples import save


def sheet() -> tuple[Any, Any]:
    document = mupdf.open()
    return document, document.new_page()


def blocks_of(document: Any) -> list[str]:
    return [block.text for block in pdf.read(save(document)) if hasattr(block, "kind")]


def initial(letter: str, first: str) -> str:
    document, page = sheet()
    x = 72 + mupdf.get_text_length(letter, fontname="tiro", fontsize=38) + 3
    page.insert_text((72, 108), letter, fontname="tiro", fontsize=38)
    lines = [first, "the boiler in the cellar has been inspected", "each March by the caretaker."]
    for number, line in enumerate(lines):
        page.insert_text((x, 83 + 13 * number), line, fontname="tiro", fontsize=11)
    page.insert_text((72, 122), "The key hangs behind the door.", fontname="tiro", fontsize=11)
    return blocks_of(document)[0]


def test_a_large_initial_is_the_first_letter_of_its_word() -> None:
    assert initial("O", "ver the past three decades").startswith(
        "Over the past three decades the boiler in the cellar has been inspected each March"
    )


def test_a_large_letter_without_lines_beside_it_stays_alone() -> None:
    document, page = sheet()
    page.insert_text((72, 108), "B", fontsize=38)
    page.insert_text((72, 160), "The second part of the list begins here.", fontsize=11)
    assert blocks_of(document)[0] == "B"


def numbered(numbers: list[str], text: str, x: float = 72) -> str:
    document, page = sheet()
    for index, number in enumerate(numbers):
        page.insert_text((x, 72 + 14 * index), number, fontsize=9)
        page.insert_text((100, 72 + 14 * index), text.format(index), fontsize=11)
    return "\n".join(blocks_of(document))


LINE = "and the party of the {}th part says that"


def test_numbers_of_lines_are_left_out() -> None:
    text = numbered([str(n) for n in range(1, 23)], LINE)
    assert not text.startswith("1")
    assert "\t" not in text
    assert text.count("the 3th part") == 1


def test_every_fifth_number_counts_lines_too() -> None:
    text = numbered([str(n) if n % 5 == 0 else "" for n in range(1, 31)], LINE)
    assert "25" not in text.replace("25th", "").replace("24th", "")


def test_numbers_on_the_right_edge_count_lines_too() -> None:
    text = numbered([str(n) for n in range(1, 23)], LINE, x=520)
    assert "\t" not in text


def test_the_numbers_of_a_list_of_short_things_stay() -> None:
    text = numbered([str(n) for n in range(1, 23)], "Valve {}")
    assert "22" in text


def test_numbers_that_skip_are_data() -> None:
    text = numbered([str(n * n) for n in range(1, 23)], LINE)
    assert "484" in text
