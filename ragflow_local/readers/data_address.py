"""Pictures that a page holds in their address (``data:image/png;base64,…``) to bytes."""

import base64
import binascii
import re

_DATA_ADDRESS = re.compile(r"data:image/[\w.+-]+(?:;[\w=.-]+)*?;base64,", re.IGNORECASE)
_LARGEST_LETTERS = 64 << 20


def of_address(address: str) -> bytes:
    """Return the bytes of a picture that a ``data:`` address holds; none for any other."""
    start = _DATA_ADDRESS.match(address)
    if start is None or len(address) > _LARGEST_LETTERS:
        return b""
    try:
        return base64.b64decode(address[start.end() :])
    except (binascii.Error, ValueError):
        return b""
