"""What is shown: nothing that steers a terminal, and footnotes that are whole."""

import pytest

from ragflow_local.cli.ask import _Footnotes, merged_sources
from ragflow_local.cli.output import clean, say_passage, size_of, source_of, wrap
from ragflow_local.text.terms import asked_terms


def test_control_characters_of_a_document_do_not_reach_the_terminal() -> None:
    assert clean("a\x1b[31mred\x07\tb\nc\x9b2J") == "a[31mred\tb\nc2J"


@pytest.mark.parametrize(
    ("position", "shown"),
    [
        pytest.param([], "a.md", id="no pages"),
        pytest.param([[3, 0, 1, 2, 3]], "a.md, page 3", id="one page"),
        pytest.param([[3, 0, 1, 2, 3], [3, 0, 1, 4, 5]], "a.md, page 3", id="two places"),
        pytest.param([[3, 0, 1, 2, 3], [4, 0, 1, 4, 5]], "a.md, pages 3–4", id="two pages"),
    ],
)
def test_a_source_names_document_and_page(position: list[list[float]], shown: str) -> None:
    assert source_of({"document_name": "a.md", "position": position}) == shown


def test_what_is_piped_is_not_wrapped() -> None:
    assert wrap("word " * 100, "  ").count("\n") == 0


def test_a_mark_is_shown_when_it_is_whole_and_numbered_in_the_order_of_the_text() -> None:
    notes = _Footnotes()
    whole = "Two [ID:4] and [x] one [ID:0][ID:4]."
    shown = [notes.more(whole[:end]) for end in range(len(whole) + 1)]
    shown.append(notes.more(whole, whole=True))
    assert "".join(shown) == "Two [1] and [x] one [2] [1]."
    assert notes.numbers == {4: 1, 0: 2}


def test_a_mark_that_stays_begun_is_text() -> None:
    notes = _Footnotes()
    assert notes.more("see [ID:") + notes.more("see [ID:", whole=True) == "see [ID:"


def test_footnotes_of_one_page_are_one_line() -> None:
    places = [[3, 0, 1, 2, 3]], [[4, 0, 1, 2, 3]], [[3, 5, 6, 7, 8]]
    chunks = [{"document_name": "a.pdf", "position": place} for place in places]
    numbers = {2: 1, 1: 2, 0: 3, 9: 4}
    assert merged_sources(chunks, numbers) == ["[1, 3] a.pdf, page 3", "[2] a.pdf, page 4"]


def test_of_a_long_passage_the_lines_with_the_words_asked_for_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = [f"line {number}" for number in range(20)]
    lines[12] = "the pump is bled here"
    say_passage("\n".join(lines), asked_terms("bled pump"), "  ", 3)
    assert capsys.readouterr().out.splitlines() == [
        "  …",
        "  line 10",
        "  line 11",
        "  the pump is bled here",
        "  …",
    ]
    say_passage("\n".join(lines), asked_terms("nothing of it"), "", 2)
    assert capsys.readouterr().out.splitlines() == ["line 0", "line 1", "…"]
    say_passage("one\x1b[2J\ntwo", (), "", 2)
    assert capsys.readouterr().out == "one[2J\ntwo\n"


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 kB"),
        (12_000_000, "12.0 MB"),
        (5 * 10**12, "5000.0 GB"),
    ],
)
def test_sizes_are_shown_as_people_read_them(size: int, shown: str) -> None:
    assert size_of(size) == shown
