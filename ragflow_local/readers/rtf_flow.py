"""One text of an RTF file (its body, a note, a page head) on its way to blocks."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ragflow_local.readers.grid import table
from ragflow_local.readers.inline import lowered, raised, with_fractions
from ragflow_local.records import Block, BlockKind


@dataclass(slots=True)
class Look:
    """How letters are set; each group of the file begins with that of the one around it."""

    font: str = ""
    align: str = ""  # super, sub or ""
    is_hidden: bool = False
    is_deleted: bool = False
    is_bold: bool = False
    unicode_skip: int = 1

    @property
    def is_silent(self) -> bool:
        """Whether nobody sees them."""
        return self.is_hidden or self.is_deleted


@dataclass(slots=True)
class Flow:
    """The paragraphs, tables and notes of one text, gathered in order."""

    level: int = 0  # of the paragraph being gathered, where it is a heading
    in_table: bool = False
    is_item: bool = False
    blocks: list[Block] = field(default_factory=list)
    merged: list[bool] = field(default_factory=list)  # cells of the row that go on from above
    defined: int = 0  # cells of the row, as its head says
    _parts: list[str] = field(default_factory=list)
    _raised: list[str] = field(default_factory=list)
    _align: str = ""
    _bold: int = 0
    _plain: int = 0
    _cells: list[str] = field(default_factory=list)
    _rows: list[list[str]] = field(default_factory=list)
    _aside: list[Block] = field(default_factory=list)

    def add(self, text: str, look: Look) -> None:
        """Gather letters; those raised one after another are one power."""
        if not text or look.is_silent:
            return
        if look.align != self._align:
            self._settle()
            self._align = look.align
        (self._raised if look.align else self._parts).append(text)
        letters = len(text.strip())
        self._bold += letters if look.is_bold else 0
        self._plain += 0 if look.is_bold else letters

    def mark(self) -> int:
        """Return where the line stands, to which ``since`` refers."""
        self._settle()
        return len(self._parts)

    def since(self, mark: int) -> str:
        """Take back what was gathered since ``mark``."""
        self._settle()
        text = "".join(self._parts[mark:])
        del self._parts[mark:]
        return text

    def hang(self, blocks: list[Block]) -> None:
        """Keep the blocks of a note for after the paragraph."""
        self._aside.extend(blocks)

    def end_paragraph(self) -> None:
        """Close the line: a paragraph, or a line of a cell."""
        if self.in_table:
            self._settle()
            self._parts.append("\n")
            return
        self._end_table()
        text = self._take().strip(" ").rstrip()
        if text.strip():
            kind: BlockKind = (
                "heading" if self.level else "list_item" if self.is_item else "paragraph"
            )
            text = " ".join(text.split()) if self.level else text.strip("\n")
            is_bold = kind == "paragraph" and self._bold > 0 and not self._plain
            self.blocks.append(Block(kind, text, level=self.level, is_bold=is_bold))
        self.is_item = False
        self._bold = self._plain = 0
        self._drop_aside()

    def end_cell(self) -> None:
        """Close a cell."""
        self._cells.append(self._take().strip())

    def end_row(self) -> None:
        """Close a row; a cell that goes on from above says the same as there."""
        if rest := self._take().strip():
            self._cells.append(rest)
        for column, goes_on in enumerate(self.merged[: len(self._cells)]):
            if goes_on and not self._cells[column] and self._rows and column < len(self._rows[-1]):
                self._cells[column] = self._rows[-1][column]
        if self._cells:
            self._rows.append(self._cells)
        self._cells = []

    def finish(self) -> list[Block]:
        """Close the text and return its blocks."""
        if self._cells:
            self.end_row()
        self.in_table = False
        self.end_paragraph()
        self._end_table()
        self._drop_aside()
        return self.blocks

    def _take(self) -> str:
        self._settle()
        text = with_fractions("".join(self._parts))
        self._parts.clear()
        return text

    def _settle(self) -> None:
        if self._raised:
            way = raised if self._align == "super" else lowered
            self._parts.append(way("".join(self._parts[-8:]), "".join(self._raised)))
            self._raised.clear()
        self._align = ""

    def _end_table(self) -> None:
        if self._cells:
            self.end_row()
        if self._rows:
            self.blocks.extend(table(self._rows))
            self._rows = []

    def _drop_aside(self) -> None:
        self.blocks.extend(self._aside)
        self._aside = []


def noted(blocks: list[Block], mark: str) -> Iterator[Block]:
    """Yield the blocks of a note, the first with its mark."""
    for block in blocks:
        is_text = bool(mark) and not block.rows
        yield replace(block, text=f"{mark}{block.text}") if is_text else block
        mark = "" if is_text else mark
