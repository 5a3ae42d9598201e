"""A file within a file (a mail's attachment) to the blocks of its own kind, under its name."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ragflow_local.errors import ReadError
from ragflow_local.readers import kind_of, open_reader
from ragflow_local.records import Block, Notice

MAX_DEPTH = 3  # a mail within a mail within a mail; what lies deeper is named, not read
# Kinds that have attachments themselves, and so want to know how deep they lie.
_NESTING = frozenset({"email", "msg"})


def attached(name: str, data: bytes, depth: int) -> Iterator[Block | Notice]:
    """Yield a heading with the attachment's name, then its blocks one heading deeper.

    What cannot be read gives a notice: the mail itself was read. Its pages are not the mail's,
    so its blocks have no place.

    Args:
        name: The attachment's name.
        data: Its bytes.
        depth: In how many files it lies, from 1.
    """
    if not data:
        return
    yield Block("heading", name, level=1)
    if depth > MAX_DEPTH:
        yield Notice(f"The attachment {name!r} lies too deep to be read; add it as a file.")
        return
    try:
        kind = kind_of(name, data)
        reader: Any = open_reader(kind)
        options = {"depth": depth} if kind in _NESTING else {}
        for block in reader.read(data, name, **options):
            if isinstance(block, Block):
                level = block.level + 1 if block.kind == "heading" else 0
                yield replace(block, level=level, place=None)
            else:
                yield block
    except ReadError as error:
        yield Notice(f"An attachment was left out. {error}")
