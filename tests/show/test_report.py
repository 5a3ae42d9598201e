"""The HTML page of an answer: what is in it, and what hostile documents cannot do to it."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ragflow_local import Chat, DataSet, Message, RAGFlow
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.show import html
from tests.answer.made import Scripted
from tests.conftest import Parse
from tests.readers.pdf_samples import save, text_page

QUESTION = "Where does the kraken sleep?"
SLEEPS = "The kraken sleeps below the ice of the northern sea."
HARM = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><!--&lt;"
TURNED = "report\u202efdp.html"

# What a page may be made of; anything else came in from a document.
_TAGS = """
    html head meta title style body header main section article h1 h2 h3 p a sup span bdi time div
    blockquote mark em meter figure figcaption img details summary ul li b
    progress table tr th td"""
TAGS = frozenset(_TAGS.split())
PICTURE = re.compile(r"data:image/(webp|png|jpeg);base64,[\w+/=]+$")
NO_END = {"meta", "img"}


class Page(HTMLParser):
    """The tags of a page, checked as they come."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.found: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        given = {name: value or "" for name, value in attrs}
        assert not any(name.startswith("on") or name == "style" for name in given)
        assert given.get("href", "#").startswith("#")
        assert tag != "img" or PICTURE.match(given["src"])
        self.found.append((tag, given))
        if tag not in NO_END:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += data

    def of(self, tag: str) -> list[dict[str, str]]:
        return [given for name, given in self.found if name == tag]


def pdf(*pages: str) -> bytes:
    document = mupdf.open()
    for text in pages:
        text_page(document, text)
    return save(document)


@pytest.fixture
def chat(rag: RAGFlow, dataset: DataSet) -> Chat:
    return rag.create_chat("Miss R", knowledgebases=[dataset], llm={"model_name": "extractive"})


def ask(chat: Chat, question: str = QUESTION) -> Message:
    return chat.create_session().ask(question)


def picture_of(given: dict[str, str]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(given["src"].split(",")[1])))


def test_a_report_has_question_answer_footnotes_and_each_source(chat: Chat, parsed: Parse) -> None:
    parsed("kraken.pdf", pdf("", SLEEPS))
    parsed("notes.md", b"# Sleep\nWhere the kraken sleeps it is dark.\n")
    message = ask(chat)
    page = Page(message.to_html())
    assert QUESTION in page.text
    assert SLEEPS in page.text
    assert "Answered by extractive" in page.text
    assert page.of("html") == [{"lang": "en"}]
    assert "kraken.pdf, page 2" in page.text
    assert "notes.md" in page.text
    assert page.of("meter")
    assert "similarity" in page.text
    (shown,) = page.of("img")
    assert shown["alt"] == "Page 2 of kraken.pdf. The passage quoted above is marked on it."
    assert picture_of(shown).format == "WEBP"
    ids = [given["id"] for _, given in page.found if "id" in given]
    assert len(ids) == len(set(ids))
    links = [given["href"][1:] for given in page.of("a")]
    assert links
    assert set(links) <= set(ids)
    assert "[ID:" not in page.text


def test_the_words_of_the_question_are_marked_in_the_passage(chat: Chat, parsed: Parse) -> None:
    parsed("kraken.txt", SLEEPS.encode())
    assert "The <mark>kraken</mark> <mark>sleeps</mark> below" in ask(chat).to_html()


