"""Frames between who asks several projects and each of them: typed MessagePack, never a pickle.

A frame holds a MessagePack map (``processes/frames.py``). Each ``Request`` is answered by
one ``Reply``. Between ``Begin`` and ``End`` all replies are of one snapshot of the project.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import numpy as np

from ragflow_local.errors import RagflowError
from ragflow_local.processes.frames import error_named
from ragflow_local.records import ChunkRow

Term = tuple[str, ...]


class Open(msgspec.Struct, tag=True, frozen=True):
    """Opens a project for reading, as a tenant."""

    path: str
    tenant_id: str


class Begin(msgspec.Struct, tag=True, frozen=True):
    """Begins a question.

    ``datasets`` are ids or names, None for all; ``documents`` likewise.
    """

    datasets: list[str] | None
    documents: list[str] | None
    meta_fields: dict[str, Any]


class Count(msgspec.Struct, tag=True, frozen=True):
    """Asks how many chunks have each term."""

    terms: list[Term]


class Words(msgspec.Struct, tag=True, frozen=True):
    """Asks for the vocabulary."""


class NameWords(msgspec.Struct, tag=True, frozen=True):
    """Asks how common the words of documents' names are; they will be weighed under ``entry``."""

    languages: tuple[str, ...]
    entry: int


class WeighNames(msgspec.Struct, tag=True, frozen=True):
    """Gives the weights of these words: in how many names of all projects each is."""

    entry: int
    documents: int
    having: bytes


class Propose(msgspec.Struct, tag=True, frozen=True):
    """Asks for candidates; ``vector`` is empty for words alone."""

    terms: list[Term]
    weights: list[float]
    guessed: list[float]
    length: int
    chunks: int
    total_length: int
    having: list[int]
    languages: tuple[str, ...]
    entry: int
    vector: bytes
    floor: float
    top_k: int
    words_top_k: int


class Rows(msgspec.Struct, tag=True, frozen=True):
    """Asks for chunks by number."""

    numbers: list[int]


class Outlines(msgspec.Struct, tag=True, frozen=True):
    """Asks for the outlines of chunks by number."""

    numbers: list[int]


class Graph(msgspec.Struct, tag=True, frozen=True):
    """Asks for entities and relations of the datasets of a name."""

    home: str
    keys: list[str]
    document_ids: list[str]


class Around(msgspec.Struct, tag=True, frozen=True):
    """Asks for the chunks around some, given by number."""

    numbers: list[int]
    reach: int | str


class Vectors(msgspec.Struct, tag=True, frozen=True):
    """Asks for the vectors of chunks, given by number."""

    numbers: list[int]


class States(msgspec.Struct, tag=True, frozen=True):
    """Asks for the names of documents by the state of their parse."""


class Titles(msgspec.Struct, tag=True, frozen=True):
    """Asks for the names of the documents that have chunks."""


class Openings(msgspec.Struct, tag=True, frozen=True):
    """Asks for the first chunks of a document, at most so many."""

    document_id: str
    most: int


class End(msgspec.Struct, tag=True, frozen=True):
    """Ends a question."""


class Done(msgspec.Struct, tag=True, frozen=True):
    """Answers what needs no answer."""


class Described(msgspec.Struct, frozen=True):
    """A dataset as a search sees it."""

    id: str
    name: str
    embedding_model: str
    dim: int
    fingerprint: str
    floor: float | None
    chunks: int
    documents: int
    analyzer: int | None


class Begun(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Begin``.

    ``named`` and ``documents`` are which of the datasets and documents asked for there are, as
    they were given; ``vocabulary`` and ``names`` change when the words and names do.
    """

    datasets: list[Described]
    named: list[str]
    documents: list[str]
    languages: dict[str, int]
    vocabulary: list[tuple[int, int]]
    names: str
    has_graph: bool


class Counted(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Count``."""

    chunks: int
    length: int
    having: list[int]


class Vocabulary(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Words``."""

    terms: list[str]


class NamesCounted(msgspec.Struct, tag=True, frozen=True):
    """Answers ``NameWords``; ``having`` is a number of 32 bits for each word, little endian."""

    documents: int
    words: list[Term]
    having: bytes


class Candidates(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Propose``: the fields of ``retrieve.parts.Proposed``, 8 bytes a number."""

    numbers: bytes
    vector: bytes
    term: bytes
    cosines: bytes
    scores: bytes


class Chunks(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Rows``, ``Graph`` and ``Openings``."""

    rows: list[ChunkRow]


class Outlined(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Outlines``: number, id, and whether it is a text."""

    chunks: list[tuple[int, str, bool]]


class Beside(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Around``."""

    rows: list[list[ChunkRow]]


class Matrix(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Vectors``: 4 bytes a number, row by row."""

    rows: bytes
    dim: int


class Standing(msgspec.Struct, tag=True, frozen=True):
    """Answers ``States``."""

    names: dict[str, list[str]]


class Titled(msgspec.Struct, tag=True, frozen=True):
    """Answers ``Titles``: the names by the ids."""

    names: dict[str, str]


class Failed(msgspec.Struct, tag=True, frozen=True):
    """Reports an error: its message, and its class where that is a ``RagflowError``."""

    error: str
    message: str


Request = (
    Open
    | Begin
    | Count
    | Words
    | NameWords
    | WeighNames
    | Propose
    | Rows
    | Outlines
    | Graph
    | Around
    | Vectors
    | States
    | Titles
    | Openings
    | End
)
Reply = (
    Done
    | Begun
    | Counted
    | Vocabulary
    | NamesCounted
    | Candidates
    | Chunks
    | Outlined
    | Beside
    | Matrix
    | Standing
    | Titled
    | Failed
)

R = TypeVar("R", bound=msgspec.Struct)

encode = msgspec.msgpack.Encoder().encode
_request = msgspec.msgpack.Decoder(Request)
_reply = msgspec.msgpack.Decoder(Reply)


def request_of(frame: bytes) -> Request:
    """Return the request that a frame holds."""
    request: Request = _request.decode(frame)
    return request


def reply_of(frame: bytes) -> Reply:
    """Return the reply that a frame holds."""
    reply: Reply = _reply.decode(frame)
    return reply


def failure_of(error: Exception) -> Failed:
    """Return the frame that reports an error."""
    if isinstance(error, RagflowError):
        return Failed(type(error).__name__, str(error))
    return Failed("", f"{type(error).__name__}: {error}")


def error_of(failed: Failed) -> RagflowError | None:
    """Return the error that a frame reports, in its original class; None for a bug."""
    return error_named(failed.error, failed.message)


def floats(values: bytes) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return numbers of 8 bytes."""
    return np.frombuffer(values, "<f8")
