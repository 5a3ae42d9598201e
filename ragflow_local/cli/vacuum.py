"""``vacuum``: the room of what was deleted, given back."""

from __future__ import annotations

import typer

from ragflow_local.cli.options import Project, open_project
from ragflow_local.cli.output import tell


def vacuum(context: typer.Context, project: Project = None) -> None:
    """Free the disk space of deleted data."""
    with open_project(context, project) as rag:
        tell(f"Gave back {rag.vacuum():,} bytes.")
