"""Writes what no library does any more: the container of old Office files (OLE2)."""

import struct
from collections.abc import Mapping
from typing import TypeAlias

Tree: TypeAlias = Mapping[str, "bytes | Tree"]

_SECTOR = 512
_END, _FREE, _FAT_SECTOR, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
_MIN_STREAM = 4096  # shorter streams would need a second, smaller file system


def write(tree: Tree) -> bytes:
    """Return a file with the streams of ``tree``; a dict within it is a storage.

    Streams are filled up with zeros to 4,096 bytes, which every reader of them allows.
    """
    entries: list[list[object]] = [["Root Entry", 5, _NONE, _NONE, _END, 0]]
    content: list[bytes] = []
    fat: list[int] = []

    def add(items: Tree, parent: int) -> None:
        previous = parent
        for name, item in items.items():
            number = len(entries)
            # One child of the parent, the others to the right of one another.
            entries[previous][3 if previous == parent else 2] = number
            previous = number
            if isinstance(item, bytes):
                data = item.ljust(_MIN_STREAM, b"\0")
                data += b"\0" * (-len(data) % _SECTOR)
                start, count = len(fat), len(data) // _SECTOR
                fat.extend([*range(start + 1, start + count), _END])
                content.append(data)
                size = max(len(item), _MIN_STREAM)
                entries.append([name, 2, _NONE, _NONE, start, size])
            else:
                entries.append([name, 1, _NONE, _NONE, 0, 0])
                add(item, number)

    add(tree, 0)
    directory = b"".join(_entry(*entry) for entry in entries)  # type: ignore[arg-type]  # as listed
    directory += b"\0" * (-len(directory) % _SECTOR)
    first_directory, count = len(fat), len(directory) // _SECTOR
    fat.extend([*range(first_directory + 1, first_directory + count), _END])
    n_fat = 1
    while n_fat * 128 < len(fat) + n_fat:
        n_fat += 1
    first_fat = len(fat)
    fat.extend([_FAT_SECTOR] * n_fat)
    fat.extend([_FREE] * (n_fat * 128 - len(fat)))
    where = [*range(first_fat, first_fat + n_fat)]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack(
        "<HHHHH6xIIIIIIIIII",
        62,
        3,
        0xFFFE,
        9,
        6,
        0,
        n_fat,
        first_directory,
        0,
        _MIN_STREAM,
        _END,
        0,
        _END,
        0,
        where[0],
    )
    header += b"".join(struct.pack("<I", number) for number in where[1:])
    header += struct.pack("<I", _FREE) * ((_SECTOR - len(header)) // 4)
    return header + b"".join(content) + directory + struct.pack(f"<{len(fat)}I", *fat)


def _entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16s4sQQIII",
        encoded,
        len(encoded),
        kind,
        1,
        _NONE,
        right,
        child,
        b"",
        b"",
        0,
        0,
        start,
        size,
        0,
    )


def biff(rows: list[list[str | float]], title: str) -> bytes:
    """Return the stream of an old Excel workbook with one sheet."""
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    name = struct.pack("<BB", len(title), 0) + title.encode("latin-1")
    end = _record(0x000A, b"")
    at = len(start) + 4 + 6 + len(name) + len(end)
    book = start + _record(0x0085, struct.pack("<IBB", at, 0, 0) + name) + end
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(value, str):
                text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
                sheet += _record(0x0204, place + text)
            else:
                sheet += _record(0x0203, place + struct.pack("<d", value))
    return book + sheet + end


def _record(code: int, data: bytes) -> bytes:
    return struct.pack("<HH", code, len(data)) + data
