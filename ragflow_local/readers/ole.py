"""OLE2 containers: the file that an embedded object packs, streams by their names."""

import io
import struct

import olefile

# What olefile raises on files that end early or whose sectors lead nowhere.
TORN = (OSError, ValueError, IndexError, KeyError, TypeError, struct.error, RecursionError)
_NATIVE = "\x01Ole10Native"
_CONTENTS = ("CONTENTS", "Package", "EmbeddedOdf")


def packed_file(data: bytes) -> tuple[str, bytes] | None:
    """Return name and bytes of the file that an object of "Package" packs; None for any other.

    Source: [MS-OLEDS] 2.3.6, and how Windows fills it: label, path, path, size, bytes.
    """
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            for stream in _CONTENTS:
                if file.exists(stream):
                    return "object", file.openstream(stream).read()
            if not file.exists(_NATIVE):
                return None
            native: bytes = file.openstream(_NATIVE).read()
    except TORN:
        return None
    return _unpacked(native)


def _unpacked(native: bytes) -> tuple[str, bytes] | None:
    name, at = _text(native, 6)
    _, at = _text(native, at)
    at += 4  # two numbers that say nothing
    at += 4 + int.from_bytes(native[at : at + 4], "little")
    size = int.from_bytes(native[at : at + 4], "little")
    data = native[at + 4 : at + 4 + size]
    if not name or not size or len(data) < size:
        return None
    return name.replace("\\", "/").rpartition("/")[2], data


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.find(b"\0", at)
    if end < 0:
        return "", len(data)
    return data[at:end].decode("cp1252", errors="replace"), end + 1
