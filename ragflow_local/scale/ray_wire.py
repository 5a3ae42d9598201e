"""Frames between an engine and the process that speaks to Ray for it: typed MessagePack."""

from __future__ import annotations

from typing import IO

import msgspec

from ragflow_local.processes.frames import read_frame, write_frame

RAY_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray reports to its makers else
    "RAY_DEDUP_LOGS": "0",
    "PYTHONUNBUFFERED": "1",
}


class Submit(msgspec.Struct, tag=True, frozen=True):
    """Asks for a batch to be parsed: anywhere, or on a node."""

    number: int
    batch: bytes
    node: str = ""


class Cancel(msgspec.Struct, tag=True, frozen=True):
    """Gives up a batch."""

    number: int


class Connected(msgspec.Struct, tag=True, frozen=True):
    """Lists the nodes of the cluster that have processors."""

    nodes: list[str]


class Width(msgspec.Struct, tag=True, frozen=True):
    """Tells how many processors the cluster has."""

    width: int


class Returned(msgspec.Struct, tag=True, frozen=True):
    """Brings the frame of a batch."""

    number: int
    frame: bytes


class Died(msgspec.Struct, tag=True, frozen=True):
    """Tells that a batch was not done."""

    number: int
    how: str


class Lost(msgspec.Struct, tag=True, frozen=True):
    """Tells that the cluster does not answer; nothing follows."""

    how: str


Request = Submit | Cancel
Reply = Connected | Width | Returned | Died | Lost

_encode = msgspec.msgpack.Encoder().encode
_request = msgspec.msgpack.Decoder(Request)
_reply = msgspec.msgpack.Decoder(Reply)


def send(pipe: IO[bytes], message: Request | Reply) -> None:
    """Write one frame."""
    write_frame(pipe, _encode(message))


def receive_request(pipe: IO[bytes]) -> Request | None:
    """Return the next request, or None at the end of the pipe."""
    body = read_frame(pipe)
    return None if body is None else _request.decode(body)


def receive_reply(pipe: IO[bytes]) -> Reply | None:
    """Return the next reply, or None where the process is gone."""
    body = read_frame(pipe)
    return None if body is None else _reply.decode(body)
