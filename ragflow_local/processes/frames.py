"""Writes and reads frames on a pipe between two processes: a length (4 bytes, big endian), a body.

What a body holds is for those who send and receive it: ``ingest/wire.py`` and two of ``scale``.
"""

from __future__ import annotations

import struct
from typing import IO

from ragflow_local import errors
from ragflow_local.errors import RagflowError

_LENGTH = struct.Struct(">I")


def write_frame(pipe: IO[bytes], body: bytes) -> None:
    """Write one frame, and see that it leaves."""
    pipe.write(_LENGTH.pack(len(body)) + body)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> bytes | None:
    """Return the body of the next frame; None at the end of the pipe, also in a frame's middle."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = pipe.read(length)
    return body if len(body) == length else None


def error_named(name: str, message: str) -> RagflowError | None:
    """Return another process's error in its own class; None where no ``RagflowError`` has the name.

    Args:
        name: Of the class.
        message: Of the error.
    """
    kind = getattr(errors, name, None) if name else None
    if not (isinstance(kind, type) and issubclass(kind, RagflowError)):
        return None
    error = kind.__new__(kind)
    error.args = (message,)
    return error
