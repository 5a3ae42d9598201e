"""RTF: its text as paragraphs; what is formatting is gone."""

import re
from collections.abc import Iterator

from striprtf import striprtf

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.torn import torn_by
from ragflow_local.records import Block
from ragflow_local.text.encoding import tidy

_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")
# Pictures, as the digits of their bytes: nothing to read, and much to search through.
_PICTURE = re.compile(r"(?<=[\s}])[0-9a-fA-F]{200,}")


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield a paragraph for each line of the document.

    Raises:
        DamagedFileError: The file is no RTF.
    """
    if not data.lstrip().startswith(b"{\\rtf"):
        raise DamagedFileError(name, "beginning", "it is no RTF")
    page = _CODE_PAGE.search(data[:2000])
    charset = f"cp{page.group(1).decode()}" if page and page.group(1) != b"65001" else "cp1252"
    markup = _PICTURE.sub("", data.decode("latin-1"))
    try:
        text: str = striprtf.rtf_to_text(  # type: ignore[no-untyped-call]  # it has no types
            markup, encoding=charset, errors="replace"
        )
    except (LookupError, ValueError, IndexError, TypeError, OverflowError, UnicodeError) as error:
        raise DamagedFileError(name, "whole file", f"it is torn: {torn_by(error)}") from error
    for line in tidy(text).split("\n"):
        if stripped := line.strip(" \t|"):
            yield Block("paragraph", stripped.replace("|", "\t"))
