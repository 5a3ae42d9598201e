"""HTML of rows and hits: nothing in it asks an engine."""

import pytest

from ragflow_local.records import MessageRow
from ragflow_local.show import html
from ragflow_local.show.pages import PageSource, data_uri
from ragflow_local.show.report import Reply, page_pictures, report
from tests.answer.made import hits

HITS = tuple(hits("The kraken sleeps in the deep sea.", "Squids have ten arms.", "Whales sing."))


def reply(content: str) -> Reply:
    row = MessageRow("m", "s", 1, "assistant", content, HITS, model="extractive")
    return Reply(row, "Where does the kraken sleep?")


def closed() -> PageSource:
    raise AssertionError("an engine was asked")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("深海", "zh"),
        ("海のクラーケン", "ja"),
        ("깊은 바다", "ko"),
        ("The deep sea", ""),
        ("𠮷", "zh"),
    ],
)
def test_the_script_tells_the_language(text: str, language: str) -> None:
    assert html.language(text) == language


def test_marks_are_numbered_as_they_first_stand() -> None:
    shown = html.answer("One [ID:2] two [ID:0] three [ID:2] four [ID:9].", {2: 1, 0: 2}, "x-")
    assert [part[:3] for part in shown.split('aria-label="source ')[1:]] == ['1">', '2">', '1">']
    assert shown.count('id="x-note-1"') == 1, "one place to come back to"
    assert "[ID:9]" in shown, "a mark of no source is text"


def test_a_report_without_pictures_asks_no_engine() -> None:
    page = report(reply("It sleeps [ID:1] there [ID:0]."), closed, pictures=False)
    first, second = page.split("<article")[1:3]
    assert "Squids have ten arms." in first
    assert "<mark>kraken</mark>" in second
    assert "Found, but not cited (1)" in page


def test_what_cites_nothing_shows_all_it_was_given() -> None:
    page = report(reply('{"place": "deep sea"}'), closed, pictures=False)
    assert "Passages the answer was given" in page
    assert page.count("<article") == len(HITS)


def test_hits_without_pages_have_no_pictures() -> None:
    assert list(page_pictures(reply("It sleeps [ID:0].").row, 72, closed)) == []


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"\x89PNG..", "png"), (b"\xff\xd8..", "jpeg"), (b"RIFF1234WEBP", "webp")],
)
def test_a_picture_says_its_type(data: bytes, kind: str) -> None:
    assert data_uri(data).startswith(f"data:image/{kind};base64,")
    assert data_uri(b"") == ""
