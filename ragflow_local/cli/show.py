"""``show``: shows a chunk, its location, and its page with the passage highlighted."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragflow_local.cli.options import FAILED, Json, Project, open_project
from ragflow_local.cli.output import say, say_json, say_passage, source_of, tell
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from ragflow_local.api.chunk import Chunk
    from ragflow_local.api.ragflow import RAGFlow

_MOST_LINES = 10_000  # all of a chunk
_MOST_HITS = 1024  # among which a chunk's scores are looked for

ChunkId = Annotated[
    str,
    typer.Argument(
        metavar="CHUNK_ID",
        show_default=False,
        help="As search and documents chunks show it; its first letters are enough.",
    ),
]
Asked = Annotated[
    str | None,
    typer.Option(
        "--question",
        metavar="QUESTION",
        show_default=False,
        help="Also show how well it answers that, and mark the words.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE.png",
        dir_okay=False,
        show_default=False,
        help="Write its page as a picture, the passage marked.",
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open that picture in a window.")]
Crop = Annotated[bool, typer.Option("--crop", help="The passage alone, not the whole page.")]
Dpi = Annotated[int, typer.Option("--dpi", min=20, max=1200, help="Pixels an inch.")]


def show(
    context: typer.Context,
    chunk_id: ChunkId,
    project: Project = None,
    question: Asked = None,
    out: Out = None,
    open_it: Open = False,
    crop: Crop = False,
    dpi: Dpi = 120,
    as_json: Json = False,
) -> None:
    """Show a chunk, and its page as a picture."""
    with open_project(context, project, read_only=True) as rag:
        chunk = rag.get_chunk(chunk_id)
        scored = _scored(rag, chunk, question) if question else chunk
        if as_json:
            say_json(scored.to_dict())
        else:
            say_chunk(scored, question or "")
        if out is not None or open_it:
            picture = chunk.image(dpi=dpi) if crop else chunk.page_image(dpi=dpi)
            if not picture:
                tell(f"Error: {chunk.document_name} has no pages that can be drawn.", is_bad=True)
                raise typer.Exit(FAILED)
            show_picture(picture, out, open_it=open_it)


def _scored(rag: RAGFlow, chunk: Chunk, question: str) -> Chunk:
    """Return the chunk with its scores for a question, or as it is where it is not found."""
    hits = rag.retrieval(
        question,
        [chunk.dataset_id],
        documents=[chunk.document_id],
        limit=_MOST_HITS,
        similarity_threshold=0,
    )
    return next((hit for hit in hits if hit.id == chunk.id), chunk)


def say_chunk(chunk: Chunk, question: str = "") -> None:
    """Write a chunk whole: where it is from, its scores where it has some, its text."""
    from ragflow_local.text.terms import asked_terms

    say(f"{source_of(chunk.to_dict())}  ·  {count_of(chunk.token_count, 'token')}  ·  {chunk.id}")
    if chunk.similarity is not None:
        say(f"similarity {scores_of(chunk)}")
    for name, values in (
        ("under", chunk.headings),
        ("keywords", chunk.keywords),
        ("questions", chunk.questions),
    ):
        if values:
            say(f"{name}: {(' › ' if name == 'under' else ', ').join(values)}")
    if not chunk.available:
        say("switched off: no search finds it")
    say()
    say_passage(chunk.content, asked_terms(question), "", _MOST_LINES)


def scores_of(chunk: Chunk) -> str:
    """Return ``0.21 (words 0.11, meaning 0.44)``."""
    words, meaning = chunk.term_similarity or 0.0, chunk.vector_similarity or 0.0
    return f"{chunk.similarity or 0.0:.2f} (words {words:.2f}, meaning {meaning:.2f})"


def show_picture(picture: bytes, out: Path | None, *, open_it: bool) -> None:
    """Write a picture to a file, a temporary one where none is named, and open it if wished."""
    if out is None:
        number, name = tempfile.mkstemp(prefix="ragflow-local-", suffix=".png")
        os.close(number)
        out = Path(name)
    out.write_bytes(picture)
    tell(f"Wrote {out}.")
    if open_it and not _opened(out):
        tell("No program here opens pictures; copy that file to where one does.")


def _opened(path: Path) -> bool:
    """Have the desktop open a file; return whether there is one."""
    program = {"darwin": "open", "win32": "explorer"}.get(sys.platform, "xdg-open")
    try:
        # Detached: what it has to say, and how long it runs, is not our business.
        subprocess.Popen(
            [program, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    return True
