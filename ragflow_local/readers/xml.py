"""XML: sheets and texts that old Office programs write as XML; of any other its texts by name."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import docx, html, odt
from ragflow_local.readers.package import parse_xml, written
from ragflow_local.readers.spreadsheet_xml import sheets_of
from ragflow_local.readers.text import paragraphs
from ragflow_local.records import Block, Notice
from ragflow_local.text.encoding import decode

_MAX_CHARACTERS = 1500  # of a record that stays in one paragraph
_TAG = re.compile(r"<[!?/]?[A-Za-z][^<>]*>|<!--.*?-->|<\?.*?\?>", re.S)
_MARKUP = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>", re.I)
_SILENT = frozenset({"script", "style", "defs", "metadata", "path"})
# Elements whose name says no more than that there is a text.
_TEXTS_SAID = """
    p para text tspan title head desc li item line body div span section abstract caption
    content summary value string s seg note"""
_TEXTS = frozenset(_TEXTS_SAID.split())
_WORD_2003 = "http://schemas.microsoft.com/office/word/2003/wordml"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_FLAT = "{http://schemas.microsoft.com/office/2006/xmlPackage}"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_SHEET_2003 = "urn:schemas-microsoft-com:office:spreadsheet"


def read(data: bytes, name: str = "", depth: int = 0) -> Iterator[Block | Notice]:
    """Yield the blocks of an XML file; of one that is damaged, its text without the tags.

    Args:
        data: The file's bytes.
        name: The file's name, for messages only.
        depth: In how many files it lies; 0 for one that is a file itself.
    """
    if not data.strip():
        return
    try:
        root = parse_xml(data, name, "whole file")
    except DamagedFileError:
        yield from paragraphs(_TAG.sub("\n", decode(data)))
        yield Notice(f"{name!r} is no whole XML: its text was read without the names of its parts.")
        return
    namespace, _, tag = root.tag.rpartition("}")
    namespace = namespace.lstrip("{")
    if namespace == _SHEET_2003:
        yield from sheets_of(root)
    elif namespace == _OFFICE:
        yield from odt.blocks_of([root])
    elif namespace == _WORD_2003:
        yield from docx.read(_as_docx(root), name, depth)
    elif root.tag == f"{_FLAT}package":
        yield from docx.read(_unflattened(root), name, depth)
    elif tag.lower() == "html":
        yield from html.read(data, name)
    else:
        yield from _parts(root, tag.lower() == "svg")


def _as_docx(root: Any) -> bytes:
    """Return Word 2003 XML as the newer form of the same: its names are other, its shape is not."""
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="s" Type="x/styles" Target="styles.xml"/></Relationships>'
    )
    parts = {
        "word/document.xml": written(root).replace(_WORD_2003.encode(), _WORD.encode()),
        "word/_rels/document.xml.rels": relation.encode(),
    }
    for styles in root.iterchildren(f"{{{_WORD_2003}}}styles"):
        parts["word/styles.xml"] = written(styles).replace(_WORD_2003.encode(), _WORD.encode())
    return _zipped(parts)


def _unflattened(root: Any) -> bytes:
    """Return the package that an XML file holds in one piece."""
    parts = {}
    for part in root.iterchildren(f"{_FLAT}part"):
        path = part.get(f"{_FLAT}name", "").lstrip("/")
        for inner in part.iterchildren(f"{_FLAT}xmlData"):
            if len(inner):
                parts[path] = written(inner[0])
    return _zipped(parts)


def _zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in parts.items():
            archive.writestr(path, content)
    return out.getvalue()


def _parts(element: Any, is_drawing: bool) -> Iterator[Block]:
    """Yield a paragraph for each record: an element whose parts are values."""
    tag = _name(element)
    if tag in _SILENT:
        return
    children = [child for child in element if isinstance(child.tag, str)]
    lines = list(_lines(element, is_drawing))
    is_record = bool(lines) and sum(map(len, lines)) <= _MAX_CHARACTERS
    is_record = is_record and (_is_mixed(element) or all(not _inner(child) for child in children))
    if is_record or not children:
        if lines:
            yield Block("paragraph", "\n".join(lines))
        return
    if text := _said(element, is_drawing):
        yield Block("paragraph", text)
    for child in children:
        yield from _parts(child, is_drawing)


def _lines(element: Any, is_drawing: bool) -> Iterator[str]:
    """Yield a line for each value within an element."""
    if _name(element) in _SILENT:
        return
    if _is_mixed(element):
        yield _plain(" ".join("".join(element.itertext()).split()))
        return
    if text := _said(element, is_drawing):
        yield text
    for child in element:
        if isinstance(child.tag, str):
            yield from _lines(child, is_drawing)


def _said(element: Any, is_drawing: bool) -> str:
    """Return what an element says itself: its text, its attributes, and what they are called."""
    tag, text = _name(element), _plain((element.text or "").strip())
    if text and (is_drawing or tag.lower() in _TEXTS):
        return text
    attributes = [] if is_drawing else [f"{k}: {v}" for k, v in _attributes(element)]
    if text:
        noted = f" ({', '.join(attributes)})" if attributes else ""
        return f"{tag}{noted}: {text}"
    return f"{tag}: {', '.join(attributes)}" if attributes else ""


def _attributes(element: Any) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        name = key.rpartition("}")[2]
        if value.strip() and name not in ("schemaLocation", "noNamespaceSchemaLocation", "space"):
            yield name, value.strip()


def _plain(text: str) -> str:
    """Return a text without the HTML that feeds put into it."""
    if not _MARKUP.search(text):
        return text
    return "\n".join(block.text for block in html.blocks_of(text)) or text


def _is_mixed(element: Any) -> bool:
    """Return whether an element has text beside its parts: it is a sentence, not a record."""
    return len(element) > 0 and (
        bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)
    )


def _inner(element: Any) -> bool:
    return not _is_mixed(element) and any(isinstance(child.tag, str) for child in element)


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
