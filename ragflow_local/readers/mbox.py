"""Mailboxes (.mbox): mail after mail, each with its fields, its body and its attachments."""

import re
from collections.abc import Iterator

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import email
from ragflow_local.records import Block, Notice

# A line between two mails; within a mail such a line is written ">From".
_BETWEEN = re.compile(rb"(?:\A|\r?\n\r?\n)From [^\r\n]*\r?\n(?=[!-9;-~]+:)")
_MASKED = re.compile(rb"^>(>*From )", re.M)


def read(data: bytes, name: str = "", depth: int = 0) -> Iterator[Block | Notice]:
    """Yield the blocks of all mails in the order of the file.

    Args:
        data: The mailbox's bytes.
        name: The file's name, for messages only.
        depth: In how many files it lies; 0 for one that is a file itself.

    Raises:
        DamagedFileError: There is no mail in it.
    """
    if not data:
        return
    starts = [match.end() for match in _BETWEEN.finditer(data)]
    begins = [match.start() for match in _BETWEEN.finditer(data)]
    if not starts:
        raise DamagedFileError(name, "whole file", "there is no mail in it")
    broken = 0
    for start, end in zip(starts, [*begins[1:], len(data)], strict=True):
        try:
            yield from email.read(_MASKED.sub(rb"\1", data[start:end]), name, depth)
        except DamagedFileError:
            broken += 1
    if broken:
        yield Notice(f"{broken} mails of {name!r} have no header fields and were left out.")
