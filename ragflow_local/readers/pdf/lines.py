"""The lines of a PDF page: its words with boxes, cleaned, as one reads them upright.

Boxes are points from the top left of the page as it is shown: rotation and crop are applied.
A page whose text mostly runs another way is turned until it reads from left to right; ``Lines``
keeps the way back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

from ragflow_local.readers.pdf.accents import composed
from ragflow_local.readers.pdf.forms import with_boxes, with_ticks
from ragflow_local.readers.pdf.hidden import without_hidden
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.math_fonts import with_signs
from ragflow_local.readers.pdf.raised import with_raised
from ragflow_local.readers.pdf.right_to_left import righted
from ragflow_local.readers.pdf.unmapped_fonts import decoded
from ragflow_local.readers.pdf.words import once, set_downwards, unspaced
from ragflow_local.records import Region

# No images, no ligatures; unknown glyphs by their number, not dropped. Not clipped to the page:
# MuPDF then drops lines near its edge that can be read.
FLAGS = mupdf.TEXT_PRESERVE_WHITESPACE | mupdf.TEXT_CID_FOR_UNKNOWN_UNICODE
# A word that the page's edge cuts counts where this share of its height and width is on the page.
_SHOWN_SHARE = 0.2

# Zero-width joiners stay: Persian and Hindi spell with them.
_INVISIBLE = re.compile(r"[\u0000-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2060\ufeff\ufffe]")
_REPLACED = str.maketrans(
    {
        "\u00a0": " ",
        "\ufb00": "ff",
        "\ufb01": "fi",
        "\ufb02": "fl",
        "\ufb03": "ffi",
        "\ufb04": "ffl",
        "\ufb05": "st",
        "\ufb06": "st",
        # Symbol fonts put their bullets into the private area.
        "\uf0b7": "•",
        "\uf0a7": "▪",
        "\uf0d8": "➢",
        "\uf0fc": "✓",
    }
)
# Wider than a space in justified text, narrower than the gap between columns; in type sizes.
_CELL_GAP = 1.6
# A page of more links than this is an index of them, and their text says enough.
_MOST_LINKS, _LONGEST_LINK = 300, 300
# Damaged fonts make words of lines that have no letters.
_NO_STYLE = (0.0, False, 0)
# A raised mark: this small, against the line that it belongs to.
_MARK_LETTERS, _MARK_SIZE = 8, 0.82
_BOLD = re.compile(r"bold|black|heavy|semibold|demi", re.IGNORECASE)


def clean(text: str) -> str:
    """Return ``text`` without what cannot be seen, ligatures spelled out."""
    return _INVISIBLE.sub("", text.translate(_REPLACED)).strip()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in points from the top left."""

    x0: float
    top: float
    x1: float
    bottom: float

    @property
    def width(self) -> float:
        """Return its width."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Return its height."""
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        """Return its center."""
        return (self.x0 + self.x1) / 2, (self.top + self.bottom) / 2

    def has(self, x: float, y: float) -> bool:
        """Return whether a point lies in it."""
        return self.x0 <= x <= self.x1 and self.top <= y <= self.bottom

    def overlap_x(self, other: Box) -> float:
        """Return the width both cover; negative is the gap between them."""
        return min(self.x1, other.x1) - max(self.x0, other.x0)

    def overlap_y(self, other: Box) -> float:
        """Return the height both cover; negative is the gap between them."""
        return min(self.bottom, other.bottom) - max(self.top, other.top)


