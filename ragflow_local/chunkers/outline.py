"""Tracks the heading path of a document and finds its contents pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ragflow_local.chunkers.implicit_headings import label_of
from ragflow_local.records import Block

_MAX_ENTRY = 120  # characters of a line that may name a chapter
_CONTENTS = re.compile(
    r"(?:(?:(?:table\s+of|brief|detailed)\s+)?contents|目\s*[录次錄]|inhalt(?:sverzeichnis)?"
    r"|arrangement of (?:sections|articles|regulations|rules|provisions)"
    r"|table des matières|índice|sommaire)\s*[:：]?",
    re.I,
)
# "Chapter 1 …… 12": a title and the page it is on.
_DOTTED = re.compile(
    r"\S.*?(?:\.{3,}|…{2,}|(?:\. ){3,}|\s{3,}|\t)\s*(?:\d{1,4}|[ivxlc]{1,6})\s*$", re.I
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it before the next heading.

    Attributes:
        path: Headings above it, the topmost first, its own the last; () before the first.
        blocks: Its heading block, if it has one, and its body.
        level: Of its heading; 0 before the first.
    """

    path: tuple[str, ...]
    blocks: tuple[Block, ...]
    level: int = 0

    @property
    def body(self) -> tuple[Block, ...]:
        """What stands under the heading."""
        return self.blocks[1:] if self.level else self.blocks


class Path:
    """The headings that a place in a document stands under."""

    def __init__(self, above: tuple[str, ...] = ()) -> None:
        self._above = above
        self._open: list[tuple[int, str]] = []

    def enter(self, heading: Block) -> tuple[str, ...]:
        """Return the path once ``heading`` begins; it closes those of its level and below."""
        level = max(1, heading.level)
        self.close(level)
        self._open.append((level, " ".join(heading.text.split())))
        return self.now

    def close(self, level: int) -> None:
        """Close the headings of that level and below."""
        while self._open and self._open[-1][0] >= level:
            self._open.pop()

    @property
    def now(self) -> tuple[str, ...]:
        """The path here."""
        return (*self._above, *(text for _, text in self._open))


def visible(blocks: Iterable[Block]) -> list[Block]:
    """Return the blocks that say something: without running heads and feet, and empty ones."""
    return [block for block in blocks if block.kind != "running" and block.text.strip()]


def sections(blocks: Iterable[Block]) -> Iterator[Section]:
    """Yield the sections of a document in order; every block is in one."""
    path = Path()
    level = 0
    now: tuple[str, ...] = ()
    held: list[Block] = []
    for block in blocks:
        if block.kind == "heading":
            if held:
                yield Section(now, tuple(held), level)
            now, level, held = path.enter(block), max(1, block.level), []
        held.append(block)
    if held:
        yield Section(now, tuple(held), level)


def contents_span(blocks: Sequence[Block]) -> tuple[int, int]:
    """Return first and end of the contents pages among ``blocks``; (0, 0) where there are none.

    They begin with a heading or line that says so, and go on while lines are dotted, are list
    items, or name what later is a heading or line of its own.
    """
    for first, block in enumerate(blocks):
        if is_contents_heading(block):
            end = _contents_end(blocks, first + 1)
            if end > first + 1:
                return first, end
        elif _begins_contents(block):
            return first, _contents_end(blocks, first + 1)
    first = next((at for at, block in enumerate(blocks) if _is_dotted(block)), 0)
    end = first
    while end < len(blocks) and _is_dotted(blocks[end]):
        end += 1
    return (first, end) if end - first >= 5 else (0, 0)


def is_contents_heading(block: Block) -> bool:
    """Return whether a line says that the contents follow."""
    return bool(_CONTENTS.fullmatch(block.text.strip()))


def _begins_contents(block: Block) -> bool:
    """Return whether the paragraph is a contents list by itself, its lines not parted."""
    entries = block.text.split("\n")
    is_list = block.kind == "paragraph" and len(entries) > 3
    return is_list and bool(_CONTENTS.fullmatch(entries[0].strip()))


def _contents_end(blocks: Sequence[Block], start: int) -> int:
    later: dict[str, int] = {}
    labels: dict[str, int] = {}
    for at in range(start, len(blocks)):
        if len(blocks[at].text) <= 2 * _MAX_ENTRY:
            later[_key(blocks[at].text)] = at
            # A number and its title: two lines of the text, one of the contents.
            if at:
                later[_key(blocks[at - 1].text) + _key(blocks[at].text)] = at
            if label := label_of(blocks[at].text):
                labels[label] = at
    end = start
    while end < len(blocks):
        block = blocks[end]
        is_entry = (
            _is_dotted(block)
            or (block.kind == "list_item" and len(block.text) <= _MAX_ENTRY)
            or (block.kind == "table" and _is_dotted_table(block))
            or later.get(_key(block.text), end) > end
            or _is_numbered_entry(blocks, end, labels)
        )
        if not is_entry:
            break
        end += 1
    return end


def _is_numbered_entry(blocks: Sequence[Block], at: int, labels: dict[str, int]) -> bool:
    """Return whether a line names a chapter that comes later, be its title written otherwise.

    The heading itself may come again too, in another part; but a chapter's text follows it, and
    another entry follows an entry.
    """
    text = blocks[at].text
    is_later = len(text) <= _MAX_ENTRY and labels.get(label_of(text), at) > at
    return is_later and at + 1 < len(blocks) and bool(label_of(blocks[at + 1].text))


def _key(text: str) -> str:
    bare = re.sub(r"(?:\.{2,}|…+|\s{2,}|\t)\s*\d{1,4}\s*$", "", text.strip())
    bare = re.sub(r"(?<=\S)[（(][^（）()]*[）)]$", "", bare)  # what articles a chapter has
    return re.sub(r"[\W_]+", "", bare).lower()


def _is_dotted(block: Block) -> bool:
    entries = [line for line in block.text.split("\n") if line.strip()]
    if block.kind == "table" or not entries:
        return False
    return sum(bool(_DOTTED.match(line)) for line in entries) * 2 > len(entries)


def _is_dotted_table(block: Block) -> bool:
    numbered = sum(bool(row and re.fullmatch(r"\.*\s*\d{1,4}", row[-1])) for row in block.rows)
    return numbered * 3 > len(block.rows) * 2


def full_sections(blocks: Iterable[Block]) -> Iterator[Section]:
    """Yield the sections that say something: a heading alone goes with the one after it.

    The path of a section is then that of its first heading.
    """
    held: list[Section] = []
    for section in sections(blocks):
        held.append(section)
        if section.body:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _joined(held: Sequence[Section]) -> Section:
    blocks = tuple(block for section in held for block in section.blocks)
    return Section(held[0].path, blocks, held[0].level)
