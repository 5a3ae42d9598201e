"""Word files: headings, paragraphs, numbered lists, tables, text boxes, notes, comments."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ragflow_local.readers.attachments import embedded, inlined
from ragflow_local.readers.docx_line import COMPATIBLE, SILENT, DocxLine, choice
from ragflow_local.readers.drawing import DRAWING, MATH, chart, diagram, formula
from ragflow_local.readers.grid import Cell, spread, table
from ragflow_local.readers.package import REL, Package
from ragflow_local.readers.word_styles import WORD, Styles, whole
from ragflow_local.records import Block, BlockKind, Notice

_DOC_PR = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_VML = "{urn:schemas-microsoft-com:vml}"


def read(data: bytes, name: str = "", depth: int = 0) -> Iterator[Block | Notice]:
    """Yield the blocks of a Word file in reading order; heads first, feet and embedded files last.

    Args:
        data: The file's bytes.
        name: The file's name, for messages only.
        depth: In how many files it lies; 0 for one that is a file itself.

    Raises:
        DamagedFileError: The file is broken, encrypted or no Word file.
    """
    yield from _Document(Package(data, name), depth).blocks()


class _Document:
    """A document being read: its parts, and what was met on the way."""

    def __init__(self, package: Package, depth: int) -> None:
        self._package = package
        self._depth = depth
        mains = package.find("", "officeDocument")
        self._main = mains[0] if mains else "word/document.xml"
        self._relations = package.relations(self._main)
        self._styles = Styles(package, self._main)
        self._notes = {
            kind: self._load_notes(kind) for kind in ("footnotes", "endnotes", "comments")
        }
        self._endnotes: list[str] = []
        self._notices: list[Notice] = []

    def blocks(self) -> Iterator[Block | Notice]:
        """Yield all blocks."""
        root = self._package.xml(self._main)
        body = root.find(f"{WORD}body")
        yield from self._running("header")
        yield from self._content(root if body is None else body)
        for id in self._endnotes:
            yield from self._note("endnotes", id)
        yield from self._running("footer")
        yield from embedded(self._package, [self._main], self._depth)
        yield from self._notices

    def _load_notes(self, kind: str) -> dict[str, Any]:
        return {
            note.get(f"{WORD}id", ""): note
            for part in self._package.find(self._main, kind)
            for note in self._package.xml(part)
            if note.get(f"{WORD}type") in (None, "normal")
        }

    def _running(self, kind: str) -> Iterator[Block]:
        """Yield page heads or feet, each said once; of pages' numbers nothing is left to say."""
        seen = set()
        relations = self._relations
        for part in self._package.find(self._main, kind):
            self._relations = self._package.relations(part)
            for block in self._content(self._package.xml(part)):
                is_new = block.text not in seen and any(c.isalpha() for c in block.text)
                if is_new or (block.image and not block.text):
                    seen.add(block.text)
                    yield block
        self._relations = relations

    def _content(self, parent: Any) -> Iterator[Block]:
        """Yield the blocks of a body, a cell, a text box or a note."""
        for element in parent:
            if element.tag == f"{WORD}p":
                yield from self._paragraph(element)
            elif element.tag == f"{WORD}tbl":
                yield from self._table(element)
            elif element.tag == f"{COMPATIBLE}AlternateContent":
                yield from self._content(choice(element))
            elif element.tag == f"{WORD}altChunk":
                yield from self._imported(element)
            elif element.tag == f"{MATH}oMathPara":
                yield Block("paragraph", formula(element))
            elif element.tag not in SILENT:
                yield from self._content(element)  # content controls, insertions, custom XML

    def _paragraph(self, paragraph: Any) -> Iterator[Block]:
        """Yield a paragraph, then what hangs on it: text boxes, pictures, notes, comments."""
        style = self._styles.of(paragraph)
        line = DocxLine(self._styles, self._relations)
        text = line.text(paragraph).strip("\n").rstrip()
        if text.strip():
            kind: BlockKind = "paragraph"
            if style.level:
                kind, text = "heading", " ".join(text.split())
            elif style.marker:
                kind = "list_item"
            is_bold = kind == "paragraph" and line.is_bold
            yield Block(kind, style.marker + text, level=style.level, is_bold=is_bold)
        for element in line.aside:
            yield from self._beside(element)
        for kind_of_note, id in line.called:
            if kind_of_note == "endnotes":
                self._endnotes.append(id)
            else:
                yield from self._note(kind_of_note, id)

    def _imported(self, element: Any) -> Iterator[Block]:
        """Yield the blocks of a file that stands in the text's place as a whole."""
        relation = self._relations.get(element.get(f"{REL}id", ""))
        if relation is None or relation.target not in self._package:
            return
        data = self._package.read(relation.target)
        for item in inlined(relation.target.rpartition("/")[2], data, self._depth + 1):
            if isinstance(item, Notice):
                self._notices.append(item)
            else:
                yield item

    def _note(self, kind: str, id: str) -> Iterator[Block]:
        """Yield a note under its mark, or a comment under its author."""
        note = self._notes[kind].get(id)
        if note is None:
            return
        author = note.get(f"{WORD}author")
        mark = f"[{id}] " if kind != "comments" else f"Comment by {author}: " if author else ""
        for block in list(self._content(note)):
            yield Block(block.kind, mark + block.text, rows=block.rows, level=block.level)
            mark = ""

    def _beside(self, drawing: Any) -> Iterator[Block]:
        """Yield the text boxes, charts, diagrams and named pictures of a drawing."""
        boxes = [e for e in drawing.iter(f"{WORD}txbxContent") if not _is_fallback(e, drawing)]
        for box in boxes:
            if not any(outer in boxes for outer in box.iterancestors(f"{WORD}txbxContent")):
                yield from self._content(box)
        for reference in drawing.iter("{*}chart", "{*}relIds"):
            name = "dm" if reference.tag.endswith("relIds") else "id"
            relation = self._relations.get(reference.get(f"{REL}{name}", ""))
            if relation and relation.target in self._package:
                read_part = diagram if name == "dm" else chart
                yield from read_part(self._package, relation.target)
        if not boxes:
            yield from self._picture(drawing)

    def _picture(self, drawing: Any) -> Iterator[Block]:
        """Yield the pictures of a drawing, the first with what its author wrote of it."""
        texts = [e.get("descr") or e.get("title") or "" for e in drawing.iter(_DOC_PR)]
        texts += [e.get("alt") or "" for e in drawing.iter(f"{_VML}shape")]
        texts += [e.get("string") or "" for e in drawing.iter(f"{_VML}textpath")]
        text = "\n".join(dict.fromkeys(text.strip() for text in texts if text.strip()))
        images = list(self._images(drawing))
        if text or images:
            yield Block("figure", text, image=images[0] if images else b"")
        for image in images[1:]:
            yield Block("figure", "", image=image)

    def _images(self, drawing: Any) -> Iterator[bytes]:
        for element in drawing.iter(f"{DRAWING}blip", f"{_VML}imagedata"):
            id = element.get(f"{REL}embed") or element.get(f"{REL}id") or ""
            relation = self._relations.get(id)
            is_twin = element.tag == f"{_VML}imagedata" and _is_fallback(element, drawing)
            if relation and not is_twin and relation.target in self._package:
                yield self._package.read(relation.target)

    def _table(self, element: Any) -> Iterator[Block]:
        """Yield a table; one of a single cell is a frame around what stands in it."""
        rows = [list(_inner(row, "tc")) for row in _inner(element, "tr")]
        if sum(len(row) for row in rows) == 1:
            yield from self._content(next(cell for row in rows for cell in row))
            return
        aside: list[Block] = []
        grid: list[list[Cell]] = []
        merging: dict[int, tuple[int, int]] = {}  # column: row and number of the cell above
        for row_element, row in zip(list(_inner(element, "tr")), rows, strict=True):
            before = row_element.find(f"{WORD}trPr/{WORD}gridBefore")
            column = 0 if before is None else whole(before.get(f"{WORD}val"))
            grid.append([Cell("")] * column)
            for element_of_cell in row:
                cell = self._cell(element_of_cell, aside)
                merge = element_of_cell.find(f"{WORD}tcPr/{WORD}vMerge")
                if merge is None:
                    merging.pop(column, None)
                elif merge.get(f"{WORD}val") == "restart" or column not in merging:
                    merging[column] = (len(grid) - 1, len(grid[-1]))
                if column in merging and merging[column] != (len(grid) - 1, len(grid[-1])):
                    above, number = merging[column]
                    grown = grid[above][number]
                    grid[above][number] = replace(grown, rows=grown.rows + 1)
                else:
                    grid[-1].append(cell)
                column += cell.columns
        yield from table(spread(grid))
        yield from aside

    def _cell(self, element: Any, aside: list[Block]) -> Cell:
        """Return a cell's text on one line; its pictures go after the table."""
        texts = []
        for block in self._content(element):
            if block.kind == "figure" and block.image:
                aside.append(block)
            else:
                texts.append(block.text)
        span = element.find(f"{WORD}tcPr/{WORD}gridSpan")
        columns = 1 if span is None else whole(span.get(f"{WORD}val"), 1)
        return Cell(" ".join(texts), columns=max(columns, 1))


def _is_fallback(element: Any, within: Any) -> bool:
    """Return whether ``element`` is the older twin of something ``within`` also has."""
    for outer in element.iterancestors():
        if outer is within:
            return False
        if outer.tag == f"{COMPATIBLE}Fallback":
            return True
    return False


def _inner(element: Any, name: str) -> Iterator[Any]:
    """Yield the rows of a table or the cells of a row, those in content controls too."""
    for child in element:
        if child.tag == f"{WORD}{name}":
            yield child
        elif child.tag not in SILENT and child.tag not in (f"{WORD}tr", f"{WORD}tc"):
            yield from _inner(child, name)
