"""The page in a real browser: used by keyboard, and nothing of a document runs in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import DataSet, RAGFlow
from tests.model_server import ModelServer
from tests.serve.conftest import PATIENCE, Client, Serve, Words
from tests.show.test_report import HARM, SLEEPS, pdf
from tests.test_browser import CONTRAST, browser

pytestmark = pytest.mark.slow

__all__ = ["browser"]  # a fixture

QUESTION = "Where do kraken sleep?"
SHOT = PATIENCE * 1000


class Tab:
    """The page, and what was said, asked for and refused while it was used."""

    def __init__(self, browser: Any, client: Client, **options: Any) -> None:
        self.page = browser.new_page(**options)
        self.page.set_default_timeout(SHOT)
        self.wrong: list[str] = []
        self.elsewhere: list[str] = []
        self.url = f"http://127.0.0.1:{client.port}/"
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog {dialog.message}"))
        self.page.on("console", lambda said: self.wrong.append(said.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._note)
        self.page.goto(self.url)

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self.url, "blob:")):
            self.elsewhere.append(request.url)

    def keys(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)

    def wait_for(self, selector: str, **having: Any) -> Any:
        found = self.page.locator(selector, **having).first
        found.wait_for()
        return found


@pytest.fixture
def kraken(rag: RAGFlow, parsed_in: Callable[[DataSet, str, bytes], None]) -> DataSet:
    dataset = rag.create_dataset("kraken")
    parsed_in(dataset, f"{HARM}.pdf".replace("/", ""), pdf("", f"{SLEEPS} {HARM}"))
    return dataset


@pytest.fixture
def tab(browser: Any, serve: Serve, kraken: DataSet) -> Iterator[Tab]:
    made = Tab(browser, serve())
    made.wait_for("#documents tr")
    yield made
    made.page.close()


def test_a_question_is_asked_by_keyboard_alone_and_its_pages_are_shown(tab: Tab) -> None:
    page = tab.page
    tab.keys("Tab", "Enter")  # the link that skips to the question
    assert page.evaluate("document.activeElement.id") == "question"
    page.keyboard.type(QUESTION)
    tab.keys("Enter")
    tab.wait_for("#sources article")
    assert "below the ice" in page.locator("#answer").inner_text()
    assert "[ID:" not in page.locator("#answer").inner_text()
    page.locator("#answer .mark").first.focus()
    tab.keys("Enter")
    assert page.evaluate("document.activeElement.id") == "source-0"
    tab.keys("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Show page 2"
    tab.keys("Enter")
    picture = tab.wait_for("#sources img")
    page.wait_for_function("document.querySelector('#sources img').naturalWidth > 300")
    assert "the passage marked" in picture.get_attribute("alt")
    assert not tab.wrong
    assert not tab.elsewhere


def test_passages_are_searched_and_their_words_marked(tab: Tab) -> None:
    page = tab.page
    page.locator("#question").fill(QUESTION)
    page.locator("#search").click()
    tab.wait_for("#passages li")
    marks = [mark.lower() for mark in page.locator("#passages mark").all_inner_texts()]
    assert "kraken" in marks
    assert HARM in page.locator("#passages blockquote").first.inner_text()
    assert page.locator("#status").inner_text() == "1 passage"
    assert not tab.wrong, "nothing of the document ran"
    assert not tab.elsewhere


def test_files_are_added_and_their_progress_is_shown(
    tab: Tab, rag: RAGFlow, tmp_path: Path
) -> None:
    page = tab.page
    page.locator("#dataset-name").fill("notes")
    tab.page.locator("#dataset-form button").click()
    tab.wait_for("#status", has_text="Made notes.")
    file = tmp_path / "ice <b>.txt"
    file.write_text("Ice floats.")
    page.locator("#files").set_input_files(file)
    page.locator("#upload-form button").click()
    tab.wait_for("#documents tr", has_text="ready")
    assert page.locator("#documents th").inner_text() == "ice <b>.txt"
    assert rag.get_dataset("notes").list_docs()[0].run == "DONE"
    assert not tab.wrong


def test_an_answer_is_stopped_by_its_button(
    browser: Any, serve: Serve, rag: RAGFlow, kraken: DataSet, model: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    model.pieces = Words(model)
    monkeypatch.setenv("RAGFLOW_LOCAL_LLM", model.url)
    tab = Tab(browser, serve())
    tab.wait_for("#documents tr")
    tab.page.locator("#question").fill(QUESTION)
    tab.keys("Enter")
    tab.wait_for("#answer", has_text="Antarctica")
    tab.page.locator("#stop").click()
    tab.wait_for("#status", has_text="Stopped.")
    assert model.left.wait(PATIENCE)
    assert not tab.page.locator("#stop").is_visible()
    tab.page.close()


def test_a_key_is_asked_for_where_there_is_one(browser: Any, serve: Serve, kraken: DataSet) -> None:
    tab = Tab(browser, serve(key="a-key-of-sixteen"))
    tab.wait_for("#key-form")
    tab.page.keyboard.type("a-key-of-sixteen")  # it has the focus
    tab.keys("Enter")
    tab.wait_for("#documents tr")
    assert not tab.page.locator("#key-form").is_visible()
    tab.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_it_is_readable(
    browser: Any, serve: Serve, kraken: DataSet, scheme: str, width: int
) -> None:
    tab = Tab(browser, serve(), viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab.wait_for("#documents tr")
    page = tab.page
    page.locator("#question").fill(QUESTION)
    page.locator("#search").click()
    tab.wait_for("#passages li")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for selector in ("h1", "h2", "label", "blockquote", "mark", "#documents th", ".note"):
        assert page.locator(selector).first.evaluate(CONTRAST) >= 4.5, selector
    named = "e => Boolean(e.labels?.length || e.innerText || e.getAttribute('aria-label'))"
    for control in page.locator("button:visible, input:visible, select, textarea").all():
        assert control.evaluate(named), control.evaluate("e => e.outerHTML")
    page.close()


def test_a_page_of_elsewhere_reads_nothing_here(
    browser: Any, serve: Serve, kraken: DataSet
) -> None:
    """Neither from another port of this computer, nor in a frame."""
    here, other = serve(), serve()
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{other.port}/icon.svg")
    asked = "u => fetch(u).then(a => a.text(), () => 'refused')"
    for path in ("page/datasets", "v1/models", "api/v1/datasets"):
        got = page.evaluate(asked, f"http://127.0.0.1:{here.port}/{path}")
        assert got == "refused"
    page.close()
