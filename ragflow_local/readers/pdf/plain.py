"""Plain pages of a PDF: lines to headings, paragraphs and list items by geometry and font."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from ragflow_local.readers.pdf.lines import Box, Line, Lines, around
from ragflow_local.records import Block, BlockKind

_BULLET = re.compile(r"^[•◦▪■□●○–—➢✓‣·*o\-](?=\s|$)")
_NUMBER = re.compile(r"^(\(?[0-9]{1,3}[.)]|\(?[a-zA-Z][.)]|\(?[ivxlcIVXLC]{1,6}[.)])(?=\s|$)")
_SENTENCE_END = re.compile(r"[.!?:;。！？：；…][\"'”’»)\]]*$")
# Compounds that keep their hyphen where a line ends inside them.
_COMPOUND = re.compile(
    r"all|co|cost|cross|cut|data|end|ex|first|fixed|follow|four|full|high|in|inter|large|long|low|"
    r"market|mid|multi|non|off|on|one|part|post|pre|real|risk|second|self|semi|short|small|state|"
    r"sub|tax|third|three|time|two|user|well|work|year"
)
# A heading is larger than the body by at least this factor, or bold.
# Dots that lead the eye from a title to its page would be half of the text of a contents page.
_LEADERS = re.compile(r"\s*(?:[.·‥]\s?){6,}|\s*(?:…\s?){2,}")
_LARGER = 1.12
_HEADING_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Piece:
    """A block before the page it stands on is known."""

    kind: BlockKind
    text: str
    box: Box
    size: float = 0.0
    bold: bool = False
    rows: tuple[tuple[str, ...], ...] = ()


def rank_of(size: float, bold: bool) -> int:
    """Return a number that orders headings: larger type first, bold before plain.

    It stands in ``Block.level`` until ``join_pages`` has seen the whole document.
    """
    return max(1, 1000 - round(size * 4) * 2) + (0 if bold else 1)


def block_of(piece: Piece, lines: Lines, page: int) -> Block:
    """Return ``piece`` as a block of ``page``."""
    level = rank_of(piece.size, piece.bold) if piece.kind == "heading" else 0
    text = piece.text if piece.rows else _LEADERS.sub(" …… ", piece.text).strip()
    return Block(piece.kind, text, level, lines.place(page, piece.box), piece.rows)


def rows_of(lines: Sequence[Line]) -> list[list[Line]]:
    """Return lines side by side as rows, from the top; a row runs from left to right."""
    rows: list[list[Line]] = []
    boxes: list[Box] = []
    for line in sorted(lines, key=lambda item: (item.box.top, item.box.x0)):
        for index in range(len(rows) - 1, max(-1, len(rows) - 6), -1):
            shared = boxes[index].overlap_y(line.box)
            if shared > 0.5 * min(boxes[index].height, line.box.height) and not any(
                _covers(other.box, line.box) for other in rows[index]
            ):
                rows[index].append(line)
                break
        else:
            rows.append([line])
            boxes.append(line.box)
    order = sorted(range(len(rows)), key=lambda i: (boxes[i].top + boxes[i].bottom, boxes[i].x0))
    return [sorted(rows[i], key=lambda line: line.box.x0) for i in order]


def _covers(box: Box, other: Box) -> bool:
    """Return whether boxes stand over one another: more than the edges of recognised ones do."""
    return box.overlap_x(other) > max(1.0, 0.25 * min(box.width, other.width))


def pieces_of(rows: Sequence[Sequence[Line]], body_size: float, words: set[str]) -> Iterator[Piece]:
    """Yield the blocks that the rows of one column make, in order."""
    group: list[Sequence[Line]] = []
    pitch = _pitch(rows)
    for row in rows:
        if group and not _continues(group, row, pitch):
            yield _piece(group, body_size, words)
            group = []
        group.append(row)
    if group:
        yield _piece(group, body_size, words)


def _pitch(rows: Sequence[Sequence[Line]]) -> float:
    """Return the usual distance from a line to the one below it, in type sizes."""
    steps = []
    for number, row in enumerate(rows):
        line = row[0]
        below = next(
            (
                other
                for later in rows[number + 1 : number + 5]
                for other in later
                if other.box.overlap_x(line.box) > 0
            ),
            None,
        )
        if below is not None and line.size > 0:
            step = (below.box.top - line.box.top) / line.size
            if 0.8 < step < 1.8:
                steps.append(step)
    return median(steps) if steps else 1.2


def _continues(group: Sequence[Sequence[Line]], row: Sequence[Line], pitch: float) -> bool:
    """Return whether ``row`` goes on with the paragraph that ``group`` is so far."""
    above, first, line = group[-1], group[0][0], row[0]
    before = above[0]
    size = max(before.size, 1.0)
    if abs(line.size - before.size) > 0.1 * size or line.bold != before.bold:
        return False
    if line.box.top - before.box.top > (pitch + 0.35) * size:
        return False
    if _starts_item(row) or len(row) > 2 or (len(above) > 2 and not _starts_item(above)):
        return False
    left = min(r[0].box.x0 for r in group)
    right = max(r[-1].box.x1 for r in group)
    indented = line.box.x0 > before.box.x0 + 0.8 * size
    if indented and len(group) > 1 and not _starts_item(group[0]):
        return False
    short = above[-1].box.x1 < right - 0.2 * (right - left)
    ended = bool(_SENTENCE_END.search(above[-1].text))
    outdented = len(group) > 1 and line.box.x0 < first.box.x0 - 0.8 * size
    if short and ended and (len(group) > 1 or line.text[:1].isupper()):
        return False
    return not (outdented and ended and not _starts_item(group[0]) and len(group) > 2)


def _starts_item(row: Sequence[Line]) -> bool:
    return bool(_BULLET.match(row[0].text) or _NUMBER.match(row[0].text))


def _piece(group: Sequence[Sequence[Line]], body_size: float, words: set[str]) -> Piece:
    lines = [line for row in group for line in row]
    texts = [" ".join(line.text for line in row) for row in group]
    text = join(texts, words)
    box = around(line.box for line in lines)
    letters = sum(len(line.text) for line in lines)
    size = sum(line.size * len(line.text) for line in lines) / max(letters, 1)
    bold = all(line.bold for line in lines)
    kind: BlockKind = "paragraph"
    if is_heading(text, size, bold, body_size, len(group)):
        kind = "heading"
    elif _BULLET.match(text) or _NUMBER.match(text):
        kind = "list_item"
    return Piece(kind, text, box, size, bold)


def is_heading(text: str, size: float, bold: bool, body_size: float, n_lines: int) -> bool:
    """Return whether text of that type stands out as a heading does."""
    if len(text) > _HEADING_LETTERS or n_lines > 4 or sum(c.isalpha() for c in text) < 2:
        return False
    if _BULLET.match(text) or text.endswith((",", ";")):
        return False
    larger = size >= body_size * _LARGER
    ends = text.endswith(".") and len(text.split()) > 6
    return (larger and not (ends and n_lines > 2)) or (
        bold and size >= body_size * 0.95 and not ends and n_lines <= 3
    )


def join(texts: Sequence[str], words: set[str]) -> str:
    """Return lines as one text, words that were cut at a line's end made whole.

    Args:
        texts: The lines.
        words: Words of the page in lower case, to tell a compound from a cut word.
    """
    joined = ""
    for text in texts:
        if not joined:
            joined = text
        elif len(joined) > 1 and joined[-1] in "-\u2010" and joined[-2].isalpha():
            joined = _mend(joined, text, words)
        elif _is_cjk(joined[-1]) and _is_cjk(text[:1]):
            joined += text
        else:
            joined += " " + text
    return joined


def _mend(before: str, after: str, words: set[str]) -> str:
    """Return two lines joined where the first ends with a hyphen."""
    if not after[:1].islower():
        return before + after if after[:1].isalpha() else before + " " + after
    head = re.split(r"\s", before[:-1])[-1].lower().lstrip("(“\"'")
    tail = re.split(r"\s", after)[0].lower().strip(".,;:)”\"'")
    if f"{head}{tail}" in words:
        return before[:-1] + after
    if f"{head}-{tail}" in words or _COMPOUND.fullmatch(head) or "-" in head:
        return before + after
    return before[:-1] + after


def _is_cjk(letter: str) -> bool:
    return "\u3000" <= letter <= "\u9fff" or "\uff00" <= letter <= "\uffef"
