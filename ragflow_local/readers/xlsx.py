"""Excel files: a heading for each sheet, its rows as tables, values as their cells show them."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.attachments import embedded
from ragflow_local.readers.drawing import chart, diagram, drawn_text
from ragflow_local.readers.inline import linked, lowered, raised, with_fractions
from ragflow_local.readers.number_format import BUILT_IN, general, show
from ragflow_local.readers.package import REL, Package, count_of, said_by
from ragflow_local.readers.sheet import Row, blocks_of_sheet
from ragflow_local.records import Block, Notice

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_BOOLEANS = {"0": "FALSE", "1": "TRUE"}


@dataclass(frozen=True, slots=True)
class _Book:
    """What all sheets of a file share."""

    strings: list[str]
    formats: list[str]  # by the number of a cell's style
    is_1904: bool


def read(data: bytes, name: str = "", depth: int = 0) -> Iterator[Block | Notice]:
    """Yield a heading and tables for each sheet in order, hidden ones too.

    Args:
        data: The file's bytes.
        name: The file's name, for messages only.
        depth: In how many files it lies; 0 for one that is a file itself.

    Raises:
        DamagedFileError: The file is broken, encrypted or no Excel file.
    """
    package = Package(data, name)
    mains = package.find("", "officeDocument")
    main = mains[0] if mains else "xl/workbook.xml"
    root = package.xml(main)
    properties = root.find("{*}workbookPr")
    is_1904 = properties is not None and properties.get("date1904") in ("1", "true")
    book = _Book(_strings(package, main), _formats(package, main), is_1904)
    relations = package.relations(main)
    for element in root.iter("{*}sheet"):
        ids = [value for key, value in element.attrib.items() if key.endswith("}id")]
        relation = relations.get(ids[0]) if ids else None
        if relation is not None and relation.target in package:
            title = element.get("name", "")
            if relation.kind == "worksheet":
                yield from _sheet(package, relation.target, title, book)
            yield from _drawings(package, relation.target, title)
            yield from embedded(package, [relation.target], depth)


def _sheet(package: Package, part: str, title: str, book: _Book) -> Iterator[Block]:
    """Yield a sheet's blocks, then the comments on its cells."""
    merges: list[tuple[int, ...]] = []
    links: dict[tuple[int, int], str] = {}
    rows = list(_rows(package, part, book, merges, links))
    for number, cells in rows if links else ():
        for column in cells.keys() & {at for row, at in links if row == number}:
            cells[column] = linked(cells[column], links[number, column])
    yield from blocks_of_sheet(title, rows, merges)
    for comments in package.find(part, "comments"):
        for comment in package.xml(comments).iter("{*}comment"):
            if text := "".join(t.text or "" for t in comment.iter("{*}t")).strip():
                yield Block("paragraph", f"Comment on {comment.get('ref', '')}: {text}")
    for comments in package.find(part, "threadedComment"):
        for comment in package.xml(comments).iter("{*}threadedComment"):
            if text := (comment.findtext("{*}text") or "").strip():
                yield Block("paragraph", f"Comment on {comment.get('ref', '')}: {text}")


def _drawings(package: Package, part: str, title: str) -> Iterator[Block]:
    """Yield the charts, diagrams and text boxes that lie on a sheet."""
    for drawing in package.find(part, "drawing"):
        if text := drawn_text(package.xml(drawing)):
            yield Block("paragraph", text)
        for target in package.find(drawing, "chart"):
            yield from chart(package, target)
        for target in package.find(drawing, "diagramData"):
            yield from diagram(package, target)
        for target in package.find(drawing, "image"):
            yield Block("figure", "", image=package.read(target))


