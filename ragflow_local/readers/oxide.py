"""Word and PowerPoint files before 2007 (.doc, .ppt), by the library office-oxide."""

import re
from collections.abc import Iterator
from typing import Literal

import office_oxide

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import html
from ragflow_local.readers.error_text import error_text
from ragflow_local.readers.text import paragraphs
from ragflow_local.records import Block
from ragflow_local.text.encoding import tidy

_WORD = re.compile(r"\w+")
_LOCKED = re.compile(r"encrypt|password", re.I)


def read_old(data: bytes, kind: Literal["doc", "ppt"], name: str) -> Iterator[Block]:
    """Yield the blocks of a file; as plain paragraphs where its form would cost words.

    Args:
        data: The file's bytes.
        kind: ``doc`` or ``ppt``.
        name: The file's name, for messages only.

    Raises:
        DamagedFileError: The file is broken or encrypted.
    """
    try:
        with office_oxide.Document.from_bytes(data, kind) as document:
            plain, markup = tidy(document.plain_text()), document.to_html()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the library is no Exception
        problem = f"it is damaged: {error_text(Exception(str(error)))}"
        if _LOCKED.search(str(error)):
            problem = "it is encrypted with a password"
        raise DamagedFileError(name, "whole file", problem) from error
    blocks = list(html.blocks_of(markup))
    seen = set(_WORD.findall(" ".join(block.text for block in blocks)))
    if set(_WORD.findall(plain)) <= seen:
        yield from blocks
    else:
        yield from paragraphs(plain)
