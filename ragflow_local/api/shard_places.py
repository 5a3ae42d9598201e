"""The shards that a user names, and how each is asked."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragflow_local.api import checks
from ragflow_local.errors import InvalidValueError
from ragflow_local.scale.shard_frames import Open
from ragflow_local.scale.shard_process import open_server
from ragflow_local.scale.shard_wires import (
    LocalWire,
    Wire,
    actor_wire,
    command_wire,
    process_wire,
)

Shard = str | os.PathLike[str] | Sequence[str]

_RAY = "ray://"
_AN_ACTOR = re.compile(r"(ray://(?:[^\s/:]+|\[[0-9a-fA-F:]+\]):\d{1,5})(/.*[^/])/*")


@dataclass(frozen=True, slots=True)
class Actor:
    """A directory on a node of a Ray cluster."""

    address: str
    path: str


Place = Path | tuple[str, ...] | Actor


def places_of(shards: Any) -> list[Place]:
    """Return the directories, commands and addresses that are named, each once.

    Raises:
        InvalidValueError: There is none, one is named twice, or is none of these.
    """
    if isinstance(shards, str | os.PathLike) or not isinstance(shards, Sequence) or not shards:
        raise InvalidValueError("shards", shards, "a list of at least one directory")
    places: list[Place] = []
    for shard in shards:
        place: Place
        if isinstance(shard, str) and shard.startswith(_RAY):
            place = _actor(shard)
        elif isinstance(shard, str | os.PathLike):
            place = checks.path(shard).expanduser().resolve()
        elif isinstance(shard, Sequence) and shard and all(isinstance(word, str) for word in shard):
            place = tuple(shard)
        else:
            raise InvalidValueError("shards", shard, "a directory, or a command as a list of texts")
        if place in places:
            raise InvalidValueError("shards", str(shard), "each project once")
        places.append(place)
    return places


def _actor(shard: str) -> Actor:
    match = _AN_ACTOR.fullmatch(shard)
    if match is None:
        raise InvalidValueError("shards", shard, "ray://HOST:PORT/DIRECTORY")
    return Actor(match[1], match[2])


def wire_to(place: Place, tenant_id: str, processes: bool, timeout_seconds: float) -> Wire:
    """Return the way to ask a shard.

    Args:
        place: Where it is.
        tenant_id: Whose datasets are seen; a command sees those without a key.
        processes: Whether a directory is searched by a process of its own.
        timeout_seconds: How long it may take for one answer.
    """
    if isinstance(place, tuple):
        return command_wire(place, timeout_seconds)
    if isinstance(place, Actor):
        return actor_wire(place.address, Open(place.path, tenant_id), timeout_seconds)
    opened = Open(str(place), tenant_id)
    if processes:
        return process_wire(place, opened, timeout_seconds)
    return LocalWire(str(place), lambda: open_server(opened))