def around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around ``boxes``."""
    all_boxes = list(boxes)
    return Box(
        min(b.x0 for b in all_boxes),
        min(b.top for b in all_boxes),
        max(b.x1 for b in all_boxes),
        max(b.bottom for b in all_boxes),
    )


@dataclass(frozen=True, slots=True)
class Word:
    """A word and where it stands."""

    text: str
    box: Box


@dataclass(frozen=True)
class Line:
    """Words on one line that no wide gap parts: a line of a column, or a cell."""

    words: tuple[Word, ...]
    size: float
    bold: bool

    @cached_property
    def text(self) -> str:
        """Return its words with spaces."""
        return " ".join(word.text for word in self.words)

    @cached_property
    def box(self) -> Box:
        """Return the box around its words."""
        return around(word.box for word in self.words)


@dataclass(frozen=True)
class Lines:
    """The lines of a page, upright, and the size of the page that way.

    Attributes:
        lines: Those that run as most of the page does, in the order of the file.
        aside: Those that run another way, such as a note up the margin.
        turn: Degrees the page was turned by, so that its text reads from left to right.
        unknown: Share of letters that no font says, in [0, 1].
    """

    lines: tuple[Line, ...]
    aside: tuple[Line, ...]
    width: float
    height: float
    turn: int
    unknown: float = 0.0

    @cached_property
    def body_size(self) -> float:
        """Return the type size most letters have."""
        sizes: Counter[float] = Counter()
        for line in self.lines:
            sizes[round(line.size * 2) / 2] += len(line.text)
        return max(sizes, key=lambda size: (sizes[size], -size)) if sizes else 10.0

    def place(self, page: int, box: Box) -> Region:
        """Return where ``box`` stands on the page as it is shown, cut to the page."""
        back = turned_box(box, (360 - self.turn) % 360, self.width, self.height)
        width, height = self.width, self.height
        if self.turn in (90, 270):
            width, height = height, width
        x0, x1 = (min(max(x, 0.0), width) for x in (back.x0, back.x1))
        top, bottom = (min(max(y, 0.0), height) for y in (back.top, back.bottom))
        return Region(page, round(x0, 2), round(top, 2), round(x1, 2), round(bottom, 2))

    def turned(self, box: Box) -> Box:
        """Return where a box of the page as it is shown stands here."""
        width, height = self.width, self.height
        if self.turn in (90, 270):
            width, height = height, width
        return turned_box(box, self.turn, width, height)


def turned_box(box: Box, degrees: int, width: float, height: float) -> Box:
    """Return ``box`` after the page of that size was turned clockwise."""
    if degrees == 90:
        return Box(height - box.bottom, box.x0, height - box.top, box.x1)
    if degrees == 180:
        return Box(width - box.x1, height - box.bottom, width - box.x0, height - box.top)
    if degrees == 270:
        return Box(box.top, width - box.x1, box.bottom, width - box.x0)
    return box


def lines_of(page: Any) -> Lines:
    """Return the lines of ``page``, whatever way they run."""
    # Not clipped either: "dict" leaves out what begins outside of the text page.
    textpage = page.get_textpage(clip=mupdf.INFINITE_RECT(), flags=FLAGS)
    words = page.get_text("words", textpage=textpage)
    words, unknown = decoded(page, textpage, FLAGS, words)
    content = page.get_text("dict", textpage=textpage)
    styles = _styles(content)
    matrix = page.rotation_matrix
    width, height = page.rect.width, page.rect.height
    grouped: dict[tuple[int, int], list[Word]] = {}
    words = with_signs(page, content, textpage, righted(page, content, textpage, words))
    words = without_hidden(page, content, words)
    words = composed(page, content, textpage, with_raised(content, with_ticks(content, words)))
    words = set_downwards(unspaced(once(with_boxes(page, words))), styles)
    for x0, y0, x1, y1, text, block, line, _ in words:
        rect = mupdf.Rect(x0, y0, x1, y1) * matrix
        cleaned = clean(text)
        if cleaned and not _outside(rect, width, height):
            word = Word(cleaned, Box(rect.x0, rect.y0, rect.x1, rect.y1))
            grouped.setdefault((block, line), []).append(word)
    _keep_links(page, grouped)
    ways: Counter[int] = Counter()
    for key, spans in grouped.items():
        ways[styles.get(key, _NO_STYLE)[2]] += sum(len(word.text) for word in spans)
    shown = (ways.most_common(1)[0][0] + page.rotation) % 360 if ways else 0
    turn = (360 - shown) % 360
    straight: list[Line] = []
    aside: list[Line] = []
    for key, spans in grouped.items():
        size, bold, way = styles.get(key, _NO_STYLE)
        turned = tuple(Word(w.text, turned_box(w.box, turn, width, height)) for w in spans)
        if (way + page.rotation) % 360 == shown:
            straight.extend(_split(turned, size, bold))
        else:
            aside.append(Line(turned, size, bold))
    if turn in (90, 270):
        width, height = height, width
    return Lines(tuple(_with_marks(straight)), tuple(aside), width, height, turn, unknown)


def _keep_links(page: Any, grouped: dict[tuple[int, int], list[Word]]) -> None:
    """Put the address of each link after its last word, unless it is what the words say."""
    last: dict[str, list[Box]] = {}
    for link in page.get_links()[:_MOST_LINKS]:
        address = clean(str(link.get("uri") or "")).removeprefix("mailto:")
        if address and len(address) <= _LONGEST_LINK:
            shown = link["from"] * page.rotation_matrix
            last.setdefault(address, []).append(Box(shown.x0, shown.y0, shown.x1, shown.y1))
    for address, boxes in last.items():
        linked = [
            (key, number, word.text)
            for key, words in grouped.items()
            for number, word in enumerate(words)
            if any(box.has(*word.box.middle) for box in boxes)
        ]
        linked_text = "".join(text for *_, text in linked)
        if linked and address.split("://")[-1].rstrip("/") not in linked_text:
            key, number, text = linked[-1]
            word = grouped[key][number]
            grouped[key][number] = Word(f"{text} ({address})", word.box)


def _outside(rect: Any, width: float, height: float) -> bool:
    shown_x = min(rect.x1, width) - max(rect.x0, 0.0)
    shown_y = min(rect.y1, height) - max(rect.y0, 0.0)
    return bool(
        shown_x < _SHOWN_SHARE * (rect.x1 - rect.x0) or shown_y < _SHOWN_SHARE * (rect.y1 - rect.y0)
    )


def _styles(content: dict[str, object]) -> dict[tuple[int, int], tuple[float, bool, int]]:
    """Return size, weight and direction (degrees clockwise) of each line, by its numbers."""
    styles: dict[tuple[int, int], tuple[float, bool, int]] = {}
    blocks = content["blocks"]
    assert isinstance(blocks, list)
    for block_number, block in enumerate(blocks):
        for line_number, line in enumerate(block.get("lines", ())):
            size, letters, bold = 0.0, 0, 0
            for span in line["spans"]:
                length = len(span["text"].strip())
                size += span["size"] * length
                letters += length
                is_bold = span["flags"] & mupdf.TEXT_FONT_BOLD or _BOLD.search(span["font"])
                bold += length if is_bold else 0
            x, y = line["dir"]
            way = (0 if x > 0 else 180) if abs(x) >= abs(y) else (90 if y > 0 else 270)
            styles[block_number, line_number] = (
                size / letters if letters else 0.0,
                bold > letters * 0.6,
                way,
            )
    return styles


def _split(words: Sequence[Word], size: float, bold: bool) -> Iterable[Line]:
    """Yield the parts of a line between gaps wider than any space."""
    heights = median(word.box.height for word in words)
    limit = _CELL_GAP * max(min(size, heights * 1.2), 1.0)
    start = 0
    for index in range(1, len(words)):
        if -words[index].box.overlap_x(words[index - 1].box) > limit:
            yield Line(tuple(words[start:index]), size, bold)
            start = index
    yield Line(tuple(words[start:]), size, bold)


def _with_marks(lines: Sequence[Line]) -> list[Line]:
    """Return lines with raised and lowered marks put between the words they belong to."""
    small = [i for i, line in enumerate(lines) if len(line.text) <= _MARK_LETTERS]
    result: list[Line | None] = list(lines)
    for index in small:
        mark = lines[index]
        box = mark.box
        for host_index, host in enumerate(result):
            if (
                host is not None
                and host_index != index
                and mark.size <= _MARK_SIZE * host.size
                and host.box.overlap_y(box) >= 0.3 * box.height
                and host.box.overlap_x(box) >= -0.3 * host.size
            ):
                words = sorted((*host.words, *mark.words), key=lambda word: word.box.x0)
                result[host_index] = Line(tuple(words), host.size, host.bold)
                result[index] = None
                break
    return [line for line in result if line is not None]
