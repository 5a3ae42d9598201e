"""Takes out of a copy of the catalog what is not published, to the last byte.

Conversations and what only the released API keeps (agents, memories) belong to those who had them;
where a mirrored folder lies, or which computer parsed, concerns nobody. SQLite leaves bytes of
deleted rows in pages that are free, and between the cells of those in use: they are overwritten.
"""

from __future__ import annotations

import mmap
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path

from ragflow_local.stores.catalog import Connection, checksums

# In this order: a session's messages go with it, and each would be summed up by itself.
_PRIVATE = ("messages", "sessions", "released_things", "folder_files")

_MAGIC = b"SQLite format 3\0"
_LEAST = 512  # bytes: its smallest page
_TREE_PAGES = frozenset({2, 5, 10, 13})  # interior and leaf of an index, of a table
_INTERIOR = frozenset({2, 5})
# From here on the first byte of a page with the rest of a long row may look like one of those.
_MOST_PAGES = 1 << 25


def strip(path: Path, *, with_chats: bool) -> None:
    """Leave in a copy of a catalog, which nobody has open, only what is published.

    Args:
        path: The copy.
        with_chats: Whether chat assistants stay: their names, prompts and models.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA synchronous=OFF")
        # Readers of a fetched copy make no files beside it, which a shared folder may not allow.
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute("BEGIN IMMEDIATE")
        for table in (*_PRIVATE, *(() if with_chats else ("chats",))):
            connection.execute(f"DELETE FROM {table}")
        _forget_places(connection)
        connection.execute("COMMIT")
    finally:
        connection.close()
    blank(path)


def _forget_places(connection: Connection) -> None:
    """Leave out which computers parsed the documents."""
    rows = connection.execute("SELECT id FROM documents WHERE parsed_on <> ''").fetchall()
    connection.execute("UPDATE documents SET parsed_on = '' WHERE parsed_on <> ''")
    checksums.stamp_all(connection, "documents", [str(row[0]) for row in rows])


def blank(path: Path) -> None:
    """Overwrite what SQLite leaves of deleted rows in a file that nobody has open."""
    with path.open("r+b") as file:
        if file.read(16) != _MAGIC or path.stat().st_size < _LEAST:
            return
        with mmap.mmap(file.fileno(), 0) as data:
            _blank(data)


def _blank(data: mmap.mmap) -> None:
    (size,) = struct.unpack_from(">H", data, 16)
    size = 65536 if size == 1 else size
    (pointers,) = struct.unpack_from(">I", data, 52)
    if pointers or not size or len(data) // size >= _MOST_PAGES:
        return  # pages of another kind, or too many to tell them apart
    for start, end in (*_free(data, size), *_between(data, size)):
        if data[start:end].strip(b"\0"):
            data[start:end] = bytes(end - start)


def _free(data: mmap.mmap, size: int) -> Iterator[tuple[int, int]]:
    """Yield where free pages hold nothing."""
    pages = len(data) // size
    (trunk,) = struct.unpack_from(">I", data, 32)
    for _ in range(pages):
        if not 0 < trunk <= pages:
            return
        start = (trunk - 1) * size
        trunk, count = struct.unpack_from(">II", data, start)
        count = min(count, size // 4 - 2)
        yield start + 8 + 4 * count, start + size
        for leaf in struct.unpack_from(f">{count}I", data, start + 8):
            if 0 < leaf <= pages:
                yield (leaf - 1) * size, leaf * size


def _between(data: mmap.mmap, size: int) -> Iterator[tuple[int, int]]:
    """Yield where pages of trees hold nothing."""
    usable = size - data[20]
    for start in range(0, len(data) - size + 1, size):
        head = start + (100 if start == 0 else 0)
        kind = data[head]
        if kind not in _TREE_PAGES:
            continue
        block, cells, content = struct.unpack_from(">HHH", data, head + 1)
        first = head + (12 if kind in _INTERIOR else 8) + 2 * cells
        last = start + (content or 65536)
        if first <= last <= start + usable:
            yield first, last
        while block and block + 4 <= usable:
            following, length = struct.unpack_from(">HH", data, start + block)
            yield start + block + 4, start + min(block + length, usable)
            block = following if following > block else 0


def embeddings_of(connection: Connection) -> list[tuple[str, str, int]]:
    """Return name, fingerprint and dimensions of every model that a dataset was embedded with."""
    rows = connection.execute(
        "SELECT DISTINCT embedding_model, embedding_fingerprint, embedding_dim FROM datasets"
        " WHERE embedding_fingerprint <> '' ORDER BY 1, 2"
    )
    return [(str(row[0]), str(row[1]), int(row[2])) for row in rows]
