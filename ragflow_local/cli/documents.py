"""``documents``: lists, shows, changes, saves and removes the documents of a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragflow_local.cli.groups import Settings, Yes, ask_first, given, group, settings_of
from ragflow_local.cli.options import (
    Dataset,
    Json,
    Method,
    Project,
    complete_document,
    dataset_of,
    open_project,
)
from ragflow_local.cli.output import (
    pages_of,
    say,
    say_facts,
    say_json,
    say_passage,
    say_table,
    shown_value,
    size_of,
    tell,
)
from ragflow_local.cli.parse import named, summary_of
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from ragflow_local.api.dataset import DataSet
    from ragflow_local.api.document import Document

_STATES = {
    "UNSTART": "not parsed",
    "RUNNING": "being parsed",
    "CANCEL": "cancelled",
    "DONE": "parsed",
    "FAIL": "failed",
}
_MOST_LINES = 6  # of a chunk in a list; show gives all of it
_MOST_NAMES = 10  # that a question says one by one

Name = Annotated[
    str,
    typer.Argument(
        metavar="DOCUMENT", show_default=False, help="Name or id.", autocompletion=complete_document
    ),
]
Names = Annotated[
    list[str],
    typer.Argument(
        metavar="DOCUMENTS",
        show_default=False,
        help="Names, ids, or patterns such as '*.pdf'.",
        autocompletion=complete_document,
    ),
]
NewName = Annotated[str, typer.Argument(metavar="NEW_NAME", show_default=False)]
Target = Annotated[
    Path | None,
    typer.Argument(metavar="FILE", show_default=False, help="Default: its name, here."),
]
Words = Annotated[
    str, typer.Option("--keywords", metavar="WORDS", help="Only chunks with each of these words.")
]
Contains = Annotated[
    str | None,
    typer.Option("--keywords", metavar="TEXT", help="Only names with this.", show_default=False),
]
Run = Annotated[
    str | None,
    typer.Option(
        "--state",
        metavar="RUN",
        help="Only UNSTART, RUNNING, CANCEL, DONE or FAIL.",
        show_default=False,
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=-1, help="Most to show; -1 for all.")]
Offset = Annotated[int, typer.Option("--offset", min=0, help="How many to pass over.")]


def _all(
    context: typer.Context,
    project: Project = None,
    dataset: Dataset = None,
    contains: Contains = None,
    state: Run = None,
    limit: Limit = -1,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """Show the documents of a dataset with their parse state."""
    if state is not None and state.upper() not in _STATES:
        raise typer.BadParameter(f"one of {', '.join(_STATES)}", param_hint="--state")
    with open_project(context, project, read_only=True) as rag:
        listed = dataset_of(rag, dataset).list_docs(contains, offset, limit)
        if state is not None:
            listed = [item for item in listed if item.run == state.upper()]
        if as_json:
            say_json([summary_of(item) for item in listed])
        elif listed:
            say_documents(listed)
        else:
            tell("No documents.")


documents = group(
    "List documents; show, change, remove them.",
    "ragflow-local documents list --dataset reports --state FAIL",
    _all,
)
documents.command(
    "list", epilog="\b\nExample:\n  ragflow-local documents list --dataset reports --state FAIL"
)(_all)


def say_documents(listed: list[Document]) -> None:
    """Write a table of documents."""
    say_table(
        ("document", "state", "chunks", "bytes", "method"),
        [
            (item.name, _state_of(item), str(item.chunk_count), str(item.size), item.parser_method)
            for item in listed
        ],
    )


def _state_of(document: Document) -> str:
    if document.run == "FAIL":
        return f"failed: {document.progress_msg}"
    if document.run == "RUNNING":
        return f"being parsed, {document.progress:.0f} %"
    return _STATES[document.run]


@documents.command(epilog="\b\nExample:\n  ragflow-local documents show report.pdf")
def show(
    context: typer.Context,
    name: Name,
    project: Project = None,
    dataset: Dataset = None,
    as_json: Json = False,
) -> None:
    """Show everything about a document."""
    with open_project(context, project, read_only=True) as rag:
        document = document_named(dataset_of(rag, dataset), name).to_dict()
    if as_json:
        say_json(document)
        return
    config = document.pop("parser_config")
    notes = document.pop("meta_fields")
    for second in ("knowledgebase_id", "parser_method"):
        document.pop(second, None)
    known = {key: value for key, value in document.items() if value not in ("", None)}
    known["size"] = f"{document['size']:,} bytes ({size_of(document['size'])})"
    known["process_duration"] = f"{document['process_duration']:.1f} s"
    known |= {f"parser_config.{key}": value for key, value in config.items()}
    known |= {f"meta_fields.{key}": value for key, value in notes.items()}
    say_facts({key: shown_value(key, value) for key, value in known.items()})


@documents.command(epilog="\b\nExample:\n  ragflow-local documents chunks report.pdf --limit 5")
def chunks(
    context: typer.Context,
    name: Name,
    project: Project = None,
    dataset: Dataset = None,
    keywords: Words = "",
    limit: Limit = 30,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """Show the chunks of a document in reading order."""
    from ragflow_local.text.terms import asked_terms

    with open_project(context, project, read_only=True) as rag:
        document = document_named(dataset_of(rag, dataset), name)
        chunks_ = document.list_chunks(keywords, offset, limit)
        held = document.chunk_count
    if as_json:
        say_json([chunk.to_dict() for chunk in chunks_])
        return
    for number, chunk in enumerate(chunks_, start=offset + 1):
        pages = pages_of(chunk.to_dict())
        where = f"  ·  page {'–'.join(map(str, sorted({pages[0], pages[-1]})))}" if pages else ""
        off = "" if chunk.available else "  ·  switched off"
        say(f"{number}. {chunk.id}{where}  ·  {count_of(chunk.token_count, 'token')}{off}")
        say_passage(chunk.content, asked_terms(keywords), "   ", _MOST_LINES)
        say()
    tell(f"{len(chunks_):,} of {count_of(held, 'chunk')}.")


@documents.command(
    epilog="\b\nExample:\n  ragflow-local documents update report.pdf --method paper"
    " --set chunk_token_count=256"
)
def update(
    context: typer.Context,
    names: Names,
    project: Project = None,
    dataset: Dataset = None,
    method: Method = None,
    settings: Settings = None,
) -> None:
    """Change the parse method or settings of documents.

    They wait to be parsed anew then: ragflow-local parse
    """
    changes = given(parse_method=method, parser_config=settings_of(settings))
    with open_project(context, project) as rag:
        chosen = list(named(dataset_of(rag, dataset), names))
        for item in chosen:
            item.update(changes)
        tell(f"Changed {count_of(len(chosen), 'document')}. Parse anew: ragflow-local parse")


@documents.command(epilog="\b\nExample:\n  ragflow-local documents rename report.pdf 2025.pdf")
def rename(
    context: typer.Context,
    name: Name,
    new_name: NewName,
    project: Project = None,
    dataset: Dataset = None,
) -> None:
    """Rename a document; searches use the new name at once."""
    with open_project(context, project) as rag:
        document = document_named(dataset_of(rag, dataset), name)
        document.update({"name": new_name})
        tell(f"{name} is {document.name} now.")


@documents.command(epilog="\b\nExample:\n  ragflow-local documents save report.pdf copy.pdf")
def save(
    context: typer.Context,
    name: Name,
    target: Target = None,
    project: Project = None,
    dataset: Dataset = None,
) -> None:
    """Save the original file of a document.

    They are unchanged; - is standard output.
    """
    import sys

    with open_project(context, project, read_only=True) as rag:
        document = document_named(dataset_of(rag, dataset), name)
        data = document.download()
        path = target or Path(Path(document.name).name)
    if str(path) == "-":
        sys.stdout.buffer.write(data)
        return
    if target is None and path.exists():
        raise typer.BadParameter(f"{path} is there already; name another file")
    path.write_bytes(data)
    tell(f"Wrote {path}: {size_of(len(data))}.")


@documents.command(epilog="\b\nExample:\n  ragflow-local documents remove old.pdf notes.md --yes")
def remove(
    context: typer.Context,
    names: Names,
    project: Project = None,
    dataset: Dataset = None,
    yes: Yes = False,
) -> None:
    """Remove documents with their chunks.

    They are not found any more at once.
    """
    with open_project(context, project) as rag:
        chosen = {item.id: item for item in named(dataset_of(rag, dataset), names)}
        names_shown = ", ".join(item.name for item in chosen.values())
        if len(chosen) > _MOST_NAMES:
            names_shown = count_of(len(chosen), "document")
        ask_first(f"Remove {names_shown}?", yes)
        for item in chosen.values():
            item.delete()
        tell(f"Removed {count_of(len(chosen), 'document')}.")


def document_named(home: DataSet, name: str) -> Document:
    """Return the document of that name or id.

    Raises:
        NotFoundError: There is none.
    """
    return next(iter(named(home, [name])))
