"""``mcp``: serves the project to an MCP assistant over standard input and output."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import typer

from ragflow_local.cli.ask import Model
from ragflow_local.cli.options import FAILED, Models, Project, open_project
from ragflow_local.cli.output import tell


def mcp(
    context: typer.Context,
    project: Project = None,
    model: Model = None,
    models: Models = None,
) -> None:
    """Serve a project to an assistant (MCP over standard input and output).

    Its tools are search, ask, read_page, list_datasets and list_documents. The project is opened
    for reading; for writing only while it answers, and a minute longer.
    """
    if find_spec("mcp") is None:
        tell('Error: The MCP library is not installed: pip install "ragflow-local[mcp]"')
        raise typer.Exit(FAILED)
    with open_project(context, project, read_only=True, models=models) as rag:
        from ragflow_local.adapters.mcp import serve

        if sys.stdin.isatty():
            tell("Waiting for an MCP client on standard input. Ctrl-C ends it.")
        serve(rag, lambda: open_project(context, project, models=models), model)