def test_documents_cannot_put_markup_into_a_report(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    parsed(f"{HARM}.txt".replace("/", ""), f"{SLEEPS} {HARM} \x1b[31m".encode())
    parsed(f"{HARM}.pdf".replace("/", ""), pdf(f"Where it sleeps: {SLEEPS} {HARM}"))
    chat = rag.create_chat(HARM, knowledgebases=[dataset], llm={"model_name": "extractive"})
    message = ask(chat, f"{QUESTION} {HARM}")
    report = message.to_html()
    page = Page(report)
    assert HARM in page.text
    assert "<script" not in report
    assert "\x1b" not in report
    assert report.count("<img ") == len(page.of("img"))
    for shown in (message._repr_html_(), *(chunk._repr_html_() for chunk in message.reference)):
        assert HARM in Page(shown).text


def test_a_text_cannot_turn_what_stands_around_it(chat: Chat, parsed: Parse) -> None:
    parsed("kraken.html", f"<p>{SLEEPS} \u202eneht\u202c \u2067x\u2069</p>".encode())
    report = ask(chat).to_html()
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", report)
    assert "<bdi>kraken.html</bdi>" in report
    # The API takes no such name; a catalog that somebody made might have one.
    assert html.name(TURNED) == "<bdi>reportfdp.html</bdi>"


def test_chinese_says_its_language_and_stays_as_it_is(chat: Chat, parsed: Parse) -> None:
    parsed("海妖.txt", "海妖在北海的冰下睡觉。它在五月醒来。".encode())
    report = ask(chat, "海妖在哪里睡觉？").to_html()
    page = Page(report)
    assert "<bdi>海妖.txt</bdi>" in report
    assert {"lang": "zh", "dir": "auto"} in page.of("blockquote")
    assert "睡觉" in "".join(re.findall("<mark>(.*?)</mark>", report))


def test_a_page_that_two_passages_stand_on_is_shown_once_with_both_marked(
    rag: RAGFlow, chat: Chat, dataset: DataSet, parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset.update({"parser_config": {"chunk_token_count": 16}})
    parsed("kraken.pdf", pdf("The kraken sleeps in May. " * 3 + "The kraken wakes in June. " * 3))
    model = Scripted("It sleeps in May [ID:0]. ", "It wakes in June [ID:1].")
    monkeypatch.setattr(rag.project, "generator", lambda _: model)
    message = ask(chat)
    page = Page(message.to_html())
    assert len(page.of("img")) == 1
    assert "Its page is shown with source 1" in page.text
    (picture,) = message.page_images(72)
    assert picture.citations == (0, 1)
    assert (picture.document_name, picture.page) == ("kraken.pdf", 1)
    assert Image.open(io.BytesIO(picture._repr_png_())).size == (595, 842)


def test_a_document_that_is_gone_is_told_in_the_place_of_its_page(
    chat: Chat, parsed: Parse
) -> None:
    document = parsed("kraken.pdf", pdf(SLEEPS))
    message = ask(chat)
    document.delete()
    page = Page(message.to_html())
    assert not page.of("img")
    assert "Its page cannot be shown. There is no document" in page.text
    assert SLEEPS in page.text
    assert "Its page cannot be shown" in message._repr_html_()


def test_a_report_without_pictures_draws_none(
    chat: Chat, parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed("kraken.pdf", pdf(SLEEPS))
    message = ask(chat)

    def refuse(*args: object) -> None:
        raise AssertionError("a picture was drawn")

    monkeypatch.setattr("ragflow_local.ingest.pictures.Pictures.draw", refuse)
    assert not Page(message.to_html(pictures=False)).of("img")


def test_an_answer_that_found_nothing_says_so(chat: Chat) -> None:
    message = ask(chat)
    assert "not found in the knowledge base" in Page(message.to_html()).text
    assert "The answer cites nothing." in message.to_html()
    assert message.page_images() == []


def test_stored_messages_know_what_they_answer(chat: Chat, parsed: Parse) -> None:
    parsed("kraken.txt", SLEEPS.encode())
    session = chat.create_session()
    session.ask(QUESTION)
    opener, asked, answered = session.messages
    assert (opener.question, asked.question, answered.question) == ("", "", QUESTION)
    assert QUESTION in answered.to_html()
    assert "<h1" in opener.to_html()


@pytest.mark.parametrize(
    "content",
    ["A [ID:0] b [ID:7] c [ID:0].", "[ID:0]", "", "[ID:99999]", "a\n\n- b [ID:0]\n- c"],
)
def test_marks_of_no_source_stay_what_they_are(
    chat: Chat, parsed: Parse, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed("kraken.txt", SLEEPS.encode())
    message = ask(chat)
    message._set(_row=replace(message._row, content=content))
    page = Page(message.to_html())
    assert page.text.count("[ID:") == content.replace("[ID:0]", "").count("[ID:")


def test_the_style_loads_nothing(chat: Chat) -> None:
    report = ask(chat).to_html()
    assert "url(" not in report
    assert "@import" not in report
    assert "http" not in report.replace("http-equiv", "")
    assert "default-src 'none'" in report


def test_the_terminal_writes_a_report(
    project_dir: Path, chat: Chat, parsed: Parse, rag: RAGFlow, capsys: Any, tmp_path: Path
) -> None:
    from ragflow_local.cli import main

    parsed("kraken.pdf", pdf(SLEEPS))
    rag.close()
    file = tmp_path / "out.html"
    with pytest.raises(SystemExit) as ended:
        main(["ask", QUESTION, "--project", str(project_dir), "--report", str(file)])
    assert ended.value.code == 0
    shown = capsys.readouterr()
    assert SLEEPS in shown.out
    assert f"Report: {file}" in shown.err
    assert len(Page(file.read_text("utf-8")).of("img")) == 1


def test_a_report_without_a_place_is_told_before_the_question_is_asked(
    project_dir: Path, rag: RAGFlow, capsys: Any, tmp_path: Path
) -> None:
    from ragflow_local.cli import main

    with pytest.raises(SystemExit) as ended:
        main(["ask", QUESTION, "--report", str(tmp_path / "gone" / "out.html")])
    assert ended.value.code == 2
    assert "there is no folder" in capsys.readouterr().err