def _rows(
    package: Package,
    part: str,
    book: _Book,
    merges: list[tuple[int, ...]],
    links: dict[tuple[int, int], str],
) -> Iterator[Row]:
    """Yield the rows that have cells; ``merges`` and ``links`` are filled on the way.

    Rows are read one after another: a sheet of a million rows never stands whole as a tree.
    """
    source = io.BytesIO(package.read(part))
    events = etree.iterparse(
        source,
        tag=("{*}row", "{*}mergeCell", "{*}hyperlink"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
    )
    relations = package.relations(part)
    number = 0
    try:
        for _, element in events:
            if element.tag.endswith("}row"):
                given = element.get("r", "")
                number = int(given) if given.isdecimal() and len(given) < 9 else number + 1
                if cells := _cells(element, book):
                    yield number, cells
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
            elif match := _REFERENCE.findall(element.get("ref", "")):
                (left, top), (right, bottom) = match[0], match[-1]
                if element.tag.endswith("}hyperlink"):
                    relation = relations.get(element.get(f"{REL}id", ""))
                    links[int(top), _column(left)] = relation.target if relation else ""
                    continue
                merges.append((int(top), int(bottom), _column(left), _column(right)))
    except etree.XMLSyntaxError as error:
        problem = f"this sheet is no XML: {said_by(error)}"
        raise DamagedFileError(package.name, part, problem) from error


def _cells(row: Any, book: _Book) -> dict[int, str]:
    """Return the texts of a row by column; empty cells are left out."""
    cells: dict[int, str] = {}
    column = -1
    for cell in row.iterchildren(tag=etree.Element):  # no entities, which are never followed
        match = _REFERENCE.match(cell.get("r", ""))
        column = _column(match.group(1)) if match else column + 1
        if text := _text(cell, book).strip():
            cells[column] = text
    return cells


def _text(cell: Any, book: _Book) -> str:
    """Return what a cell shows; of a formula never computed, the formula."""
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(_rich(item) for item in cell.iterchildren("{*}is"))
    value: str | None = cell.findtext("{*}v")
    if value is None or (kind == "n" and not value.strip()):
        formula: str | None = cell.findtext("{*}f")
        return f"={formula}" if formula else ""
    if kind == "s":
        index = count_of(value, -1)
        return book.strings[index] if 0 <= index < len(book.strings) else ""
    if kind != "n":
        return _BOOLEANS.get(value, value) if kind == "b" else _unescape(value)
    return _number(value, cell.get("s", "0"), book)


def _number(value: str, style: str, book: _Book) -> str:
    """Return a number as a cell of ``style`` shows it."""
    try:
        number = float(value)
    except ValueError:
        return value
    index = count_of(style, 0)
    shape = book.formats[index] if index < len(book.formats) else "General"
    if not abs(number) < 1e300:  # beyond what a sheet holds: infinite, or no number
        return value
    return general(number) if shape in ("General", "@") else show(number, shape, book.is_1904)


def _strings(package: Package, main: str) -> list[str]:
    """Return the texts that cells share."""
    return [
        _rich(item)
        for part in package.find(main, "sharedStrings")
        for item in package.xml(part).iterchildren("{*}si")
    ]


def _rich(item: Any) -> str:
    """Return a text of several runs, without the reading aids above Japanese ones."""
    parts: list[str] = []
    for t in item.iter("{*}t"):
        if t.getparent().tag.endswith("}rPh"):
            continue
        align = t.getparent().find("{*}rPr/{*}vertAlign")
        way = {"superscript": raised, "subscript": lowered}.get(
            "" if align is None else align.get("val", "")
        )
        parts.append(way("".join(parts[-4:]), t.text or "") if way else t.text or "")
    return _unescape(with_fractions("".join(parts)))


def _unescape(text: str) -> str:
    if "_x" not in text:
        return text
    units = _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text)
    # A character beyond the first plane is escaped as its two halves.
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _formats(package: Package, main: str) -> list[str]:
    """Return the number format of each cell style."""
    shapes: list[str] = []
    for part in package.find(main, "styles"):
        root = package.xml(part)
        known = {str(id): shape for id, shape in BUILT_IN.items()}
        for element in root.iter("{*}numFmt"):
            known[element.get("numFmtId", "")] = element.get("formatCode", "General")
        for styles in root.iterchildren("{*}cellXfs"):
            shapes += [known.get(e.get("numFmtId", "0"), "General") for e in styles]
    return shapes


def _column(letters: str) -> int:
    """Return a column's number from 0: A, B, …, Z, AA."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
