"""Read a file: bytes in, blocks out. One file a format; its name is the kind of file.

A reader knows a file format and nothing else: no dataset, no settings of a chunk method,
no store. To add a format, add its file here, its endings to ``ENDINGS``, and a sample to
``tests/samples.py``; the tests of every reader then cover it.

A reader module offers ``read(data)``. One whose format has pages that can be read apart from
one another (``PAGED``) offers also ``count_pages``, ``read_pages`` and ``join_pages``; ``read`` is
then those three in a row.

What a file is, is said by ``kind_of``; it needs the standard library only, since the user's own
process calls it. The libraries of a format are imported by its module, in a worker.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Protocol, cast

from ragflow_local.readers.kinds import ENDINGS, kind_of, type_of
from ragflow_local.readers.ways import HowToRead
from ragflow_local.records import Block, Notice
from ragflow_local.text.encoding import without_unseen

__all__ = [
    "ENDINGS",
    "PAGED",
    "WITH_MAIN_CONTENT",
    "PageReader",
    "PagedReader",
    "Reader",
    "cleaned",
    "kind_of",
    "open_reader",
    "read",
    "type_of",
]

# Kinds whose pages are read apart from one another, by several workers at once.
PAGED = frozenset({"pdf"})
# Kinds whose main text can be told from what stands around it.
WITH_MAIN_CONTENT = frozenset({"html"})


class Reader(Protocol):
    """What each module here offers."""

    def read(self, data: bytes, name: str = "") -> Iterator[Block | Notice]:
        """Yield the blocks of ``data`` in reading order.

        Args:
            data: The file's bytes.
            name: The file's name, for messages only.

        Raises:
            DamagedFileError: The file is broken, encrypted or not what its name says.
        """
        ...


class PagedReader(Reader, Protocol):
    """What a module of ``PAGED`` offers besides."""

    def count_pages(self, data: bytes, name: str = "") -> int:
        """Return how many pages there are, from the file's index alone.

        Raises:
            DamagedFileError: The file is broken or encrypted.
        """
        ...

    def read_pages(
        self, data: bytes, first: int, last: int, *, name: str = "", how: HowToRead = ...
    ) -> Iterator[Block | Notice]:
        """Yield the blocks of the pages first to last (from 1, both included).

        Args:
            data: The file's bytes.
            first: First page.
            last: Last page.
            name: The file's name, for messages only.
            how: What it may do to read them, and whom it tells of each page.
        """
        ...

    def join_pages(self, blocks: Sequence[Block]) -> list[Block]:
        """Return the blocks of all pages in order, with what only the whole shows.

        That is: running heads and feet, levels of headings, paragraphs over a page's end.
        """
        ...


class PageReader(Reader, Protocol):
    """What a module of ``WITH_MAIN_CONTENT`` offers besides."""

    def read_main(self, data: bytes, name: str = "") -> Iterator[Block | Notice]:
        """Yield the blocks of the main text alone; all with a notice where none was found."""
        ...


def open_reader(kind: str) -> Reader:
    """Return the reader of ``kind``, a key of ``ENDINGS``; imports its module and libraries."""
    return cast(Reader, import_module(f"{__name__}.{kind}"))


def read(name: str, data: bytes) -> Iterator[Block | Notice]:
    """Yield the blocks of a file in reading order; nothing for a file without bytes.

    Args:
        name: The file's name; its ending counts where the bytes do not tell the kind.
        data: The file's bytes.

    Raises:
        UnsupportedFileError: No reader for this kind of file.
        DamagedFileError: The file is broken, encrypted or not what its name says.
    """
    kind = kind_of(name, data)
    if data:
        yield from cleaned(open_reader(kind).read(data, name))


def cleaned(items: Iterable[Block | Notice]) -> Iterator[Block | Notice]:
    """Yield what a reader found: pictures with the text in them, texts without what is not seen.

    Pictures that were not read are told at the end.
    """
    pictures = None
    for item in items:
        if isinstance(item, Block):
            if item.kind == "figure" and item.image:
                if pictures is None:
                    # Its libraries take longer to import than most files to read.
                    pictures = import_module(f"{__name__}.pictures").Pictures()
                item = pictures.read(item)
            text = without_unseen(item.text)
            if text != item.text:
                rows = tuple(tuple(map(without_unseen, row)) for row in item.rows)
                item = replace(item, text=text, rows=rows)
        yield item
    if pictures is not None:
        yield from pictures.notices()
