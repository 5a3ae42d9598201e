"""Pages that geometry cannot read alone: PyMuPDF's layout analysis says what stands where.

The model gives regions only; their text is the page's own words. A word in no region is read by
geometry and put in its place, so nothing is lost by the model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from itertools import pairwise
from statistics import median_low
from types import SimpleNamespace
from typing import Any

from ragflow_local.readers.pdf import aligned_tables
from ragflow_local.readers.pdf.columns import columns_of
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.lines import Box, Line, Lines, Word, around
from ragflow_local.readers.pdf.page import Reading, read_lines, ruled_tables, vocabulary
from ragflow_local.readers.pdf.plain import Piece, join, pieces_of, rows_of
from ragflow_local.readers.pdf.ruled_tables import Rules, is_number, table
from ragflow_local.records import BlockKind

# Below this, a table or a few cells side by side are certain enough without the model.
_LOOSE_ROWS, _WORDED_ROWS = 3, 3
# More strokes than these that are not straight make a drawing; a logo has fewer.
_CURVES = 40
# Share of a page that a picture must cover to be a figure.
_FIGURE_SHARE = 0.03
# A region is taken this much larger: the model's boxes cut letters.
_MARGIN_POINTS = 1.0


# What a region of the model is here; of the others geometry makes paragraphs.
_KINDS: dict[str, BlockKind] = {
    "title": "heading",
    "section-header": "heading",
    "page-header": "running",
    "page-footer": "running",
    "list-item": "list_item",
    "picture": "figure",
    "caption": "paragraph",
}
_APART = frozenset({"table", "picture", "caption", "page-header", "page-footer"})
_CAPTION = re.compile(r"^(fig(ure)?|abb(ildung)?|图|図|plate|chart|exhibit)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Region:
    """What the model says of one part of a page.

    Attributes:
        name: Its class, as the model names it.
        box: Where it stands, upright.
        xs: Heights and widths at which it would part a table, from the table's corner;
        ys: both empty for everything else.
    """

    name: str
    box: Box
    xs: tuple[float, ...] = ()
    ys: tuple[float, ...] = ()


def is_needed(page: Any, lines: Lines, reading: Reading, rules: Rules) -> bool:
    """Return whether geometry left doubt: columns, tables of words, a figure beside text."""
    if not lines.lines:
        return False
    if reading.n_columns > 1 or reading.n_loose >= _LOOSE_ROWS:
        return True
    if reading.n_worded >= _WORDED_ROWS or rules.curves >= _CURVES:
        return True
    area = max(lines.width * lines.height, 1.0)
    for info in page.get_image_info():
        x0, y0, x1, y1 = info["bbox"]
        share = (min(x1, lines.width) - max(x0, 0)) * (min(y1, lines.height) - max(y0, 0)) / area
        if _FIGURE_SHARE < share < 0.9:
            return True
    return False


@cache
def _model() -> Any:
    """Return the model, made to run in one thread: several workers share the processors."""
    sessions: Any = import_module("pymupdf.layout.onnx.common_util")
    runtime = sessions.ort

    def options() -> Any:
        made = runtime.SessionOptions()
        made.intra_op_num_threads = 1
        made.inter_op_num_threads = 1
        return made

    # Its sessions take every processor, and nothing in its interface says otherwise.
    sessions.ort = SimpleNamespace(
        SessionOptions=options, InferenceSession=runtime.InferenceSession
    )
    try:
        model = import_module("pymupdf.layout.DocumentLayoutAnalyzer").get_model()
        empty = mupdf.open()
        model.predict(empty.new_page())
    finally:
        sessions.ort = runtime
    return model


def regions_of(page: Any, lines: Lines) -> list[Region]:
    """Return what the model finds on ``page``, in reading order."""
    regions: list[Region] = []
    matrix = page.rotation_matrix
    for group in _model().predict(page, return_raw=True):
        shown = mupdf.Rect(group["group_bbox"][:4]) * matrix
        box = lines.turned(Box(shown.x0, shown.y0, shown.x1, shown.y1))
        grid = group.get("table_grid")
        upright = lines.turn == 0 and page.rotation == 0
        if grid is not None and upright:
            xs = tuple(box.x0 + float(x) for x in grid.v_lines)
            ys = tuple(box.top + float(y) for y in grid.h_lines)
            regions.append(Region(group["class_name"], box, xs, ys))
        else:
            regions.append(Region(group["class_name"], box))
    return regions


def read_regions(
    lines: Lines, rules: Rules, regions: Sequence[Region], *, columns: bool
) -> list[Piece]:
    """Return the blocks of the regions in their order, and the rest by geometry between them.

    Args:
        lines: The page.
        rules: What is drawn on it.
        regions: What the model found.
        columns: Whether the page has columns of text. In one column geometry orders lines
            better than the model, which is then asked for tables and figures only.
    """
    words = vocabulary(lines.lines)
    # What is ruled is certain; the model sees parts of it at best.
    ruled, free = ruled_tables(lines.lines, rules, words)
    groups = columns_of(free) if columns else []
    if not columns:
        regions = [region for region in regions if region.name in _APART]
    shares, rest = _shared(free, regions)
    group_of = {
        id(word): number
        for number, group in enumerate(groups)
        for line in group
        for word in line.words
    }
    if len(groups) > 1:
        _free_text(regions, shares, rest, groups, group_of)
    parsed = [
        (_pieces_in(region, share, rules, lines.body_size, words), share)
        for region, share in zip(regions, shares, strict=True)
    ]
    if len(groups) > 1:
        pieces = _by_columns(parsed, rest, group_of, lines)
        others = [p for part, share in parsed if not share for p in part]
    else:
        others = read_lines(replace(lines, lines=tuple(rest)), Rules()).pieces
        pieces = [piece for part, _ in parsed for piece in part]
        if not columns:
            pieces, others = others, pieces
    for piece in [*others, *ruled]:
        pieces.insert(_spot(piece.box, [other.box for other in pieces]), piece)
    return _captioned(pieces)


def _free_text(
    regions: Sequence[Region],
    shares: list[list[Line]],
    rest: list[Line],
    groups: Sequence[Sequence[Line]],
    group_of: Mapping[int, int],
) -> None:
    """Give the lines of paragraphs in plain columns back to ``rest``.

    Of one paragraph the model often makes a region for each line; geometry does not, where
    nothing stands side by side in the column.
    """
    plain = {
        number
        for number, group in enumerate(groups)
        if sum(len(row) > 1 for row in rows_of(group)) < _LOOSE_ROWS
    }
    for number, region in enumerate(regions):
        if region.name in _KINDS or region.name == "table" or not shares[number]:
            continue
        if group_of[id(shares[number][0].words[0])] in plain:
            rest.extend(shares[number])
            shares[number] = []


def _by_columns(
    parts: Sequence[tuple[list[Piece], list[Line]]],
    rest: Sequence[Line],
    group_of: Mapping[int, int],
    lines: Lines,
) -> list[Piece]:
    """Return pieces column by column: the model's own order goes astray between columns."""
    placed: list[tuple[float, float, Piece]] = []
    for part, share in parts:
        if share:
            number = median_low(group_of[id(word)] for line in share for word in line.words)
            placed.extend((number, piece.box.top, piece) for piece in part)
    for number in sorted(set(group_of.values())):
        own = tuple(line for line in rest if group_of[id(line.words[0])] == number)
        pieces = read_lines(replace(lines, lines=own), Rules()).pieces
        placed.extend((number, piece.box.top, piece) for piece in pieces)
    return [piece for *_, piece in sorted(placed, key=lambda item: item[:2])]


