"""``export`` and ``import``: a dataset as one file, for another project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragflow_local.cli.options import Dataset, Project, dataset_of, open_project
from ragflow_local.cli.output import tell
from ragflow_local.text.plurals import count_of

Exported = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, show_default=False),
]
Into = Annotated[
    str | None,
    typer.Option("--into", metavar="NAME", help="A dataset that takes the documents."),
]
NewFile = Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, show_default=False)]


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
        tell(f"Added {dataset_.name}: {count_of(dataset_.document_count, 'document')}.")
