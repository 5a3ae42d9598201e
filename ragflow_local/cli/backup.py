"""``backup`` and ``restore``: whole copies of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragflow_local.cli.options import FAILED, Project, open_project
from ragflow_local.cli.output import tell

Target = Annotated[
    Path, typer.Argument(metavar="DEST", help="A new or empty directory.", show_default=False)
]
Source = Annotated[
    Path,
    typer.Argument(
        metavar="SRC", exists=True, file_okay=False, help="A backup.", show_default=False
    ),
]


def backup(context: typer.Context, target: Target, project: Project = None) -> None:
    """Write a complete copy of a project.

    Others may write in it meanwhile.
    """
    with open_project(context, project, read_only=True) as rag:
        size = rag.backup(target)
    tell(f"Wrote {target}: {size:,} bytes. It is a project: --project {target} opens it.")


def restore(source: Source, target: Target) -> None:
    """Restore a project from a backup.

    Every byte of it is looked at first.
    """
    from ragflow_local import doctor as room
    from ragflow_local.api.ragflow import RAGFlow

    report = room.examine(source)
    lost = [problem for problem in report.problems if not problem.is_mendable]
    for problem in lost:
        tell(f"{problem.part}: {problem.what}")
    if lost:
        tell(f"Error: {source} is damaged. Restore an older backup, or repair a copy of this one.")
        raise typer.Exit(FAILED)
    with RAGFlow(project_dir=source, read_only=True) as rag:
        size = rag.backup(target)
    tell(f"Wrote {target}: {size:,} bytes.")
