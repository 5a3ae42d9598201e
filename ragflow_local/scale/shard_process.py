"""A shard's process: opens a project for reading, and answers frames until the pipe ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragflow_local.processes.frames import read_frame, write_frame
from ragflow_local.project import Options, Project
from ragflow_local.scale import shard_frames as frames
from ragflow_local.scale.shard_server import ShardServer
from ragflow_local.scale.shard_wires import GREETING


def main(_: Mapping[str, Any]) -> None:
    """Answer who started this process; the first frame says which project."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks to handle
    serve()


def serve(opened: frames.Open | None = None) -> None:
    """Answer on standard input and output until that ends.

    Args:
        opened: The project; None where the first frame says it.

    Raises:
        RagflowError: It cannot be opened.
    """
    shard = Shard(opened)
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the frames.
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    replies.write(GREETING)
    replies.flush()
    while (body := read_frame(requests)) is not None:
        reply = shard.answer(body)
        try:
            write_frame(replies, reply)
        except OSError:
            return  # who asked is gone


class Shard:
    """A project that answers frames; the first says which, unless it is known.

    Args:
        opened: The project; None where the first frame says it.

    Raises:
        RagflowError: It cannot be opened.
    """

    def __init__(self, opened: frames.Open | None = None) -> None:
        self._server = None if opened is None else open_server(opened)

    def answer(self, body: bytes) -> bytes:
        """Return the frame that answers one, errors too."""
        reply: frames.Reply
        try:
            request = frames.request_of(body)
            if isinstance(request, frames.Open):
                self._server, reply = open_server(request), frames.Done()
            elif self._server is None:
                reply = frames.Failed("", "it was asked before it was opened")
            else:
                reply = self._server.answer(request)
        except Exception as error:  # noqa: BLE001  # a bug must be told, not end the shard
            reply = frames.failure_of(error)
        return frames.encode(reply)


def open_server(opened: frames.Open) -> ShardServer:
    """Return the server of a project, opened for reading.

    Raises:
        RagflowError: It cannot be opened.
    """
    # No model is loaded here: who asks embeds the question.
    options = Options(models_dir=Path(), cache_dir=Path(), workers=1, read_only=True)
    return ShardServer(Project.open(Path(opened.path), options), opened.tenant_id)
