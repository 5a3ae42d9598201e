"""``list``: what a project holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ragflow_local.cli.documents import summary_of
from ragflow_local.cli.options import Dataset, Json, Project, open_project
from ragflow_local.cli.output import say, say_json, say_table

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
        datasets = rag.list_datasets(desc=False) if dataset is None else [rag.get_dataset(dataset)]
        documents = datasets[0].list_docs() if len(datasets) == 1 else []
        if as_json:
            say_json([_entry(item, documents) for item in datasets])
        else:
            _show(datasets, documents)


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


def _show(datasets: list[DataSet], documents: list[Document]) -> None:
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
            for item in datasets
        ],
    )
    if documents:
        say()
        say_table(
            ("document", "state", "chunks", "bytes", "method"),
            [
                (
                    item.name,
                    _STATES[item.run] if item.run != "FAIL" else f"failed: {item.progress_msg}",
                    str(item.chunk_count),
                    str(item.size),
                    item.parser_method,
                )
                for item in documents
            ],
        )
