"""Pictures of what the engine shows: a report and a notebook, in a browser.

    python -m benchmarks.pictures          # or: make picture

The report is that of a question to the documents in the box; the notebook is executed by Jupyter.
It takes playwright, a Chromium, nbclient, nbconvert and ipykernel.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.measure import RESULTS
from benchmarks.projects import MODEL

ROOT = Path(__file__).parents[1]
BOX = ROOT / "ragflow_local/cli/demo_documents"
QUESTION = "How much diesel does the generator burn on a winter day?"
COLOURS = 256  # of a picture: text and a page need no more, and it is a quarter of the size

CELLS = (
    "from pathlib import Path\n"
    "from ragflow_local import RAGFlow\n\n"
    'rag = RAGFlow(project_dir="station")\n'
    'station = rag.create_dataset("station")\n'
    'for file in sorted(Path("box").iterdir()):\n'
    "    rag.create_document(station, file.name, file.read_bytes())\n"
    "station.parse()\n"
    "station",
    'rag.get_document(name="station-handbook.pdf")',
    f'rag.retrieval("{QUESTION}", datasets=[station])[0]',
    'chat = rag.create_chat("keeper", knowledgebases=[station])\n'
    f'chat.create_session().ask("{QUESTION}")',
)


def browser_of(playwright: Any) -> Any:
    """Return a Chromium: the system's, or playwright's own."""
    installed = shutil.which("chromium") or shutil.which("google-chrome")
    return playwright.chromium.launch(executable_path=installed)


def keep(png: bytes, name: str) -> None:
    """Write a picture to the results with few colours."""
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS)
    picture.save(RESULTS / f"{name}.png", optimize=True)
    print(f"{name}.png: {(RESULTS / f'{name}.png').stat().st_size // 1000} KB")


def report(folder: Path) -> Path:
    from ragflow_local import RAGFlow

    with RAGFlow(project_dir=folder / "project", embedding_model=MODEL) as rag:
        dataset = rag.create_dataset("box")
        for file in sorted(BOX.iterdir()):
            rag.create_document(dataset, file.name, file.read_bytes())
        dataset.parse(progress=True)
        chat = rag.create_chat("keeper", knowledgebases=[dataset])
        message = chat.create_session().ask(QUESTION)
        path = folder / "report.html"
        path.write_text(message.to_html(), "utf-8")
    return path


def notebook(folder: Path) -> Path:
    """Execute a notebook and return it as a page."""
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    form: Any = nbformat.v4  # typed in part
    exporter: Any = HTMLExporter

    shutil.copytree(BOX, folder / "box")
    cells = [form.new_code_cell(source) for source in CELLS]
    made = form.new_notebook(cells=cells)
    NotebookClient(made, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    page, _ = exporter(template_name="lab").from_notebook_node(made)
    path = folder / "notebook.html"
    path.write_text(page, "utf-8")
    return path


def main() -> None:
    from playwright.sync_api import sync_playwright

    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = browser_of(playwright)
        tab = browser.new_page(viewport={"width": 860, "height": 1250})
        tab.goto(report(folder).as_uri())
        keep(tab.screenshot(), "report")
        tab = browser.new_page(viewport={"width": 900, "height": 1900})
        # The exporter's page asks for scripts from elsewhere; it is read without them.
        tab.route("http*://**", lambda route: route.abort())
        tab.goto(notebook(folder).as_uri(), wait_until="domcontentloaded")
        tab.locator(".rl summary").first.click()
        shown = tab.locator("main")
        keep(shown.screenshot(), "notebook")
        browser.close()


if __name__ == "__main__":
    main()
