"""``vacuum``: the room of what was deleted, given back."""

from __future__ import annotations

import typer

from ragflow_local.cli.options import Project, open_project
from ragflow_local.cli.output import tell


def vacuum(context: typer.Context, project: Project = None) -> None:
    """Give back the room of what was deleted."""
    with open_project(context, project) as rag:
        tell(f"Gave back {rag.vacuum():,} bytes.")
