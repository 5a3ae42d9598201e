"""``completion``: shell completion of commands, options, datasets and documents."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from ragflow_local.cli.output import say

PROGRAM = "ragflow-local"
VARIABLE = "_RAGFLOW_LOCAL_COMPLETE"  # by which a shell asks


class Shell(StrEnum):
    """The supported shells."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


ShellName = Annotated[
    Shell, typer.Argument(metavar="bash|zsh|fish", show_default=False, help="Which shell.")
]


def completion(shell: ShellName) -> None:
    """Write a completion script for a shell.

    It completes commands, options, and the names of datasets and documents.

    For bash put this into ~/.bashrc, for zsh into ~/.zshrc (with zsh for bash):

        eval "$(ragflow-local completion bash)"

    For fish write it to ~/.config/fish/completions/ragflow-local.fish
    """
    from typer.completion import (  # type: ignore[attr-defined]  # re-exported without saying so
        get_completion_script,
    )

    say(get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell.value))


def answer_shell() -> None:
    """Prepare typer to answer a shell's completion request."""
    if VARIABLE in os.environ:
        from typer.completion import (  # type: ignore[attr-defined]  # re-exported without saying so
            completion_init,
        )

        completion_init()
