"""From the name of a chat model to its file, or to the server that runs it."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ragflow_local.errors import MissingModelError
from ragflow_local.generators.server_address import ServerAddress, is_address, parse_address

EXTRACTIVE = "extractive"
VARIABLE = "RAGFLOW_LOCAL_LLM"

_LATER_PART = re.compile(r"-(\d{5})-of-\d{5}\.gguf$", re.IGNORECASE)


def resolve_generator(
    model_name: str | None, models_dir: Path | None
) -> Path | ServerAddress | None:
    """Return the file of a chat model, or its server; None means the extractive answerer.

    Args:
        model_name: A path, or a name in ``models_dir`` with or without ``.gguf``, or the
            address of a server, ``http://127.0.0.1:11434/v1#model``, or ``extractive``. None:
            what the environment variable ``RAGFLOW_LOCAL_LLM`` names, else the only GGUF in
            ``models_dir``; several are no choice.
        models_dir: Where the user keeps models.

    Raises:
        MissingModelError: A model was named, and there is none.
        InvalidValueError: An address was named, and is none.
    """
    name = model_name or os.environ.get(VARIABLE) or ""
    if name == EXTRACTIVE:
        return None
    if is_address(name):
        return parse_address(name)
    if name:
        return _named(name, models_dir)
    models = list(_only_chat(list_models(models_dir)))
    return models[0] if len(models) == 1 else None


def list_models(models_dir: Path | None) -> list[Path]:
    """Return the GGUF files under ``models_dir``, sorted; of a model in parts the first."""
    if models_dir is None or not models_dir.is_dir():
        return []
    return sorted(path.absolute() for path in _files(models_dir) if _is_first_part(path))


def parts_of(path: Path) -> list[Path]:
    """Return the files of a model: of one in parts all that are there, the first first."""
    if _LATER_PART.search(path.name) is None:
        return [path]
    stem = path.name.rsplit("-", 3)[0]
    return sorted(path.parent.glob(f"{glob.escape(stem)}-?????-of-{path.name[-10:]}"))


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.suffix.lower() == ".gguf" and path.is_file():
            yield path


def _is_first_part(path: Path) -> bool:
    part = _LATER_PART.search(path.name)
    return part is None or int(part[1]) == 1


def _only_chat(paths: list[Path]) -> Iterator[Path]:
    """Leave out what comes beside chat models: the eyes of a model that sees."""
    for path in paths:
        if not path.name.lower().startswith("mmproj"):
            yield path


def _named(name: str, models_dir: Path | None) -> Path:
    given = Path(name).expanduser()
    tried = [given]
    if models_dir is not None and not given.is_absolute():
        tried = [models_dir / given, models_dir / f"{name}.gguf", given]
    for path in tried:
        if path.is_file():
            return path.absolute()
        if path.is_dir() and len(inside := list(_only_chat(list_models(path)))) == 1:
            return inside[0]
    known = list_models(models_dir)
    for path in known:  # anywhere below models_dir, by its name alone
        if name.lower() in (path.name.lower(), path.stem.lower()):
            return path
    there = ", ".join(path.name for path in known)
    raise MissingModelError(
        name,
        tried,
        f"There is: {there}." if there else "Put a GGUF file there, or give its path.",
    )
