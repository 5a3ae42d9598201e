"""``--report``: writes an answer with its sources and their pages as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragflow_local.cli.output import tell

if TYPE_CHECKING:
    from ragflow_local.api.message import Message

Report = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE.html",
        dir_okay=False,
        show_default=False,
        help="Also write the answer as an HTML page, with pictures of the cited pages.",
    ),
]


def check_report(path: Path | None) -> None:
    """Check that the report can be written, before a model runs.

    Raises:
        BadParameter: Its folder is not there.
    """
    if path is not None and not path.absolute().parent.is_dir():
        raise typer.BadParameter(
            f"there is no folder {path.absolute().parent}", param_hint="--report"
        )


def write_report(path: Path, message: Message) -> None:
    """Write the report and print its path."""
    page = message.to_html().encode()
    path.write_bytes(page)
    tell(f"Report: {path} ({max(1, len(page) // 1000):,} KB)")
