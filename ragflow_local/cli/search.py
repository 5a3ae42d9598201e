"""``search``: a question to the passages that fit it best."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ragflow_local.cli.options import Dataset, Json, Project, dataset_of, open_project
from ragflow_local.cli.output import pages_of, say, say_json, source_of, tell, wrap

_MOST_LINES = 6  # of a passage; --json gives all of it

Question = Annotated[str, typer.Argument(metavar="QUESTION", show_default=False)]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Most passages to show.")]
Threshold = Annotated[
    float, typer.Option("--threshold", min=0, max=1, help="Passages less similar are left out.")
]
Weight = Annotated[
    float,
    typer.Option(
        "--vector-weight", min=0, max=1, help="1 ranks by meaning alone, 0 by words alone."
    ),
]


def search(
    context: typer.Context,
    question: Question,
    project: Project = None,
    dataset: Dataset = None,
    limit: Limit = 6,
    threshold: Threshold = 0.1,
    vector_weight: Weight = 0.3,
    as_json: Json = False,
) -> None:
    """Find the passages that fit a question best."""
    with open_project(context, project, read_only=True) as rag:
        chunks = rag.retrieval(
            question=question,
            datasets=[dataset_of(rag, dataset)],
            limit=limit,
            similarity_threshold=threshold,
            vector_similarity_weight=vector_weight,
        )
        hits = [hit_of(chunk.to_dict()) for chunk in chunks]
    if as_json:
        say_json({"question": question, "hits": hits})
        return
    if not hits:
        tell("Nothing found. Ask in other words, or lower --threshold.")
    for number, hit in enumerate(hits, start=1):
        _show(number, hit)


def hit_of(chunk: dict[str, Any]) -> dict[str, Any]:
    """Return what ``--json`` says of a chunk that was found."""
    kept = ("id", "document_id", "document_name", "content", "position")
    scores = ("similarity", "vector_similarity", "term_similarity")
    return {
        **{name: chunk.get(name) for name in kept},
        "pages": pages_of(chunk),
        **{name: chunk.get(name) for name in scores},
    }


def _show(number: int, hit: dict[str, Any]) -> None:
    if number > 1:
        say()
    say(
        f"{number}. {source_of(hit)}  ·  {hit['similarity']:.2f}"
        f" (words {hit['term_similarity']:.2f}, meaning {hit['vector_similarity']:.2f})"
    )
    lines = wrap(str(hit["content"]), "   ").splitlines()
    for line in lines[:_MOST_LINES]:
        say(line)
    if len(lines) > _MOST_LINES:
        say("   …")
