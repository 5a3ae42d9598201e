"""Groups the blocks of a document by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragflow_local.records import Block


def pages(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Yield the blocks of each page, slide or picture; one without a place is on the page before.

    In a format without pages, a page begins with each heading of the first level.
    """
    is_paged = any(block.place for block in blocks)
    page = 0
    held: list[Block] = []
    for block in blocks:
        if is_paged:
            is_new = block.place is not None and block.place.page != page
            page = block.place.page if block.place else page
        else:
            is_new = block.kind == "heading" and block.level <= 1
        if is_new and held:
            yield held
            held = []
        held.append(block)
    if held:
        yield held
