"""``list`` and ``datasets``: lists, creates, changes and deletes datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ragflow_local.cli.documents import say_documents
from ragflow_local.cli.groups import Settings, Yes, ask_first, given, group, settings_of
from ragflow_local.cli.options import (
    Dataset,
    EmbeddingModel,
    Json,
    Method,
    Project,
    complete_dataset,
    open_project,
)
from ragflow_local.cli.output import (
    say,
    say_facts,
    say_json,
    say_table,
    shown_value,
    tell,
)
from ragflow_local.cli.parse import summary_of
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from ragflow_local.api.dataset import DataSet
    from ragflow_local.api.document import Document

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", show_default=False, autocompletion=complete_dataset),
]
NewName = Annotated[
    str,
    typer.Argument(metavar="NAME", show_default=False, help="English letters, digits and _."),
]
Names = Annotated[
    list[str],
    typer.Argument(metavar="NAMES", show_default=False, autocompletion=complete_dataset),
]
Other = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="A new name.", show_default=False)
]
Description = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", show_default=False)
]
Permission = Annotated[
    str | None,
    typer.Option(
        "--permission",
        metavar="me|team",
        show_default=False,
        help="team: whoever opens the project sees it, by whatever key.",
    ),
]


def list_(
    context: typer.Context,
    project: Project = None,
    dataset: Dataset = None,
    as_json: Json = False,
) -> None:
    """Show datasets and documents.

    The documents are those of the dataset named, or of the only one.
    """
    with open_project(context, project, read_only=True) as rag:
        datasets_ = rag.list_datasets(desc=False) if dataset is None else [rag.get_dataset(dataset)]
        documents = datasets_[0].list_docs() if len(datasets_) == 1 else []
        if as_json:
            say_json([_entry(item, documents) for item in datasets_])
        else:
            _show(datasets_)
            if documents:
                say()
                say_documents(documents)


def _all(context: typer.Context, project: Project = None, as_json: Json = False) -> None:
    """Show the datasets of a project."""
    with open_project(context, project, read_only=True) as rag:
        datasets_ = rag.list_datasets(desc=False)
        if as_json:
            say_json([_entry(item, []) for item in datasets_])
        elif datasets_:
            _show(datasets_)
        else:
            tell("No datasets yet: ragflow-local add FILES, or ragflow-local datasets create NAME")


datasets = group(
    "List, make, change and delete datasets.",
    "ragflow-local datasets create laws --method laws --set chunk_token_count=256",
    _all,
)
datasets.command("list", epilog="\b\nExample:\n  ragflow-local datasets list --json")(_all)


@datasets.command(epilog="\b\nExample:\n  ragflow-local datasets create laws --method laws")
def create(
    context: typer.Context,
    name: NewName,
    project: Project = None,
    method: Method = None,
    settings: Settings = None,
    embedding_model: EmbeddingModel = None,
    description: Description = None,
    permission: Permission = None,
    as_json: Json = False,
) -> None:
    """Create a dataset, and the project if there is none."""
    config = settings_of(settings)
    with open_project(context, project, new=True) as rag:
        rag.embedding_model = embedding_model or rag.embedding_model
        made = rag.create_dataset(
            name,
            description=description or "",
            permission=permission or "me",
            parse_method=method or "naive",
            parser_config=config,
        )
        if as_json:
            say_json(made.to_dict())
        tell(f"Made the dataset {made.name}: ragflow-local add FILES --dataset {made.name}")


@datasets.command(epilog="\b\nExample:\n  ragflow-local datasets show laws")
def show(
    context: typer.Context, name: Name, project: Project = None, as_json: Json = False
) -> None:
    """Show everything about a dataset."""
    with open_project(context, project, read_only=True) as rag:
        values = rag.find_dataset(name).to_dict()
    if as_json:
        say_json(values)
        return
    config = values.pop("parser_config")
    known = {key: value for key, value in values.items() if value not in ("", None)}
    known.pop("parser_method", None)  # the second spelling of parse_method
    known |= {f"parser_config.{key}": value for key, value in config.items()}
    say_facts({key: shown_value(key, value) for key, value in known.items()})


@datasets.command(
    epilog="\b\nExample:\n  ragflow-local datasets update laws --name statutes --method book"
)
def update(
    context: typer.Context,
    name: Name,
    project: Project = None,
    other: Other = None,
    method: Method = None,
    settings: Settings = None,
    embedding_model: EmbeddingModel = None,
    description: Description = None,
    permission: Permission = None,
) -> None:
    """Change a dataset: name, method, settings, embedding model.

    Method and embedding model change only while it has no chunks. Documents that are there keep
    their own method and settings: ragflow-local documents update changes those.
    """
    changes = given(
        name=other,
        parse_method=method,
        parser_config=settings_of(settings),
        embedding_model=embedding_model,
        description=description,
        permission=permission,
    )
    with open_project(context, project) as rag:
        dataset_ = rag.find_dataset(name)
        dataset_.update(changes)
        tell(f"Changed {', '.join(changes)} of {dataset_.name}.")


@datasets.command(epilog="\b\nExample:\n  ragflow-local datasets delete drafts --yes")
def delete(context: typer.Context, names: Names, project: Project = None, yes: Yes = False) -> None:
    """Delete datasets with their documents and chunks."""
    with open_project(context, project) as rag:
        datasets_ = {item.id: item for item in map(rag.find_dataset, names)}
        held = sum(item.document_count for item in datasets_.values())
        dataset_names = ", ".join(item.name for item in datasets_.values())
        ask_first(f"Delete {dataset_names} with {count_of(held, 'document')}?", yes)
        rag.delete_datasets(list(datasets_))
        tell(f"Deleted {dataset_names}.")


def _entry(dataset: DataSet, documents: list[Document]) -> dict[str, object]:
    entry: dict[str, object] = {
        "id": dataset.id,
        "name": dataset.name,
        "document_count": dataset.document_count,
        "chunk_count": dataset.chunk_count,
        "parse_method": dataset.parse_method,
        "embedding_model": dataset.embedding_model,
    }
    if documents:
        entry["documents"] = [summary_of(document) for document in documents]
    return entry


def _show(datasets_: list[DataSet]) -> None:
    say_table(
        ("dataset", "documents", "chunks", "method", "embedding model"),
        [
            (
                item.name,
                str(item.document_count),
                str(item.chunk_count),
                item.parse_method,
                item.embedding_model,
            )
            for item in datasets_
        ],
    )