def has_columns(regions: Sequence[Region], body_size: float) -> bool:
    """Return whether the model found paragraphs side by side."""
    texts = [r.box for r in regions if r.name == "text" and r.box.height > 3 * body_size]
    return any(
        lines_text.overlap_x(other) < 0
        and lines_text.overlap_y(other) > 0.5 * min(lines_text.height, other.height)
        for number, lines_text in enumerate(texts)
        for other in texts[:number]
    )


def _shared(
    lines: Sequence[Line], regions: Sequence[Region]
) -> tuple[list[list[Line]], list[Line]]:
    """Return the lines of each region, and those of none; of regions in one another the inner."""
    order = sorted(range(len(regions)), key=lambda i: regions[i].box.width * regions[i].box.height)
    grown = [
        Box(
            r.box.x0 - _MARGIN_POINTS,
            r.box.top - _MARGIN_POINTS,
            r.box.x1 + _MARGIN_POINTS,
            r.box.bottom + _MARGIN_POINTS,
        )
        for r in regions
    ]
    shares: list[list[Line]] = [[] for _ in regions]
    rest: list[Line] = []
    for line in lines:
        parts: dict[int, list[Word]] = {}
        for word in line.words:
            x, y = (word.box.x0 + word.box.x1) / 2, (word.box.top + word.box.bottom) / 2
            home = next((i for i in order if grown[i].has(x, y)), -1)
            parts.setdefault(home, []).append(word)
        for home, part in parts.items():
            share = rest if home < 0 else shares[home]
            share.append(Line(tuple(part), line.size, line.bold))
    return shares, rest


