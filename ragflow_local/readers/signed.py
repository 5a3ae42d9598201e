"""Signed files (.p7m): what was signed, read as the kind of file it is."""

import base64
import binascii
import re
from collections.abc import Iterator

from asn1crypto import cms

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.attachments import inlined
from ragflow_local.records import Block, Notice

_ARMOUR = re.compile(rb"-----BEGIN [A-Z0-9 ]+-----(.*?)-----END", re.S)


def read(data: bytes, name: str = "", depth: int = 0) -> Iterator[Block | Notice]:
    """Yield the blocks of what was signed; whether the signature holds is not checked.

    Args:
        data: The file's bytes.
        name: The file's name; without its last ending it is that of what was signed.
        depth: In how many files it lies; 0 for one that is a file itself.

    Raises:
        DamagedFileError: It is encrypted, torn, or has the signature only.
    """
    content = content_of(data)
    if content is None:
        problem = "it holds a signature only, or is encrypted with a key"
        raise DamagedFileError(name, "whole file", problem)
    yield from inlined(re.sub(r"\.p7m$", "", name, flags=re.I), content, depth + 1)


def content_of(data: bytes) -> bytes | None:
    """Return what was signed, None where it is not in ``data``, or encrypted."""
    if armour := _ARMOUR.search(data):
        data = armour[1]
    if not data.startswith(b"\x30"):
        try:
            data = base64.b64decode(data, validate=False)
        except (binascii.Error, ValueError):
            return None
    try:
        info = cms.ContentInfo.load(data)
        if info["content_type"].native != "signed_data":
            return None
        content = info["content"]["encap_content_info"]["content"].native
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
        return None
    return content if isinstance(content, bytes) and content else None
