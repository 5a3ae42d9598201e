"""``add``: adds files and folders to a dataset and parses them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragflow_local.cli.options import (
    FAILED,
    Dataset,
    EmbeddingModel,
    Exclude,
    Include,
    Json,
    Method,
    Project,
    dataset_or_new,
    open_project,
)
from ragflow_local.cli.output import for_a_terminal, tell
from ragflow_local.cli.parse import finish, set_method
from ragflow_local.cli.progress import looking
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from ragflow_local.api.dataset import DataSet
    from ragflow_local.api.document import Document

_TOGETHER, _TOGETHER_BYTES = 64, 16 << 20  # files that are written before the disk is waited for

Files = Annotated[
    list[Path],
    typer.Argument(
        exists=True,
        readable=True,
        metavar="FILES",
        help="Files, and folders with all below.",
        show_default=False,
    ),
]


def add(
    context: typer.Context,
    files: Files,
    project: Project = None,
    dataset: Dataset = None,
    method: Method = None,
    embedding_model: EmbeddingModel = None,
    include: Include = None,
    exclude: Exclude = None,
    parse: Annotated[
        bool, typer.Option("--parse/--no-parse", help="Whether to make them searchable now.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Add files and parse them.

    The project and the dataset are made where they are not there yet.
    """
    paths = list(files_of(files, include or (), exclude or ()))
    if not paths:
        named = ", ".join(map(str, files))
        raise typer.BadParameter(f"no file to add in {named}; see --include and --exclude")
    with open_project(context, project, new=True) as rag:
        home = dataset_or_new(rag, dataset)
        if embedding_model is not None:
            home.update({"embedding_model": embedding_model})
        documents = add_files(home, paths, method)
        tell(f"Added {count_of(len(documents), 'document')} to {home.name}.")
        finish(rag, home, documents, parse=parse, as_json=as_json)
    if len(documents) < len(paths):
        raise typer.Exit(FAILED)


def files_of(
    paths: Iterable[Path], include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Iterator[tuple[str, Path]]:
    """Yield a document name and a file for each file named, and each one meant in a folder.

    In folders hidden files are passed over, and those of unknown kind unless a pattern takes
    them; a file that is named itself is always taken.

    Raises:
        DiskError: A folder cannot be read.
    """
    from ragflow_local.api.sync import files_in

    for path in paths:
        if not path.is_dir():
            yield path.name, path
            continue
        snapshot = files_in(path, include, exclude)
        for inside, reason in snapshot.unread.items():
            tell(f"{path / inside} is passed over: {reason}", is_bad=True)
        for inside in snapshot.files:
            yield inside, path / inside


def add_files(
    home: DataSet, files: Sequence[tuple[str, Path]], method: str | None
) -> list[Document]:
    """Store files in a dataset and return their documents, in the same order.

    A file that cannot be taken is told and left out; the others are added.
    """
    documents: list[Document] = []
    waiting: list[tuple[str, Path, bytes]] = []
    with looking("Adding") as show:
        for name, path in files:
            show(name)
            try:
                waiting.append((name, path, path.read_bytes()))
            except OSError as error:
                tell(f"✗ {path}: {error.strerror or error}", is_bad=True)
            if len(waiting) == _TOGETHER or sum(len(one[2]) for one in waiting) > _TOGETHER_BYTES:
                documents += _added(home, waiting)
                waiting = []
        documents += _added(home, waiting)
    set_method(documents, method)
    return documents


def _added(home: DataSet, files: Sequence[tuple[str, Path, bytes]]) -> list[Document]:
    """Add files together; where one of them cannot be taken, it is told and the others are."""
    from ragflow_local.errors import InvalidValueError, LimitError, ReadError

    try:
        return home.add_documents((name, data) for name, _, data in files)
    except (InvalidValueError, LimitError, ReadError) as error:
        if len(files) == 1:
            tell(f"✗ {files[0][1]}: {for_a_terminal(str(error))}", is_bad=True)
            return []
    return [document for one in files for document in _added(home, [one])]
