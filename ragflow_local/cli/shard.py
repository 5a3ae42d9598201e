"""``shard``: answers for a project that is searched together with others, from elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ragflow_local.cli.output import tell

Directory = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", exists=True, file_okay=False, help="A project.", show_default=False
    ),
]


def shard(directory: Directory) -> None:
    """Answer for a project over standard input and output, for a search of several.

    A program on another computer starts it: Shards(["/data/a", ["ssh", "host", "ragflow-local",
    "shard", "/data/b"]]). It ends with its standard input, and opens no port.
    """
    from ragflow_local.api.shards import answer_for

    if sys.stdin.isatty():
        tell("Waiting for questions on standard input. Ctrl-C ends it.")
    answer_for(directory)
