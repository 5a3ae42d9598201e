"""Frames between an engine and its workers: typed MessagePack, never a pickle.

A frame holds a MessagePack map (``processes/frames.py``). The engine sends a ``Request``,
and behind it the bytes of the file it is about, length first; the worker answers with any number of
``PageDone`` and then one of the other ``Reply`` kinds.
"""

from __future__ import annotations

import os
import shutil
import struct
from typing import IO

import msgspec

from ragflow_local.errors import DamagedFileError, RagflowError
from ragflow_local.processes.frames import error_named, read_frame, write_frame
from ragflow_local.records import Block, Draft, Region
from ragflow_local.settings import ParserSettings

_SIZE = struct.Struct(">Q")
_PIECE_BYTES = 1 << 20

# In place of a size: the bytes of the request before. A file up to so large is kept by a worker, so
# that the parts of a document do not each cross the pipe with all of it.
_AS_BEFORE = (1 << 64) - 1
KEPT_BYTES = 64 << 20


class Plan(msgspec.Struct, tag=True, frozen=True):
    """Asks how many pages a file has."""

    path: str
    kind: str
    name: str


class Read(msgspec.Struct, tag=True, frozen=True):
    """Read the file; pages ``first`` to ``last`` of one that has pages, else (0, 0).

    Of ``plain`` pages neither layout is analysed nor text recognised; ``skipped`` are left out.
    """

    path: str
    kind: str
    name: str
    first: int
    last: int
    layout: bool
    most_rows: int = 1 << 31
    most_columns: int = 1 << 31
    main_content: bool = False
    plain: tuple[int, ...] = ()
    skipped: tuple[int, ...] = ()


class Chunk(msgspec.Struct, tag=True, frozen=True):
    """Asks to chunk a whole document: the blocks given, or those of the file to ``read``."""

    blocks: list[Block]
    kind: str
    name: str
    method: str
    config: ParserSettings
    tokenizer: str
    max_tokens: int
    read: Read | None = None


class Short(msgspec.Struct, frozen=True):
    """A document to read and chunk, and its bytes."""

    chunk: Chunk
    data: bytes


class Several(msgspec.Struct, tag=True, frozen=True):
    """Asks to read and chunk short documents, which cost more to ask for than to read."""

    documents: list[Short]


class Passage(msgspec.Struct, frozen=True):
    """A text to highlight, and the regions of a page that hold it."""

    text: str
    places: tuple[Region, ...]


class Picture(msgspec.Struct, tag=True, frozen=True):
    """Draw a page, or a box of it; page 0 asks for the thumbnail.

    ``is_small`` asks for the small form that pages of HTML hold: WebP, not every pixel kept.
    """

    path: str
    kind: str
    name: str
    page: int
    dpi: float
    box: Region | None = None
    passages: tuple[Passage, ...] = ()
    is_small: bool = False


class PageDone(msgspec.Struct, tag=True, frozen=True):
    """Reports progress: pages before ``page`` are done, and that one is being read."""

    page: int


class Planned(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Plan`` with the number of pages."""

    pages: int


class ReadDone(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Read`` with blocks and notices for the user."""

    blocks: list[Block]
    notices: list[str]


class Counted(msgspec.Struct, frozen=True):
    """What was counted of chunks, in their order; see ``counted.Counted``.

    ``terms``, ``counts`` and ``sizes`` are unsigned numbers of 32 bits, little endian.
    """

    tokens: list[int]
    languages: list[str]
    vocabulary: list[str]
    terms: bytes
    counts: bytes
    sizes: bytes


class Chunked(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Chunk`` with drafts, notices for the user, and what was counted of the drafts."""

    drafts: list[Draft]
    notices: list[str]
    counted: Counted


class Drawn(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Picture`` with a PNG or WebP; empty where the format has no pictures."""

    picture: bytes


class Failed(msgspec.Struct, tag=True, frozen=True):
    """Reports an error: its message, and its class where that is a ``RagflowError``."""

    error: str
    message: str


class SeveralDone(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Several``: one of the two for each document, in their order."""

    replies: list[Chunked | Failed]


class Hello(msgspec.Struct, tag=True, frozen=True):
    """Greets the engine and lists the sandbox features that the kernel lacks."""

    lacks: list[str]


Request = Plan | Read | Chunk | Several | Picture
Reply = Hello | PageDone | Planned | ReadDone | Chunked | SeveralDone | Drawn | Failed

_encode = msgspec.msgpack.Encoder().encode
_request = msgspec.msgpack.Decoder(Request)
_reply = msgspec.msgpack.Decoder(Reply)


def send(pipe: IO[bytes], message: Request | Reply) -> None:
    """Write one frame."""
    write_frame(pipe, _encode(message))


def file_of(request: Request) -> str:
    """Return the path of the file whose bytes go behind a request; empty where none do."""
    if isinstance(request, Several):
        return ""
    if isinstance(request, Chunk):
        return request.read.path if request.read else ""
    return request.path


def tokenizer_of(request: Request) -> str:
    """Return the path of the tokenizer that a request needs; empty where it needs none."""
    if isinstance(request, Several):
        return request.documents[0].chunk.tokenizer  # of one dataset, all of them
    return request.tokenizer if isinstance(request, Chunk) else ""


def send_request(
    pipe: IO[bytes], request: Request, file: IO[bytes] | None, *, is_kept: bool = False
) -> None:
    """Write a request, and behind it its file's bytes; where that lies is not told.

    Args:
        pipe: To the worker.
        request: What it is asked.
        file: What it is asked about, if anything.
        is_kept: Whether it has these bytes from the request before.
    """
    if isinstance(request, Chunk):
        read = request.read and msgspec.structs.replace(request.read, path="")
        request = msgspec.structs.replace(request, read=read)
    elif not isinstance(request, Several):
        request = msgspec.structs.replace(request, path="")
    send(pipe, request)
    if file is not None and is_kept:
        pipe.write(_SIZE.pack(_AS_BEFORE))
    elif file is not None:
        pipe.write(_SIZE.pack(os.fstat(file.fileno()).st_size))
        shutil.copyfileobj(file, pipe, _PIECE_BYTES)
    pipe.flush()


class FileReceiver:
    """Takes the bytes that go with requests from a pipe, and keeps those of the last file."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._kept = b""

    def receive(self) -> bytes:
        """Return the bytes that go with the last request.

        Raises:
            EOFError: The engine is gone.
        """
        (size,) = _SIZE.unpack(self._pipe.read(_SIZE.size).ljust(_SIZE.size, b"\0"))
        if size == _AS_BEFORE:
            return self._kept
        self._kept = b""  # not two of them at once
        data = self._pipe.read(size)
        if len(data) != size:
            raise EOFError
        if size <= KEPT_BYTES:
            self._kept = data
        return data


def receive_request(pipe: IO[bytes]) -> Request | None:
    """Return the next request, or None at the end of the pipe."""
    body = read_frame(pipe)
    return None if body is None else _request.decode(body)


def receive_reply(pipe: IO[bytes]) -> Reply | None:
    """Return the next reply, or None where the worker is gone."""
    body = read_frame(pipe)
    return None if body is None else _reply.decode(body)


def failure_of(error: Exception) -> Failed:
    """Return the frame that reports an error."""
    if isinstance(error, RagflowError):
        return Failed(type(error).__name__, str(error))
    return Failed("", f"the reader of this format failed with {type(error).__name__}: {error}")


def error_of(failed: Failed, name: str) -> RagflowError:
    """Return the error that a frame reports, in its original class."""
    known = error_named(failed.error, failed.message)
    return known or DamagedFileError(name, "while reading", failed.message)
