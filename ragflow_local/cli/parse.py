"""``parse``: parses documents that were added earlier, and reports the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragflow_local.cli.options import (
    FAILED,
    Dataset,
    Json,
    Method,
    Project,
    complete_document,
    dataset_of,
    open_project,
)
from ragflow_local.cli.output import for_a_terminal, say_json, tell
from ragflow_local.cli.progress import follow
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from ragflow_local.api.dataset import DataSet
    from ragflow_local.api.document import Document
    from ragflow_local.api.ragflow import RAGFlow

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="DOCUMENTS",
        help="Names, ids or patterns. Default: all that are not parsed yet.",
        show_default=False,
        autocompletion=complete_document,
    ),
]


Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="Have a Ray cluster that is there do it: ray://HOST:10001, or HOST:6379 on a node.",
        show_default=False,
    ),
]


Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        metavar="DIR",
        help="Have computers do it that see this folder too: they run ragflow-local work DIR.",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]


def parse(
    context: typer.Context,
    names: Names = None,
    project: Project = None,
    dataset: Dataset = None,
    method: Method = None,
    ray: Ray = None,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Parse documents that are not parsed yet.

    Or those named, again.
    """
    if ray is not None and folder is not None:
        raise typer.BadParameter("give one of --ray and --folder")
    with open_project(context, project) as rag:
        home = dataset_of(rag, dataset)
        documents = list(named(home, names) if names else _unparsed(home))
        if not documents:
            tell(f"Nothing to do: every document of {home.name} is parsed.")
        set_method(documents, method)
        finish(rag, home, documents, parse=True, as_json=as_json, on=folder or ray)


def set_method(documents: Iterable[Document], method: str | None) -> None:
    """Give documents another parse method; None leaves theirs."""
    for document in documents:
        if method is not None and document.parser_method != method:
            document.parser_method = method
            document.save()


def named(home: DataSet, names: Iterable[str]) -> Iterator[Document]:
    """Yield the documents of these names or ids, or that a pattern such as ``*.pdf`` fits.

    Raises:
        NotFoundError: There is none of one of them.
    """
    from ragflow_local.errors import NotFoundError

    documents = home.list_docs()
    for name in names:
        matches = [document for document in documents if name in (document.id, document.name)]
        if not matches:
            matches = [document for document in documents if fnmatchcase(document.name, name)]
        if not matches:
            raise NotFoundError("document", name, "name or id")
        yield from matches


def _unparsed(home: DataSet) -> Iterator[Document]:
    return (document for document in home.list_docs() if document.run != "DONE")


def finish(
    rag: RAGFlow,
    home: DataSet,
    documents: list[Document],
    *,
    parse: bool,
    as_json: bool,
    on: str | Path | None = None,
) -> None:
    """Parse if wanted, report the results, and exit 1 if a document failed or was left to wait."""
    ids = [document.id for document in documents]
    left: list[Document] = []
    if parse and ids:
        rag.async_parse_documents(ids, on=on)
        follow(documents)
        left = [document for document in documents if on and document.run == "UNSTART"]
    if as_json:
        say_json({"dataset": home.name, "documents": [summary_of(item) for item in documents]})
    if left:
        _, reason = next(left[0].join())
        reason = for_a_terminal(reason)
        tell(f"Error: {reason} {count_of(len(left), 'document')} left.", is_bad=True)
    if left or any(document.run in {"FAIL", "CANCEL"} for document in documents):
        raise typer.Exit(FAILED)


def summary_of(document: Document) -> dict[str, Any]:
    """Return the ``--json`` output of a document."""
    return {
        "id": document.id,
        "name": document.name,
        "run": document.run,
        "chunk_count": document.chunk_count,
        "token_count": document.token_count,
        "size": document.size,
        "parser_method": document.parser_method,
        "progress_msg": document.progress_msg,
        "process_duration": document.process_duration,
    }
