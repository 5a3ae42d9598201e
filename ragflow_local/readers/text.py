"""Plain text: a paragraph for each run of lines between empty ones; source code too."""

import re
from collections.abc import Iterator

from ragflow_local.records import Block
from ragflow_local.text.encoding import decode

# Possessive: a file of nothing but line ends would else take a hundred times its size.
_EMPTY_LINES = re.compile(r"\n(?:[ \t　]*+\n)++")


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield a paragraph for each run of lines; indentation is kept, for code means it."""
    yield from paragraphs(decode(data))


def paragraphs(text: str) -> Iterator[Block]:
    r"""Yield a paragraph for each run of lines of ``text``, whose line ends are ``\n``."""
    for paragraph in _EMPTY_LINES.split(text):
        if paragraph.strip():
            yield Block("paragraph", paragraph.strip("\n").rstrip())
