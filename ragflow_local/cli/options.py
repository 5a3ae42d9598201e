"""Options shared by commands, and the project and dataset they select."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragflow_local.cli.output import for_a_terminal, tell

if TYPE_CHECKING:
    from ragflow_local.api.dataset import DataSet
    from ragflow_local.api.ragflow import RAGFlow

VARIABLE = "RAGFLOW_LOCAL_PROJECT"
DEFAULT_PROJECT = Path("ragflow_project")
NEW_DATASET = "documents"
FAILED = 1  # exit status after an error with its message; wrong usage is 2, Ctrl-C 130
_HINT = "--dataset"


def _engine_of(context: typer.Context) -> RAGFlow | None:
    """Return the engine of the project in a half-written command line; None for none."""
    import os

    from ragflow_local.errors import RagflowError

    root = context.find_root().params.get("project")
    given = context.params.get("project") or root or os.environ.get(VARIABLE)
    try:
        from ragflow_local.api.ragflow import RAGFlow

        return RAGFlow(project_dir=given or DEFAULT_PROJECT, read_only=True)
    except (RagflowError, OSError):
        return None


def complete_dataset(context: typer.Context, incomplete: str) -> list[str]:
    """Return the datasets whose names begin so, for a shell."""
    if (rag := _engine_of(context)) is None:
        return []
    with rag:
        names = [dataset.name for dataset in rag.list_datasets(desc=False)]
    return [name for name in names if name.startswith(incomplete)]


def complete_document(context: typer.Context, incomplete: str) -> list[str]:
    """Return the documents whose names begin so, for a shell."""
    if (rag := _engine_of(context)) is None:
        return []
    with rag:
        wanted = context.params.get("dataset")
        homes = rag.list_datasets(name=wanted) if wanted else rag.list_datasets()
        names = [document.name for home in homes for document in home.list_docs(incomplete)]
    return [name for name in names if name.startswith(incomplete)]


def complete_method(incomplete: str) -> list[str]:
    """Return the parse methods whose names begin so, for a shell."""
    from ragflow_local.settings import PARSE_METHODS

    return [name for name in PARSE_METHODS if name.startswith(incomplete)]


_PROJECT_HELP = "The project directory. Default: ./ragflow_project"
RootProject = Annotated[
    Path | None,
    typer.Option(
        "--project", metavar="DIR", envvar=VARIABLE, help=_PROJECT_HELP, show_default=False
    ),
]
Project = Annotated[
    Path | None, typer.Option("--project", metavar="DIR", help=_PROJECT_HELP, show_default=False)
]
Dataset = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="NAME",
        help="May be left out where the project has one.",
        show_default=False,
        autocompletion=complete_dataset,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Give JSON instead of text.")]
Method = Annotated[
    str | None,
    typer.Option(
        "--method",
        metavar="NAME",
        help="The parse method. Default: the dataset's.",
        show_default=False,
        autocompletion=complete_method,
    ),
]
Models = Annotated[
    Path | None,
    typer.Option(
        "--models",
        metavar="DIR",
        help="Where model weights lie. Default: ./models",
        show_default=False,
    ),
]
EmbeddingModel = Annotated[
    str | None,
    typer.Option(
        "--embedding-model",
        metavar="NAME",
        show_default=False,
        help="A folder or a name under models/, for a dataset without chunks."
        " Default: all-MiniLM-L6-v2, or multilingual-e5-small where that is installed",
    ),
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        "--include",
        metavar="PATTERN",
        show_default=False,
        help="Of folders take only what fits, such as '*.pdf' or 'notes/*'; may be given again.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="PATTERN",
        show_default=False,
        help="Leave out files and folders that fit, such as drafts; may be given again.",
    ),
]


def open_project(
    context: typer.Context,
    project: Path | None,
    *,
    new: bool = False,
    read_only: bool = False,
    models: Path | None = None,
) -> RAGFlow:
    """Return the engine on the project that a command selects.

    Args:
        context: Of the command; its ``obj`` is the project named before the command.
        project: The project named after the command, which wins.
        new: Whether to make the directory where it is not there.
        read_only: Whether the command changes nothing, so that another process may write.
        models: Where model weights lie.

    Raises:
        Exit: There is no project, and the command does not make one.
    """
    directory = project or context.obj or DEFAULT_PROJECT
    # One of them may be lost: the engine tells which.
    files = ("project.json", "catalog.sqlite3", "fetched.json")
    if not new and not any((directory / name).exists() for name in files):
        tell(
            f"Error: There is no project in {directory}. Name another with --project, or make"
            f" this one: ragflow-local add FILES --project {directory}"
        )
        raise typer.Exit(FAILED)
    import warnings

    from ragflow_local.api.ragflow import RAGFlow

    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        rag = RAGFlow(project_dir=directory, models_dir=models, read_only=read_only)
    for warning in noted:
        tell(for_a_terminal(str(warning.message)))
    return rag


def dataset_of(rag: RAGFlow, name: str | None) -> DataSet:
    """Return the dataset named, or the only one.

    Raises:
        NotFoundError: No dataset has that name.
        BadParameter: None is named, and the project has several or none.
    """
    if name is not None:
        return rag.get_dataset(name)
    datasets = rag.list_datasets()
    if len(datasets) == 1:
        return datasets[0]
    if not datasets:
        raise typer.BadParameter(
            "the project has none yet: ragflow-local add FILES", param_hint=_HINT
        )
    names = ", ".join(sorted(dataset.name for dataset in datasets))
    raise typer.BadParameter(f"name one of the project's datasets: {names}", param_hint=_HINT)


def dataset_or_new(rag: RAGFlow, name: str | None) -> DataSet:
    """Return the dataset named, or the only one; make it where it is not there."""
    if name is not None:
        datasets = rag.list_datasets(name=name)
        return datasets[0] if datasets else rag.create_dataset(name=name)
    return dataset_of(rag, None) if rag.list_datasets() else rag.create_dataset(name=NEW_DATASET)
