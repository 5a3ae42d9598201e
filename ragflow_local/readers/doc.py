"""Word files before 2007 (.doc): headings, paragraphs, tables."""

from collections.abc import Iterator

from ragflow_local.readers.oxide import read_old
from ragflow_local.records import Block


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield the blocks of a Word file in the order of its text.

    Raises:
        DamagedFileError: The file is broken, encrypted or no Word file.
    """
    yield from read_old(data, "doc", name)
