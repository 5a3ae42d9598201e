"""A vocabulary of pieces in the form that ``text/unigram.py`` reads, made in code."""

import struct
from collections.abc import Mapping
from pathlib import Path

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")


def write_pieces(file: Path, pieces: Mapping[str, float], rules: Mapping[str, str]) -> Path:
    """Write pieces with their scores, and what single characters are read as."""
    every = [*((name, 0.0) for name in SPECIAL), *pieces.items(), ("<mask>", 0.0)]
    blobs = [name.encode() for name, _ in every]
    starts = [sum(map(len, blobs[:number])) for number in range(len(blobs) + 1)]
    table = b"".join(
        struct.pack(f"<IB{len(text)}I", ord(point), len(text), *map(ord, text))
        for point, text in rules.items()
    )
    file.write_bytes(
        struct.pack("<4sI7ifi", b"E5S1", 1, 8, 1, 1, 8, len(every), 16, 1, 1e-12, 32)
        + struct.pack("<5iQ", len(every), 0, 2, 1, 3, starts[-1])
        + struct.pack(f"<{len(starts)}I", *starts)
        + struct.pack(f"<{len(every)}f", *(score for _, score in every))
        + b"".join(blobs)
        + struct.pack("<iI", len(rules), len(table))
        + table
    )
    return file
