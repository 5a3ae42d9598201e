"""``demo``: parses sample documents and answers three questions with their sources."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragflow_local.cli.add import add_files, files_of
from ragflow_local.cli.ask import chat_on, show_answer, stream_of
from ragflow_local.cli.options import open_project
from ragflow_local.cli.output import say, tell
from ragflow_local.cli.progress import follow
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from ragflow_local.api.ragflow import RAGFlow

DOCUMENTS = Path(__file__).parent / "demo_documents"
QUESTIONS = (
    "At what wave height does the supply boat turn back?",
    "How much diesel does the generator burn on a winter day?",
    "Who discovered the storm petrel colony?",
)
_DATASET = "demo"
_OWN_QUESTION = "What is this about?"  # of files that come without a question

DemoFiles = Annotated[
    list[Path] | None,
    typer.Argument(
        exists=True,
        metavar="FILES",
        show_default=False,
        help="Your own files and folders. Default: the documents in the box.",
    ),
]
Ask = Annotated[
    list[str] | None,
    typer.Option(
        "--ask",
        metavar="QUESTION",
        help="Your own question; may be given again.",
        show_default=False,
    ),
]
DemoProject = Annotated[
    Path | None,
    typer.Option(
        "--project",
        metavar="DIR",
        show_default=False,
        help="A directory to keep. Default: one that is removed at the end.",
    ),
]


def demo(
    context: typer.Context,
    files: DemoFiles = None,
    ask: Ask = None,
    project: DemoProject = None,
) -> None:
    """Parse some documents, answer three questions.

    Or parse your own files and answer your own questions.
    """
    directory = project or context.obj
    begin = time.monotonic()
    with _open(context, directory) as rag:
        tell(f"Opened a new project in {directory or 'a temporary directory'}.")
        dataset = rag.create_dataset(name=_DATASET)
        documents = add_files(dataset, list(files_of(files or [DOCUMENTS])), None)
        tell(f"Added {count_of(len(documents), 'document')}; reading, cutting and embedding:")
        rag.async_parse_documents([document.id for document in documents])
        follow(documents)
        chat = chat_on(rag, dataset, None)
        for question in ask or (QUESTIONS if not files else (_OWN_QUESTION,)):
            say(f"\n? {question}\n")
            show_answer(stream_of(chat, question))
    tell(f"\nThat took {time.monotonic() - begin:.0f} s.")
    if directory:
        where = shlex.quote(str(directory))
        tell(f"The project stays: ragflow-local ask 'Your question' --project {where}")


def _open(context: typer.Context, project: Path | None) -> RAGFlow:
    if project is not None:
        return open_project(context, project, new=True)
    from ragflow_local.api.ragflow import RAGFlow

    return RAGFlow.temporary()
