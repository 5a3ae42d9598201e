"""PDF files made in code, so that what is in them can be read here."""

from typing import Any

from ragflow_local.readers.pdf.library import mupdf

LOREM = (
    "The committee met on the third day and heard the report of the treasurer, who said that "
    "the reserves had grown by a tenth since the spring. Members asked for a second opinion on "
    "the lease of the warehouse, and the vote was put off until the autumn session. "
)


def save(document: Any) -> bytes:
    data = document.tobytes(deflate=True, no_new_id=True)
    document.close()
    return bytes(data)


def text_page(document: Any, text: str, top: float = 72) -> Any:
    page = document.new_page()
    page.insert_textbox((72, top, 523, 770), text, fontsize=11)
    return page


def one_page(text: str) -> bytes:
    document = mupdf.open()
    text_page(document, text)
    return save(document)


def financial_table(page: Any, top: float = 200) -> None:
    """Rows without rules: a label, and numbers whose right edges stand under one another."""
    rows = (
        ("", "2022", "2021"),
        ("Net sales", "82,959", "81,434"),
        ("Cost of sales", "47,074", "46,179"),
        ("Gross margin", "35,885", "35,255"),
        ("Net loss", "(721)", "188"),
    )
    for number, (label, *values) in enumerate(rows):
        y = top + number * 14
        page.insert_text((72, y), label, fontsize=10)
        for column, value in enumerate(values):
            right = 380 + column * 90
            width = mupdf.get_text_length(value, fontsize=10)
            page.insert_text((right - width, y), value, fontsize=10)


def ruled_table(page: Any) -> None:
    """Three columns and three rows in a grid; a cell of two lines, one over two columns."""
    xs, ys = (72, 172, 292, 412), (100, 124, 160, 184)
    for y in ys:
        page.draw_line((xs[0], y), (xs[-1], y))
    for x in xs:
        page.draw_line((x, ys[0]), (x, ys[-2]))
    page.draw_line((xs[0], ys[-2]), (xs[0], ys[-1]))
    page.draw_line((xs[2], ys[-2]), (xs[2], ys[-1]))
    page.draw_line((xs[-1], ys[-2]), (xs[-1], ys[-1]))
    texts = {
        (80, 116): "Animal",
        (180, 116): "Says",
        (300, 116): "Legs",
        (80, 138): "Cat",
        (180, 138): "Meow and",
        (180, 152): "purr",
        (300, 138): "4",
        (80, 176): "Both of them together",
        (300, 176): "8",
    }
    for point, text in texts.items():
        page.insert_text(point, text, fontsize=10)
