"""Table: a row is a chunk, each value with the name of its column.

For sheets and other tables; every sheet has its own header, which need not be its first row. The
values are kept as data too, typed by column. A row is cut only where it is larger than the model's
window. Text beside tables is packed like any text. Leaves out empty cells; headings right above a
table stand in the heading path of its rows, and so do rows above its header and the titles of
sections within it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from ragflow_local.chunkers.compose import compose
from ragflow_local.chunkers.merge import Cutter, places_of
from ragflow_local.chunkers.outline import Path, visible
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft, Notice
from ragflow_local.settings import ParserSettings
from ragflow_local.text.headers import Parts, Row, parts_of

Value = str | int | float | bool | None

_WHOLE = re.compile(r"[-+]?(?:0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?\.?\d+(?:[eE][-+]?\d+)?|[-+]?\d+\.")
_TRUTHS = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}


def chunk(
    blocks: Sequence[Block], config: ParserSettings, tools: Tools
) -> Iterator[Draft | Notice]:
    """Yield a draft for each row; its ``data`` is a JSON object of typed columns."""
    cutter = Cutter.of(config, tools)
    seen = visible(blocks)
    path = Path()
    between: list[Block] = []
    for block in seen:
        if block.kind == "heading":
            path.enter(block)
        if block.kind == "table" and block.rows:
            while between and between[-1].kind == "heading":
                between.pop()
            yield from compose(between, cutter)
            between = []
            yield from _rows(block, path.now, cutter)
        else:
            between.append(block)
    yield from compose(between, cutter)
    if seen and not any(block.kind == "table" for block in seen):
        yield Notice(
            "No table was found: the text was cut as by the method naive. Choose the method that"
            " suits it, or save the table as xlsx or csv."
        )


def _rows(table: Block, headings: tuple[str, ...], cutter: Cutter) -> Iterator[Draft]:
    parts = parts_of(table.rows)
    titles = (" ".join(" ".join(row).split()) for row in parts.above)
    path = (*headings, *(title for title in titles if title))
    readers = [typed(column) for column in zip(*parts.body, strict=True)]
    places, keys = places_of([table]), _keys(parts.names)
    for row, section in _under_sections(parts):
        values = [read(cell) for read, cell in zip(readers, row, strict=True)]
        data = json.dumps(dict(zip(keys, values, strict=True)), ensure_ascii=False)
        for content in _contents(parts.names, row, cutter):
            yield Draft(content, places, (*path, *section), data=data)


def _under_sections(parts: Parts) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Yield the records of a table, each with the titles of the rows it stands under.

    A title without a row under it is a record itself, so that nothing is lost.
    """
    held: list[Row] = []
    is_open = False
    for number, row in enumerate(parts.body):
        if not any(row):
            continue
        if number in parts.sections:
            held = [*held, row] if is_open else [row]
            is_open = True
            continue
        is_open = False
        yield row, tuple(" ".join(title[0].split()) for title in held)
    if is_open:
        for row in held:
            yield row, ()


def _keys(names: Sequence[str]) -> list[str]:
    """Return names that are unique, those of columns without one by their number."""
    keys: dict[str, None] = {}
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        plain = " ".join(name.split()) or f"column {number}"
        key, again = plain, seen.get(plain, 1)
        while key in keys:
            again += 1
            key = f"{plain} {again}"
        keys[key] = None
        seen[plain] = again
    return list(keys)


def typed(column: Sequence[str]) -> Callable[[str], Value]:
    """Return what reads the cells of a column as the type that all of them have."""
    cells = [cell.strip() for cell in column if cell.strip()]
    if cells and all(_WHOLE.fullmatch(cell) for cell in cells):
        return lambda cell: int(cell.replace(",", "")) if cell.strip() else None
    is_code = any(re.match(r"0\d", cell) for cell in cells)  # a leading zero is no number's
    if cells and not is_code and all(_DECIMAL.fullmatch(cell) for cell in cells):
        return lambda cell: float(cell.replace(",", "")) if cell.strip() else None
    if cells and all(cell.lower() in _TRUTHS for cell in cells):
        return lambda cell: _TRUTHS.get(cell.strip().lower())
    return lambda cell: cell.strip() or None


def _contents(names: Sequence[str], row: Sequence[str], cutter: Cutter) -> Iterator[str]:
    """Yield the text of a row, in parts where the model's window does not hold it."""
    fields = [
        (" ".join(name.split()), cell.strip())
        for name, cell in zip(names, row, strict=True)
        if cell.strip()
    ]
    lines = [f"{name}: {cell}" if name else cell for name, cell in fields]
    content = "\n".join(lines)
    if cutter.count(content) <= cutter.window:
        yield content
        return
    wide = replace_budget(cutter, cutter.window)
    held: list[str] = []
    for (name, cell), line in zip(fields, lines, strict=True):
        if held and cutter.count("\n".join([*held, line])) > cutter.window:
            yield "\n".join(held)
            held = []
        room = cutter.window - cutter.count(f"{name}: ") - 1
        if cutter.count(line) <= cutter.window:
            held.append(line)
        elif room < cutter.window // 4:
            yield from wide.texts(line)
        else:
            for part in replace_budget(cutter, room).texts(cell):
                yield f"{name}: {part}" if name else part
    if held:
        yield "\n".join(held)


def replace_budget(cutter: Cutter, budget: int) -> Cutter:
    """Return a cutter like ``cutter`` with another budget."""
    return Cutter(cutter.delimiter, budget, cutter.tools)
