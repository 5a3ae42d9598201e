"""Small documents, made in code so that a reader of a test can see what is in them."""

import io
import json
import zipfile
from collections.abc import Callable, Iterable
from email.message import EmailMessage
from functools import cache
from importlib import import_module
from typing import Any

from ragflow_local.records import Block, Notice
from tests import old_office, ole2

WORDS = ("Kraken", "sleeps", "arm", "length")  # what every sample says


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """Return a zip archive of ``parts``; the first is not compressed, as some formats ask for."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(parts.items()):
            archive.writestr(name, content, None if number else zipfile.ZIP_STORED)
    return out.getvalue()


def only_blocks(items: Iterable[Block | Notice]) -> list[Block]:
    """Return what a reader found, without what it told."""
    return [item for item in items if isinstance(item, Block)]


def _docx() -> bytes:
    import docx

    document = docx.Document()
    document.add_heading("The Kraken", level=1)
    document.add_paragraph("It sleeps.")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("arm", "length", "left", "9 m"), strict=True):
        cell.text = text
    return _saved(document)


def _pptx() -> bytes:
    import pptx

    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "The Kraken"
    slide.placeholders[1].text = "It sleeps."
    slide.notes_slide.notes_text_frame.text = "arm and length"
    return _saved(deck)


def _xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Kraken"
    for row in (("arm", "length"), ("left", 9.5), ("right", "sleeps")):
        sheet.append(row)
    return _saved(book)


def _saved(document: object) -> bytes:
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]  # all three libraries have it
    return out.getvalue()


def _mail() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = "nemo@nautilus.example", "ned@nautilus.example"
    mail["Subject"] = "The Kraken"
    mail.set_content("It sleeps.\n")
    mail.add_attachment("arm,length\nleft,9 m\n", subtype="csv", filename="arms.csv")
    return mail.as_bytes()


def _msg() -> bytes:
    return ole2.write(
        {
            "__properties_version1.0": b"",
            "__substg1.0_0037001F": "The Kraken".encode("utf-16-le"),
            "__substg1.0_1000001F": "It sleeps.".encode("utf-16-le"),
            "__attach_version1.0_#00000000": {
                "__substg1.0_3707001F": "arms.csv".encode("utf-16-le"),
                "__substg1.0_37010102": b"arm,length\nleft,9 m\n".ljust(4096, b"\n"),
            },
        }
    )


def _xls() -> bytes:
    rows: list[list[str | float]] = [["arm", "length"], ["left", 9.5], ["right", "sleeps"]]
    return ole2.write({"Workbook": ole2.biff(rows, "Kraken")})


def _epub() -> bytes:
    page = "<html><body><h1>The Kraken</h1><p>It sleeps, arm by length.</p></body></html>"
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfiles><rootfile full-path="b/book.opf"/>'
            "</rootfiles></container>",
            "b/book.opf": '<package><manifest><item id="one" href="one.xhtml"'
            ' media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="one"/></spine></package>',
            "b/one.xhtml": page,
        }
    )


def _odt() -> bytes:
    names = "".join(
        f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"'
        for short in ("office", "text", "table")
    )
    rows = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{c}</text:p></table:table-cell>" for c in row)
        + "</table:table-row>"
        for row in (("arm", "length"), ("left", "9 m"))
    )
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"<office:document-content{names}><office:body><office:text>"
            '<text:h text:outline-level="1">The Kraken</text:h><text:p>It sleeps.</text:p>'
            f"<table:table>{rows}</table:table>"
            "</office:text></office:body></office:document-content>",
        }
    )


def _pdf() -> bytes:
    pymupdf: Any = import_module("pymupdf")  # has no types
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "The Kraken sleeps, arm by length.")
    data: bytes = document.tobytes()
    return data


def _image() -> bytes:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (900, 120), "white")
    ImageDraw.Draw(picture).text((20, 30), "Kraken sleeps arm length", fill="black", font_size=44)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


_HTML = (
    b"<!doctype html><title>Deep</title><h1>The Kraken</h1><p>It sleeps."
    b"<table><tr><th>arm<th>length<tr><td>left<td>9 m</table>"
)
_MARKDOWN = b"# The Kraken\n\nIt sleeps.\n\n| arm | length |\n|---|---|\n| left | 9 m |\n"
_RECORDS = [{"name": "Kraken", "state": "sleeps"}, {"arm": "left", "length": "9 m"}]

_CALENDAR = (
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:The Kraken sleeps\r\n"
    b"DESCRIPTION:arm by len\r\n gth\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_ARMS = b"arm,length\nleft,9 m\n"
_OLD_ROWS: list[list[str | float]] = [["arm", "length"], ["left", 9.5], ["Kraken", "sleeps"]]

_MAKERS: dict[str, Callable[[], tuple[str, bytes]]] = {
    "archive": lambda: ("k.zip", zipped({"a/kraken.txt": "The Kraken sleeps.", "arms.csv": _ARMS})),
    "calendar": lambda: ("kraken.ics", _CALENDAR),
    "doc": lambda: ("kraken.doc", old_office.doc("The Kraken\rIt sleeps, arm by length.\r")),
    "mbox": lambda: ("kraken.mbox", b"From nemo Wed May  1 10:00:00 2024\n" + _mail()),
    "ppt": lambda: ("kraken.ppt", old_office.ppt(["The Kraken", "It sleeps, arm by length."])),
    "signed": lambda: ("arms.csv.p7m", old_office.signed(b"Kraken,sleeps\n" + _ARMS)),
    "tnef": lambda: ("winmail.tnef", old_office.tnef("The Kraken sleeps.", "arms.csv", _ARMS)),
    "xlsb": lambda: ("kraken.xlsb", old_office.xlsb(_OLD_ROWS, "Kraken")),
    "xml": lambda: (
        "kraken.xml",
        b"<?xml version='1.0'?><k><n>Kraken sleeps</n><a>arm length</a></k>",
    ),
    "csv": lambda: ("arms.csv", b"Kraken,sleeps\narm,length\nleft,9 m\n"),
    "docx": lambda: ("kraken.docx", _docx()),
    "email": lambda: ("kraken.eml", _mail()),
    "epub": lambda: ("kraken.epub", _epub()),
    "html": lambda: ("kraken.html", _HTML),
    "image": lambda: ("kraken.png", _image()),
    "json": lambda: ("kraken.json", json.dumps(_RECORDS).encode()),
    "markdown": lambda: ("kraken.md", _MARKDOWN),
    "msg": lambda: ("kraken.msg", _msg()),
    "odt": lambda: ("kraken.odt", _odt()),
    "pdf": lambda: ("kraken.pdf", _pdf()),
    "pptx": lambda: ("kraken.pptx", _pptx()),
    "rtf": lambda: ("kraken.rtf", rb"{\rtf1\ansi The Kraken\par It sleeps.\par arm, length}"),
    "text": lambda: ("kraken.txt", b"The Kraken\n\nIt sleeps, arm by length.\n"),
    "xls": lambda: ("kraken.xls", _xls()),
    "xlsx": lambda: ("kraken.xlsx", _xlsx()),
}


@cache
def file_of(kind: str) -> tuple[str, bytes]:
    """Return name and bytes of the sample of ``kind``."""
    return _MAKERS[kind]()
