"""Chunks a document: blocks in, drafts out. One file for each method, named as in the API.

A chunker knows the shape of a text and nothing else: no bytes, no store, no model. What it needs
from outside (a token counter, the kind of file) comes in ``Tools``. Methods do not import one
another; what two of them share is a module of its own:

delimiter where text may be cut, and where it is always cut
merge     text cut after delimiters, packed up to a token budget
effects   settings that do nothing here, told
rows      a table as text, its header repeated in each part
headless  headings of a text that has none, by numbers and names
outline   headings to sections, contents pages found
compose   text and tables in reading order to drafts
pages     blocks page by page
entities  names in a text, and which stand together
kinds     the kinds of files that a method is for

To add a method, add its file with ``chunk(blocks, config, tools)``, its line in ``METHODS``, and
the kinds of files it is for in ``KINDS``; the tests of every method then cover it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ragflow_local.chunkers import (
    book,
    email,
    knowledge_graph,
    laws,
    manual,
    naive,
    one,
    paper,
    picture,
    presentation,
    qa,
    table,
)
from ragflow_local.chunkers.effects import notices_of
from ragflow_local.chunkers.kinds import KINDS
from ragflow_local.chunkers.tools import Tools
from ragflow_local.errors import InvalidValueError
from ragflow_local.records import Block, Draft, Notice
from ragflow_local.settings import ParserSettings

__all__ = ["KINDS", "METHODS", "ChunkMethod", "Tools", "chunk"]

ChunkMethod = Callable[
    [Sequence[Block], ParserSettings, Tools], Iterator[Draft] | Iterator[Draft | Notice]
]

METHODS: Mapping[str, ChunkMethod] = {
    "naive": naive.chunk,
    "manual": manual.chunk,
    "qa": qa.chunk,
    "table": table.chunk,
    "paper": paper.chunk,
    "book": book.chunk,
    "laws": laws.chunk,
    "presentation": presentation.chunk,
    "picture": picture.chunk,
    "one": one.chunk,
    "knowledge_graph": knowledge_graph.chunk,
    "email": email.chunk,
}


def chunk(
    blocks: Sequence[Block], method: str, config: ParserSettings, tools: Tools
) -> Iterator[Draft | Notice]:
    """Return the drafts that ``method`` makes of ``blocks``, in reading order, and its notices.

    Raises:
        InvalidValueError: ``method`` is none of ``METHODS``, or is not for files of
            ``tools.kind``; the message names what it is for.
    """
    if method not in METHODS:
        raise InvalidValueError("parse_method", method, f"one of {', '.join(METHODS)}")
    kinds = KINDS.get(method)
    if kinds is not None and tools.kind and tools.kind not in kinds:
        fitting = [name for name in METHODS if name not in KINDS or tools.kind in KINDS[name]]
        raise InvalidValueError(
            "parse_method",
            method,
            f"it files of the kinds {', '.join(sorted(kinds))}; for {tools.name or 'this file'}"
            f" ({tools.kind}) choose one of {', '.join(fitting)}",
        )
    return _told(blocks, method, config, tools)


def _told(
    blocks: Sequence[Block], method: str, config: ParserSettings, tools: Tools
) -> Iterator[Draft | Notice]:
    yield from METHODS[method](blocks, config, tools)
    yield from notices_of(blocks, method, config, tools)
