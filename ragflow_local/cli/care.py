"""``doctor``, ``backup``, ``restore``, ``vacuum``, ``export``, ``import``: care of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragflow_local.cli.options import (
    DEFAULT_PROJECT,
    TOLD,
    Dataset,
    Json,
    Project,
    dataset_of,
    open_project,
)
from ragflow_local.cli.output import say, say_json, tell

Repair = Annotated[
    bool, typer.Option("--repair", help="Put right what can be put right without a loss.")
]
Target = Annotated[
    Path, typer.Argument(metavar="DEST", help="A new or empty directory.", show_default=False)
]
Source = Annotated[
    Path,
    typer.Argument(
        metavar="SRC", exists=True, file_okay=False, help="A backup.", show_default=False
    ),
]
Exported = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, show_default=False),
]
Into = Annotated[
    str | None,
    typer.Option("--into", metavar="NAME", help="A dataset that takes the documents."),
]
NewFile = Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, show_default=False)]


def doctor(
    context: typer.Context, project: Project = None, repair: Repair = False, as_json: Json = False
) -> None:
    """Say what is wrong with a project.

    Exit status 1 when something is. Nothing is changed without --repair.
    """
    from ragflow_local import doctor as room

    directory = project or context.obj or DEFAULT_PROJECT
    done = room.repair(directory) if repair else []
    report = room.examine(directory)
    if as_json:
        say_json({**report.to_dict(), "repaired": done})
    else:
        for sentence in done:
            say(f"Repaired: {sentence}")
        for problem in report.problems:
            say(f"{problem.part}: {problem.what}")
        for note in report.notes:
            tell(note)
        counted = ", ".join(f"{number:,} {name}" for name, number in report.counts.items())
        state = " (in use, or not closed)" if report.is_open else ""
        tell(f"{'Healthy' if report.is_healthy else 'Not healthy'}{state}: {counted or 'nothing'}.")
        if any(problem.is_mendable for problem in report.problems):
            tell("ragflow-local doctor --repair puts some of it right.")
    if not report.is_healthy:
        raise typer.Exit(TOLD)


def backup(context: typer.Context, target: Target, project: Project = None) -> None:
    """Write a whole copy of a project.

    Others may write in it meanwhile.
    """
    with open_project(context, project, read_only=True) as rag:
        size = rag.backup(target)
    tell(f"Wrote {target}: {size:,} bytes. It is a project: --project {target} opens it.")


def restore(source: Source, target: Target) -> None:
    """Write a whole copy of a backup.

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
        raise typer.Exit(TOLD)
    with RAGFlow(project_dir=source, read_only=True) as rag:
        size = rag.backup(target)
    tell(f"Wrote {target}: {size:,} bytes.")


def vacuum(context: typer.Context, project: Project = None) -> None:
    """Give back the room of what was deleted."""
    with open_project(context, project) as rag:
        tell(f"Gave back {rag.vacuum():,} bytes.")


def export(
    context: typer.Context, file: NewFile, project: Project = None, dataset: Dataset = None
) -> None:
    """Write a dataset to one file.

    With its bytes, chunks and embeddings: import computes nothing anew.
    """
    with open_project(context, project, read_only=True) as rag:
        home = dataset_of(rag, dataset)
        rag.export_dataset(home, file)
        tell(f"Wrote {home.name} to {file}: {file.stat().st_size:,} bytes.")


def import_(
    context: typer.Context,
    file: Exported,
    project: Project = None,
    dataset: Dataset = None,
    into: Into = None,
) -> None:
    """Add the dataset of an exported file.

    --dataset gives it another name; with --into its documents come into one that is there.
    """
    with open_project(context, project, new=True) as rag:
        dataset_ = rag.import_dataset(file, dataset, into=into)
        tell(f"Added {dataset_.name}: {dataset_.document_count:,} documents.")
