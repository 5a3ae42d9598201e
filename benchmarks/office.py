"""Office files against python-docx, python-pptx and openpyxl: what both say of the same file.

    python -m benchmarks.office

Every .docx, .pptx and .xlsx under ``$RAGFLOW_LOCAL_DATA/documents`` is read by our reader and by
the library of its kind, which shares no code with it. Counted is what the library says and our
blocks say too: headings with their level, items of lists, rows of tables (merged cells said in
each row they cover), titles of slides, cells as their number format shows them. The results are in
``benchmarks/results/office.md``, with the first of each that differ.
"""

import io
import os
import re
import sys
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pptx

from ragflow_local.errors import ReadError
from ragflow_local.readers import kind_of, read
from ragflow_local.records import Block
from ragflow_local.text.encoding import tidy

DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data"))
RESULT = Path(__file__).parent / "results" / "office.md"
MOST_SHOWN = 12
_ADDRESS = re.compile(r"\((?:https?|ftps?)://[^)\s]*\)|\(\S+@\S+\)")  # ours stand beside links


@dataclass(slots=True)
class Count:
    """How often both said the same, and what the library alone said."""

    same: int = 0
    total: int = 0
    files: set[str] = field(default_factory=set)
    differing: list[str] = field(default_factory=list)

    def add(self, name: str, is_same: bool, said: str) -> None:
        """Count one thing that the library says."""
        self.total += 1
        self.same += is_same
        self.files.add(name)
        if not is_same:
            self.differing.append(f"{name}: {said[:90]!r}")


Counts = dict[str, Count]


def plain(text: str) -> str:
    """Return letters and digits alone: how signs are written on one line is each reader's own."""
    bare = _ADDRESS.sub("", unicodedata.normalize("NFKC", tidy(text)))
    return "".join(filter(str.isalnum, bare))


def of_docx(name: str, data: bytes, blocks: list[Block], counts: Counts) -> None:
    """Count headings, list items and rows of tables of a Word file."""
    document = docx.Document(io.BytesIO(data))
    headings = {(b.level, plain(b.text)) for b in blocks if b.kind == "heading"}
    texts = [plain(b.text) for b in blocks if b.kind in ("list_item", "heading")]
    for paragraph in document.paragraphs:
        said, style = plain(paragraph.text), getattr(paragraph.style, "name", "")
        if not said:
            continue
        level = style.removeprefix("Heading ") if style.startswith("Heading ") else ""
        if level.isdecimal():
            found = any(at == int(level) and text.endswith(said) for at, text in headings)
            counts["docx headings with their level"].add(name, found, paragraph.text)
        elif style.startswith(("List Bullet", "List Number")):
            found = any(text.endswith(said) for text in texts)
            counts["docx list items"].add(name, found, paragraph.text)
    rows = {frozenset(map(plain, row)) - {""} for b in blocks for row in b.rows}
    everything = plain(" ".join(block.text for block in blocks))
    for table in document.tables:
        for row in table.rows:
            cells = frozenset(plain(cell.text) for cell in row.cells) - {""}
            if len(cells) > 1:
                # A cell that holds a table of its own is said after the row.
                found = cells in rows or all(cell in everything for cell in cells)
                counts["docx rows of tables"].add(name, found, " | ".join(sorted(cells)))


def of_pptx(name: str, data: bytes, blocks: list[Block], counts: Counts) -> None:
    """Count titles of slides, texts of shapes and rows of tables of a deck."""
    deck = pptx.Presentation(io.BytesIO(data))
    for number, slide in enumerate(deck.slides, start=1):
        own = [b for b in blocks if b.place is not None and b.place.page == number]
        title = slide.shapes.title
        if title is not None and plain(title.text):
            found = any(b.kind == "heading" and plain(b.text) == plain(title.text) for b in own)
            counts["pptx titles of slides"].add(name, found, title.text)
        said = plain(" ".join(b.text for b in own))
        rows = [tuple(map(plain, row)) for b in own for row in b.rows]
        for shape in slide.shapes:
            if shape.has_text_frame and plain(shape.text_frame.text) and shape != title:
                for paragraph in shape.text_frame.paragraphs:
                    if text := plain(paragraph.text):
                        counts["pptx paragraphs"].add(name, text in said, paragraph.text)
            for row in shape.table.rows if shape.has_table else ():
                cells = tuple(plain(cell.text) for cell in row.cells)
                if any(cells):
                    # Ours says a merged cell in each row it covers.
                    found = any(set(cells) - {""} <= set(other) for other in rows)
                    counts["pptx rows of tables"].add(name, found, " | ".join(cells))


