"""Splits text after delimiters and packs the pieces up to a token budget."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ragflow_local.chunkers.delimiter import Delimiter
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Marked, Region
from ragflow_local.settings import ParserSettings
from ragflow_local.text.code import COMMENT, indent
from ragflow_local.text.questions import is_question
from ragflow_local.text.sentences import Span, sentence_spans

_CLOSERS = "\"'”’»）)\\]】」』》〉}"
_CLAUSE_END = re.compile(rf"[，；：、,;:][{_CLOSERS}]*(?=\s|[^\x00-\u02ff])\s*|\n\s*|[—–]\s+")
_WORD = re.compile(r"\S+\s*|\s+")
# A model may take a word it does not know, such as a page of base64, for one token. A chunk is
# for people too: so many characters count as a token at least. English has 4 to 5, paths 3.
_MOST_CHARACTERS_A_TOKEN = 24
# A heading leaves at least this share of the budget to what follows it, or stands alone.
_ROOM_SHARE = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a block's text, never cut further.

    Attributes:
        block: The block it is from.
        start: Where it begins in the block's text, white space left out.
        end: Where it ends.
        tokens: How many it has.
        is_last: Whether the next piece begins a chunk of its own.
        is_first: Whether it begins a chunk of its own itself.
    """

    block: Block
    start: int
    end: int
    tokens: int
    is_last: bool = False
    is_first: bool = False

    @property
    def is_heading(self) -> bool:
        """Whether it goes with what follows."""
        return self.block.kind == "heading"

    @property
    def is_leading(self) -> bool:
        """Whether what follows belongs to it: it asks, announces, comments, or stands above."""
        text = self.block.text[self.start : self.end]
        is_comment = self.block.is_code and COMMENT.match(text) is not None
        return is_comment or text.endswith((":", "：")) or is_question(text) or self._is_above()

    def _is_above(self) -> bool:
        """Return whether it is a line of its own over one that is set in further."""
        text = self.block.text
        following = text[self.end :].lstrip(" \t")
        begin = text.rfind("\n", 0, self.start) + 1
        if not following.startswith("\n") or text[begin : self.start].strip():
            return False
        line = following[1:].split("\n", 1)[0].expandtabs()
        return bool(line.strip()) and indent(line) > indent(text[begin : self.end].expandtabs())


def text_of(run: Iterable[Piece]) -> str:
    """Return the text of consecutive pieces: as it stood within a block, a line for each block."""
    return "\n".join(text for _, text in _texts_of(run))


def marked_of(run: Iterable[Piece], depth: Callable[[Block], int]) -> tuple[Marked, ...]:
    """Return which lines of ``text_of(run)`` are headings or code.

    Args:
        run: Consecutive pieces.
        depth: Of a heading: how many stand above it, itself included.
    """
    marked: list[Marked] = []
    first = 0
    for block, text in _texts_of(run):
        count = text.count("\n") + 1
        if block.kind == "heading" or block.is_code:
            marked.append(Marked(first, count, depth(block) if block.kind == "heading" else 0))
        first += count
    return tuple(marked)


def marked_in(blocks: Iterable[Block], depth: Callable[[Block], int]) -> tuple[Marked, ...]:
    """Return which lines of whole blocks, each on lines of its own, are headings or code."""
    return marked_of((Piece(block, 0, len(block.text), 0) for block in blocks), depth)


def _texts_of(run: Iterable[Piece]) -> list[tuple[Block, str]]:
    """Return the blocks of consecutive pieces, each with what of its text they are."""
    spans: list[tuple[Block, int, int]] = []
    for piece in run:
        if spans:
            block, start, end = spans[-1]
            if block is piece.block and end <= piece.start:  # else the block itself comes again
                spans[-1] = (block, start, piece.end)
                continue
        spans.append((piece.block, piece.start, piece.end))
    return [(block, block.text[start:end]) for block, start, end in spans]


def places_of(blocks: Iterable[Block]) -> tuple[Region, ...]:
    """Return where the blocks stand, each place once, in reading order."""
    return tuple(dict.fromkeys(block.place for block in blocks if block.place is not None))


