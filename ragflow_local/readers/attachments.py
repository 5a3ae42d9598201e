"""A file within a file (an attachment, an embedded sheet) to the blocks of its own kind."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ragflow_local.errors import ReadError
from ragflow_local.readers import kind_of, open_reader
from ragflow_local.readers.ole import packed_file
from ragflow_local.readers.package import Package
from ragflow_local.records import Block, Notice

MAX_DEPTH = 3  # a mail within a mail within a mail; what lies deeper is named, not read
# Kinds that have attachments themselves, and so want to know how deep they lie.
_NESTING = frozenset(
    {"archive", "docx", "email", "mbox", "msg", "pdf", "pptx", "signed", "tnef", "xlsx", "xml"}
)
_OLE2 = b"\xd0\xcf\x11\xe0"


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
    yield from inlined(name, data, depth)


def inlined(name: str, data: bytes, depth: int) -> Iterator[Block | Notice]:
    """Yield the blocks of a file that lies in another, one heading deeper, without its name."""
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


def embedded(package: Package, parts: Sequence[str], depth: int) -> Iterator[Block | Notice]:
    """Yield the blocks of files that are embedded as objects in ``parts`` of an Office file.

    The sheet behind a chart is none: the chart says the same.
    """
    targets = [
        target
        for part in parts
        for kind in ("package", "oleObject")
        for target in package.find(part, kind)
    ]
    for target in dict.fromkeys(targets):
        name = target.rpartition("/")[2]
        data = package.read(target)
        if data.startswith(_OLE2) and (packed := packed_file(data)):
            name, data = packed
        try:
            kind_of(name, data)
        except ReadError:
            yield Notice(
                f"The embedded object {name!r} was not read; open it in its program, save what it"
                " holds as a file, and add that."
            )
            continue
        yield from attached(name, data, depth + 1)
