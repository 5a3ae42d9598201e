"""Shared parts of command groups: layout, settings as options, confirmation of deletions."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from ragflow_local.cli.options import RootProject

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        show_default=False,
        help="A setting of the parser_config, such as chunk_token_count=256; may be given again.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]


def group(help: str, example: str, default: Callable[..., None]) -> typer.Typer:
    """Return a group of commands; by itself it runs ``default``."""
    made = typer.Typer(
        help=help,
        epilog=f"\b\nExample:\n  {example}",
        rich_markup_mode=None,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @made.callback()
    def start(context: typer.Context, project: RootProject = None) -> None:
        context.obj = project or context.obj
        if context.invoked_subcommand is None:
            default(context)

    return made


def settings_of(words: Sequence[str] | None) -> dict[str, Any]:
    r"""Return settings given as ``KEY=VALUE``; a value is JSON, or else the text it is.

    In a text ``\n`` and ``\t`` are a new line and a tab.

    Raises:
        BadParameter: A word has no ``=``.
    """
    settings: dict[str, Any] = {}
    for word in words or ():
        key, equals, value = word.partition("=")
        if not equals:
            raise typer.BadParameter(f"{word!r} is not KEY=VALUE", param_hint="--set")
        try:
            settings[key.strip()] = json.loads(value)
        except ValueError:
            settings[key.strip()] = value.replace("\\n", "\n").replace("\\t", "\t")
    return settings


def given(**values: Any) -> dict[str, Any]:
    """Return the values that were given: those that are neither None nor empty dicts.

    Raises:
        BadParameter: None was.
    """
    given_values = {
        name: value for name, value in values.items() if value is not None and value != {}
    }
    if not given_values:
        raise typer.BadParameter("say what to change; --help shows what can be")
    return given_values


def ask_first(question: str, yes: bool) -> None:
    """Ask the user for confirmation; exit unless it is given.

    Raises:
        BadParameter: There is nobody to ask, and ``--yes`` was not given.
        Abort: The answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{question} There is nobody to ask: give --yes")
    typer.confirm(question, abort=True, err=True)
