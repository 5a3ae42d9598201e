"""``bench``: a quick measurement of this computer, on a temporary project."""

from __future__ import annotations

import os
import platform
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragflow_local.cli.add import add_files, files_of
from ragflow_local.cli.options import FAILED, EmbeddingModel, Json, Models
from ragflow_local.cli.output import say_facts, say_json, tell
from ragflow_local.cli.progress import follow
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from ragflow_local.api.document import Document
    from ragflow_local.api.ragflow import RAGFlow

_DOCUMENTS = Path(__file__).parent / "demo_documents"
_DATASET = "bench"
_TEXTS = 400  # passages that are embedded and then searched
_WORDS = 60  # of a passage: about what a chunk has
_SEARCHES = 50
_SEED = 20  # the same texts each time, whatever computer

# Of many meanings, so that the passages differ for a model as those of a library do.
_NOUNS = (
    "boiler",
    "pump",
    "valve",
    "invoice",
    "contract",
    "tenant",
    "glacier",
    "kraken",
    "orchard",
    "senate",
    "vaccine",
    "photon",
    "harbour",
    "violin",
    "ledger",
    "tariff",
    "enzyme",
    "bridge",
    "archive",
    "comet",
    "furnace",
    "monsoon",
    "canvas",
    "turbine",
    "verdict",
    "lichen",
    "saddle",
    "quarry",
    "magnet",
    "parish",
)
_VERBS = (
    "inspects",
    "replaces",
    "measures",
    "repairs",
    "describes",
    "approves",
    "heats",
    "records",
    "loses",
    "follows",
    "divides",
    "carries",
    "rejects",
    "paints",
    "counts",
)

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILES",
        exists=True,
        readable=True,
        show_default=False,
        help="Your own files to parse. Default: the documents in the box.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        max=64,
        help="Processes that read files. Default: one a core, at most 4.",
        show_default=False,
    ),
]


def bench(
    files: Files = None,
    embedding_model: EmbeddingModel = None,
    models: Models = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Measure how fast this computer is.

    Pages parsed, texts embedded, searches, in half a minute or so. A temporary project is made
    and removed. Each figure has what it was measured on beside it; other programs that run at
    the same time make all of them worse.
    """
    from ragflow_local.api.ragflow import RAGFlow

    named = {"embedding_model": embedding_model} if embedding_model else {}
    figures: dict[str, Any] = {"computer": _computer(), "load before": _load()}
    with RAGFlow.temporary(models_dir=models, workers=workers, **named) as rag:
        rag.create_dataset(_DATASET)
        failed = _parse(rag, list(files_of(files or [_DOCUMENTS])), figures)
        _embed(rag, figures)
        _search(rag, figures)
        figures["embedding model"] = rag.embedding_model
    if as_json:
        say_json(figures)
    else:
        say_facts({name: _shown(value) for name, value in figures.items()})
    if failed:
        raise typer.Exit(FAILED)


def _parse(rag: RAGFlow, files: list[tuple[str, Path]], figures: dict[str, Any]) -> bool:
    """Parse the files and note how fast; return whether one failed."""
    from ragflow_local.api.parsing import parse_states

    tell(f"Parsing {count_of(len(files), 'document')} …")
    documents = add_files(rag.get_dataset(_DATASET), files, None)
    # The first parse would also load the model, which is another figure.
    figures["load model, s"] = round(_seconds(lambda: _warm(rag)), 2)
    begin = time.perf_counter()
    rag.async_parse_documents([document.id for document in documents])
    follow(documents)
    seconds = time.perf_counter() - begin
    pages = parse_states(documents)[1]
    figures["parsed"] = f"{count_of(len(documents), 'document')}, {count_of(pages, 'page')}"
    figures["chunks"] = sum(document.chunk_count for document in documents)
    figures["parse, s"] = round(seconds, 2)
    figures["bytes/s"] = round(sum(document.size for document in documents) / seconds)
    if pages:
        figures["pages/s"] = round(pages / seconds, 2)
    return any(_has_failed(document) for document in documents)


def _has_failed(document: Document) -> bool:
    return document.run != "DONE"


def _warm(rag: RAGFlow) -> None:
    from ragflow_local.api.embedding import embed

    embed(rag, ["Once, so that the model is loaded."])


def _embed(rag: RAGFlow, figures: dict[str, Any]) -> None:
    from ragflow_local.api.embedding import embed

    tell(f"Embedding {_TEXTS:,} texts …")
    texts = _texts()
    seconds = _seconds(lambda: embed(rag, texts))
    figures["embedded"] = f"{_TEXTS:,} texts of {_WORDS} words"
    figures["texts/s"] = round(_TEXTS / seconds, 1)


def _search(rag: RAGFlow, figures: dict[str, Any]) -> None:
    """Search for each text once, so that no result comes from a cache."""
    dataset = rag.create_dataset("bench_texts")
    document = rag.add_document(dataset, "texts.txt", "\n\n".join(_texts()).encode())
    document.async_parse()
    follow([document])
    questions = [" ".join(text.split()[:8]) for text in _texts()[::-1][: _SEARCHES + 1]]
    rag.retrieval(questions.pop(), [dataset])  # reads the index into memory
    times = [1000 * _seconds(lambda q=q: rag.retrieval(q, [dataset])) for q in questions]  # type: ignore[misc]  # bound per loop
    figures["searched"] = f"{_SEARCHES} questions in {document.chunk_count:,} chunks"
    figures["search, median ms"] = round(statistics.median(times), 1)
    figures["search, slowest ms"] = round(max(times), 1)


def _texts() -> list[str]:
    """Return distinct passages, the same in every run."""
    chance = random.Random(_SEED)
    made = []
    for number in range(_TEXTS):
        words: list[str] = [f"Passage {number}."]
        while len(words) < _WORDS / 6:
            noun, verb, other = chance.choice(_NOUNS), chance.choice(_VERBS), chance.choice(_NOUNS)
            words.append(f"The {noun} {verb} the {other} {chance.randint(1, 9999)}.")
        made.append(" ".join(words))
    return made


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _computer() -> str:
    import psutil

    memory = psutil.virtual_memory().total / 1e9
    cores = os.cpu_count() or 1
    return (
        f"{platform.machine()}, {count_of(cores, 'core')}, {memory:.0f} GB,"
        f" {platform.system()}, Python {platform.python_version()}"
    )


def _load() -> str:
    """Return how busy the computer was before: a figure above the cores explains slow ones."""
    try:
        return f"{os.getloadavg()[0]:.1f}"
    except OSError:
        return "?"


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)
