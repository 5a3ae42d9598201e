"""The context of a prompt: hits as marked text, neighbouring chunks in document order.

Chunks that follow one another in a document are given in that order, one after the other, without
what the later repeats of the earlier: an overlap, a heading, the names of a table's columns. Each
keeps its own mark. No chunk is ever cut: a table is given whole or not at all. What is written of
some hits stays as it is where others are added after them.
"""

from __future__ import annotations

from collections.abc import Sequence

from ragflow_local.answer.citations import strip_marks
from ragflow_local.records import Hit

_LEAST_OVERLAP = 20  # letters; fewer are the same by chance


def format_context(hits: Sequence[Hit]) -> str:
    """Return the context that a model reads: of each hit its mark, document, headings, page, text.

    Args:
        hits: In the order they are read in; the mark of each is its index.
    """
    runs: list[list[int]] = []
    for index, hit in enumerate(hits):
        if index and _follows(hit, hits[index - 1]):
            runs[-1].append(index)
        else:
            runs.append([index])
    return "\n\n".join(_run(hits, run) for run in runs)


def in_reading_order(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits with neighbouring chunks of a document together, in its order.

    Args:
        hits: The best first.
    """
    return [hits[index] for run in _runs(hits) for index in run]


def _follows(hit: Hit, before: Hit) -> bool:
    """Return whether a chunk comes right after another one of its document."""
    is_same = hit.chunk.document_id == before.chunk.document_id
    return is_same and hit.chunk.ordinal == before.chunk.ordinal + 1


def without_duplicates(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits in order, without those whose text an earlier one holds whole."""
    distinct: list[Hit] = []
    texts: list[str] = []
    for hit in hits:
        text = " ".join(hit.chunk.content.split())
        if not any(text in known for known in texts):
            distinct.append(hit)
            texts.append(text)
    return distinct


def _runs(hits: Sequence[Hit]) -> list[list[int]]:
    """Return the indices of the hits, those that follow one another in a document together."""
    at: dict[tuple[str, int], int] = {}
    for index, hit in enumerate(hits):
        at.setdefault((hit.chunk.document_id, hit.chunk.ordinal), index)
    runs: list[list[int]] = []
    placed: set[int] = set()
    for index, hit in enumerate(hits):
        if index in placed:
            continue
        document, first = hit.chunk.document_id, hit.chunk.ordinal
        if at[document, first] != index:  # a chunk added by hand may share its place
            runs.append([index])
            continue
        while (document, first - 1) in at:
            first -= 1
        run = []
        while (document, first) in at:
            run.append(at[document, first])
            first += 1
        runs.append(run)
        placed.update(run)
    return runs


def _run(hits: Sequence[Hit], run: Sequence[int]) -> str:
    parts: list[str] = []
    earlier = ""
    where = ""
    for index in run:
        text = strip_marks(hits[index].chunk.content).strip()
        new = _without_repeated(earlier, text) if earlier else text
        place = _where(hits[index])
        parts.append(f"[ID:{index}] {place}" if place != where else f"[ID:{index}]")
        parts.append(new)
        earlier, where = text, place
    return "\n".join(parts)


def _where(hit: Hit) -> str:
    """Return the document, the headings over the chunk, and the pages."""
    where = [hit.chunk.document_name]
    if hit.chunk.headings:
        where.append(" > ".join(hit.chunk.headings))
    pages = sorted({place.page for place in hit.chunk.places})
    if pages:
        span = f"{pages[0]}" if len(pages) == 1 else f"{pages[0]}-{pages[-1]}"
        where.append(f"page {span}")
    return ", ".join(where)


def _without_repeated(earlier: str, text: str) -> str:
    """Return ``text`` without what ``earlier`` has said just before or at its own head."""
    before, lines = earlier.splitlines(), text.splitlines()
    same = 0
    while same < min(len(before), len(lines)) - 1 and before[same] == lines[same]:
        same += 1
    rest = "\n".join(lines[same:])
    for size in range(min(len(earlier), len(rest) - 1), _LEAST_OVERLAP - 1, -1):
        if earlier.endswith(rest[:size]):
            return rest[size:].lstrip()
    return rest
