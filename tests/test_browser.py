"""Reports and notebook outputs in a real browser: read by it, not by a parser of ours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.readers.pdf.library import mupdf
from tests.conftest import Parse
from tests.show.test_report import HARM, QUESTION, SLEEPS, ask, pdf

pytestmark = pytest.mark.slow

HOW = "pip install playwright, and a browser: apt install chromium, or playwright install chromium"
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1000, "height": 800}

# Of an element: how its text stands out from its ground, by WCAG's formula.
CONTRAST = """element => {
  const light = text => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map(v => v / 255)
      .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let ground = element;
  while (/rgba\\(.*, 0\\)/.test(getComputedStyle(ground).backgroundColor)) {
    ground = ground.parentElement;
  }
  const [a, b] = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor]
    .map(light).sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason=HOW)
    with api.sync_playwright() as playwright:
        installed = shutil.which("chromium") or shutil.which("google-chrome")
        try:
            found = playwright.chromium.launch(executable_path=installed)
        except api.Error as error:
            pytest.skip(f"No browser ({str(error).splitlines()[0]}): {HOW}")
        yield found
        found.close()


class Tab:
    """A page of the browser that notes what it asks for, says and shows."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.page = browser.new_page(**options)
        self.wrong: list[str] = []
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog {dialog.message}"))
        self.page.on("console", lambda said: self.wrong.append(said.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._note)
        self.stopped: dict[str, str | None] = {}
        self.page.on("requestfailed", lambda it: self.stopped.update({it.url: it.failure}))
        self.page.goto(file.as_uri())

    def _note(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.wrong.append(request.url)

    def is_shown(self, selector: str) -> bool:
        """Say whether something, at the latest after scrolling, stands in the window."""
        return bool(
            self.page.locator(selector).evaluate(
                "e => { const b = e.getBoundingClientRect();"
                " return b.top >= -1 && b.top < innerHeight && b.height > 0; }"
            )
        )


@pytest.fixture
def report(rag: RAGFlow, dataset: DataSet, parsed: Parse, tmp_path: Path) -> Path:
    """A report on a hostile document, a long word and a Chinese one among the sources."""
    parsed(f"{HARM}.pdf".replace("/", ""), pdf("", f"{SLEEPS} {HARM} {'x' * 60}"))
    parsed("海妖.md", f"# 海妖\nKraken sleep: 海妖在深海中睡觉。{'长' * 300}\n".encode())
    parsed("rows.csv", b"kraken,sleep\nlarge,below the ice of the sea\n")
    chat = rag.create_chat("Miss R", knowledgebases=[dataset], llm={"model_name": "extractive"})
    message = ask(chat, f"{QUESTION} {HARM}")
    assert message.reference
    file = tmp_path / "report.html"
    file.write_text(message.to_html(), "utf-8")
    return file


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_is_readable(browser: Any, report: Path, size: Any, scheme: str) -> None:
    tab = Tab(browser, report, viewport=size, color_scheme=scheme)
    page = tab.page
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.locator("h1").inner_text() == f"{QUESTION} {HARM}"
    for selector in ("h1", "header p", ".rl-answer", "article h3", "blockquote", "article h3 a"):
        assert page.locator(selector).first.evaluate(CONTRAST) >= 4.5, selector
    for picture in page.locator("img").all():
        assert picture.evaluate("e => e.complete && e.naturalWidth > 300")
        assert picture.get_attribute("alt")
    assert not tab.wrong


def test_a_footnote_leads_to_its_source_and_back(browser: Any, report: Path) -> None:
    tab = Tab(browser, report, viewport=PHONE)
    tab.page.locator("sup a").first.click()
    assert tab.is_shown("#source-1")
    tab.page.locator("#source-1 h3 a").click()
    assert tab.is_shown("#note-1")
    assert not tab.wrong


def test_nothing_of_a_document_runs_or_loads(browser: Any, report: Path) -> None:
    """Not even where the escaping failed: the page's own policy stands behind it."""
    broken = report.read_text("utf-8").replace(
        "</main>", "<script>alert(1)</script><img src='http://198.51.100.1/x.png'></main>"
    )
    report.write_text(broken, "utf-8")
    tab = Tab(browser, report)
    tab.page.wait_for_load_state("load")
    assert tab.stopped == {"http://198.51.100.1/x.png": "csp"}
    said = [said for said in tab.wrong if not said.startswith("http")]
    assert len(said) == 2
    assert all("Content Security Policy" in one for one in said), "and no dialog was opened"


def test_a_report_prints_with_its_pages(browser: Any, report: Path, tmp_path: Path) -> None:
    tab = Tab(browser, report, color_scheme="dark")
    file = tmp_path / "printed.pdf"
    tab.page.pdf(path=str(file), format="A4", print_background=False)
    with mupdf.open(file) as printed:
        text = " ".join(page.get_text() for page in printed)
        assert "below the ice" in text
        pictures = [box for page in printed for box in page.get_image_info()]
        assert any(box["bbox"][3] - box["bbox"][1] > 300 for box in pictures)
        assert all(box["bbox"][3] <= 842 for box in pictures), "none is cut by the paper's edge"


def test_a_notebook_shows_pages_on_a_click(
    browser: Any, rag: RAGFlow, dataset: DataSet, parsed: Parse, tmp_path: Path
) -> None:
    document = parsed("kraken.pdf", pdf(SLEEPS))
    chat = rag.create_chat("Miss R", knowledgebases=[dataset], llm={"model_name": "extractive"})
    message = ask(chat)
    things = [dataset, document, message.reference[0], message]
    outputs = "".join(f"<section>{thing._repr_html_()}</section>" for thing in things)
    file = tmp_path / "notebook.html"
    for ground, letters in (("#fff", "#000"), ("#111", "#eee")):
        body = f"<body style='background:{ground};color:{letters}'>{outputs}</body>"
        file.write_text(f"<!doctype html><meta charset=utf-8>{body}", "utf-8")
        tab = Tab(browser, file)
        assert tab.page.locator("meter").count() == 6
        page_picture = tab.page.locator("details img")
        assert not page_picture.is_visible()
        tab.page.locator("summary").click()
        assert page_picture.is_visible()
        assert page_picture.evaluate("e => e.naturalWidth > 300")
        for selector in ("blockquote", ".rl-answer", "mark"):
            assert tab.page.locator(selector).first.evaluate(CONTRAST) >= 4.5, selector
        assert not tab.wrong
