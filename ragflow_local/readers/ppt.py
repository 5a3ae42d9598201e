"""PowerPoint files before 2007 (.ppt): the text of their slides."""

from collections.abc import Iterator

from ragflow_local.readers.oxide import read_old
from ragflow_local.records import Block


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield the text of the slides in order.

    Raises:
        DamagedFileError: The file is broken, encrypted or no PowerPoint file.
    """
    yield from read_old(data, "ppt", name)
