"""Builds the requests to a worker: count pages, read some, or chunk a document."""

from __future__ import annotations

from dataclasses import dataclass

from ragflow_local import readers
from ragflow_local.errors import LimitError
from ragflow_local.ingest import wire
from ragflow_local.records import Block
from ragflow_local.settings import Limits, ParserSettings


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and how it is to be read and cut."""

    path: str
    kind: str
    name: str
    method: str
    config: ParserSettings


def first_request(source: Source, limits: Limits) -> wire.Plan | wire.Read:
    """Return what is asked first: how many pages there are, or, without pages, all of it."""
    if source.kind in readers.PAGED:
        return wire.Plan(source.path, source.kind, source.name)
    return read_request(source, 0, 0, limits)


def check_pages(name: str, pages: int, limits: Limits) -> None:
    """Raise ``LimitError`` where a file has more pages than one may have."""
    if pages > limits.document_pages:
        raise LimitError(
            name,
            f"it has {pages} pages, the limit is {limits.document_pages}",
            "document_pages in RAGFlow(limits=…)",
        )


def spans(pages: int, size: int) -> list[tuple[int, int]]:
    """Return first and last page of each part of ``size`` pages that a file is read in."""
    return [(first, min(first + size - 1, pages)) for first in range(1, pages + 1, size)]


def read_request(source: Source, first: int, last: int, limits: Limits) -> wire.Read:
    """Return the request to read the pages first to last; (0, 0) asks for a file without pages."""
    return wire.Read(
        source.path,
        source.kind,
        source.name,
        first,
        last,
        source.config.layout_recognize,
        limits.document_rows,
        limits.document_columns,
        source.config.main_content,
    )


def cut_request(
    source: Source, blocks: list[Block], tokenizer: tuple[str, int], read: wire.Read | None = None
) -> wire.Chunk:
    """Return the request to cut a document.

    Args:
        source: The document and its settings.
        blocks: Its blocks; none where the worker is to read it first.
        tokenizer: Path of the model's tokenizer, and the tokens of its window.
        read: How it is to be read first.
    """
    kind, name, method = source.kind, source.name, source.method
    return wire.Chunk(blocks, kind, name, method, source.config, *tokenizer, read)
