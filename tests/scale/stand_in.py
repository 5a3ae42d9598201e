"""Stands in for the process that speaks to Ray: it parses by itself, and misbehaves where asked."""

import os
import sys
from collections.abc import Mapping

from ragflow_local.scale import ray_wire as wire


def main(asked: Mapping[str, str]) -> None:
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    how = asked["address"].partition(":")[0]
    os.write(2, b"what Ray says\n")
    if how == "nowhere":
        wire.send(replies, wire.Lost("connection refused"))
        return
    if how == "silent":
        return
    if how == "noise":
        replies.write(b"\x00\x00\x00\x05noise")
        return
    wire.send(replies, wire.Connected(["first", "second"]))
    wire.send(replies, wire.Width(3))
    given_up = set()
    while (request := wire.receive_request(requests)) is not None:
        if isinstance(request, wire.Cancel):
            given_up.add(request.number)
            wire.send(replies, wire.Width(100 + request.number))  # so that a test can see it
            wire.send(replies, wire.Returned(request.number, b"late"))
        elif how == "ends":
            sys.exit(3)
        elif how == "refuses":
            wire.send(replies, wire.Died(request.number, "WorkerCrashedError: the worker died"))
        elif how != "waits":
            from ragflow_local.ingest.remote import parse_batch

            wire.send(replies, wire.Returned(request.number, parse_batch(request.batch)))
