"""Outlook's own wrapping of a mail (winmail.dat, TNEF): its text and the files in it."""

import contextlib
import io
import logging
from collections.abc import Iterator
from typing import Any

from tnefparse import TNEF

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import html, rtf
from ragflow_local.readers.attachments import attached
from ragflow_local.readers.text import paragraphs
from ragflow_local.records import Block, Notice
from ragflow_local.text.encoding import decode, tidy

logging.getLogger("tnef-decode").setLevel(logging.CRITICAL)


def read(data: bytes, name: str = "", depth: int = 0) -> Iterator[Block | Notice]:
    """Yield the mail's text, where it is in there, and the blocks of the files.

    Args:
        data: The bytes of winmail.dat.
        name: The file's name, for messages only.
        depth: In how many files it lies; 0 for one that is a file itself.

    Raises:
        DamagedFileError: It is torn.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            wrapped: Any = TNEF(data, do_checksum=False)
    except Exception as error:  # the library raises exceptions of any class
        problem = "it is Outlook's own wrapping of files (TNEF), and damaged"
        raise DamagedFileError(name, "whole file", problem) from error
    blocks = [*_body(wrapped)]
    yield from blocks
    files = list(getattr(wrapped, "attachments", ()) or ())
    for file in files:
        yield from attached(_name_of(file), bytes(file.data or b""), depth + 1)
    if not blocks and not files:
        yield Notice(
            f"{name!r} is Outlook's own wrapping of a mail (TNEF), and nothing that can be read is"
            " in it. Ask the sender to send it as HTML or plain text."
        )


def _name_of(file: Any) -> str:
    """Return a file's name; its bytes may be in any code page, which the library does not mind."""
    try:
        named = str(file.long_filename() or "")
    except (UnicodeError, AttributeError, IndexError, TypeError):
        raw = getattr(file, "_name", b"")
        named = decode(raw.rstrip(b"\0")) if isinstance(raw, bytes) else ""
    return tidy(named).strip("\0 ") or "attachment"


def _body(wrapped: Any) -> Iterator[Block]:
    """Yield the text in the first of the three forms that has one."""
    plain = getattr(wrapped, "body", None)
    markup = getattr(wrapped, "htmlbody", None)
    rich = getattr(wrapped, "rtfbody", None)
    if markup:
        yield from html.read(markup) if isinstance(markup, bytes) else html.blocks_of(str(markup))
    elif plain:
        yield from paragraphs(
            decode(plain.rstrip(b"\0")) if isinstance(plain, bytes) else tidy(str(plain))
        )
    elif rich:
        with contextlib.suppress(DamagedFileError):
            yield from rtf.read(rich if isinstance(rich, bytes) else str(rich).encode())
