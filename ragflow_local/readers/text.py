"""Plain text: a paragraph for each run of lines between empty ones; source code too."""

import re
from collections.abc import Iterator
from pathlib import PurePath

from ragflow_local.readers.kinds import CODE_ENDINGS
from ragflow_local.records import Block
from ragflow_local.text.code import looks_like_code
from ragflow_local.text.encoding import decode

# Possessive: a file of nothing but line ends would else take a hundred times its size.
_EMPTY_LINES = re.compile(r"\n(?:[ \t　]*+\n)++")
# A title over a line of one sign, which is about as long.
_UNDERLINED = re.compile(
    r"(?:([=#*~^-])\1{2,}\n)?[ \t]{0,3}(\S[^\n]{0,118})\n([=~^*+#-])\3{2,}(?:\n|$)"
)


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield a paragraph for each run of lines; indentation is kept, for code means it.

    A title with a line of signs below it is a heading.
    """
    is_source = PurePath(name).suffix.lower() in CODE_ENDINGS
    signs: list[str] = []  # that titles are underlined with, the topmost first
    before = ""
    for block in paragraphs(decode(data)):
        title = None if is_source else _UNDERLINED.match(block.text)
        if (
            title is not None
            and _names_section(title[2])
            and _is_underline(title[2], block.text[: title.end()])
        ):
            if title[3] not in signs:
                signs.append(title[3])
            level = signs.index(title[3]) + 1
            yield Block("heading", title[2].strip(), level=level, source=block.text[: title.end()])
            rest = block.text[title.end() :].strip("\n").rstrip()
            if not rest.strip():
                continue
            block = Block("paragraph", rest)
        lines = [line.expandtabs() for line in block.text.split("\n") if line.strip()]
        is_table = any("\t" in line.strip() for line in block.text.split("\n"))
        is_code = is_source or (not is_table and looks_like_code(lines, before))
        before = before if is_code else lines[-1]
        yield Block("paragraph", block.text, is_code=is_code)


def _names_section(title: str) -> bool:
    """Return whether a line may be a title: no sentence, no field, no figures alone."""
    is_other = re.search(r"[.!?。！？;,]\s*$|@|[:：]\s", title) is not None
    return not is_other and any(map(str.isalpha, title))


def _is_underline(title: str, whole: str) -> bool:
    """Return whether the last line of a title's is about as long as the title."""
    line = whole.rstrip("\n").rsplit("\n", 1)[-1]
    return abs(len(line) - len(title.rstrip())) <= max(2, len(title) // 5)


def paragraphs(text: str) -> Iterator[Block]:
    r"""Yield a paragraph for each run of lines of ``text``, whose line ends are ``\n``."""
    for paragraph in _EMPTY_LINES.split(text):
        if paragraph.strip():
            yield Block("paragraph", paragraph.strip("\n").rstrip())
