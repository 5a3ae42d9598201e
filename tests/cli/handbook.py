"""The demo's PDF from ``handbook.html``: ``python -m tests.cli.handbook`` writes it anew.

A page a chapter, so that the page of every fact is known.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

pymupdf: Any = import_module("pymupdf")  # its functions carry no types

SOURCE = Path(__file__).with_name("handbook.html")
_DOCUMENTS = Path(__file__).parents[2] / "ragflow_local" / "cli" / "demo_documents"
PDF = _DOCUMENTS / "station-handbook.pdf"

_PAGE = pymupdf.paper_rect("a4")
_TEXT = pymupdf.Rect(68, 74, 527, 775)
_STYLE = """
body { font-family: serif; font-size: 11pt; line-height: 1.35; }
h1 { font-family: sans-serif; font-size: 20pt; margin-bottom: 8pt; }
h2, h3 { font-family: sans-serif; font-size: 13pt; margin-top: 10pt; margin-bottom: 3pt; }
p { margin-top: 3pt; margin-bottom: 4pt; text-align: justify; }
th, td { border: 0.5pt solid black; padding: 3pt 6pt; font-size: 10pt; }
th { font-family: sans-serif; }
"""
_USE = (("Heating", 58), ("Kitchen", 17), ("Instruments", 14), ("Laboratory", 11), ("Light", 6))


def write(path: Path) -> None:
    writer = pymupdf.DocumentWriter(str(path))
    pictures = pymupdf.Archive(chart(), "power.png")
    for chapter in SOURCE.read_text().split("<hr>"):
        story = pymupdf.Story(chapter, user_css=_STYLE, archive=pictures)
        device = writer.begin_page(_PAGE)
        more, _ = story.place(_TEXT)
        story.draw(device)
        writer.end_page()
        if more:
            raise ValueError(f"this chapter needs more than a page: {chapter[:60]}")
    writer.close()
    finish(path)


def chart() -> bytes:
    """Return the bar chart of the use of electricity, as PNG."""
    rows = "".join(
        f'<text x="4" y="{24 + 34 * row}" font-size="15" font-family="sans-serif">{name}</text>'
        f'<rect x="110" y="{8 + 34 * row}" width="{6 * use}" height="22" fill="#38618c"/>'
        f'<text x="{118 + 6 * use}" y="{24 + 34 * row}" font-size="15">{use}</text>'
        for row, (name, use) in enumerate(_USE)
    )
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" width="500" height="176">{rows}</svg>'
    with pymupdf.open(stream=drawing.encode(), filetype="svg") as picture:
        return bytes(picture[0].get_pixmap(dpi=144).tobytes("png"))


def finish(path: Path) -> None:
    """Add running heads and feet, an outline and a title; keep only the letters used."""
    document = pymupdf.open(stream=path.read_bytes(), filetype="pdf")
    titles = []
    for number, page in enumerate(document, start=1):
        titles.append([1, page.get_text().splitlines()[0], number])
        head = pymupdf.Rect(68, 40, 527, 60)
        foot = pymupdf.Rect(68, 795, 527, 815)
        if number > 1:
            page.insert_htmlbox(head, "<small>Kessel Rock Station Handbook · ninth edition</small>")
        page.insert_htmlbox(foot, f'<p style="text-align:center"><small>{number}</small></p>')
    document.set_toc(titles)
    document.set_metadata({"title": "Kessel Rock Station Handbook", "author": "Seabird Trust"})
    document.subset_fonts()
    document.save(path, garbage=4, deflate=True, use_objstms=1, no_new_id=True)


if __name__ == "__main__":
    write(PDF)