SHOWN: dict[str, Callable[[float], str]] = {
    "0%": lambda value: f"{value:.0%}",
    "0.00%": lambda value: f"{value:.2%}",
    "0": lambda value: f"{value:.0f}",
    "0.00": lambda value: f"{value:.2f}",
    "#,##0": lambda value: f"{value:,.0f}",
    "#,##0.00": lambda value: f"{value:,.2f}",
}


def of_xlsx(name: str, data: bytes, blocks: list[Block], counts: Counts) -> None:
    """Count cells by their format, and merged cells, of a workbook."""
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    said = [{cell for cell in row if cell} for b in blocks for row in b.rows]
    said += [{b.text} for b in blocks if not b.rows]
    every = set().union(*said) if said else set()
    letters = plain(" ".join(every))
    for sheet in book.worksheets:
        for kind, text in _cells(sheet):
            found = text in every or plain(text) in letters
            counts[f"xlsx {kind}"].add(name, found, text)
        for merged in sheet.merged_cells.ranges:
            value = sheet.cell(merged.min_row, merged.min_col).value
            if merged.max_row == merged.min_row or not isinstance(value, str) or not value.strip():
                continue
            filled = [
                row
                for row in range(merged.min_row, merged.max_row + 1)
                if any(cell.value not in (None, "") for cell in sheet[row])
            ]
            text = " ".join(value.split())
            times = sum(text in " ".join(" ".join(row).split()) for row in said)
            counts["xlsx merged cells, said in each row"].add(name, times >= len(filled), text)


def _cells(sheet: Any) -> Iterator[tuple[str, str]]:
    for row in sheet.iter_rows():
        for cell in row:
            value, shape = cell.value, cell.number_format
            if isinstance(value, bool) or value is None:
                continue
            if isinstance(value, str):
                if text := " ".join(tidy(value).split()):
                    yield "texts", text
            elif isinstance(value, int | float) and shape in SHOWN and abs(value) < 1e12:
                # Halves are rounded up by Excel, to even by Python.
                if abs(value * 2e4 - round(value * 2e4)) > 1e-9 or float(value).is_integer():
                    yield f"numbers as {shape}", SHOWN[shape](value)
            elif isinstance(value, int) and shape == "General":
                yield "whole numbers", str(value)


WAYS: dict[str, Callable[[str, bytes, list[Block], Counts], None]] = {
    "docx": of_docx,
    "pptx": of_pptx,
    "xlsx": of_xlsx,
}


class Kinds(dict[str, Count]):
    """Counts that begin when they are asked for."""

    def __missing__(self, key: str) -> Count:
        self[key] = Count()
        return self[key]


def main() -> int:
    """Measure every file, write the page."""
    counts, refused = Kinds(), []
    warnings.simplefilter("ignore")
    for path in sorted((DATA / "documents").rglob("*")):
        if not path.is_file() or path.suffix.lower() not in (".docx", ".pptx", ".xlsx"):
            continue
        name, data = path.relative_to(DATA / "documents").as_posix(), path.read_bytes()
        try:
            kind = kind_of(path.name, data)
            blocks = [block for block in read(path.name, data) if isinstance(block, Block)]
            if kind in WAYS:
                WAYS[kind](name, data, blocks, counts)
        except ReadError as error:
            refused.append(str(error))
        except Exception as error:  # noqa: BLE001  # the other library's own, of many kinds
            refused.append(f"{name}: the other library: {type(error).__name__}")
    lines = [
        "# Office files against python-docx, python-pptx and openpyxl",
        "",
        "`python -m benchmarks.office`: what the library says of a file that our blocks say too.",
        "",
        "| what | files | said by the library | said by ours too | share |",
        "|---|---|---|---|---|",
        *(
            f"| {what} | {len(count.files)} | {count.total:,} | {count.same:,}"
            f" | {count.same / count.total:.2%} |"
            for what, count in sorted(counts.items())
        ),
        "",
        "## What differs",
        "",
    ]
    for what, count in sorted(counts.items()):
        lines += [f"- {what}: {said}" for said in count.differing[:MOST_SHOWN]]
    lines += ["", "## Not compared", "", *(f"- {said}" for said in refused)]
    RESULT.write_text("\n".join(lines) + "\n")
    print(*lines, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
