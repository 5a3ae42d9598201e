"""Reads the chunks around hits: neighbours in the document, or the whole section."""

from __future__ import annotations

from collections.abc import Sequence

from ragflow_local.records import ChunkRow, Hit
from ragflow_local.settings import SECTION
from ragflow_local.stores.catalog import Connection, chunks

# Chunks before and after a list that is quoted whole, in which it may begin and go on.
LIST_REACH = 4

_REMARK = "It stands beside a passage that was found."
_LONGEST_SECTION = 20  # chunks to either side; a section of more is no context, but a text


def around(connection: Connection, hit: Hit, reach: int | str) -> list[ChunkRow]:
    """Return the chunks around a hit in reading order, without itself.

    Args:
        connection: Of the catalog.
        hit: A chunk of a text; an entity or relation stands beside nothing.
        reach: How many to either side, or ``section``: all that stand under the same headings.
    """
    chunk = hit.chunk
    if chunk.kind != "text" or not reach:
        return []
    far = _LONGEST_SECTION if reach == SECTION else int(reach)
    rows = chunks.around(connection, chunk.document_id, chunk.ordinal, far)
    rows = [row for row in rows if row.number != chunk.number]
    return _of_section(rows, chunk) if reach == SECTION else rows


def with_neighbours(connection: Connection, hits: Sequence[Hit], reach: int | str) -> list[Hit]:
    """Return the hits, then the chunks around them, each once, those of the best hit first."""
    return with_rows(hits, [around(connection, hit, reach) for hit in hits])


def with_rows(hits: Sequence[Hit], beside: Sequence[Sequence[ChunkRow]]) -> list[Hit]:
    """Order hits as ``with_neighbours`` does, given the chunks around each."""
    known = {(hit.chunk.id, hit.chunk.number) for hit in hits}
    more: list[Hit] = []
    for rows in beside:
        for row in rows:
            if (row.id, row.number) not in known:
                known.add((row.id, row.number))
                more.append(Hit(row, 0.0, 0.0, 0.0, remarks=(_REMARK,)))
    return [*hits, *more]


def _of_section(rows: Sequence[ChunkRow], chunk: ChunkRow) -> list[ChunkRow]:
    """Return the rows on either side up to the first under other headings."""
    before = [row for row in rows if row.ordinal < chunk.ordinal]
    after = [row for row in rows if row.ordinal > chunk.ordinal]
    section: list[ChunkRow] = []
    for side in (reversed(before), after):
        for row in side:
            if row.headings != chunk.headings:
                break
            section.append(row)
    return sorted(section, key=lambda row: row.ordinal)
