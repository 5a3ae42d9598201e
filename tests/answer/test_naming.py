"""Which documents a question about documents as such speaks of."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ragflow_local.answer.naming import meant
from ragflow_local.records import ChunkRow
from tests.answer.made import hit

NAMES = {
    "a": "tenancy_2021.pdf",
    "b": "note_2024-05-03.txt",
    "c": "note_2024-09-17.txt",
    "d": "scan_17.pdf",
    "e": "Rundbrief Herbst.docx",
}
TITLES = {"d": "Minutes of the choir\nThe choir met on Tuesday and sang for two hours."}


def ids(question: str, names: Mapping[str, str] = NAMES, *, later: bool = False) -> str:
    def reading(id: str, most: int) -> list[ChunkRow]:
        return [hit(TITLES.get(id, "It rained."), 0).chunk][:most]

    found = meant(question, lambda: names, reading, is_follow_up=later)
    return "" if found is None else "".join(found.ids)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What are these documents about?", "abcde"),
        ("Summarise the tenancy", "a"),
        ("What does the note from September say?", "c"),
        ("Summarise the notes", "bc"),
        ("What is scan_17?", "d"),
        ("scan_17.pdf", "d"),
        ("What is in tenancy_2021.pdf and scan_17.pdf?", "ad"),
        ("Summarise the minutes", "d"),
        ("What are the minutes of the choir about?", "d"),
        ("Fass den Rundbrief zusammen", "e"),
        ("Worum geht es im Rundbrief vom Herbst?", "e"),
    ],
)
def test_a_document_is_found_by_its_name_date_or_title(question: str, wanted: str) -> None:
    assert ids(question) == wanted


@pytest.mark.parametrize(
    "question",
    [
        "Summarise the note from December",
        "Summarise the testament",
        "Summarise the contract",
        "Summarise scan_18",
        "What does the note say about the tenancy?",
        "Who wrote scan_17.pdf?",
        "How high is the tenancy?",
        "What is the tenancy?",
    ],
)
def test_what_names_no_document_or_asks_for_a_fact_is_ordinary(question: str) -> None:
    assert ids(question) == ""


def test_the_only_document_is_meant_whatever_it_is_called() -> None:
    assert ids("Summarise the contract", {"x": "scan.pdf"}) == "x"
    assert ids("What is this contract about?") == "abcde"


def test_this_means_the_documents_unless_something_was_asked_before() -> None:
    assert ids("What is this?") == "abcde"
    assert ids("What is this?", later=True) == ""
    assert ids("What are these files?", later=True) == "abcde"


def test_the_names_are_looked_up_only_where_they_matter() -> None:
    def names() -> Mapping[str, str]:
        raise AssertionError

    assert meant("When was the roof mended?", names, lambda *_: ()) is None
