"""What a document is about, as its chunks show."""

from __future__ import annotations

from dataclasses import replace

from ragflow_local.answer.outline import Outline, outline_of
from ragflow_local.records import ChunkRow, Marked
from tests.answer.made import hit


def chunks(*contents: str) -> list[ChunkRow]:
    return [hit(content, number).chunk for number, content in enumerate(contents)]


def outline(*contents: str, most: int = 3, letters: int = 600) -> Outline:
    return outline_of(chunks(*contents), most, letters)


def said(found: Outline) -> list[str]:
    return [piece.text for piece in found.opening]


REPORT = """Winter roads report
Town of Ashby, 2021
Introduction
Salt was short in every winter since 2016. The depot is too small.
Methods
We counted lorries for ten weeks. Two clerks wrote the lists."""
ENDING = "Conclusion\nA second depot should be built in the north. It would cost 90,000 euros."


def test_the_lines_above_the_first_sentence_are_the_title() -> None:
    found = outline("Rules of the club\nApril 2020\n\nThe club meets on Mondays in the old mill.")
    assert found.title == "Rules of the club, April 2020"
    assert said(found) == ["The club meets on Mondays in the old mill."]


def test_a_title_may_end_with_a_full_stop_where_it_is_marked() -> None:
    [chunk] = chunks("Minutes of Garden Friends e. V.\nThe chair opened the meeting at seven.")
    found = outline_of([replace(chunk, marked=(Marked(0, 1, 1),))], 3, 600)
    assert found.title == "Minutes of Garden Friends e. V."


def test_a_greeting_says_nothing() -> None:
    for greeting in ("Dear Ms Lund,", "Liebe Oma, lieber Opa,", "Cher Paul,", "Уважаемый Иван,"):
        found = outline(f"{greeting} the roof has been leaking since the storm of last week.")
        assert said(found) == ["the roof has been leaking since the storm of last week."]
        assert found.title == ""
    assert said(outline("各位同事：\n你们好！电梯从星期一起停用三天。")) == [
        "电梯从星期一起停用三天。"
    ]


def test_the_summary_opens_a_document_that_has_one() -> None:
    found = outline(
        "Bees in towns\nEva Rask\n\nAbstract\nBees find more flowers in towns than in fields.\n\n"
        "Introduction\nMost honey once came from heaths and woods."
    )
    assert said(found) == ["Bees find more flowers in towns than in fields."]


def test_headings_are_those_of_the_sections_and_not_the_title() -> None:
    found = outline(REPORT, ENDING)
    headings = [(piece.text, piece.chunk) for piece in found.headings]
    assert headings == [("Introduction", 0), ("Methods", 0), ("Conclusion", 1)]


def test_a_numbered_line_over_the_next_chunk_is_a_heading() -> None:
    found = outline(
        "Памятка\n1. Полив деревьев\nПоливать нужно утром и вечером.\n2. Обрезка",
        "Обрезать ветки можно только осенью.\n3. Уборка\nЛистья сжигать нельзя никогда.",
    )
    assert [piece.text for piece in found.headings] == [
        "1. Полив деревьев",
        "2. Обрезка",
        "3. Уборка",
    ]
    assert said(found)[0] == "Поливать нужно утром и вечером."


def test_one_line_above_a_signature_makes_no_outline() -> None:
    found = outline("The lift stands still until Friday.\n\nKind regards\nMaya Holt", most=1)
    assert found.headings == ()


def test_the_conclusion_is_the_section_that_is_called_so() -> None:
    found = outline(REPORT, ENDING)
    assert [(piece.text, piece.chunk) for piece in found.conclusion] == [
        ("A second depot should be built in the north.", 1),
        ("It would cost 90,000 euros.", 1),
    ]
    assert outline(REPORT).conclusion == ()


def test_an_opening_has_so_many_sentences_and_letters_but_one_at_least() -> None:
    text = "The first sentence says it. The second says a little more. The third says the rest."
    assert len(said(outline(text, most=2))) == 2
    assert said(outline(text, letters=5)) == ["The first sentence says it."]


def test_rows_are_told_where_there_is_no_sentence() -> None:
    assert said(outline("City\tMayor\nTurku\tLund"))
    assert said(outline("City\tMayor\nTurku\tLund", "Mayors are chosen in May.")) == [
        "Mayors are chosen in May."
    ]


def test_nothing_is_told_of_no_chunks() -> None:
    assert outline_of([], 3, 600) == Outline("", (), ())
