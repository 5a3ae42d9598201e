"""Composes drafts from text and tables in reading order, each with its heading path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from ragflow_local.chunkers.merge import Cutter, Piece, marked_in, marked_of, places_of, text_of
from ragflow_local.chunkers.outline import Path
from ragflow_local.chunkers.rows import table_texts
from ragflow_local.records import Block, Draft

# A caption is a line of at most so many tokens; over it may stand the table's number, or a unit.
_CAPTION_TOKENS, _MOST_LINES = 40, 2
# A draft of fewer tokens is a fragment; texts that are longer are not counted to know it.
_FRAGMENT_TOKENS, _LETTERS_A_TOKEN = 10, 12
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’)）]*$")


def compose(
    blocks: Iterable[Block], cutter: Cutter, above: tuple[str, ...] = ()
) -> Iterator[Draft]:
    """Yield drafts of ``blocks``: text packed up to the budget, each table alone.

    Headings that stand directly above a table go with it, and so does a sentence that announces
    it ("… for the three months ended July 1:"): without it the figures are about nothing.

    Args:
        blocks: What is to be in the drafts; all of it will be.
        cutter: Cuts and packs.
        above: Headings that all of it stands under, besides those among ``blocks``.
    """
    drafts = _composed(blocks, cutter, above)
    # Where the author says where to cut, a short part is meant to be one.
    yield from drafts if cutter.is_told_where else _gathered(drafts, cutter)


def _composed(blocks: Iterable[Block], cutter: Cutter, above: tuple[str, ...]) -> Iterator[Draft]:
    path = Path(above)
    paths: dict[int, tuple[str, ...]] = {}
    held: list[Block] = []
    for block in blocks:
        if block.kind == "table":
            lead = _leading(held, cutter)
            yield from _texts(held[: len(held) - len(lead)], cutter, paths)
            yield from _tables(block, lead, cutter, path.now, paths)
            held = []
            continue
        if block.kind == "heading":
            path.enter(block)
        held.append(block)
        paths[id(block)] = path.now
    yield from _texts(held, cutter, paths)


def _gathered(drafts: Iterable[Draft], cutter: Cutter) -> Iterator[Draft]:
    """Yield drafts with those of a few tokens joined to the one before, as far as it has room.

    "See accompanying notes." by itself is found by nothing.
    """
    held: Draft | None = None
    for draft in drafts:
        joined = _joined_to(held, draft, cutter) if held is not None else None
        if joined is None and held is not None:
            yield held
        held = joined or draft
    if held is not None:
        yield held


def _joined_to(held: Draft, draft: Draft, cutter: Cutter) -> Draft | None:
    """Return two drafts as one where the second is a fragment that the first has room for."""
    if len(draft.content) > _FRAGMENT_TOKENS * _LETTERS_A_TOKEN or draft.image or held.image:
        return None
    if cutter.count(draft.content) >= _FRAGMENT_TOKENS:
        return None
    joined = _joined(held, draft)
    # Two short texts are two short texts; only beside a longer one is it a fragment of that.
    is_beside = cutter.count(held.content) >= 3 * _FRAGMENT_TOKENS
    return joined if is_beside and cutter.count(joined.content) <= cutter.budget else None


def _joined(held: Draft, draft: Draft) -> Draft:
    """Return two consecutive drafts as one that stands where the first does."""
    places = tuple(dict.fromkeys((*held.places, *draft.places)))
    both = draft.below(held.content)
    return replace(held, content=both.content, places=places, marked=held.marked + both.marked)


def _leading(blocks: Sequence[Block], cutter: Cutter) -> Sequence[Block]:
    """Return the last of the blocks that belong to the table after them."""
    first = len(blocks)
    while first and len(blocks) - first < _MOST_LINES and _announces(blocks[first - 1], cutter):
        first -= 1
    while first and blocks[first - 1].kind == "heading":
        first -= 1
    return blocks[first:]


def _announces(block: Block, cutter: Cutter) -> bool:
    """Return whether a paragraph over a table is about it: it ends in a colon, or is no sentence.

    "Table 3: Valves", "(in millions, except per share data)".
    """
    if block.kind != "paragraph":
        return False
    text = block.text.strip()
    tokens = cutter.count(text)
    if text.endswith((":", "：")):
        return tokens <= cutter.budget // 2
    is_line = "\n" not in text and not _SENTENCE_END.search(text)
    return is_line and tokens <= min(_CAPTION_TOKENS, cutter.budget // 3)


def _texts(
    blocks: Sequence[Block], cutter: Cutter, paths: dict[int, tuple[str, ...]]
) -> Iterator[Draft]:
    for run in cutter.pack(blocks):
        draft = draft_of(run, paths[id(_spoken(run).block)])
        yield replace(draft, marked=marked_of(run, lambda block: len(paths[id(block)])))


def _spoken(run: Sequence[Piece]) -> Piece:
    """Return the first piece that is no heading: the whole is about what it stands under."""
    return next((piece for piece in run if not piece.is_heading), run[-1])


def draft_of(run: Sequence[Piece], headings: tuple[str, ...] = ()) -> Draft:
    """Return the draft of a run of pieces."""
    blocks = [piece.block for piece in run]
    return Draft(
        content=text_of(run),
        places=places_of(blocks),
        headings=headings,
        image=next((block.image for block in blocks if block.image), b""),
    )


def _tables(
    table: Block,
    above: Sequence[Block],
    cutter: Cutter,
    headings: tuple[str, ...],
    paths: dict[int, tuple[str, ...]],
) -> Iterator[Draft]:
    lead = "\n".join(block.text for block in above)
    marked = marked_in(above, lambda block: len(paths[id(block)]))
    # What announces it is a heading to all parts of the table: they are found by it too.
    headings += tuple(block.text for block in above if block.kind == "paragraph")
    for number, text in enumerate(table_texts(table, cutter, lead)):
        blocks = (*above, table) if number == 0 else (table,)
        known = marked if text.startswith(lead) else ()
        yield Draft(text, places_of(blocks), headings, marked=known)


def _depths_in(blocks: Sequence[Block], headings: tuple[str, ...]) -> Callable[[Block], int]:
    """Return the depth of each heading among blocks that stand together under a path.

    Args:
        blocks: Their own headings first, if they have some.
        headings: The path of it all, these headings included.
    """
    leading = list(takewhile(lambda block: block.kind == "heading", blocks))
    first = max(1, len(headings) - len(leading) + 1)
    depths = {id(block): first + number for number, block in enumerate(leading)}
    path = Path(headings)
    for block in blocks[len(leading) :]:
        if block.kind == "heading":
            depths[id(block)] = len(path.enter(block))
    return lambda block: depths[id(block)]


def whole(
    blocks: Sequence[Block], cutter: Cutter, headings: tuple[str, ...] = ()
) -> Iterator[Draft]:
    """Yield one draft of all ``blocks`` where the model's window holds them, else parts of them.

    Args:
        blocks: What belongs together, its own heading first if it has one.
        cutter: Its budget is the window.
        headings: The path of it all, its own heading included.
    """
    said = [replace(block, text=text) for block in blocks if (text := block.text.strip())]
    content = "\n".join(block.text for block in said)
    if not content:
        return
    if cutter.count(content) <= cutter.window:
        yield Draft(
            content=content,
            places=places_of(blocks),
            headings=headings,
            image=next((block.image for block in blocks if block.image), b""),
            marked=marked_in(said, _depths_in(said, headings)),
        )
        return
    for draft in _filled(compose(blocks, cutter), cutter):
        yield replace(draft, headings=headings)


def _filled(drafts: Iterable[Draft], cutter: Cutter) -> Iterator[Draft]:
    """Yield consecutive drafts joined as long as the window holds them, tables with text."""
    held: Draft | None = None
    tokens = 0
    for draft in drafts:
        size = cutter.count(draft.content) + 1
        if held is not None and tokens + size <= cutter.window:
            held = replace(_joined(held, draft), image=held.image or draft.image)
            tokens += size
            continue
        if held is not None:
            yield held
        held, tokens = draft, size
    if held is not None:
        yield held
