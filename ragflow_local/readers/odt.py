"""OpenDocument texts, sheets and slides: heads and feet, headings, lists, tables, notes."""

import re
from collections.abc import Iterator
from typing import Any

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.data_address import of_address
from ragflow_local.readers.grid import Cell, spread, table
from ragflow_local.readers.inline import linked, lowered, raised, with_fractions
from ragflow_local.readers.mathml import formula
from ragflow_local.readers.odt_styles import OdtStyles, box_of
from ragflow_local.readers.package import Package, count_of
from ragflow_local.readers.slide_order import in_reading_order
from ragflow_local.records import Block

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_MATH = "{http://www.w3.org/1998/Math/MathML}math"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_DATE = "{http://purl.org/dc/elements/1.1/}date"
_SILENT = frozenset(
    {
        f"{_TEXT}tracked-changes",
        f"{_TEXT}sequence-decls",
        f"{_OFFICE}forms",
        f"{_TABLE}shapes",
        f"{_TEXT}note-citation",
        f"{_TEXT}ruby-text",
        f"{_TEXT}hidden-text",
        f"{_OFFICE}scripts",
        _CREATOR,
        _DATE,
    }
)
_SPACES = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
# Stand within a line, but are blocks of their own.
_ASIDE = frozenset(
    {f"{_TEXT}note", f"{_OFFICE}annotation", f"{_DRAW}frame", f"{_DRAW}custom-shape"}
)
_MAX_REPEATS = 1000  # sheets repeat their empty rest a million times


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield the blocks of an OpenDocument file in the order of its source.

    Raises:
        DamagedFileError: The file is broken, encrypted or no OpenDocument file.
    """
    package = Package(data, name)
    if "META-INF/manifest.xml" in package:
        manifest = package.xml("META-INF/manifest.xml")
        if next(manifest.iter("{*}encryption-data"), None) is not None:
            raise DamagedFileError(name, "whole file", "it is encrypted with a password")
    roots = [package.xml("content.xml")]
    if "styles.xml" in package:
        roots.append(package.xml("styles.xml"))
    yield from blocks_of(roots, package)


def blocks_of(roots: list[Any], package: Package | None = None) -> Iterator[Block]:
    """Yield the blocks of a document's trees: page heads, its body, page feet.

    Args:
        roots: The content, then the styles; of a file in one piece, that.
        package: Where its pictures lie; a file in one piece holds them itself.
    """
    reading = _Document(OdtStyles(roots), package)
    yield from reading.running(roots, "header")
    for root in roots:
        for body in root.iterchildren(f"{_OFFICE}body"):
            yield from reading.content(body, 0)
    yield from reading.running(roots, "footer")


class _Document:
    """A document being read, and what its styles say."""

    def __init__(self, styles: OdtStyles, package: Package | None) -> None:
        self._styles = styles
        self._package = package

    def running(self, roots: list[Any], kind: str) -> Iterator[Block]:
        """Yield page heads or feet, each said once; of pages' numbers nothing is left to say."""
        seen = set()
        for root in roots:
            for page in root.iter(f"{_STYLE}master-page"):
                for part in page.iterchildren():
                    name = part.tag.rpartition("}")[2] if isinstance(part.tag, str) else ""
                    if not name.startswith(kind) or part.get(f"{_STYLE}display") == "false":
                        continue
                    for block in self.content(part, 0):
                        if block.text not in seen and any(map(str.isalpha, block.text)):
                            seen.add(block.text)
                            yield block

    def content(self, parent: Any, depth: int) -> Iterator[Block]:
        """Yield the blocks within ``parent``, which lies in ``depth`` lists."""
        for element in _in_order(parent):
            tag = element.tag
            if not isinstance(tag, str) or tag in _SILENT:
                continue
            if tag == f"{_TEXT}h":
                level = element.get(f"{_TEXT}outline-level", "1")
                yield from self._line(
                    element, 0, int(level) if re.fullmatch("[1-9]|10", level) else 1
                )
            elif tag == f"{_TEXT}p":
                yield from self._line(element, depth, 0)
            elif tag == f"{_TEXT}list":
                yield from self.content(element, depth + 1)
            elif tag == f"{_TABLE}table":
                yield from self._table(element)
            elif tag == f"{_DRAW}image" and (image := self._image(element)):
                yield Block("figure", "", image=image)
            else:
                yield from self.content(element, depth)

    def _line(self, element: Any, depth: int, level: int) -> Iterator[Block]:
        """Yield a heading, list item or paragraph, then what hangs on it."""
        aside: list[Any] = []
        own = self._styles.look_of(element)
        text = with_fractions("".join(self._parts(element, aside))).strip()
        if own.is_hidden:
            text = ""
        if text and level:
            yield Block("heading", " ".join(text.split()), level=level)
        elif text and depth:
            yield Block("list_item", f"{'  ' * (depth - 1)}- {text}")
        elif text:
            yield Block("paragraph", text, is_bold=self._styles.is_all_bold(element))
        for hanging in aside:
            for words in hanging.iter(f"{_SVG}title", f"{_SVG}desc"):
                if words.text and words.text.strip():
                    yield Block("figure", words.text.strip())
            yield from self.content(hanging, 0)

    def _image(self, element: Any) -> bytes:
        """Return the bytes of a picture: of its part, or what the file holds of it as text."""
        part = element.get(_LINK, "").removeprefix("./")
        if self._package is not None and part in self._package:
            return self._package.read(part)
        held = element.findtext(f"{_OFFICE}binary-data") or ""
        return of_address(f"data:image/x;base64,{''.join(held.split())}") if held else b""

    def _parts(self, element: Any, aside: list[Any]) -> list[str]:
        """Return the text within a line; ``aside`` gets notes, comments and frames."""
        parts = [element.text or ""]
        for child in element:
            if child.tag in _ASIDE:
                aside.append(child)
            elif child.tag == f"{_TEXT}s":
                parts.append(" " * min(count_of(child.get(f"{_TEXT}c"), 1), _MAX_REPEATS))
            elif child.tag in _SPACES:
                parts.append(_SPACES[child.tag])
            elif child.tag == _MATH:
                parts.append(formula(child))
            elif child.tag not in _SILENT and isinstance(child.tag, str):
                parts.append(self._within(child, "".join(parts[-6:]), aside))
            parts.append(child.tail or "")
        return parts

    def _within(self, child: Any, before: str, aside: list[Any]) -> str:
        """Return the text of a span or link as it reads on one line."""
        text = "".join(self._parts(child, aside))
        look = self._styles.look_of(child)
        if look.is_hidden:
            return ""
        if look.align:
            return (raised if look.align == "super" else lowered)(before, text)
        return linked(text, child.get(_LINK)) if child.tag == f"{_TEXT}a" else text

    def _table(self, element: Any) -> Iterator[Block]:
        """Yield a table; of a sheet, its name before it."""
        rows: list[list[Cell]] = []
        for row in element.iter(f"{_TABLE}table-row"):
            if next(row.iterancestors(f"{_TABLE}table"), None) is not element:
                continue
            cells = [cell for child in row for cell in self._cells(child)]
            while cells and not cells[-1].text:
                cells.pop()
            rows += [cells] * (_repeats(row, "rows") if cells else 1)
        is_sheet = element.getparent().tag == f"{_OFFICE}spreadsheet"
        if is_sheet and any(rows):
            yield Block("heading", element.get(f"{_TABLE}name", ""), level=1)
        yield from table(spread(rows))

    def _cells(self, element: Any) -> list[Cell]:
        """Return a cell as often as it is repeated; none for one that another covers."""
        if element.tag != f"{_TABLE}table-cell":
            return []
        texts = [block.text for block in self.content(element, 0)]
        rows, columns = (
            count_of(element.get(f"{_TABLE}number-{side}-spanned"), 1)
            for side in ("rows", "columns")
        )
        return [Cell(" ".join(texts), rows, columns)] * _repeats(element, "columns")


def _in_order(parent: Any) -> list[Any]:
    """Return what is in ``parent``; of a slide, as it is read from the top."""
    children = list(parent)
    if parent.tag != f"{_DRAW}page" or not all(box_of(child) for child in children[:-1]):
        return children
    placed = [child for child in children if box_of(child)]
    ordered = in_reading_order(placed, lambda child: box_of(child) or box_of(placed[0]))  # type: ignore[arg-type,return-value]  # each has one
    return [*ordered, *(child for child in children if not box_of(child))]


def _repeats(element: Any, side: str) -> int:
    return min(count_of(element.get(f"{_TABLE}number-{side}-repeated"), 1), _MAX_REPEATS)