class Cutter:
    """Cuts and packs text by one delimiter and one token budget.

    Attributes:
        budget: Most tokens of a chunk: the setting, and never more than the model's window.
        window: The model's window.
        delimiter: The setting.
        tools: What counts tokens.
        overlap: Share of the budget that a chunk says again of the one before.
    """

    def __init__(self, delimiter: str, budget: int, tools: Tools, overlap: float = 0.0) -> None:
        self.window = max(1, tools.max_tokens)
        self.budget = max(1, min(budget, self.window))
        self.overlap = overlap
        self.delimiter = delimiter
        self.tools = tools
        self._delimiter = Delimiter.parse(delimiter)
        self._count_tokens = tools.count_tokens
        # What a line end costs: nothing with most tokenizers, a token with byte-level ones.
        count = tools.count_tokens
        self._join_tokens = max(0, count("a\nb") - count("a") - count("b"))

    @classmethod
    def of(cls, config: ParserSettings, tools: Tools) -> Cutter:
        """Return the cutter that the settings ask for."""
        return cls(config.delimiter, config.chunk_token_count, tools, config.overlap)

    def count(self, text: str) -> int:
        """Return the tokens of ``text``; of an endless word more than the model says."""
        return max(self._count_tokens(text), len(text) // _MOST_CHARACTERS_A_TOKEN)

    def pieces(self, block: Block) -> list[Piece]:
        """Return the pieces of a block, each within the budget."""
        pieces: list[Piece] = []
        text = block.text
        written = self._delimiter.cuts_in_source(text, block.source)
        for start, end, is_cut in self._delimiter.spans(text, written):
            for part_start, part_end, tokens in cut(text, (start, end), self.budget, self.count):
                pieces.append(Piece(block, part_start, part_end, tokens))
            if is_cut and pieces:
                pieces[-1] = _last(pieces[-1])
        if pieces and self._delimiter.is_cut_at_blocks and block.kind != "heading":
            pieces[-1] = _last(pieces[-1])
        if pieces and 0 in written:
            pieces[0] = replace(pieces[0], is_first=True)
        return pieces

    @property
    def is_told_where(self) -> bool:
        """Whether the delimiter says where chunks end, however short they are."""
        return bool(self._delimiter.cuts)

    def pack(self, blocks: Iterable[Block]) -> Iterator[list[Piece]]:
        """Yield runs of pieces that fit the budget together, in order, none left out.

        A heading is the last of a run only where nothing follows it, or where it fills the
        budget by itself. With an overlap, a run begins with the end of the one before.
        """
        if not self.overlap:
            yield from self._packed(blocks)
            return
        again = max(1, int(self.budget * self.overlap))
        narrow = Cutter(self.delimiter, max(1, self.budget - again), self.tools)
        before: list[Piece] = []
        for run in narrow._packed(blocks):
            yield [*self._said_again(before, run, again), *run]
            before = run

    def _said_again(self, before: Sequence[Piece], run: Sequence[Piece], most: int) -> list[Piece]:
        """Return the end of the run before, of at most ``most`` tokens.

        Nothing where a longer delimiter or a heading parts the two: they are not one text.
        """
        if not before or before[-1].is_last or run[0].is_first or run[0].is_heading:
            return []
        tail: list[Piece] = []
        tokens = 0
        for piece in reversed(before):
            if piece.is_heading or tokens + piece.tokens + self._join_tokens > most:
                break
            tail.insert(0, piece)
            tokens += piece.tokens + self._join_tokens
        if not tail and not before[-1].is_heading:
            last = before[-1]
            spans = list(cut(last.block.text, (last.start, last.end), most, self.count))
            start, end, size = spans[-1]
            tail = [replace(last, start=start, end=end, tokens=size)] if len(spans) > 1 else []
        while tail and self.count(text_of([*tail, *run])) > self.budget:
            tail.pop(0)
        return tail

    def _packed(self, blocks: Iterable[Block]) -> Iterator[list[Piece]]:
        """Yield runs of pieces without an overlap."""
        run: list[Piece] = []
        tokens = 0
        for block in blocks:
            for piece in self.pieces(block):
                # A heading goes with what follows it, whatever mark stands between them.
                if piece.is_first and not all(earlier.is_heading for earlier in run):
                    yield from self._closed(run)
                    run, tokens = [], 0
                if run and tokens + self._join_tokens + piece.tokens > self.budget:
                    closed, run = self._close(run)
                    if closed:
                        yield closed
                    tokens = self._sum(run)
                parts, alone = self._fit(piece, run, tokens)
                if alone:
                    yield from self._closed(run)
                    run, tokens = [], 0
                for part in parts:
                    if run and tokens + self._join_tokens + part.tokens > self.budget:
                        yield from self._closed(run)
                        run, tokens = [], 0
                    tokens += part.tokens + (self._join_tokens if run else 0)
                    run.append(part)
                if run and run[-1].is_last:
                    yield from self._closed(run)
                    run, tokens = [], 0
        yield from self._closed(run)

    def texts(self, text: str) -> list[str]:
        """Return ``text`` in parts within the budget."""
        return [text_of(run) for run in self.pack([Block("paragraph", text)])]

    def _fit(self, piece: Piece, run: list[Piece], tokens: int) -> tuple[list[Piece], bool]:
        """Return ``piece`` cut so that its begin stands with the headings of ``run``.

        The second says that the headings leave no room: they are a chunk of their own.
        """
        room = self.budget - tokens - self._join_tokens
        if not run or piece.tokens <= room:
            return [piece], False
        if room < max(1, self.budget // _ROOM_SHARE):
            return [piece], True
        spans = cut(piece.block.text, (piece.start, piece.end), room, self.count)
        parts = [Piece(piece.block, start, end, tokens) for start, end, tokens in spans]
        if piece.is_last:
            parts[-1] = _last(parts[-1])
        return parts, parts[0].tokens > room

    def _close(self, run: list[Piece]) -> tuple[list[Piece], list[Piece]]:
        """Return what of ``run`` is a chunk, and what goes with the next one."""
        end = len(run)
        while end > 1 and self.count(text_of(run[:end])) > self.budget:
            end -= 1  # its pieces have more tokens together than one by one
        last = end
        if end > 1 and run[end - 1].is_leading and not run[end - 2].is_leading:
            end -= 1  # it goes with what follows
        while end > 0 and run[end - 1].is_heading:
            end -= 1
        if end == 0 and last < len(run):
            end = last
        return run[:end], run[end:]

    def _closed(self, run: list[Piece]) -> Iterator[list[Piece]]:
        """Yield all of ``run``, which nothing follows."""
        while run and self.count(text_of(run)) > self.budget:
            closed, rest = self._close(run)
            if not closed or not rest:
                break
            yield closed
            run = rest
        if run:
            yield run

    def _sum(self, run: Sequence[Piece]) -> int:
        return sum(piece.tokens for piece in run) + self._join_tokens * max(0, len(run) - 1)


def _last(piece: Piece) -> Piece:
    return replace(piece, is_last=True)


def cut(
    text: str, span: Span, budget: int, count: Callable[[str], int], level: int = 0
) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and tokens of the parts of ``text[span]``, each within ``budget``.

    A part too large is cut at sentence ends, then at clause ends, then at word ends, and a
    word (or Chinese without a stop) anywhere. Only white space between parts is left out.
    """
    start, end = _strip(text, span)
    if start == end:
        return
    tokens = count(text[start:end])
    if tokens <= budget or end - start == 1:
        yield start, end, tokens
        return
    for deeper in range(level, len(_CUTS)):
        parts = _CUTS[deeper](text[start:end])
        if len(parts) > 1:
            for first, last in parts:
                yield from cut(text, (start + first, start + last), budget, count, deeper + 1)
            return
    yield from _cut_anywhere(text, (start, end), budget, count)


def _strip(text: str, span: Span) -> Span:
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _clauses(text: str) -> list[Span]:
    ends = [match.end() for match in _CLAUSE_END.finditer(text)]
    starts = [0, *ends]
    return [(a, b) for a, b in zip(starts, [*ends, len(text)], strict=True) if a < b]


def _words(text: str) -> list[Span]:
    return [match.span() for match in _WORD.finditer(text)]


_CUTS: tuple[Callable[[str], list[Span]], ...] = (sentence_spans, _clauses, _words)


def _cut_anywhere(
    text: str, span: Span, budget: int, count: Callable[[str], int]
) -> Iterator[tuple[int, int, int]]:
    """Yield parts of a text without places to cut, each the longest that fits, about."""
    start, end = span
    length = budget
    while start < end:
        length = min(length, end - start)
        tokens = count(text[start : start + length])
        while tokens > budget and length > 1:
            length = max(1, min(length - 1, length * budget // tokens))
            tokens = count(text[start : start + length])
        while tokens * 4 < budget * 3 and start + length < end:
            longer = min(length * 5 // 4 + 1, end - start)
            more = count(text[start : start + longer])
            if more > budget:
                break
            length, tokens = longer, more
        stop = _whole_character(text, start, start + length, end)
        if stop != start + length:
            tokens = count(text[start:stop])
        yield start, stop, tokens
        start = stop


def _whole_character(text: str, start: int, stop: int, end: int) -> int:
    """Return ``stop``, moved so that no accent is parted from its letter."""
    moved = stop
    while start < moved < end and (unicodedata.combining(text[moved]) or _joins(text, moved)):
        moved -= 1
    return moved if moved > start else stop


def _joins(text: str, index: int) -> bool:
    """Return whether the signs on both sides of ``index`` are drawn as one."""
    return text[index] in "\u200d\ufe0f" or text[index - 1] == "\u200d"
