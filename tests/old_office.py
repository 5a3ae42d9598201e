"""Writes what no library does any more, or yet: small .doc, .ppt, .xlsb, TNEF and signed files."""

import io
import struct
import zipfile
from collections.abc import Sequence

from asn1crypto import cms

from tests import ole2

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def doc(text: str) -> bytes:
    """Return a Word 97 file of one piece of ``text``; a paragraph ends with a carriage return."""
    raw = text.encode("utf-16-le")
    head = bytearray(0x600)
    struct.pack_into("<HH", head, 0, 0xA5EC, 0xC1)
    struct.pack_into("<H", head, 0x0A, 0x0200)  # its table is the stream 1Table
    struct.pack_into("<II", head, 0x18, 0x600, 0x600 + len(raw))
    struct.pack_into("<H", head, 0x20, 14)
    struct.pack_into("<H", head, 0x3E, 22)
    struct.pack_into("<I", head, 0x4C, len(text))
    struct.pack_into("<H", head, 0x98, 0x5D)
    pieces = struct.pack("<BIIIHIH", 2, 16, 0, len(text), 0, 0x600, 0)
    struct.pack_into("<II", head, 0x1A2, 0, len(pieces))
    return ole2.write({"WordDocument": bytes(head) + raw, "1Table": pieces})


def ppt(texts: Sequence[str]) -> bytes:
    """Return a PowerPoint 97 file with a slide for each of ``texts``."""

    def record(version: int, kind: int, data: bytes) -> bytes:
        return struct.pack("<HHI", version, kind, len(data)) + data

    slides = b""
    for number, text in enumerate(texts):
        slides += record(0, 0x03F3, struct.pack("<IIiII", number + 2, 0, 1, 256 + number, 0))
        slides += record(0, 0x0F9F, struct.pack("<I", 0))
        slides += record(0, 0x0FA0, text.encode("utf-16-le"))
    document = record(15, 0x03E8, record(1, 0x03E9, b"\0" * 40) + record(15, 0x0FF0, slides))
    saved = record(0, 0x1772, struct.pack("<II", (1 << 20) | 1, 0))
    edit = struct.pack("<IHBBIIIIHH", 0, 0, 0, 3, 0, len(document), 1, 2, 0, 0)
    stream = document + saved + record(0, 0x0FF5, edit)
    at = len(document) + len(saved)
    user = struct.pack("<IIIHHBBH", 20, 0xE391C05F, at, 0, 0x3F4, 3, 0, 0)
    return ole2.write({"PowerPoint Document": stream, "Current User": record(0, 0x0FF6, user)})


def xlsb(rows: Sequence[Sequence[str | float]], title: str) -> bytes:
    """Return a binary workbook of one sheet."""

    def size(number: int) -> bytes:
        out = b""
        while number > 0x7F:
            out += bytes([number & 0x7F | 0x80])
            number >>= 7
        return out + bytes([number])

    def record(kind: int, data: bytes = b"") -> bytes:
        id = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return id + size(len(data)) + data

    def text(said: str) -> bytes:
        return struct.pack("<I", len(said)) + said.encode("utf-16-le")

    sheet = record(129) + record(148, struct.pack("<IIII", 0, len(rows), 0, 1)) + record(145)
    for number, row in enumerate(rows):
        sheet += record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0, 0, 0))
        for column, value in enumerate(row):
            head = struct.pack("<II", column, 0)
            is_text = isinstance(value, str)
            said = text(str(value)) if is_text else struct.pack("<d", value)
            sheet += record(6 if is_text else 5, head + said)
    named = struct.pack("<II", 0, 1) + text("rId1") + text(title)
    book = record(131) + record(143) + record(156, named) + record(144) + record(132)
    relation = f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_KIND}/'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="bin" ContentType='
        '"application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>',
        "_rels/.rels": f'{relation}officeDocument" Target="xl/workbook.bin"/></Relationships>',
        "xl/_rels/workbook.bin.rels": f'{relation}worksheet" Target="worksheets/sheet1.bin"/>'
        "</Relationships>",
        "xl/workbook.bin": book,
        "xl/worksheets/sheet1.bin": sheet + record(146) + record(130),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def tnef(body: str, name: str, content: bytes) -> bytes:
    """Return a winmail.dat with a text and one file."""

    def attribute(level: int, id: int, data: bytes) -> bytes:
        return (
            struct.pack("<BII", level, id, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
        )

    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(1, 0x0002800C, body.encode("cp1252") + b"\0")
        + attribute(2, 0x00069002, b"\1\0" + b"\0" * 12)
        + attribute(2, 0x00018010, name.encode("cp1252") + b"\0")
        + attribute(2, 0x0006800F, content)
    )


def signed(content: bytes) -> bytes:
    """Return what a signing program wraps ``content`` into; nobody signed it."""
    inner = {"content_type": "data", "content": content}
    data = {
        "version": "v1",
        "digest_algorithms": [],
        "encap_content_info": inner,
        "signer_infos": [],
    }
    whole: bytes = cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()
    return whole
