"""The process that brings frames to a shard in a Ray actor, on a node that has its directory.

It ends with the actor, and the actor with it: who asks sees a process that ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

from ragflow_local.processes.frames import read_frame, write_frame
from ragflow_local.scale import shard_frames as frames
from ragflow_local.scale.ray_driver import UnreachedError, library, only_at, pipes, reached, told
from ragflow_local.scale.shard_process import Shard
from ragflow_local.scale.shard_wires import GREETING
from ragflow_local.stores.parts import CATALOG

_PLACE_SECONDS = 60.0  # for nodes to say what they have, and for the actor to start


def main(asked: Mapping[str, Any]) -> None:
    """Bring frames to the shard and back, until the pipe or the actor ends.

    Args:
        asked: The address of the cluster, ``address``, and of the project there, ``directory``.
    """
    requests, replies = pipes()
    answer = _reached(asked["address"], asked["directory"])
    replies.write(GREETING)
    replies.flush()
    try:
        while (body := read_frame(requests)) is not None:
            write_frame(replies, answer(body))
    finally:
        # Its cluster ends an actor with the process that made it, whatever Ray's threads still do.
        os._exit(1)


def _reached(address: str, path: str) -> Callable[[bytes], bytes]:
    """Return what answers a frame: the shard, or else why there is none."""
    try:
        ray = library()
        actor = _placed(ray, reached(ray, address), path)
    except UnreachedError as error:
        why = str(error)
    except Exception as error:  # noqa: BLE001  # Ray raises what it likes
        why = told(error)
    else:
        return lambda body: bytes(ray.get(actor.answer.remote(body)))
    return lambda body: frames.encode(frames.Failed("", why))


def _placed(ray: Any, nodes: list[str], path: str) -> Any:
    """Return an actor on one of the nodes that have the project.

    Raises:
        UnreachedError: None has it.
    """
    at = {node: only_at(node) for node in nodes}
    ask = ray.remote(num_cpus=0)(is_there)
    asked = [ask.options(scheduling_strategy=at[node]).remote(path) for node in nodes]
    answers = ray.get(asked, timeout=_PLACE_SECONDS)
    having = [node for node, has in zip(nodes, answers, strict=True) if has]
    if not having:
        raise UnreachedError(f"no node has a project at {path}")
    node = having[crc32(path.encode()) % len(having)]  # where all see it, shards spread
    return ray.remote(num_cpus=0)(Shard).options(scheduling_strategy=at[node]).remote()


def is_there(path: str) -> bool:
    """Return whether there is a project in a directory of this node."""
    return (Path(path) / CATALOG).is_file()
