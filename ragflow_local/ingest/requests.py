"""Builds the requests to a worker: count pages, read some, or chunk a document."""

from __future__ import annotations

from ragflow_local import readers
from ragflow_local.ingest import wire
from ragflow_local.ingest.tasks import Parse
from ragflow_local.records import Block
from ragflow_local.settings import Limits


def first_request(parse: Parse, limits: Limits) -> wire.Request:
    """Return what is asked first: how many pages there are, or, without pages, all of it."""
    document = parse.document
    if document.kind in readers.PAGED:
        return wire.Plan(parse.path, document.kind, document.name)
    return read_request(parse, 0, 0, limits)


def read_request(parse: Parse, first: int, last: int, limits: Limits) -> wire.Read:
    """Return the request to read the pages first to last; (0, 0) asks for a file without pages."""
    document, config = parse.document, parse.config
    return wire.Read(
        parse.path,
        document.kind,
        document.name,
        first,
        last,
        config.layout_recognize,
        limits.document_rows,
        limits.document_columns,
        config.main_content,
    )


def cut_request(
    parse: Parse, blocks: list[Block], tokenizer: tuple[str, int], read: wire.Read | None = None
) -> wire.Chunk:
    """Return the request to cut a document.

    Args:
        parse: The document and its settings.
        blocks: Its blocks; none where the worker is to read it first.
        tokenizer: Path of the model's tokenizer, and the tokens of its window.
        read: How it is to be read first.
    """
    document, config = parse.document, parse.config
    kind, name, method = document.kind, document.name, document.parse_method
    return wire.Chunk(blocks, kind, name, method, config, *tokenizer, read)
