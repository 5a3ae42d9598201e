"""``add`` and ``parse``: files of a disk to documents that can be searched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragflow_local.cli.options import (
    TOLD,
    Dataset,
    Json,
    Method,
    Project,
    dataset_of,
    dataset_or_new,
    open_project,
)
from ragflow_local.cli.output import say_json, tell
from ragflow_local.cli.progress import follow

if TYPE_CHECKING:
    from ragflow_local.api.dataset import DataSet
    from ragflow_local.api.document import Document
    from ragflow_local.api.ragflow import RAGFlow

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
Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="DOCUMENTS",
        help="Names or ids. Default: all that are not parsed yet.",
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
        " Default: all-MiniLM-L6-v2",
    ),
]


def add(
    context: typer.Context,
    files: Files,
    project: Project = None,
    dataset: Dataset = None,
    method: Method = None,
    embedding_model: EmbeddingModel = None,
    parse: Annotated[
        bool, typer.Option("--parse/--no-parse", help="Whether to make them searchable now.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Add files and parse them.

    The project and the dataset are made where they are not there yet.
    """
    found = list(files_of(files))
    if not found:
        raise typer.BadParameter("there is no file of a known kind in what was named")
    with open_project(context, project, new=True) as rag:
        home = dataset_or_new(rag, dataset)
        if embedding_model is not None:
            home.update({"embedding_model": embedding_model})
        documents = add_files(rag, home, found, method)
        tell(f"Added {count_of(len(documents), 'document')} to {home.name}.")
        _finish(rag, home, documents, parse=parse, as_json=as_json)


def parse(
    context: typer.Context,
    names: Names = None,
    project: Project = None,
    dataset: Dataset = None,
    method: Method = None,
    as_json: Json = False,
) -> None:
    """Parse the documents that are not parsed yet, or those named."""
    with open_project(context, project) as rag:
        home = dataset_of(rag, dataset)
        documents = list(_named(home, names) if names else _unparsed(home))
        if not documents:
            tell(f"Nothing to do: every document of {home.name} is parsed.")
        set_method(documents, method)
        _finish(rag, home, documents, parse=True, as_json=as_json)


def files_of(paths: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Yield a document name and a file for each file named, and each readable one in a folder.

    Hidden files and those of unknown kind are passed over in folders; a file that is named
    itself is always taken.
    """
    from ragflow_local.readers import ENDINGS

    known = {ending for endings in ENDINGS.values() for ending in endings}
    for path in paths:
        if not path.is_dir():
            yield path.name, path
            continue
        for file in sorted(path.rglob("*")):
            inside = file.relative_to(path)
            hidden = any(part.startswith(".") for part in inside.parts)
            if file.is_file() and not hidden and file.suffix.lower() in known:
                yield inside.as_posix(), file


def add_files(
    rag: RAGFlow, home: DataSet, files: Iterable[tuple[str, Path]], method: str | None
) -> list[Document]:
    """Store files in a dataset and return their documents, in the same order."""
    documents = [rag.add_document(home, name, path.read_bytes()) for name, path in files]
    set_method(documents, method)
    return documents


def set_method(documents: Iterable[Document], method: str | None) -> None:
    """Give documents another parse method; None leaves theirs."""
    for document in documents:
        if method is not None and document.parser_method != method:
            document.parser_method = method
            document.save()


def count_of(number: int, noun: str) -> str:
    """Return ``1 document`` or ``2 documents``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _named(home: DataSet, names: Iterable[str]) -> Iterator[Document]:
    from ragflow_local.errors import NotFoundError

    documents = home.list_docs()
    for name in names:
        matches = [document for document in documents if name in (document.id, document.name)]
        if not matches:
            raise NotFoundError("document", name, "name or id")
        yield from matches


def _unparsed(home: DataSet) -> Iterator[Document]:
    return (document for document in home.list_docs() if document.run != "DONE")


def _finish(
    rag: RAGFlow, home: DataSet, documents: list[Document], *, parse: bool, as_json: bool
) -> None:
    """Parse if wanted, say what became of the documents, and exit 1 if one failed."""
    ids = [document.id for document in documents]
    if parse and ids:
        rag.async_parse_documents(ids)
        follow(documents)
    if as_json:
        say_json({"dataset": home.name, "documents": [summary_of(item) for item in documents]})
    if any(document.run in {"FAIL", "CANCEL"} for document in documents):
        raise typer.Exit(TOLD)


def summary_of(document: Document) -> dict[str, Any]:
    """Return what ``--json`` says of a document."""
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
