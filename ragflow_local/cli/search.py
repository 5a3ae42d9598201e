"""``search``: shows the passages that fit a question best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragflow_local.cli.options import (
    Dataset,
    Json,
    Models,
    Project,
    complete_document,
    dataset_of,
    open_project,
)
from ragflow_local.cli.output import pages_of, say, say_json, say_passage, source_of, tell, wrap
from ragflow_local.cli.parse import named
from ragflow_local.cli.show import scores_of

if TYPE_CHECKING:
    from ragflow_local.api.chunk import Chunk

_MOST_LINES = 6  # of a passage; --json and show give all of it
_SHORT_ID = 8  # letters: enough for show, and to copy

Question = Annotated[str, typer.Argument(metavar="QUESTION", show_default=False)]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Most passages to show.")]
Offset = Annotated[int, typer.Option("--offset", min=0, help="How many of the best to pass over.")]
Threshold = Annotated[
    float, typer.Option("--threshold", min=0, max=1, help="Passages less similar are left out.")
]
Weight = Annotated[
    float,
    typer.Option(
        "--vector-weight", min=0, max=1, help="1 ranks by meaning alone, 0 by words alone."
    ),
]
Within = Annotated[
    list[str] | None,
    typer.Option(
        "--document",
        metavar="NAME",
        show_default=False,
        help="Only in this document; may be given again.",
        autocompletion=complete_document,
    ),
]
Rerank = Annotated[
    str | None,
    typer.Option(
        "--rerank",
        metavar="MODEL",
        show_default=False,
        help="A cross-encoder, by its folder or name, that reads the best passages again.",
    ),
]


Shard = Annotated[
    list[Path] | None,
    typer.Option(
        "--shard",
        metavar="DIR",
        show_default=False,
        help="A project; may be given again: all are searched as one, in place of --project.",
    ),
]


def search(
    context: typer.Context,
    question: Question,
    project: Project = None,
    dataset: Dataset = None,
    document: Within = None,
    limit: Limit = 6,
    offset: Offset = 0,
    threshold: Threshold = 0.1,
    vector_weight: Weight = 0.3,
    rerank: Rerank = None,
    shard: Shard = None,
    models: Models = None,
    as_json: Json = False,
) -> None:
    """Find the passages that fit a question best."""
    options: dict[str, Any] = {
        "limit": limit,
        "offset": offset,
        "similarity_threshold": threshold,
        "vector_similarity_weight": vector_weight,
        "rerank_id": rerank,
    }
    if shard:
        if document:
            raise typer.BadParameter(
                "it cannot be given together with --shard", param_hint="--document"
            )
        chunks = _of_shards(question, shard, dataset, models, options)
    else:
        with open_project(context, project, read_only=True, models=models) as rag:
            home = dataset_of(rag, dataset)
            within = [item.id for item in named(home, document)] if document else None
            chunks = rag.retrieval(question, [home], within, **options)
    if as_json:
        say_json({"question": question, "hits": [hit_of(chunk.to_dict()) for chunk in chunks]})
        return
    if not chunks:
        tell("Nothing found. Ask in other words, or lower --threshold.")
    for number, chunk in enumerate(chunks, start=offset + 1):
        if number > offset + 1:
            say()
        _show(number, chunk, question)


def _of_shards(
    question: str,
    directories: list[Path],
    dataset: str | None,
    models: Path | None,
    options: dict[str, Any],
) -> list[Chunk]:
    from ragflow_local.api.shards import Shards

    with Shards(directories, models_dir=models) as shards:
        return shards.retrieval(question, dataset, **options)


def hit_of(chunk: dict[str, Any]) -> dict[str, Any]:
    """Return the ``--json`` output of a hit."""
    fields = ("id", "document_id", "document_name", "content", "position")
    scores = ("similarity", "vector_similarity", "term_similarity")
    return {
        **{name: chunk.get(name) for name in fields},
        "pages": pages_of(chunk),
        **{name: chunk.get(name) for name in scores},
    }


def _show(number: int, chunk: Chunk, question: str) -> None:
    from ragflow_local.text.terms import asked_terms

    text = f"{source_of(chunk.to_dict())}  ·  {scores_of(chunk)}"
    say(wrap(f"{number}. {text}  ·  {chunk.id[:_SHORT_ID]}", ""))
    say_passage(chunk.content, asked_terms(question), "   ", _MOST_LINES)