def _pieces_in(
    region: Region, lines: Sequence[Line], rules: Rules, body_size: float, words: set[str]
) -> list[Piece]:
    if not lines:
        # A figure without words stays only where a caption joins it.
        return [Piece("figure", "", region.box)] if region.name == "picture" else []
    if region.name == "table":
        return _table_in(region, lines, rules, body_size, words)
    rows = rows_of(lines)
    kind = _KINDS.get(region.name)
    if kind is None:
        return list(pieces_of(rows, body_size, words))
    box = around(line.box for line in lines)
    text = join([" ".join(line.text for line in row) for row in rows], words)
    size = max(line.size for line in lines)
    bold = all(line.bold for line in lines)
    return [Piece(kind, text, box, size, bold)]


def _table_in(
    region: Region, lines: Sequence[Line], rules: Rules, body_size: float, words: set[str]
) -> list[Piece]:
    """Return the table of a region: by its numbers, else as the model parts."""
    rows = rows_of(lines)
    tables = aligned_tables.tables_of(rows, rules, words)
    covered = sum(end - start for start, end, _ in tables)
    numbers = sum(is_number(line.text) for line in lines)
    if len(tables) == 1 and covered == len(rows) and numbers >= 0.3 * len(lines):
        return [tables[0][2]]
    if region.xs:
        return [_parted(region, rows, words)]
    return list(pieces_of(rows, body_size, words))


def _parted(region: Region, rows: Sequence[Sequence[Line]], words: set[str]) -> Piece:
    """Return the table as the model parts it; a cell over several columns stands in its first."""
    edges = [region.box.x0 - 50, *region.xs, region.box.x1 + 50]
    columns = [Box(a, 0, b, 0) for a, b in pairwise(edges)]
    cells_by_row: dict[int, list[list[str]]] = {}
    for row in rows:
        for line in row:
            middle = (line.box.top + line.box.bottom) / 2
            number = sum(y < middle for y in region.ys)
            texts = cells_by_row.setdefault(number, [[] for _ in columns])
            for index, text in enumerate(
                aligned_tables.cells_of([aligned_tables.Row((line,))], columns)[0]
            ):
                texts[index].extend(text)
    cells = tuple(
        tuple(join(text, words) for text in cells_by_row[number]) for number in sorted(cells_by_row)
    )
    return table(cells, around(line.box for row in rows for line in row))


def _captioned(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces with the caption next to a figure, said first, in the figure."""
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else None
        if last is not None and _is_caption(piece) and last.kind == "figure":
            result[-1] = _with_caption(last, piece)
        elif last is not None and piece.kind == "figure" and _is_caption(last):
            result[-1] = _with_caption(piece, last)
        else:
            result.append(piece)
    return [piece for piece in result if piece.text]


def _is_caption(piece: Piece) -> bool:
    return piece.kind == "paragraph" and bool(_CAPTION.match(piece.text))


def _with_caption(figure: Piece, caption: Piece) -> Piece:
    text = f"{caption.text}\n{figure.text}" if figure.text else caption.text
    return Piece("figure", text, around((figure.box, caption.box)), caption.size)


def _spot(box: Box, others: Sequence[Box]) -> int:
    """Return the place in the order for a box: before the first that stands below it."""
    for index, other in enumerate(others):
        if other.overlap_x(box) > 0 and other.top >= box.bottom - 0.5 * box.height:
            return index
    return len(others)
