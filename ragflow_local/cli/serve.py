"""``serve``: serves the project over HTTP to programs and browsers on this computer."""

from __future__ import annotations

import os
import signal
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from ragflow_local.cli.options import FAILED, Models, Project, open_project
from ragflow_local.cli.output import tell

_KEY = "RAGFLOW_LOCAL_SERVE_KEY"
_SHORTEST_KEY = 16
_ENDED = 128 + signal.SIGTERM
_NETWORK = (
    "Serving others over a network asks for two things. PyMuPDF, which reads PDF files, is under"
    " the AGPL: whom you serve, you must offer the source of your whole program, or hold Artifex's"
    " licence. And there is no login: whoever has the key reads, changes and deletes all of the"
    " project; the key travels in the clear unless a proxy adds https."
)

Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 for any that is free.")]
Host = Annotated[
    str, typer.Option("--host", metavar="ADDRESS", help="Another than 127.0.0.1 needs --network.")
]
Network = Annotated[
    bool,
    typer.Option("--network", help=f"Let other computers ask. {_NETWORK} A key is asked for then."),
]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--name",
        metavar="HOST",
        show_default=False,
        help="A name it is asked for by, beside localhost; may be given again.",
    ),
]
Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--origin",
        metavar="ORIGIN",
        show_default=False,
        help="A page or program of elsewhere that may ask, such as app://assistant; may be given"
        " again.",
    ),
]
Aliases = Annotated[
    list[str] | None,
    typer.Option(
        "--alias",
        metavar="NAME=MODEL",
        show_default=False,
        help="What a script calls a model of yours: glm-4-flash@ZHIPU-AI=extractive; may be given"
        " again.",
    ),
]


def serve(
    context: typer.Context,
    project: Project = None,
    port: Port = 9380,
    host: Host = "127.0.0.1",
    network: Network = False,
    name: Names = None,
    origin: Origins = None,
    alias: Aliases = None,
    models: Models = None,
) -> None:
    """Serve a project over HTTP, on this computer alone.

    RAGFlow's paths are below /api/v1, OpenAI's below /v1 (chats and datasets are its models), and
    a page to search and ask is at /. Ctrl-C ends it.
    """
    if find_spec("uvicorn") is None:
        tell('Error: The server is not installed: pip install "ragflow-local[serve]"')
        raise typer.Exit(FAILED)
    from ragflow_local.serve.guard import Rules, is_loopback

    is_here = is_loopback(host)
    if not is_here and not network:
        text = f"{host} is not this computer alone. {_NETWORK} --network says that you know."
        raise typer.BadParameter(text, param_hint="--host")
    key = _key(is_asked=not is_here)
    rules = Rules(
        names=frozenset(item.lower() for item in [*(name or []), *([] if is_here else [host])]),
        origins=frozenset(origin or []),
        key=key,
    )
    from ragflow_local.serve.server import Service

    signal.signal(signal.SIGTERM, _end)
    with open_project(context, project, new=True, models=models) as rag:
        service = Service(rag, rules, host=host, port=port, models=_table(alias or []))
        tell(f"Serving {rag.project_dir} at {service.url} (Ctrl-C ends it)")
        service.run()


def _end(signal_number: int, frame: object) -> None:
    raise SystemExit(_ENDED)


def _key(*, is_asked: bool) -> str:
    """Return the key each call has to say, from the environment or a person; "" for none.

    Raises:
        BadParameter: It is too short to be one, or there is nobody to ask.
    """
    key = os.environ.get(_KEY, "")
    if not key and is_asked and not sys.stdin.isatty():
        raise typer.BadParameter(
            "another address is served with a key only: set it", param_hint=_KEY
        )
    if not key and is_asked:
        key = typer.prompt("Key for the clients of this service", hide_input=True, err=True)
    if key and (len(key) < _SHORTEST_KEY or not key.isascii() or not key.isprintable()):
        raise typer.BadParameter(
            f"a key has at least {_SHORTEST_KEY} letters of ASCII", param_hint=_KEY
        )
    return str(key)


def _table(aliases: list[str]) -> dict[str, str]:
    """Return names in scripts with the models they mean.

    Raises:
        BadParameter: One has no model.
    """
    table = {}
    for alias in aliases:
        name, _, model = alias.partition("=")
        if not name or not model:
            raise typer.BadParameter(f"{alias!r} is not NAME=MODEL", param_hint="--alias")
        table[name] = model
    return table
