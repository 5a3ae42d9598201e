"""``publish`` and ``fetch``: a project for readers elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ragflow_local.cli.options import Json, Project, open_project
from ragflow_local.cli.output import say_json, size_of, tell

Uri = Annotated[
    str,
    typer.Argument(
        metavar="URI",
        help="A folder, or file:///…, s3://bucket/prefix, gs://…, abfs://…, hdfs://…",
        show_default=False,
    ),
]
Directory = Annotated[
    Path,
    typer.Argument(
        metavar="DIRECTORY",
        help="New or empty, or fetched to before.",
        show_default=False,
    ),
]
Kept = Annotated[int, typer.Option("--keep", metavar="N", help="How many of the newest stay.")]
Chats = Annotated[bool, typer.Option("--chats", help="Chat assistants too; never what was asked.")]


def publish(
    context: typer.Context,
    uri: Uri,
    project: Project = None,
    keep: Kept = 5,
    chats: Chats = False,
    as_json: Json = False,
) -> None:
    """Publish a snapshot of a project for readers elsewhere.

    Others may write in it meanwhile. Only what is new is written.
    """
    with open_project(context, project, read_only=True) as rag:
        published = rag.publish(uri, keep=keep, chats=chats)
    if as_json:
        say_json(asdict(published))
    elif published.is_new:
        size = size_of(published.written_bytes)
        tell(f"Published snapshot {published.number} at {published.uri}: {size} written.")
    else:
        tell(f"Nothing has changed since snapshot {published.number} at {published.uri}.")


def fetch(uri: Uri, directory: Directory, keep: Kept = 2, as_json: Json = False) -> None:
    """Fetch the newest snapshot of a published project, for reading.

    Only what is new is read. Who reads an earlier snapshot keeps it.
    """
    from ragflow_local.api.snapshots import fetch as fetch_snapshot

    fetched = fetch_snapshot(uri, directory, keep=keep)
    if as_json:
        say_json(asdict(fetched))
    elif fetched.is_new:
        size = size_of(fetched.read_bytes)
        tell(f"Fetched snapshot {fetched.number} to {directory}: {size} read.")
    else:
        tell(f"{directory} has the newest snapshot, {fetched.number}.")
