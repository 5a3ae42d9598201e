"""``work``: parses what projects leave in a shared folder."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from ragflow_local.cli.output import tell
from ragflow_local.text.plurals import count_of

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER",
        exists=True,
        file_okay=False,
        help="The one that parse --folder names.",
        show_default=False,
    ),
]
Workers = Annotated[
    int, typer.Option("--workers", metavar="N", help="Batches worked on at once.", min=1)
]
Once = Annotated[bool, typer.Option("--once", help="End when nothing waits.")]


def work(folder: Folder, workers: Workers = 1, once: Once = False) -> None:
    """Parse what projects leave in a shared folder, until Ctrl-C.

    It needs no project, only the folder and the embedding model. What is not done at the end is
    given back.
    """
    from ragflow_local.scale.folder_work import work as parse_batches

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not once:
        tell(f"Waits for documents in {folder}. Ctrl-C ends it.")
    try:
        parsed = parse_batches(folder, workers=workers, once=once, told=tell)
    finally:
        signal.signal(signal.SIGTERM, before)
    tell(f"{count_of(parsed, 'document')} parsed.")
